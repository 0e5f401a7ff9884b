package signin_test

import (
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/signin"
)

func with(m signin.Method, f func(*signin.Method)) *signin.Method { f(&m); return &m }

func TestEveryWayOfSigningIn(t *testing.T) {
	oauth := signin.OAuth{TokenURL: "/oauth/token", Grant: "password", ClientID: "client:1", ClientSecret: lr.NewSecret("client secret/+1")}
	for _, tc := range []struct {
		name   string
		method *signin.Method
		id     func(*signin.Identity)
		as     string // who whoami says it is; member when empty
		issue  string // a token the application knows from before
		header string // the place that must carry it
		cookie string
		query  string
	}{
		{name: "token found", method: with(login("/login"), func(*signin.Method) {}), header: "Authorization"},
		{name: "token by pointer", method: with(login("/login"), func(m *signin.Method) { m.Token = "/access_token" }), header: "Authorization"},
		{name: "token by pointer with array and escapes", method: with(login("/login/nested"), func(m *signin.Method) { m.Token = "/data/auth/0/jwt~1value" }), header: "Authorization"},
		{name: "token in a header, found", method: with(login("/login/header"), func(*signin.Method) {}), header: "Authorization"},
		{name: "token in a named header", method: with(login("/login/header"), func(m *signin.Method) { m.Token = "header: X-Auth-Token"; m.Send = "X-Auth-Token: {token}" }), header: "X-Auth-Token"},
		{name: "token in Authorization of the reply", method: with(login("/login/authorization"), func(*signin.Method) {}), header: "Authorization"},
		{name: "token as text", method: with(login("/login/text"), func(*signin.Method) {}), header: "Authorization"},
		{name: "other scheme", method: with(login("/login"), func(m *signin.Method) { m.Send = "Authorization: Token {token}" }), header: "Authorization"},
		{name: "token sent as a cookie", method: with(login("/login"), func(m *signin.Method) { m.Send = "Cookie: sid={token}" }), cookie: "sid"},
		{name: "token sent in the query", method: with(login("/login"), func(m *signin.Method) { m.Send = "Query: key={token}" }), query: "key"},
		{name: "cookie session, found", method: with(login("/login/cookie"), func(*signin.Method) {}), cookie: "sid"},
		{name: "cookie session, said", method: with(login("/login/cookie"), func(m *signin.Method) { m.Token = "cookie" }), cookie: "sid"},
		{name: "one cookie", method: with(login("/login/cookie"), func(m *signin.Method) { m.Token = "cookie: sid" }), cookie: "sid"},
		{name: "variable in the path", method: with(login("/login/$tenant"), func(*signin.Method) {}), header: "Authorization"},
		{name: "form with hidden fields", method: &signin.Method{Page: "/login/form"}, cookie: "sid"},
		{name: "form with named fields", method: &signin.Method{Page: "/login/form", Call: signin.Call{Request: "POST /login/form?x=1", Form: map[string]string{"mail": "$user", "pw": "$password"}}}, cookie: "sid"},
		{name: "basic", method: &signin.Method{Kind: signin.Basic}, header: "Authorization"},
		{name: "oauth2 password, client in the header", method: &signin.Method{OAuth: &oauth}, header: "Authorization"},
		{name: "oauth2 password, client in the body", method: with(signin.Method{}, func(m *signin.Method) { o := oauth; o.InBody = true; m.OAuth = &o }), header: "Authorization"},
		{name: "oauth2 client credentials", method: with(signin.Method{}, func(m *signin.Method) { o := oauth; o.Grant = "client_credentials"; m.OAuth = &o }),
			id: func(id *signin.Identity) { id.User, id.Role = "", "admin" }, as: "admin@acme.test", header: "Authorization"},
		{name: "oauth2 with the identity's own client", method: with(signin.Method{}, func(m *signin.Method) { o := oauth; o.ClientID = "wrong"; m.OAuth = &o }),
			id: func(id *signin.Identity) { id.ClientID, id.ClientSecret = "client:1", lr.NewSecret("client secret/+1") }, header: "Authorization"},
		{name: "given token", id: func(id *signin.Identity) { id.Token = lr.NewSecret("issued-token-0001") }, issue: "yes", header: "Authorization"},
		{name: "given token, own send", id: func(id *signin.Identity) {
			id.Token, id.Send = lr.NewSecret("issued-token-0001"), "X-API-Key: {token}"
		}, issue: "yes", header: "X-API-Key"},
		{name: "given header with scheme", id: func(id *signin.Identity) { id.Header = secret("authorization", "Bearer issued-token-0001") }, issue: "yes", header: "authorization"},
		{name: "given API key", id: func(id *signin.Identity) { id.Header = secret("X-API-Key", "issued-token-0001") }, issue: "yes", header: "X-API-Key"},
		{name: "given cookie", id: func(id *signin.Identity) { id.Cookie = secret("sid", "issued-token-0001") }, issue: "yes", cookie: "sid"},
		{name: "given query key", id: func(id *signin.Identity) { id.Query = secret("key", "issued-token-0001") }, issue: "yes", query: "key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id := member()
			id.WhoAmI = "GET /me"
			if tc.id != nil {
				tc.id(&id)
			}
			s := setUp(t, signin.Options{Method: tc.method, Identities: []signin.Identity{id}})
			email := tc.as
			if email == "" {
				email = "member@acme.test"
			}
			if tc.issue != "" {
				s.app.set(func(a *app) { a.issue(a.users[email]) })
			}
			s.preflight(t)
			a := s.cast.Accounts()[0]
			if got := string(s.get(t, a, "/x").Body); got != "for "+email {
				t.Errorf("got %q, want it for %s", got, email)
			}
			want := map[string]string{"member@acme.test": "usr_1", "admin@acme.test": "usr_2"}[email]
			if a.UserID != want || a.TenantID != "ten_a" || a.Known["user.email"] != email {
				t.Errorf("learned user %q tenant %q known %v", a.UserID, a.TenantID, a.Known)
			}
			c := a.Credential
			if c.Token.IsZero() {
				t.Error("no bare token")
			}
			for _, p := range []struct {
				in   map[string]lr.Secret
				name string
			}{{c.Header, tc.header}, {c.Cookie, tc.cookie}, {c.Query, tc.query}} {
				if p.name != "" && !strings.Contains(p.in[p.name].Reveal(), c.Token.Reveal()) {
					t.Errorf("place %q does not carry the token: %v", p.name, p.in)
				}
			}
			if bad := c.WithToken("tampered"); strings.Contains(reveal(bad), c.Token.Reveal()) {
				t.Error("WithToken leaves the token in place")
			}
			for _, sec := range []string{"acme pa$$word&1", `pa$$word\u0026`, "pa%24%24word", c.Token.Reveal(), "client secret/+1", "client+secret", "csrf-cookie-0123"} {
				if strings.Contains(s.written(), sec) {
					t.Errorf("records or log show %q:\n%s", sec, s.written())
				}
			}
		})
	}
}

