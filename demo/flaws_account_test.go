package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// spare makes a user of acme that a test may spend.
func (w *world) spare(role string) (c caller, email, password string) {
	w.t.Helper()
	email, password = "spare-"+strings.ToLower(w.s.randomText(6))+"@acme.test", "spare password"
	id := w.do(w.as("admin@acme.test"), "POST", "/v1/members", map[string]any{"email": email, "name": "Spare", "role": role, "password": password}).want(201).str("id")
	c = w.signIn(email, password)
	if c.ID != id {
		w.t.Errorf("signed in as %s, want %s", c.ID, id)
	}
	return c, email, password
}

// signsIn reports whether the password opens a session.
func (w *world) signsIn(email, password string) bool {
	return w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": email, "password": password}).Status == 200
}

// mailed is the token of the newest mail's link of the kind.
func (w *world) mailed(email, kind string) string {
	w.t.Helper()
	link := w.do(anon, "GET", "/dev/outbox?to="+url.QueryEscape(email), nil, "X-Dev-Token", w.s.devToken).want(200).str("data.0.links." + kind)
	_, token, _ := strings.Cut(link, "token=")
	return token
}

var accountFlaws = map[string]symptom{
	"auth/token-after-logout": func(w *world) bool {
		c, email, _ := w.spare("member")
		w.do(c, "POST", "/v1/auth/logout", nil).want(204)
		return w.reads(c, email)
	},
	"auth/disabled-user-token": func(w *world) bool {
		boss := w.as("admin@acme.test")
		off, email, password := w.spare("member")
		w.do(boss, "POST", "/v1/admin/users/"+off.ID+"/disable", nil).want(200).has(`"disabled"`)
		gone, _, _ := w.spare("member")
		w.do(boss, "DELETE", "/v1/members/"+gone.ID, nil).want(204)
		if w.signsIn(email, password) {
			w.t.Error("a disabled user signs in")
		}
		first, second := w.reads(off, email), w.reads(gone, gone.ID)
		if first != second {
			w.t.Errorf("disabled reads: %v, deleted reads: %v", first, second)
		}
		return first
	},
	"auth/refresh-reuse": func(w *world) bool {
		c, email, _ := w.spare("member")
		body := map[string]any{"refresh_token": c.Refresh}
		next := w.do(anon, "POST", "/v1/auth/refresh", body).want(200)
		if !w.reads(bearer(next.str("access_token")), email) {
			w.t.Error("the refreshed token is dead")
		}
		again := w.do(anon, "POST", "/v1/auth/refresh", body).want(200, 401)
		return again.Status == 200 && w.reads(bearer(again.str("access_token")), email)
	},
	"auth/password-reset": func(w *world) bool {
		_, email, _ := w.spare("member")
		w.do(anon, "POST", "/v1/auth/password/forgot", map[string]any{"email": email}).want(202).lacks("rst_")
		token := w.mailed(email, "reset")
		w.do(anon, "POST", "/v1/auth/password/reset", map[string]any{"token": token, "password": "the first one"}).want(204)
		if !w.signsIn(email, "the first one") {
			w.t.Error("the reset set no password")
		}
		w.do(anon, "POST", "/v1/auth/password/reset", map[string]any{"token": token, "password": "the second one"}).want(204, 400)
		return w.signsIn(email, "the second one")
	},
	"auth/invitation-token": func(w *world) bool {
		email := "invited@acme.test"
		token := w.do(w.as("admin@acme.test"), "POST", "/v1/invitations", map[string]any{"email": email, "role": "viewer"}).want(201).str("token")
		accept := func(password, role string) *answer {
			return w.do(anon, "POST", "/v1/invitations/accept", map[string]any{"token": token, "name": "Nora", "password": password, "role": role, "email": "other@acme.test"})
		}
		accept("the first one", "owner").want(201).has(`"role":"viewer"`).has(email)
		if !w.signsIn(email, "the first one") {
			w.t.Error("accepting made no account")
		}
		accept("the second one", "viewer").want(201, 410)
		return w.signsIn(email, "the second one")
	},
	"auth/user-enumeration": func(w *world) bool {
		try := func(email string) (int, string) {
			a := w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": email, "password": "wrong password"})
			return a.Status, a.str("detail")
		}
		s1, d1 := try("member@acme.test")
		s2, d2 := try("nobody@acme.test")
		return s1 != s2 || d1 != d2
	},
	"auth/session-fixation": func(w *world) bool {
		_, email, password := w.spare("member")
		const planted = "attacker-chose-this"
		a := w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": email, "password": password, "cookie": true}, "Cookie", cookieName+"="+planted).want(200)
		if !strings.Contains(a.Header.Get("Set-Cookie"), cookieName+"=") {
			w.t.Error("no session cookie is set")
		}
		return w.reads(caller{header: "Cookie", value: cookieName + "=" + planted}, email)
	},
	"auth/mass-assignment": func(w *world) bool {
		c, _, _ := w.spare("viewer")
		w.do(c, "PATCH", "/v1/me", map[string]any{"role": "admin"}).want(200)
		return w.do(c, "GET", "/v1/me", nil).want(200).str("role") == "admin" &&
			w.do(c, "GET", "/v1/admin/users", nil).Status == 200
	},
}

