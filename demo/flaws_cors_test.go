package demo

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

const evil = "https://evil.test"

// asPage asks as a page of the origin, with the cookie that its browser sends.
func (w *world) asPage(origin, path string) *answer {
	w.t.Helper()
	return w.do(w.embedded("member@acme.test"), "GET", path, nil, "Origin", origin)
}

// embedded is the user as a browser is them on a page of another site.
func (w *world) embedded(email string) caller {
	w.t.Helper()
	a := w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": email, "password": w.s.Password(email), "cookie": true}).want(200)
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == embedName {
			return caller{header: "Cookie", value: embedName + "=" + c.Value}
		}
	}
	w.t.Fatal("signing in sets no cookie for other sites")
	return anon
}

// preflighted asks whether a page of the origin may send the method.
func (w *world) preflighted(origin, method, path string) *answer {
	w.t.Helper()
	return w.do(anon, "OPTIONS", path, nil, "Origin", origin, "Access-Control-Request-Method", method,
		"Access-Control-Request-Headers", "content-type,x-made-up", "Access-Control-Request-Private-Network", "true")
}

// admitted reports whether a browser hands the reply to a page of the origin,
// user's cookies included.
func admitted(a *answer, origin string) bool {
	return a.Header.Get("Access-Control-Allow-Origin") == origin && a.Header.Get("Access-Control-Allow-Credentials") == "true"
}

// letsIn shows a page of a hostile origin in one part of the API, and in no other.
func letsIn(path, origin string) symptom {
	return func(w *world) bool {
		w.alone(func() {
			if admitted(w.asPage(origin, "/v1/chats"), origin) {
				w.t.Errorf("%s is let in elsewhere too", origin)
			}
			if a := w.asPage(evil, path); origin != evil && admitted(a, evil) {
				w.t.Errorf("%s is let in too", evil)
			}
		})
		a := w.asPage(origin, path).want(200, 404)
		return admitted(a, origin)
	}
}

// corsFlaws are the faults of whom the policy lets in.
var corsFlaws = map[string]symptom{
	"cors/reflected-origin": letsIn("/v1/exports/exp_none", evil),
	"cors/null-origin":      letsIn("/v1/reports", "null"),
	"cors/prefix-origin":    letsIn("/v1/search?q=refund", appOrigin+".evil.test"),
	"cors/suffix-origin":    letsIn("/v1/collections", "https://evilharbor.test"),
	"cors/subdomain-origin": letsIn("/v1/billing/invoices", "https://made-up.harbor.test"),
	"cors/scheme-origin":    letsIn("/v1/members", "http://app.harbor.test"),
	"cors/port-origin":      letsIn("/v1/prompts", appOrigin+":8443"),
	"cors/wildcard-credentials": func(w *world) bool {
		a := w.asPage(evil, "/v1/usage").want(200)
		return a.Header.Get("Access-Control-Allow-Origin") == "*" && a.Header.Get("Access-Control-Allow-Credentials") == "true"
	},
	"cors/preflight-methods": func(w *world) bool {
		return w.preflighted(appOrigin, "PURGE", "/v1/webhook-endpoints").want(204).Header.Get("Access-Control-Allow-Methods") == "*"
	},
	"cors/preflight-headers": func(w *world) bool {
		return strings.Contains(w.preflighted(appOrigin, "POST", "/v1/api-keys").want(204).Header.Get("Access-Control-Allow-Headers"), "x-made-up")
	},
	"cors/private-network": func(w *world) bool {
		return w.preflighted(evil, "GET", "/v1/invitations").want(204).Header.Get("Access-Control-Allow-Private-Network") == "true"
	},
	"cors/vary-origin": func(w *world) bool {
		a := w.asPage(appOrigin, "/v1/articles").want(200)
		return admitted(a, appOrigin) && !slices.Contains(a.Header.Values("Vary"), "Origin") && !strings.Contains(a.Header.Get("Cache-Control"), "no-store")
	},
	"cors/websocket-origin": acted(func(w *world, _, _ caller, o things) bool {
		conn, status := w.dial(w.embedded("member@acme.test"), "Origin", evil)
		if conn == nil {
			w.t.Fatalf("got handshake status %d", status)
		}
		w.tell(conn, `{"type":"subscribe","chat_id":"`+o.chat+`"}`)
		return strings.Contains(w.hear(conn, "subscribed"), o.canary)
	}),
}

