package demo

import (
	"maps"
	"net/http"
	"strings"
	"testing"
)

// TestTraps walks every trap: it is right, and it looks as naive tools see it.
func TestTraps(t *testing.T) {
	cases := maps.Clone(coreTraps)
	maps.Copy(cases, contentTraps)
	maps.Copy(cases, hygieneTraps)
	maps.Copy(cases, corsTraps)
	maps.Copy(cases, modelTraps)
	maps.Copy(cases, toolTraps)
	maps.Copy(cases, inputTraps)
	maps.Copy(cases, malformedTraps)
	maps.Copy(cases, askTraps)
	maps.Copy(cases, abuseTraps)
	maps.Copy(cases, nameTraps)
	maps.Copy(cases, mailTraps)
	maps.Copy(cases, webTraps)
	for _, trap := range Traps() {
		check := cases[trap.ID]
		if check == nil {
			t.Errorf("trap %s has no case in the tables", trap.ID)
			continue
		}
		t.Run(trap.ID, func(t *testing.T) { check(start(t)) })
		delete(cases, trap.ID)
	}
	for id := range cases {
		t.Errorf("%s is no trap", id)
	}
}

var coreTraps = map[string]func(w *world){
	"soft-denial": func(w *world) {
		a, b := w.as("member@acme.test"), w.as("member@globex.test")
		list := w.do(a, "GET", "/v1/billing/invoices", nil).want(200)
		id, memo := list.str("data.0.id"), list.str("data.0.memo")
		w.do(a, "GET", "/v1/billing/invoices/"+id, nil).want(200).has(memo).has(`"success":true`)
		foreign := w.do(b, "GET", "/v1/billing/invoices/"+id, nil).want(200).lacks(memo)
		missing := w.do(b, "GET", "/v1/billing/invoices/inv_none", nil).want(200)
		if foreign.Body != missing.Body {
			w.t.Errorf("foreign %q and missing %q differ", foreign.Body, missing.Body)
		}
	},
	"public-keys": func(w *world) {
		w.do(anon, "GET", "/.well-known/jwks.json", nil).want(200).has(`"kty":"RSA"`).lacks(`"d":`).lacks(`"p":`)
	},
	"refusal-with-200": func(w *world) {
		c := w.as("member@acme.test")
		w.do(c, "POST", "/v1/billing/plan/preview", map[string]any{"plan": "free", "seats": 3}).want(200).has(`"success":false`).has(`"data":null`)
		w.do(c, "POST", "/v1/billing/plan/preview", map[string]any{"plan": "team", "seats": 3}).want(200).has(`"success":true`).has("2700")
	},
	"throttled-before-auth": func(w *world) {
		body := map[string]any{"email": "viewer@acme.test", "password": "wrong"}
		for range attemptsAllowed {
			w.do(anon, "POST", "/v1/auth/login", body).want(401)
		}
		got := w.do(anon, "POST", "/v1/auth/login", body).want(429).lacks("access_token")
		if got.Header.Get("Retry-After") != "1" {
			w.t.Errorf("Retry-After is %q, want 1", got.Header.Get("Retry-After"))
		}
		w.signIn("member@acme.test", w.s.Password("member@acme.test")) // another account is not held up
		w.forward(60e9)
		w.do(anon, "POST", "/v1/auth/login", body).want(401)
	},
	"echo": func(w *world) {
		c := w.as("viewer@acme.test")
		w.do(c, "PATCH", "/v1/me", map[string]any{"name": "V. Lind", "role": "owner", "tenant_id": "ten_other", "is_admin": true}).
			want(200).has(`"role":"owner"`).has("ten_other").has("V. Lind")
		w.do(c, "GET", "/v1/me", nil).want(200).has(`"role":"viewer"`).has("V. Lind").lacks("ten_other").lacks("is_admin")
		w.do(c, "GET", "/v1/admin/users", nil).want(403)
	},
	"own-password-only": func(w *world) {
		victim := w.as("admin@acme.test")
		c := w.as("member@acme.test")
		w.do(c, "POST", "/v1/auth/password/change", map[string]any{"user_id": victim.ID, "email": "admin@acme.test",
			"current_password": w.s.Password("member@acme.test"), "new_password": "a new password"}).want(204)
		w.signIn("member@acme.test", "a new password")
		w.signIn("admin@acme.test", w.s.Password("admin@acme.test"))
		w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": "admin@acme.test", "password": "a new password"}).want(401)
	},
	"private-personalised": func(w *world) {
		for _, user := range []string{"member@acme.test", "member@globex.test"} {
			got := w.do(w.as(user), "GET", "/v1/me", nil).want(200).has(user)
			if cc := got.Header.Get("Cache-Control"); !strings.HasPrefix(cc, "private") {
				w.t.Errorf("Cache-Control is %q, want private", cc)
			}
		}
	},
	"loose-base64": func(w *world) {
		c := w.as("member@acme.test")
		last := c.value[len(c.value)-1]
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		twin := c
		twin.value = c.value[:len(c.value)-1] + string(alphabet[strings.IndexByte(alphabet, last)^1])
		w.do(twin, "GET", "/v1/me", nil).want(http.StatusOK)
		wrong := c
		wrong.value = c.value[:len(c.value)-1] + string(alphabet[strings.IndexByte(alphabet, last)^32])
		w.do(wrong, "GET", "/v1/me", nil).want(http.StatusUnauthorized)
	},
}
