package hygiene_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/hygiene"
)

func TestCookies(t *testing.T) {
	c := hygiene.Cookies{Readable: []string{"csrf"}, SameSite: "Lax"}
	for in, want := range map[string]string{
		"sid=a":                                    "sid=a; Secure; HttpOnly; SameSite=Lax",
		"sid=a; Path=/; secure; httponly":          "sid=a; Path=/; secure; httponly; SameSite=Lax",
		"sid=a; SameSite=Strict":                   "sid=a; SameSite=Strict; Secure; HttpOnly",
		"csrf=a=b; Path=/":                         "csrf=a=b; Path=/; Secure; SameSite=Lax",
		"sid=a; SameSite=bogus":                    "sid=a; SameSite=bogus; Secure; HttpOnly; SameSite=Lax",
		"sid=a; SameSite":                          "sid=a; SameSite; Secure; HttpOnly; SameSite=Lax",
		"sid=a; SameSite=x; SameSite=lax":          "sid=a; SameSite=x; SameSite=lax; Secure; HttpOnly",
		"sid=secure":                               "sid=secure; Secure; HttpOnly; SameSite=Lax",
		"sid=a; Expires=Thu, 01 Jan 1970 00:00:00": "sid=a; Expires=Thu, 01 Jan 1970 00:00:00; Secure; HttpOnly; SameSite=Lax",
	} {
		for _, secure := range []bool{true, false} {
			r := &http.Response{Header: http.Header{"Set-Cookie": {in, "other=1; Secure; HttpOnly; SameSite=None"}}}
			if err := c.Tap(&guard.Exchange{Secure: secure}, r); err != nil {
				t.Fatal(err)
			}
			if !secure {
				want = strings.Replace(want, "; Secure", "", 1)
			}
			if got := r.Header["Set-Cookie"]; got[0] != want || got[1] != "other=1; Secure; HttpOnly; SameSite=None" {
				t.Errorf("%s, over TLS %t: %q, want %q", in, secure, got, want)
			}
		}
	}
	// Names and SameSite=None that browsers take with Secure only get it anyhow.
	for _, in := range []string{"__Host-a=1", "__Secure-a=1", "a=1; SameSite=None"} {
		r := &http.Response{Header: http.Header{"Set-Cookie": {in}}}
		if err := c.Tap(&guard.Exchange{}, r); err != nil || !strings.Contains(r.Header.Get("Set-Cookie"), "; Secure") {
			t.Errorf("%s: %q %v", in, r.Header.Get("Set-Cookie"), err)
		}
	}
}

func TestCache(t *testing.T) {
	const none = "private, no-store"
	for name, x := range map[string]struct {
		public  bool
		request http.Header
		answer  http.Header
		want    string
	}{
		"private route":         {false, nil, nil, none},
		"public route":          {true, nil, http.Header{"Cache-Control": {"public, max-age=60"}}, "public, max-age=60"},
		"public, with a token":  {true, http.Header{"Authorization": {"x"}}, http.Header{"Cache-Control": {"public, max-age=60"}, "Expires": {"x"}}, none},
		"public, with a cookie": {true, http.Header{"Cookie": {"x"}}, nil, none},
		"public, sets a cookie": {true, nil, http.Header{"Set-Cookie": {"x"}}, none},
		"said already":          {false, nil, http.Header{"Cache-Control": {"no-store, max-age=0"}, "Cdn-Cache-Control": {"public"}}, "no-store, max-age=0"},
		"said, and its reverse": {false, nil, http.Header{"Cache-Control": {"no-store", "public"}}, none},
		"public, with a key":    {true, http.Header{"X-Own-Key": {"x"}}, http.Header{"Cache-Control": {"public"}}, none},
		"of one kind of caches": {false, nil, http.Header{"X-Accel-Expires": {"600"}, "Netlify-Cdn-Cache-Control": {"max-age=9"}, "Akamai-Cache-Control": {"max-age=9"}, "Edge-Control": {"cache-maxage=9"}}, none},
		"in one line":           {false, nil, http.Header{"Cache-Control": {"no-store, public"}}, none},
	} {
		r := httptest.NewRequest("GET", "/a", nil)
		if x.request != nil {
			r.Header = x.request
		}
		if x.answer == nil {
			x.answer = http.Header{}
		}
		res := &http.Response{Header: x.answer}
		if err := (hygiene.Cache{Credentials: []string{"X-Own-Key"}}).Tap(&guard.Exchange{Request: r, Route: &guard.Route{Public: x.public}}, res); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(res.Header["Cache-Control"], " + "); got != x.want || x.want == none && res.Header.Get("Expires") != "" || strings.Contains(fmt.Sprint(res.Header), "Cdn-") || x.want == none && len(res.Header)-len(res.Header["Set-Cookie"]) > 1 {
			t.Errorf("%s: %q %v, want %q", name, got, res.Header, x.want)
		}
	}
}

func BenchmarkHeaders(b *testing.B) {
	c := hygiene.Cookies{SameSite: "Lax"}
	x := &guard.Exchange{Request: httptest.NewRequest("GET", "/a", nil), Route: &guard.Route{}, Secure: true}
	b.ReportAllocs()
	for b.Loop() {
		r := &http.Response{Header: http.Header{"Set-Cookie": {"sid=a; Path=/"}}}
		if c.Tap(x, r) != nil || (hygiene.Cache{}).Tap(x, r) != nil {
			b.Fatal("failed")
		}
	}
}
