package signin_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/signin"
)

// app is an application with every way of signing in. Its tokens live until the
// test kills them.
type app struct {
	mu     sync.Mutex
	users  map[string]user // by e-mail
	live   map[string]user // by token
	used   map[string]bool // refresh tokens
	n      int
	logins int
	refuse int // status that every sign-in gets, when not 0
	life   time.Duration
	clock  *clock
	last   *http.Request // the last sign-in
	body   string
}

type user struct{ id, email, password, tenant, role string }

func newApp(ck *clock) *app {
	return &app{clock: ck, live: map[string]user{}, used: map[string]bool{}, users: map[string]user{
		"member@acme.test":   {"usr_1", "member@acme.test", "acme pa$$word&1", "ten_a", "member"},
		"admin@acme.test":    {"usr_2", "admin@acme.test", "acme-admin-pw", "ten_a", "admin"},
		"member@globex.test": {"usr_3", "member@globex.test", "globex-member-pw", "ten_g", "member"},
		"spare@acme.test":    {"usr_4", "spare@acme.test", "acme-spare-pw", "ten_a", "member"},
	}}
}

func (a *app) issue(u user) string {
	a.n++
	tok := fmt.Sprintf("issued-token-%04d", a.n)
	a.live[tok] = u
	return tok
}

func (a *app) kill() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.live)
}

func (a *app) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.logins
}

func (a *app) set(f func(a *app)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(a)
}

func (a *app) check(email, password string) (user, bool) {
	a.logins++
	u, ok := a.users[email]
	return u, ok && u.password == password
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

type obj = map[string]any

func (a *app) who(r *http.Request) (user, bool) {
	for _, v := range []string{r.Header.Get("Authorization"), r.Header.Get("X-Auth-Token"), r.Header.Get("X-API-Key"), r.URL.Query().Get("key")} {
		for _, pre := range []string{"Bearer ", "Token ", ""} {
			if rest, ok := strings.CutPrefix(v, pre); ok {
				if u, ok := a.live[rest]; ok {
					return u, true
				}
			}
		}
	}
	if c, err := r.Cookie("sid"); err == nil {
		if u, ok := a.live[c.Value]; ok {
			return u, true
		}
	}
	if name, pw, ok := r.BasicAuth(); ok {
		u, known := a.users[name]
		return u, known && u.password == pw
	}
	return user{}, false
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	raw, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(raw))
	var in map[string]any
	json.Unmarshal(raw, &in)
	str := func(k string) string { s, _ := in[k].(string); return s }
	signIn := r.Method == "POST" && (strings.HasPrefix(r.URL.Path, "/login") || r.URL.Path == "/oauth/token")
	if signIn {
		a.last, a.body = r, string(raw)
		if a.refuse != 0 {
			a.logins++
			answer(w, a.refuse, obj{"error": "no entry", "you_sent": string(raw)})
			return
		}
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /login", "POST /login/nested", "POST /login/header", "POST /login/cookie", "POST /login/text", "POST /login/authorization", "POST /login/acme":
		u, ok := a.check(str("email"), str("password"))
		if !ok {
			answer(w, 401, obj{"error": "bad credentials"})
			return
		}
		a.grant(w, r.URL.Path, u)
	case "GET /login/form":
		http.SetCookie(w, &http.Cookie{Name: "csrf", Value: "csrf-cookie-0123"})
		http.SetCookie(w, &http.Cookie{Name: "XSRF-TOKEN", Value: "xsrf%3D1"})
		fmt.Fprint(w, `<form action=/search><input name=q></form><form action="/login/form?x=1" method=post>
			<input type=hidden name=_token value="hid&amp;den"><input type=email name=mail><input type=password name=pw><input type=submit></form>`)
	case "POST /login/form":
		r.ParseForm()
		c, err := r.Cookie("csrf")
		if err != nil || c.Value != "csrf-cookie-0123" || r.PostForm.Get("_token") != "hid&den" || r.URL.RawQuery != "x=1" {
			answer(w, 419, obj{"error": "page expired"})
			return
		}
		u, ok := a.check(r.PostForm.Get("mail"), r.PostForm.Get("pw"))
		if !ok {
			http.Redirect(w, r, "/login/form", http.StatusFound)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: a.issue(u), HttpOnly: true})
		http.SetCookie(w, &http.Cookie{Name: "csrf", MaxAge: -1})
		http.Redirect(w, r, "/home", http.StatusFound)
	case "POST /oauth/token":
		a.oauth(w, r)
	case "POST /refresh":
		tok := str("refresh_token")
		email, ok := strings.CutPrefix(tok, "refresh-for-")
		if i := strings.LastIndex(email, "-"); ok && i > 0 && !a.used[tok] {
			a.used[tok] = true
			a.grant(w, "/login", a.users[email[:i]])
			return
		}
		answer(w, 401, obj{"error": "refresh token is used or unknown"})
	case "POST /logout":
		if u, ok := a.who(r); ok {
			for t, v := range a.live {
				if v == u && strings.HasSuffix(r.Header.Get("Authorization"), t) {
					delete(a.live, t)
				}
			}
		}
		w.WriteHeader(204)
	case "POST /signup":
		u := user{fmt.Sprintf("usr_%d", 100+len(a.users)), str("email"), str("password"), "ten_" + str("company"), "owner"}
		a.users[u.email] = u
		answer(w, 201, obj{"user": obj{"id": u.id}})
	case "GET /me":
		if u, ok := a.who(r); ok {
			answer(w, 200, obj{"user": obj{"id": u.id, "email": u.email, "role": u.role}, "tenant": obj{"id": u.tenant}})
			return
		}
		answer(w, 401, obj{"error": "who?"})
	default:
		if u, ok := a.who(r); ok {
			fmt.Fprintf(w, "for %s", u.email)
			return
		}
		w.WriteHeader(401)
	}
}

