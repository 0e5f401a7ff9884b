package front

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestCache: what is kept is decided by Cache-Control as RFC 9111 has it, unless a
// rule of the edge says otherwise.
func TestCache(t *testing.T) {
	for name, tt := range map[string]struct {
		flaw, path, credential string
		header                 http.Header
		status                 int
		want                   string // of three requests, which the origin answered
	}{
		"public":                       {path: "/", header: http.Header{"Cache-Control": {"public, max-age=60"}}, want: "origin hit hit"},
		"private":                      {path: "/", header: http.Header{"Cache-Control": {"private, max-age=60"}}, want: "origin origin origin"},
		"no word":                      {path: "/", want: "origin origin origin"},
		"no-store":                     {path: "/", header: http.Header{"Cache-Control": {"public, no-store, max-age=60"}}, want: "origin origin origin"},
		"with a credential":            {path: "/", credential: "x", header: http.Header{"Cache-Control": {"max-age=60"}}, want: "origin origin origin"},
		"with one, and public":         {path: "/", credential: "x", header: http.Header{"Cache-Control": {"public, max-age=60"}}, want: "origin hit hit"},
		"s-maxage counts first":        {path: "/", header: http.Header{"Cache-Control": {"public, max-age=60, s-maxage=0"}}, want: "origin origin origin"},
		"a cookie":                     {path: "/", header: http.Header{"Cache-Control": {"public, max-age=60"}, "Set-Cookie": {"a=b"}}, want: "origin origin origin"},
		"a file's name":                {path: "/x.css", header: http.Header{"Cache-Control": {"private"}}, want: "origin origin origin"},
		"a file's name, by a rule":     {flaw: "https/cache-deception", path: "/x.css", want: "origin hit hit"},
		"one that may not be kept":     {flaw: "https/cache-deception", path: "/x.css", header: http.Header{"Cache-Control": {"private"}}, want: "origin origin origin"},
		"everything, by a rule":        {flaw: "https/cache-tenant", path: "/v1/dashboard", credential: "x", header: http.Header{"Vary": {"Authorization"}}, want: "origin hit hit"},
		"and what may not be kept":     {flaw: "https/cache-tenant", path: "/v1/dashboard", credential: "x", header: http.Header{"Cache-Control": {"no-store"}}, want: "origin origin origin"},
		"a rule for what went right":   {flaw: "https/cache-tenant", path: "/v1/dashboard", status: 401, want: "origin origin origin"},
		"an error that may be kept":    {path: "/", status: 404, header: http.Header{"Cache-Control": {"public, max-age=60"}}, want: "origin hit hit"},
		"by a header, which is alike":  {path: "/", header: http.Header{"Cache-Control": {"public, max-age=60"}, "Vary": {"Accept"}}, want: "origin hit hit"},
		"by anything at all, so never": {path: "/", header: http.Header{"Cache-Control": {"public, max-age=60"}, "Vary": {"*"}}, want: "origin origin origin"},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1e9, 0)
			c := newCache(func() time.Time { return now }, func(id string) bool { return id == tt.flaw })
			n := 0
			origin := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				n++
				for k, v := range tt.header {
					w.Header()[k] = v
				}
				if tt.status != 0 {
					w.WriteHeader(tt.status)
				}
				fmt.Fprint(w, "answer ", n) //nolint:errcheck // a recorder takes it
			})
			var got []string
			for range 3 {
				r := httptest.NewRequest(http.MethodGet, "https://a.test"+tt.path, nil)
				if tt.credential != "" {
					r.Header.Set("Authorization", tt.credential)
				}
				w, before := httptest.NewRecorder(), n
				c.serve(w, r, origin)
				switch {
				case n > before:
					got = append(got, "origin")
				case w.Header().Get("X-Cache") == "HIT" && w.Header().Get("Age") != "" && w.Body.String() == "answer 1":
					got = append(got, "hit")
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
			now = now.Add(2 * time.Minute)
			before := n
			c.serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "https://a.test"+tt.path, nil), origin)
			if n == before {
				t.Error("it is given after its time")
			}
		})
	}
}
