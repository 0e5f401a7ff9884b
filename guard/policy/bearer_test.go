package policy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/policy"
)

func TestBearerMistakes(t *testing.T) {
	mistakes(t, map[string]string{
		"auth:\n  bearer: {}":                                                                ":6:11: bearer needs subject, and whoami",
		"auth: {bearer: {whoami: /me}}":                                                      "bearer needs subject",
		"auth: {bearer: {subject: id}}":                                                      "bearer needs subject, and whoami",
		"auth: {bearer: {whoami: me, subject: id}}":                                          ":5:25: whoami \"me\" is no path",
		"auth: {bearer: {whoami: \"/me?a=1\", subject: i}}":                                  "is no path",
		"auth: {bearer: {whoami: /me, subject: $.id}}":                                       ":5:39: subject \"$.id\" is no member",
		"auth: {bearer: {whoami: /me, subject: a..b}}":                                       "is no member",
		"auth: {bearer: {whoami: /me, subject: id, tenant: \"org[0]\"}}":                     "tenant \"org[0]\" is no member",
		"auth: {bearer: {whoami: /me, subject: id, roles: /role}}":                           "roles \"/role\" is no member",
		"auth: {bearer: {whoami: /me, subject: id, cache: 1h}}":                              ":5:50: cache",
		"auth: {bearer: {secret: \"${env:S}\", subject: id, cache: 1s}}":                     "there is none",
		"auth: {bearer: {secret: hunter2, subject: id}}":                                     ":5:25: a secret is referred to",
		"auth: {bearer: {whoami: /me, subject: id, algorithms: [HS256]}}":                    "algorithms are those of secret",
		"auth: {bearer: {secret: \"${env:S}\", subject: id, algorithms: [none]}}":            ":5:63: algorithm \"none\"",
		"auth: {bearer: {secret: \"${env:S}\", subject: id, algorithms: [RS256]}}":           "one of HS256",
		"auth: {bearer: {whoami: /me, subject: id, scheme: \"a b\"}}":                        "one word",
		"auth: {bearer: {whoami: /me, subject: id, header: X-T, scheme: Token}}":             "one word before the token in Authorization",
		"auth: {bearer: {whoami: /me, subject: id, header: Cookie}}":                         "a cookie is for session",
		"auth: {bearer: {whoami: /me, subject: id, header: X_Token}}":                        "no field of a token",
		right + ", bearer: {whoami: /me, subject: id}}":                                      "one of the two",
		"auth: {api_keys: {file: k}, bearer: {whoami: /me, subject: id, header: x-api-key}}": "that of api_keys",
		"auth: {bearer: {whoami: /me, subject: \"\"}}":                                       "auth.bearer.subject is blank",
		"auth: {bearer: {whoami: /me, subject: id, roles: \" \"}}":                           "auth.bearer.roles is blank",
		"auth: {bearer: {whoami: /me, subject: id, headers: {Cookie: a}}}":                   ":5:",
		"auth: {bearer: {whoami: /me, subject: id, headers: {authorization: a}}}":            "beside the credential",
		"auth: {bearer: {whoami: /me, subject: id, headers: {\"a b\": a}}}":                  "beside the credential",
		"auth: {bearer: {whoami: /me, subject: id, method: PUT}}":                            ":5:51: method \"PUT\": whoami is asked by GET or POST",
		"auth: {bearer: {whoami: /me, subject: id, method: post}}":                           "method \"post\"",
		"auth: {bearer: {secret: \"${env:S}\", subject: id, method: POST}}":                  "method \"POST\"",
		"auth: {session: {cookie: sid, whoami: /me, subject: id, method: DELETE}}":           ":5:65: method \"DELETE\"",
		"auth: {session: {cookie: sid, whoami: me, subject: id}}":                            "is no path",
		"tenant: {query: [org]}\nauth: {bearer: {whoami: /me, subject: id}}":                 "tenant of auth.bearer",
	}, "auth: {bearer: {whoami: /me, subject: user.id, tenant: user.org, roles: user.roles, cache: 10s}}\ntenant: {query: [org]}",
		"auth: {bearer: {whoami: /api/user/, subject: id, scheme: Token, method: GET}}",
		"auth: {session: {cookie: sid, whoami: /trpc/me, subject: id, method: POST}}",
		right+", bearer: {header: X-Session-Token, whoami: /me, subject: id}}")
}

func TestBearerSecretIsRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"short": "ten chars.\n", "long": strings.Repeat("s", 32)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for ref, want := range map[string]string{"file:long": "", "file:short": "shorter than 32 bytes", "file:none": "auth.bearer", "${env:NONE}": "NONE is not set"} {
		p, err := judged(fmt.Sprintf("auth: {bearer: {secret: %q, subject: id}}", ref))
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Build(&policy.State{Folder: dir, Env: func(string) (string, bool) { return "", false }})
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "ten chars")) {
			t.Errorf("%s: %v, want %q", ref, err, want)
		}
	}
}

// TestStrangersTokens: an application that knows nothing of guard, keeps opaque tokens
// and looks notes up by their id alone, shows them to their owners only.
func TestStrangersTokens(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := map[string]string{"Token of-ann": `{"user":{"id":1,"staff":true}}`, "Token of-bob": `{"user":{"id":2,"staff":false}}`}[r.Header.Get("Authorization")]
		w.Header().Set("Content-Type", "application/json")
		switch {
		case who == "":
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/me/" && r.Header.Get("X-App-Id") != "notes":
			w.WriteHeader(http.StatusInternalServerError)
		case r.URL.Path == "/me/":
			_, _ = io.WriteString(w, who)
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"note":{"id":17}}`)
		case strings.TrimSuffix(r.URL.Path, "/") == "/notes/17" || r.URL.Path == "/staff":
			_, _ = io.WriteString(w, `{"text":"of ann"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"detail":"no note"}`)
		}
	}))
	t.Cleanup(app.Close)
	p, err := policy.Parse("guard.yaml", []byte(`version: 1
listen: 127.0.0.1:0
upstream: `+app.URL+`
auth: {bearer: {whoami: /me/, scheme: Token, subject: user.id, tenant: user.id, roles: user.staff, cache: 5s, headers: {x-app-id: notes}}}
preflight: true
ownership:
  store: memory
  routes:
    - {path: /notes, methods: [POST], creates: [{kind: note, id: $.note.id}]}
    - {path: "/notes/{id}", ids: {path: {id: note}}}
routes:
  - {path: /notes, methods: [POST]}
  - {path: "/notes/{id}", methods: [GET, DELETE], either_slash: true}
  - {path: /staff, admin: true, roles: [staff]}
`))
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := p.Build(&policy.State{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		as, method, path string
		status           int
		body             string
	}{
		{"of-ann", "POST", "/notes", 201, `{"note":{"id":17}}`},
		{"of-ann", "GET", "/notes/17", 200, `{"text":"of ann"}`},
		{"of-bob", "GET", "/notes/17", 404, `{"detail":"no note"}`},
		{"of-ann", "GET", "/notes/17/", 200, `{"text":"of ann"}`},
		{"of-bob", "GET", "/notes/17/", 404, `{"detail":"no note"}`},
		{"of-bob", "DELETE", "/notes/17/", 404, ""},
		{"of-bob", "GET", "/notes/18", 404, `{"detail":"no note"}`},
		{"of-bob", "DELETE", "/notes/17", 404, ""},
		{"of-eve", "GET", "/notes/17", 401, ""},
		{"of-ann", "GET", "/staff", 200, `{"text":"of ann"}`},
		{"of-bob", "GET", "/staff", 403, ""},
		{"", "OPTIONS", "/notes/17", 403, ""}, // the application's own answer
		{"of-ann", "GET", "/me/", 404, ""},    // guard may ask; a caller may when a route says so
	} {
		r := httptest.NewRequest(c.method, c.path, http.NoBody)
		r.Header.Set("Authorization", "Token "+c.as)
		w := httptest.NewRecorder()
		if pipe.ServeHTTP(w, r); w.Code != c.status || c.body != "" && w.Body.String() != c.body || c.as != "of-ann" && strings.Contains(w.Body.String(), "of ann") {
			t.Errorf("%s %s %s: %d %s, want %d %s", c.as, c.method, c.path, w.Code, w.Body, c.status, c.body)
		}
	}
}

func TestEitherSlashMistakes(t *testing.T) {
	for route, want := range map[string]string{
		"{path: /b/, public: true, either_slash: true}, {path: /b, public: true}":       "guard.yaml:4:",
		"{path: /a, public: true}, {path: \"/b/**\", public: true, either_slash: true}": "no other spelling",
	} {
		_, err := policy.Parse("guard.yaml", []byte("version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\nroutes: ["+route+"]\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", route, err, want)
		}
	}
}

// TestDraftOfOwnTokens: what is said of whoami stands in the draft, and what is not is
// a blank that the judge names.
func TestDraftOfOwnTokens(t *testing.T) {
	own := &policy.Auth{Bearer: &policy.Bearer{Caller: policy.Caller{WhoAmI: "/me", Subject: "user.id"}}}
	d, err := policy.Draft(surveyed(), policy.Sketch{Listen: "127.0.0.1:0", AdminRole: "boss", Auth: own})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"    whoami: \"/me\"\n    subject: \"user.id\"\n    tenant: \"\" # FILL IN", "    roles: \"\" # FILL IN"} {
		if !strings.Contains(string(d.Text), want) {
			t.Errorf("the draft lacks %q:\n%s", want, d.Text)
		}
	}
	if strings.Contains(string(d.Text), "issuer") || strings.Contains(string(d.Text), "jwks") {
		t.Errorf("the draft asks for keys:\n%s", d.Text)
	}
	_, err = policy.Parse("guard.yaml", d.Text)
	if err == nil || !strings.Contains(err.Error(), "auth.bearer.tenant is blank") || !strings.Contains(err.Error(), "auth.bearer.roles is blank") {
		t.Errorf("the blanks: %v", err)
	}
	if why := d.Open["lr-jku"]; !strings.Contains(why, "auth.bearer.secret") || slices.Contains(d.Checks, "auth/token-key-header") {
		t.Errorf("how the application judges its tokens is said to be stopped: %q, %v", why, d.Checks)
	}
	own.Bearer.Tenant, own.Bearer.Roles = "user.org", "user.role"
	if d, err = policy.Draft(surveyed(), policy.Sketch{Listen: "127.0.0.1:0", AdminRole: "boss", Auth: own}); err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("guard.yaml", d.Text)
	if err != nil || p.Auth.Bearer.Tenant != "user.org" {
		t.Errorf("%v in\n%s", err, d.Text)
	}
}

// TestDraftOfWhoAmIMethod: whoami is asked as the audit asked it, unless it is said how.
func TestDraftOfWhoAmIMethod(t *testing.T) {
	whoami := func(methods ...string) (out []lr.RouteReport) {
		for _, m := range methods {
			out = append(out, lr.RouteReport{Method: m, Path: "/session", Kind: lr.WhoAmI.String(), Secured: true, Declared: true})
		}
		return out
	}
	plain := []lr.RouteReport{{Method: "POST", Path: "/session", Secured: true, Declared: true}}
	for name, c := range map[string]struct {
		routes              []lr.RouteReport
		path, method        string
		want, hint, mistake string
	}{
		"by POST":                      {routes: whoami("POST"), path: "/api/session", want: "POST", hint: "POST /api/session"},
		"by GET":                       {routes: whoami("GET"), path: "/api/session", hint: "GET /api/session"},
		"by both":                      {routes: whoami("POST", "GET"), path: "/api/session", hint: "GET /api/session"},
		"by POST, and GET is meant":    {routes: whoami("POST"), path: "/api/session", method: "GET", hint: "POST /api/session"},
		"a route that only takes POST": {routes: plain, path: "/api/session", want: "POST", hint: " "},
		"another path":                 {routes: whoami("POST"), path: "/api/me", hint: "POST /api/session"},
		"another path, by POST":        {path: "/api/me", method: "POST", want: "POST", hint: " "},
		"by PUT":                       {path: "/api/me", method: "PUT", mistake: `method "PUT": whoami is asked by GET or POST`},
		"no path":                      {path: "me", mistake: `whoami "me" is no path of the application`},
	} {
		t.Run(name, func(t *testing.T) {
			r := surveyed()
			r.Routes = append(r.Routes, c.routes...)
			own := policy.Caller{WhoAmI: c.path, Method: c.method, Subject: "id", Tenant: "org", Roles: "role"}
			d, err := policy.Draft(r, policy.Sketch{Listen: "127.0.0.1:0", AdminRole: "boss", Auth: &policy.Auth{Bearer: &policy.Bearer{Caller: own}}})
			if c.mistake != "" {
				if err == nil || !strings.Contains(err.Error(), c.mistake) {
					t.Errorf("%v, want %q", err, c.mistake)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p, err := policy.Parse("guard.yaml", d.Text)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Auth.Bearer; got.Method != c.want || got.WhoAmI != c.path {
				t.Errorf("%q of %s, want %q", got.Method, got.WhoAmI, c.want)
			}
			if method, path := policy.WhoAmI(r); method+" "+path != c.hint {
				t.Errorf("the hint is %s %s, want %s", method, path, c.hint)
			}
		})
	}
}