func (a *app) grant(w http.ResponseWriter, how string, u user) {
	tok := a.issue(u)
	refresh := fmt.Sprintf("refresh-for-%s-%d", u.email, a.n)
	switch how {
	case "/login/nested":
		answer(w, 200, obj{"status": "ok", "data": obj{"auth": []any{obj{"jwt/value": tok}}}})
	case "/login/header":
		w.Header().Set("X-Auth-Token", tok)
		w.WriteHeader(204)
	case "/login/authorization":
		w.Header().Set("Authorization", "Bearer "+tok)
	case "/login/cookie":
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: tok})
		http.SetCookie(w, &http.Cookie{Name: "lang", Value: "en"})
		answer(w, 200, obj{"ok": true})
	case "/login/text":
		fmt.Fprint(w, tok)
	default:
		v := obj{"access_token": tok, "refresh_token": refresh, "token_type": "Bearer", "user": obj{"id": u.id}}
		if a.life > 0 {
			v["expires_in"] = a.life.Seconds()
		}
		answer(w, 200, v)
	}
}

func (a *app) oauth(w http.ResponseWriter, r *http.Request) {
	r.ParseForm()
	id, secret, basic := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if id != "client:1" || secret != "client secret/+1" {
		answer(w, 401, obj{"error": "invalid_client"})
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "client_credentials":
		a.logins++
		a.grant(w, "/login", a.users["admin@acme.test"])
	case "password":
		if u, ok := a.check(r.PostForm.Get("username"), r.PostForm.Get("password")); ok {
			a.grant(w, "/login", u)
			return
		}
		answer(w, 400, obj{"error": "invalid_grant"})
	case "refresh_token":
		tok := r.PostForm.Get("refresh_token")
		email := strings.TrimPrefix(tok, "refresh-for-")
		if i := strings.LastIndex(email, "-"); i > 0 && !a.used[tok] {
			a.used[tok] = true
			a.grant(w, "/login", a.users[email[:i]])
			return
		}
		answer(w, 400, obj{"error": "invalid_grant"})
	}
}

// clock stands still but for what is slept on it.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

func (c *clock) Add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

func (c *clock) Sleep(ctx context.Context, d time.Duration) error { c.Add(d); return ctx.Err() }

// stage is an application with a cast in front of it, and all that was written
// down of what happened.
type stage struct {
	app   *app
	clock *clock
	http  *probe.Client
	cast  *signin.Cast
	mu    sync.Mutex
	notes bytes.Buffer
}

func (s *stage) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.notes.Write(b)
}

func (s *stage) written() string { s.mu.Lock(); defer s.mu.Unlock(); return s.notes.String() }

func setUp(t *testing.T, o signin.Options) *stage {
	t.Helper()
	s := &stage{clock: newClock()}
	s.app = newApp(s.clock)
	server := httptest.NewServer(s.app)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.http, err = probe.New(probe.Options{Base: base, Now: s.clock.Now, Sleep: s.clock.Sleep, Log: log, OnExchange: func(x *lr.Exchange) {
		fmt.Fprintln(s, x.As, x.Method, x.URL, x.Request, string(x.Sent), x.Status, x.Header, string(x.Body))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.http.Close)
	o.HTTP, o.Now, o.Log = s.http, s.clock.Now, log
	if s.cast, err = signin.New(o); err != nil {
		t.Fatal(err)
	}
	s.http.Use(s.cast)
	return s
}

func (s *stage) preflight(t *testing.T) {
	t.Helper()
	if ps := s.cast.Preflight(t.Context()); len(ps) > 0 {
		t.Fatalf("preflight: %v", ps)
	}
}

func (s *stage) get(t *testing.T, as *lr.Account, path string) *lr.Exchange {
	t.Helper()
	x, err := s.http.Do(t.Context(), as, &lr.Request{Method: "GET", Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func identity(name, tenant, role, email, password string) signin.Identity {
	return signin.Identity{Identity: lr.Identity{Name: name, Tenant: tenant, Role: role, User: email}, Password: lr.NewSecret(password)}
}

func member() signin.Identity {
	return identity("acme_member", "acme", "member", "member@acme.test", "acme pa$$word&1")
}

func globex() signin.Identity {
	return identity("globex_member", "globex", "member", "member@globex.test", "globex-member-pw")
}

func login(path string) signin.Method {
	return signin.Method{Call: signin.Call{Request: "POST " + path, JSON: map[string]any{"email": "$user", "password": "$password"}}}
}

func secret(k, v string) map[string]lr.Secret { return map[string]lr.Secret{k: lr.NewSecret(v)} }

func jwt(claims string) string {
	b := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return b(`{"alg":"HS256"}`) + "." + b(claims) + "." + b("signature")
}