func reveal(c lr.Credential) string {
	var out strings.Builder
	for _, m := range []map[string]lr.Secret{c.Header, c.Cookie, c.Query} {
		for k, v := range m {
			out.WriteString(k + "=" + v.Reveal() + "\n")
		}
	}
	return out.String()
}

func TestFormSessionCarriesCSRF(t *testing.T) {
	s := setUp(t, signin.Options{Method: &signin.Method{Page: "/login/form"}, Identities: []signin.Identity{member()}})
	s.preflight(t)
	c := s.cast.Accounts()[0].Credential
	if got := c.Header["X-XSRF-TOKEN"].Reveal(); got != "xsrf=1" {
		t.Errorf("X-XSRF-TOKEN: got %q, want the cookie's value decoded", got)
	}
	if _, there := c.Cookie["csrf"]; there {
		t.Error("a cookie that the sign-in deleted is still sent")
	}
}

func TestExtraHeadersAndVars(t *testing.T) {
	id := member()
	id.Extra = map[string]string{"X-Tenant": "acme-eu"}
	id.Vars = map[string]string{"device": `quo"te`, "user": "member@acme.test"}
	m := login("/login")
	m.JSON = map[string]any{"email": "$user", "password": "$password", "device": []any{"$device", 1, true, nil}, "price": "5$$", "in": map[string]any{"t": "x-$tenant-y"}}
	m.Header = map[string]string{"X-Kind": "$role"}
	s := setUp(t, signin.Options{Method: &m, Identities: []signin.Identity{id}})
	s.preflight(t)
	if got, want := s.app.body, `{"device":["quo\"te",1,true,null],"email":"member@acme.test","in":{"t":"x-acme-y"},"password":"acme pa$$word\u00261","price":"5$"}`; got != want {
		t.Errorf("body:\n got %s\nwant %s", got, want)
	}
	if got := s.app.last.Header; got.Get("X-Tenant") != "acme-eu" || got.Get("X-Kind") != "member" || got.Get("Content-Type") != "application/json" {
		t.Errorf("header: %v", got)
	}
	if got := s.cast.Accounts()[0].Credential.Header["X-Tenant"].Reveal(); got != "acme-eu" {
		t.Errorf("the account's requests carry X-Tenant %q", got)
	}
}

