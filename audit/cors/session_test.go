package cors

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestCookiesTravel holds what a browser sends from where (RFC 6265bis).
func TestCookiesTravel(t *testing.T) {
	const secure, plain = "https://api.acme-desk.com/v1", "http://127.0.0.1:8080"
	for _, c := range []struct {
		name, line, base, page, path string
		want                         bool
	}{
		{"None travels", "sid=1; Secure; SameSite=None", secure, "https://evil.test", "/me", true},
		{"Lax stays", "sid=1; SameSite=Lax", secure, "https://evil.test", "/me", false},
		{"Strict stays", "sid=1; SameSite=Strict", secure, "https://evil.test", "/me", false},
		{"no word is Lax", "sid=1", secure, "https://evil.test", "/me", false},
		{"Lax travels inside the site", "sid=1; SameSite=Lax", secure, "https://blog.acme-desk.com", "/me", true},
		{"Strict travels inside the site", "sid=1; SameSite=Strict", secure, "https://blog.acme-desk.com", "/me", true},
		{"Lax stays from the plain twin", "sid=1; SameSite=Lax", secure, "http://blog.acme-desk.com", "/me", false},
		{"None travels from null", "sid=1; Secure; SameSite=None", secure, "null", "/me", true},
		{"Lax stays from null", "sid=1; SameSite=Lax", secure, "null", "/me", false},
		{"Partitioned stays", "sid=1; Secure; SameSite=None; Partitioned", secure, "https://evil.test", "/me", false},
		{"Secure on the own machine", "sid=1; Secure; SameSite=None", plain, "https://evil.test", "/me", true},
		{"Secure without TLS is dropped", "sid=1; Secure; SameSite=None", "http://staging.acme-desk.com", "https://evil.test", "/me", false},
		{"the own domain", "sid=1; Secure; SameSite=None; Domain=acme-desk.com", secure, "https://evil.test", "/me", true},
		{"another domain is dropped", "sid=1; Secure; SameSite=None; Domain=other.com", secure, "https://evil.test", "/me", false},
		{"a path that is asked", "sid=1; Secure; SameSite=None; Path=/v1", secure, "https://evil.test", "/v1/me?x=y", true},
		{"a path that is not", "sid=1; Secure; SameSite=None; Path=/v1", secure, "https://evil.test", "/v10", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cookie, err := http.ParseSetCookie(c.line)
			if err != nil {
				t.Fatal(err)
			}
			base, err := url.Parse(c.base)
			if err != nil {
				t.Fatal(err)
			}
			s := &session{cookies: []*http.Cookie{cookie}}
			if got := len(s.from(c.page, c.path, base)) > 0; got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	if (*session)(nil).from("https://evil.test", "/", &url.URL{Scheme: "https", Host: "a.test"}) != nil {
		t.Error("no session sends something")
	}
}

// TestSeverityFollowsTheCookie has one fault, and cookies that make it more or
// less worth.
func TestSeverityFollowsTheCookie(t *testing.T) {
	reflect := express(func(o string) string { return o }, true)
	for _, c := range []struct{ name, cookie, want, says string }{
		{"a cookie that travels", travelling, "high", "reads the customer's data"},
		{"a cookie that stays", "Path=/; HttpOnly; SameSite=Lax", "medium", "sid is SameSite=Lax"},
		{"a cookie that says nothing", "Path=/", "medium", "which browsers take for Lax"},
		{"a cookie for each site", travelling + "; Partitioned", "medium", "Today a browser sends none"},
		{"a token", "", "low", "Nothing that a browser sends by itself"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTrial(t, &app{policy: reflect, cookie: c.cookie})
			os := tr.ask(t, reflectedOrigin)
			if got := worst(os); got != c.want || !strings.Contains(lines(os), c.says) {
				t.Errorf("got %s, want %s and %q%s", got, c.want, c.says, lines(os))
			}
		})
	}
}

// TestConfiguredCookie takes a cookie of which only the value is known.
func TestConfiguredCookie(t *testing.T) {
	tr := newTrial(t, &app{policy: express(func(o string) string { return o }, true), cookie: travelling})
	tr.Cast = nil
	tr.Browser = &browser{t: t}
	tr.Target.Accounts[0].Credential = lr.Credential{Cookie: map[string]lr.Secret{"sid": lr.NewSecret("member@acme")}}
	os := tr.ask(t, reflectedOrigin)
	if worst(os) != "high" {
		t.Errorf("got %s%s", worst(os), lines(os))
	}
	for _, o := range os {
		if o.Verdict == lr.Failed && len(o.Evidence.Witness) > 0 && !strings.Contains(strings.Join(o.Evidence.Records, " "), "not known") {
			t.Errorf("nothing says that the cookie's attributes are not known: %v", o.Evidence.Records)
		}
	}
}

// TestCookieThatOpensNothing is one of another purpose: it is no session.
func TestCookieThatOpensNothing(t *testing.T) {
	a := &app{policy: express(func(o string) string { return o }, true)}
	inner := a.policy
	a.policy = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/login" {
			w.Header().Add("Set-Cookie", "theme=dark; "+travelling)
		}
		return inner(w, r)
	}
	tr := newTrial(t, a)
	if os := tr.ask(t, reflectedOrigin); worst(os) != "low" {
		t.Errorf("got %s%s", worst(os), lines(os))
	}
}

// TestBusySignIn leaves open what a browser would send: a fault is not made
// small by a target that had no time.
func TestBusySignIn(t *testing.T) {
	a := &app{cookie: travelling}
	inner := express(func(o string) string { return o }, true)
	a.policy = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/login" {
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		return inner(w, r)
	}
	tr := newTrial(t, a)
	if os := tr.ask(t, reflectedOrigin); !strings.Contains(lines(os), "signing in was answered 429") || strings.Contains(lines(os), "failed") {
		t.Errorf("got %s%s", worst(os), lines(os))
	}
	tr.Check = websocketOrigin
	if err := websocketOrigin.Run(t.Context(), tr.Trial); err == nil {
		t.Error("the socket was judged without knowing the cookie")
	}
}
