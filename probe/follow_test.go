package probe_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

func TestDoFollowsNothing(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		http.Redirect(w, r, "/b", http.StatusFound)
	})
	x := do(t, client(t, probe.Options{Base: base}), nil, get("/a"))
	if x.Status != 302 || x.Header.Get("Location") != "/b" {
		t.Errorf("got %d to %q", x.Status, x.Header.Get("Location"))
	}
}

func TestFollow(t *testing.T) {
	outside := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("a host out of scope was asked for %s", r.URL) })
	inside := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "inside auth=%q cookie=%q", r.Header.Get("Authorization"), r.Header.Get("Cookie"))
	})
	var base *url.URL
	base = serve(t, func(w http.ResponseWriter, r *http.Request) {
		hop := map[string]string{
			"/one": "/end", "/rel/x": "../end", "/loop-a": "/loop-b", "/loop-b": "/loop-a", "/self": "/self",
			"/out": outside.String() + "/stolen", "/in": inside.String() + "/cdn", "/scheme": "file:///etc/passwd", "/bad": "http://[::1",
			"/userinfo": strings.Replace(base.String(), "http://", "http://user:pw@", 1) + "/end", "/frag": "/end#token",
		}
		if to, ok := hop[r.URL.Path]; ok {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
			return
		}
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/count/%d", &n); err == nil && n > 0 {
			w.Header().Set("Location", fmt.Sprintf("/count/%d", n-1))
			w.WriteHeader(307)
			return
		}
		fmt.Fprintf(w, "%s %s auth=%q", r.Method, r.URL, r.Header.Get("Authorization"))
	})
	for _, tc := range []struct {
		name, method, path string
		err                error
		fails              bool
		n                  int
		body               string
	}{
		{"none", "GET", "/end", nil, false, 1, `GET /end auth="Bearer tok-123456789"`},
		{"one", "GET", "/one", nil, false, 2, `GET /end auth="Bearer tok-123456789"`},
		{"relative", "GET", "/rel/x", nil, false, 2, `GET /end auth="Bearer tok-123456789"`},
		{"five", "GET", "/count/5", nil, false, 6, `GET /count/0 auth="Bearer tok-123456789"`},
		{"six", "GET", "/count/6", probe.ErrHops, true, 6, ""},
		{"loop", "GET", "/loop-a", probe.ErrLoop, true, 2, ""},
		{"loop of one", "GET", "/self", probe.ErrLoop, true, 1, ""},
		{"out of scope", "GET", "/out", lr.ErrScope, true, 1, ""},
		{"other scheme", "GET", "/scheme", lr.ErrScope, true, 1, ""},
		{"no URL", "GET", "/bad", nil, true, 1, ""},
		{"another origin in scope is asked without credential", "GET", "/in", nil, false, 2, `inside auth="" cookie=""`},
		{"user in the location is dropped", "GET", "/userinfo", nil, false, 2, `GET /end auth="Bearer tok-123456789"`},
		{"fragment is dropped", "GET", "/frag", nil, false, 2, `GET /end auth="Bearer tok-123456789"`},
		{"POST becomes GET after 302", "POST", "/one", nil, false, 2, `GET /end auth="Bearer tok-123456789"`},
		{"POST stays after 307", "POST", "/count/1", nil, false, 2, `POST /count/0 auth="Bearer tok-123456789"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := client(t, probe.Options{Base: base, Scope: []string{inside.Host}})
			xs, err := c.Follow(t.Context(), bearer("a", "tok-123456789"), &lr.Request{Method: tc.method, Path: tc.path, Header: http.Header{"Cookie": {"c=1"}}})
			if (err != nil) != tc.fails || (tc.err != nil && !errors.Is(err, tc.err)) {
				t.Fatalf("got %v, want %v", err, tc.err)
			}
			if len(xs) != tc.n {
				t.Fatalf("got %d exchanges, want %d", len(xs), tc.n)
			}
			if last := xs[len(xs)-1]; tc.body != "" && string(last.Body) != tc.body {
				t.Errorf("got %q, want %q", last.Body, tc.body)
			}
		})
	}
}

func TestOutOfScopeRequest(t *testing.T) {
	outside := serve(t, func(w http.ResponseWriter, r *http.Request) { t.Error("a host out of scope was asked") })
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {})
	c := client(t, probe.Options{Base: base})
	for _, r := range []*lr.Request{get(outside.String() + "/x"), get("http://localhost:1/")} {
		if _, err := c.Do(t.Context(), nil, r); !errors.Is(err, lr.ErrScope) {
			t.Errorf("%s: got %v, want ErrScope", r.Path, err)
		}
		if _, err := c.Dial(t.Context(), nil, r); !errors.Is(err, lr.ErrScope) {
			t.Errorf("dial %s: got %v, want ErrScope", r.Path, err)
		}
	}
	if c.Requests() != 0 {
		t.Errorf("counted %d requests", c.Requests())
	}
}