// cookieOf signs in as a browser does.
func (w *world) cookieOf(email, password string) (caller, *http.Cookie) {
	w.t.Helper()
	a := w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": email, "password": password, "cookie": true}).want(200)
	c, err := http.ParseSetCookie(a.Header.Get("Set-Cookie"))
	if err != nil {
		w.t.Fatal(err)
	}
	return caller{header: "Cookie", value: c.Name + "=" + c.Value}, c
}

func TestCookieSession(t *testing.T) {
	w := start(t)
	_, email, password := w.spare("member")
	c, cookie := w.cookieOf(email, password)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Domain != "" {
		t.Errorf("got cookie %v, want HttpOnly, SameSite=Lax, no Domain", cookie)
	}
	w.do(c, "GET", "/v1/me", nil).want(200).has(email)
	w.do(c, "PATCH", "/v1/me", map[string]any{"name": "From elsewhere"}).want(403)
	w.do(c, "GET", "/v1/me", nil).lacks("From elsewhere")
	w.do(c, "PATCH", "/v1/me", map[string]any{"name": "From here"}, "X-Requested-With", "harbor").want(200).has("From here")
	w.do(c, "POST", "/v1/auth/logout", nil, "X-Requested-With", "harbor").want(204)
	w.do(c, "GET", "/v1/me", nil).want(401).lacks(email)
}

func TestCookieExpires(t *testing.T) {
	w := start(t)
	c, _ := w.cookieOf("member@acme.test", w.s.Password("member@acme.test"))
	w.forward(refreshLife - 1e9)
	w.do(c, "GET", "/v1/me", nil).want(200)
	w.forward(2e9)
	w.do(c, "GET", "/v1/me", nil).want(401)
}

func TestRefreshReuseEndsTheSession(t *testing.T) {
	w := start(t)
	c, email, _ := w.spare("member")
	body := map[string]any{"refresh_token": c.Refresh}
	next := w.do(anon, "POST", "/v1/auth/refresh", body).want(200)
	w.do(anon, "POST", "/v1/auth/refresh", body).want(401).lacks("access_token")
	if w.reads(bearer(next.str("access_token")), email) || w.reads(c, email) {
		t.Error("the family of a refresh token that came twice is alive")
	}
	for name, token := range map[string]string{"no token": "", "garbage": "x.y.z", "an access token": c.token()} {
		a := w.do(anon, "POST", "/v1/auth/refresh", map[string]any{"refresh_token": token})
		if a.Status != 401 && a.Status != 422 {
			t.Errorf("%s: got %d, want a refusal", name, a.Status)
		}
	}
}

func TestResetLinkExpires(t *testing.T) {
	w := start(t)
	_, email, password := w.spare("member")
	w.do(anon, "POST", "/v1/auth/password/forgot", map[string]any{"email": email}).want(202)
	token := w.mailed(email, "reset")
	w.forward(resetLife)
	w.do(anon, "POST", "/v1/auth/password/reset", map[string]any{"token": token, "password": "too late now"}).want(400)
	if !w.signsIn(email, password) {
		t.Error("the password changed")
	}
}

