package hygiene_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/hygiene"
)

func TestFresh(t *testing.T) {
	for name, c := range map[string]struct {
		who    bool
		public bool
		had    []string
		want   []string
	}{
		"signed in":            {who: true, want: []string{"no-cache"}},
		"its own key":          {want: []string{"no-cache"}},
		"for everybody":        {public: true},
		"signed in, public":    {who: true, public: true, want: []string{"no-cache"}},
		"asked for it already": {who: true, had: []string{"no-store"}, want: []string{"no-store"}},
		"said something else":  {who: true, had: []string{"max-stale=60"}, want: []string{"max-stale=60", "no-cache"}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/v1/x", nil)
		if c.had != nil {
			r.Header["Cache-Control"] = c.had
		}
		x := &guard.Exchange{Request: r, Route: &guard.Route{Public: c.public}}
		if c.who {
			x.Who = &guard.Principal{Subject: "s", Tenant: "t"}
		}
		if d := (hygiene.Fresh{}).Check(x); d != nil {
			t.Errorf("%s: refused: %s", name, d.Reason)
		}
		if got := r.Header["Cache-Control"]; !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
