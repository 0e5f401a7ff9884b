package policy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/launchready/launchready/guard/policy"
)

// TestReloadKeepsCounts: a new pipeline gives nobody a new allowance.
func TestReloadKeepsCounts(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	const text = "version: 1\nlisten: 127.0.0.1:0\nupstream: %s\nlimits:\n  ip: {per: ip, requests: 2, window: 1h}\nroutes: [{path: /a, public: true, limits: [ip]}, {path: /%s, public: true}]\n"
	s := &policy.State{}
	ask := func(name string) int {
		p, err := policy.Parse("guard.yaml", fmt.Appendf(nil, text, app.URL, name))
		if err != nil {
			t.Fatal(err)
		}
		pipe, err := p.Build(s)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		pipe.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/a", nil))
		return w.Code
	}
	if got := fmt.Sprint(ask("b"), ask("c"), ask("d")); got != "200 200 429" {
		t.Errorf("got %s", got)
	}
}

// TestTrustedProxies: only a proxy of the policy may say for whom it asks.
func TestTrustedProxies(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Seen", r.Header.Get("X-Forwarded-For")) }))
	defer app.Close()
	for name, c := range map[string]struct{ trusted, from, says, want string }{
		"stranger":  {"10.0.0.0/8", "192.0.2.1:1", "198.51.100.7", "192.0.2.1"},
		"proxy":     {"10.0.0.0/8", "10.1.1.1:1", "198.51.100.7", "198.51.100.7"},
		"chain":     {"10.0.0.0/8", "10.1.1.1:1", "1.1.1.1, 198.51.100.7, 10.2.2.2", "198.51.100.7"},
		"not an ip": {"10.0.0.0/8", "10.1.1.1:1", "1.1.1.1, x", "10.1.1.1"},
		"says none": {"10.0.0.0/8", "10.1.1.1:1", "", "10.1.1.1"},
	} {
		text := fmt.Sprintf("version: 1\nlisten: 127.0.0.1:0\nupstream: %s\ntrusted_proxies: [%s]\nroutes: [{path: /a, public: true}]\n", app.URL, c.trusted)
		p, err := policy.Parse("guard.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		pipe, err := p.Build(&policy.State{})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/a", nil)
		r.RemoteAddr = c.from
		if c.says != "" {
			r.Header.Set("X-Forwarded-For", c.says)
		}
		w := httptest.NewRecorder()
		pipe.ServeHTTP(w, r)
		if got := w.Header().Get("Seen"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
