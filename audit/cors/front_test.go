package cors

import (
	"context"
	"net/http"
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestFront: the report names the origins that were answered as the target's own.
func TestFront(t *testing.T) {
	var m lr.Memo
	if f := Front(&m); f != nil {
		t.Errorf("of nothing: %+v", f)
	}
	k := &knowledge{}
	seen := map[string]bool{}
	for origin, h := range map[string]http.Header{
		"https://app.acme.test": {allowOrigin: {"https://app.acme.test"}, allowCredentials: {"true"}, "Access-Control-Expose-Headers": {"X-Request-Id, *, x-request-id"}},
		"https://evil.test":     {allowOrigin: {"*"}},
		"https://other.test":    {},
	} {
		k.take(&lr.Exchange{Header: h}, origin, seen)
	}
	if _, err := lr.Recall(t.Context(), &m, "cors allowed", func(context.Context) (*knowledge, error) { return k, nil }); err != nil {
		t.Fatal(err)
	}
	f := Front(&m)
	if f == nil || !slices.Equal(f.Origins, []string{"https://app.acme.test"}) || !f.Credentials || !slices.Equal(f.Expose, []string{"X-Request-Id"}) {
		t.Errorf("got %+v", f)
	}
}