// corsTraps are right answers to other origins.
var corsTraps = map[string]func(w *world){
	"public-wildcard": func(w *world) {
		for _, path := range openDocuments {
			a := w.do(anon, "GET", path, nil, "Origin", evil).want(200)
			if a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
				w.t.Errorf("%s: got %v, want a wildcard without credentials", path, a.Header)
			}
		}
	},
	"partner-origin": func(w *world) {
		if a := w.asPage(partnerOrigin, "/v1/me").want(200).has("member@acme.test"); !admitted(a, partnerOrigin) {
			w.t.Errorf("the partner is not let in: %v", a.Header)
		}
		if a := w.asPage(partnerOrigin+".evil.test", "/v1/me").want(200); a.Header.Get("Access-Control-Allow-Origin") != "" {
			w.t.Errorf("who looks like the partner is let in: %v", a.Header)
		}
	},
	"empty-preflight": func(w *world) {
		a := w.preflighted(evil, "POST", "/v1/chats").want(204)
		for name := range a.Header {
			if strings.HasPrefix(name, "Access-Control-") {
				w.t.Errorf("a stranger's preflight is answered with %s: %q", name, a.Header[name])
			}
		}
	},
	"constant-origin": func(w *world) {
		for _, origin := range []string{evil, appOrigin} {
			a := w.do(anon, "GET", "/openapi.json", nil, "Origin", origin).want(200)
			if a.Header.Get("Access-Control-Allow-Origin") != "*" || !slices.Contains(a.Header.Values("Vary"), "Origin") {
				w.t.Errorf("%s: got %v", origin, a.Header)
			}
		}
	},
	"open-handshake": func(w *world) {
		alice := w.as("member@acme.test")
		o := w.make(alice, "KESTREL-4417")
		subscribe := `{"type":"subscribe","chat_id":"` + o.chat + `"}`
		conn, status := w.dial(w.embedded("member@acme.test"), "Origin", evil)
		if status != http.StatusSwitchingProtocols {
			w.t.Fatalf("got handshake status %d, want 101", status)
		}
		w.tell(conn, subscribe)
		if got := w.hear(conn, "subscribed"); strings.Contains(got, o.canary) || !strings.Contains(got, "error") {
			w.t.Errorf("a stranger's page got %s", got)
		}
		w.tell(conn, `{"type":"authenticate","token":"none"}`)
		if got := w.hear(conn, "authenticated"); !strings.Contains(got, "not valid") {
			w.t.Errorf("a wrong token got %s", got)
		}
		w.tell(conn, `{"type":"authenticate","token":"`+strings.TrimPrefix(alice.value, "Bearer ")+`"}`)
		w.hear(conn, "authenticated")
		w.tell(conn, subscribe)
		if got := w.hear(conn, "subscribed"); !strings.Contains(got, o.canary) {
			w.t.Errorf("the token's own user got %s", got)
		}
	},
}

// TestCrossOrigin holds the policy of the clean Harbor.
func TestCrossOrigin(t *testing.T) {
	w := start(t)
	for name, c := range map[string]struct {
		origin string
		want   bool
	}{
		"the web application": {appOrigin, true},
		"a partner":           {partnerOrigin, true},
		"a stranger":          {evil, false},
		"null":                {"null", false},
		"no origin":           {"", false},
		"another scheme":      {"http://app.harbor.test", false},
		"another port":        {appOrigin + ":8443", false},
		"a beginning":         {appOrigin + ".evil.test", false},
		"an end":              {"https://evilapp.harbor.test", false},
		"a dot":               {"https://appxharbor.test", false},
		"capitals":            {"https://APP.harbor.test", false},
		"two":                 {appOrigin + ", " + evil, false},
		"broken":              {"https://[::1", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/v1/me", "/v1/exports/exp_none", "/v1/nothing", "/"} {
				a := w.asPage(c.origin, path)
				if got := a.Header.Get("Access-Control-Allow-Origin") != ""; got != c.want {
					t.Errorf("%s: let in is %v, want %v", path, got, c.want)
				}
				if !slices.Contains(a.Header.Values("Vary"), "Origin") {
					t.Errorf("%s: Vary does not name Origin", path)
				}
			}
		})
	}
	a := w.preflighted(appOrigin, "DELETE", "/v1/chats").want(204)
	if got := a.Header.Get("Access-Control-Allow-Methods"); got != "GET, HEAD, POST" {
		t.Errorf("the preflight grants %q, want the route's own methods", got)
	}
	if a.Header.Get("Access-Control-Allow-Private-Network") != "" || strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "x-made-up") {
		t.Errorf("the preflight grants too much: %v", a.Header)
	}
	w.preflighted(appOrigin, "GET", "/v1/nothing").want(404)
	// A write with the cookie needs the field that only an allowed page can send.
	w.do(w.embedded("member@acme.test"), "POST", "/v1/chats", map[string]any{"title": "forged"}, "Origin", evil).want(403).lacks("chat_")
}