func TestForgotSaysNothing(t *testing.T) {
	w := start(t)
	known := w.do(anon, "POST", "/v1/auth/password/forgot", map[string]any{"email": "member@acme.test"}).want(202)
	unknown := w.do(anon, "POST", "/v1/auth/password/forgot", map[string]any{"email": "nobody@acme.test"}).want(202)
	if known.Body != unknown.Body {
		t.Errorf("got %q and %q, want the same", known.Body, unknown.Body)
	}
	w.do(anon, "GET", "/dev/outbox?to=nobody@acme.test", nil, "X-Dev-Token", w.s.devToken).want(200).has(`"data":[]`)
}

func TestSessions(t *testing.T) {
	w := start(t)
	c, email, password := w.spare("member")
	other := w.signIn(email, password)
	list := w.do(c, "GET", "/v1/auth/sessions", nil).want(200).has(`"current":true`)
	if n := strings.Count(list.Body, `"ses_`); n != 2 {
		t.Fatalf("got %d sessions, want 2", n)
	}
	var id string
	for _, i := range []string{"0", "1"} {
		if list.get("data."+i+".current") == false {
			id = list.str("data." + i + ".id")
		}
	}
	w.do(w.as("admin@acme.test"), "DELETE", "/v1/auth/sessions/"+id, nil).want(404)
	w.do(w.as("admin@globex.test"), "DELETE", "/v1/auth/sessions/"+id, nil).want(404)
	if !w.reads(other, email) {
		t.Fatal("another user ended the session")
	}
	w.do(c, "DELETE", "/v1/auth/sessions/"+id, nil).want(204)
	if w.reads(other, email) || !w.reads(c, email) {
		t.Error("the wrong session was ended")
	}
}

func TestSignUp(t *testing.T) {
	w := start(t)
	body := map[string]any{"company": "Initech", "name": "Peter", "email": "peter@initech.test", "password": "long enough"}
	a := w.do(anon, "POST", "/v1/auth/signup", body).want(201).has(`"slug":"initech"`).has(`"role":"owner"`).lacks("long enough")
	c := w.bearer(a.str("access_token"), a.str("refresh_token"))
	w.do(c, "GET", "/v1/members", nil).want(200).has("peter@initech.test").lacks("acme.test").lacks("globex.test")
	w.do(anon, "POST", "/v1/auth/signup", body).want(409).lacks("Initech")
	body["email"], body["company"] = "bill@initech.test", "Initech"
	w.do(anon, "POST", "/v1/auth/signup", body).want(201).has(`"slug":"initech-`)
	for _, wrong := range []map[string]any{{}, {"email": "no address"}, {"company": "X", "name": "Y", "email": "y@x.test", "password": "short"}} {
		w.do(anon, "POST", "/v1/auth/signup", wrong).want(422).has("errors").lacks("access_token")
	}
}

// TestLongPassword: 72 characters may be more bytes than bcrypt takes, and that is
// the caller's mistake wherever a password is set.
func TestLongPassword(t *testing.T) {
	w := start(t)
	long := strings.Repeat("ü", 72)
	c, _, password := w.spare("member")
	for path, body := range map[string]map[string]any{
		"/v1/auth/signup":          {"company": "X", "name": "Y", "email": "y@x.test", "password": long},
		"/v1/auth/password/reset":  {"token": "rst_none", "password": long},
		"/v1/invitations/accept":   {"token": "inv_none", "name": "Y", "password": long},
		"/v1/auth/password/change": {"current_password": password, "new_password": long},
		"/v1/members":              {"name": "Y", "email": "y@acme.test", "role": "member", "password": long},
	} {
		as := c
		if path == "/v1/members" {
			as = w.as("admin@acme.test")
		}
		w.do(as, "POST", path, body).want(422).has("72 bytes").lacks(long)
	}
}

func TestPasswordChangeNeedsTheCurrentOne(t *testing.T) {
	w := start(t)
	c, email, password := w.spare("member")
	w.do(c, "POST", "/v1/auth/password/change", map[string]any{"current_password": "wrong", "new_password": "another password"}).want(403)
	w.do(c, "POST", "/v1/auth/password/change", map[string]any{"current_password": password, "new_password": "short"}).want(422)
	if !w.signsIn(email, password) {
		t.Error("the password changed")
	}
}