func TestNewRefuses(t *testing.T) {
	s := setUp(t, signin.Options{Method: with(login("/login"), func(*signin.Method) {}), Identities: []signin.Identity{member()}})
	for name, tc := range map[string]struct {
		o    signin.Options
		want string
	}{
		"no client":           {signin.Options{}, "client"},
		"same name twice":     {signin.Options{Method: with(login("/l"), func(*signin.Method) {}), Identities: []signin.Identity{member(), member()}}, "acme_member"},
		"no way":              {signin.Options{Identities: []signin.Identity{member()}}, "acme_member"},
		"empty method":        {signin.Options{Method: &signin.Method{}, Identities: []signin.Identity{member()}}, "no way of signing in"},
		"bad request":         {signin.Options{Method: &signin.Method{Call: signin.Call{Request: "login"}}, Identities: []signin.Identity{member()}}, "POST /path"},
		"two bodies":          {signin.Options{Method: &signin.Method{Call: signin.Call{Request: "POST /l", JSON: "x", Form: map[string]string{"a": "b"}}}, Identities: []signin.Identity{member()}}, "not both"},
		"bad send":            {signin.Options{Method: with(login("/l"), func(m *signin.Method) { m.Send = "Bearer" }), Identities: []signin.Identity{member()}}, "{token}"},
		"bad token place":     {signin.Options{Method: with(login("/l"), func(m *signin.Method) { m.Token = "access_token" }), Identities: []signin.Identity{member()}}, "JSON pointer"},
		"no password":         {signin.Options{Method: with(login("/l"), func(*signin.Method) {}), Identities: []signin.Identity{{Identity: lr.Identity{Name: "x", User: "u"}}}}, "password"},
		"unknown grant":       {signin.Options{Method: &signin.Method{OAuth: &signin.OAuth{TokenURL: "/t", Grant: "implicit"}}, Identities: []signin.Identity{member()}}, "implicit"},
		"colon in basic user": {signin.Options{Method: &signin.Method{Kind: signin.Basic}, Identities: []signin.Identity{identity("x", "t", "r", "a:b", "pw-pw-pw")}}, "colon"},
		"bad whoami":          {signin.Options{Method: with(login("/l"), func(*signin.Method) {}), WhoAmI: "me", Identities: []signin.Identity{member()}}, "whoami"},
		"bad refresh":         {signin.Options{Method: with(login("/l"), func(m *signin.Method) { m.Refresh = &signin.Call{} }), Identities: []signin.Identity{member()}}, "refresh"},
		"bad sign-up":         {signin.Options{SignUp: &signin.Call{Request: "x"}}, "sign_up"},
		"bad spare":           {signin.Options{Identities: []signin.Identity{{Identity: lr.Identity{Name: "sp"}, Spare: true}}}, "sp"},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "no client" {
				tc.o.HTTP = s.http
			}
			_, err := signin.New(tc.o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want an error with %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "pa$$word") {
				t.Errorf("error shows the password: %v", err)
			}
		})
	}
}

func TestUnknownVariable(t *testing.T) {
	m := login("/login")
	m.JSON = map[string]any{"email": "$username", "password": "$password"}
	s := setUp(t, signin.Options{Method: &m, Identities: []signin.Identity{member()}})
	ps := s.cast.Preflight(t.Context())
	if len(ps) != 1 || !ps[0].Fatal || !strings.Contains(ps[0].String(), "$username") {
		t.Errorf("got %v, want a problem that names $username", ps)
	}
	if s.app.count() != 0 {
		t.Error("a broken template was sent")
	}
}

func TestGivenJWTIsRead(t *testing.T) {
	id := signin.Identity{Identity: lr.Identity{Name: "x", Tenant: "acme"},
		Token: lr.NewSecret(jwt(`{"sub":"usr_9","tid":"ten_9","role":"admin","email":"x@y.test","exp":1777680000}`))}
	s := setUp(t, signin.Options{Identities: []signin.Identity{id}})
	s.preflight(t)
	a := s.cast.Accounts()[0]
	if a.UserID != "usr_9" || a.TenantID != "ten_9" || a.Known["role"] != "admin" || a.Known["email"] != "x@y.test" {
		t.Errorf("got %+v", a)
	}
	if want := time.Unix(1777680000, 0); !a.Credential.Expires.Equal(want) {
		t.Errorf("expires %v, want %v", a.Credential.Expires, want)
	}
}
