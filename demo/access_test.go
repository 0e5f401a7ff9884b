package demo

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// filled is the route's address with something in the place of its parameters.
func filled(pattern string) string {
	var out []string
	for seg := range strings.SplitSeq(strings.TrimSuffix(pattern, "{$}"), "/") {
		if strings.HasPrefix(seg, "{") {
			seg = "9999"
		}
		out = append(out, seg)
	}
	return strings.Join(out, "/")
}

// TestEveryRouteAsksForACredential walks the whole table.
func TestEveryRouteAsksForACredential(t *testing.T) {
	w := start(t)
	_, email, password := w.spare("member")
	over := w.signIn(email, password)
	w.do(over, "POST", "/v1/auth/logout", nil).want(204)
	bad := map[string]caller{
		"nobody":            anon,
		"garbage":           bearer("garbage"),
		"an empty token":    bearer(""),
		"the word null":     bearer("null"),
		"another scheme":    {header: "Authorization", value: "Basic YTpi"},
		"an ended session":  over,
		"an unknown key":    {header: "X-API-Key", value: "hk_unknown"},
		"an unknown cookie": {header: "Cookie", value: cookieName + "=unknown"},
	}
	walked := 0
	for _, rt := range w.s.table {
		if rt.access < viewer {
			continue
		}
		walked++
		t.Run(rt.method+" "+rt.pattern, func(t *testing.T) {
			for name, c := range bad {
				a := w.do(c, rt.method, filled(rt.pattern), map[string]any{})
				if a.Status != 401 || !strings.Contains(a.Header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s: got %d, want 401 with a challenge", name, a.Status)
				}
				if rt.method != "HEAD" {
					a.has(`"request_id"`).lacks("acme").lacks("globex")
				}
			}
		})
	}
	if walked < 60 {
		t.Errorf("walked %d routes, want 60 or more", walked)
	}
}

// TestOpenRoutes holds the list of what anyone may call against the table.
func TestOpenRoutes(t *testing.T) {
	want := []string{
		"DELETE /dev/provider/fault", "GET /.well-known/jwks.json", "GET /dev/outbox", "GET /dev/provider", "GET /docs", "GET /healthz", "GET /metrics", "GET /openapi.json", "GET /v1/avatars/{user_id}",
		"GET /v1/download/{file_id}", "GET /v1/shared/{share_token}", "GET /{$}", "POST /v1/auth/login", "POST /v1/auth/password/forgot",
		"POST /v1/auth/password/reset", "POST /v1/auth/refresh", "POST /v1/auth/signup", "POST /v1/invitations/accept", "POST /v1/webhooks/crm", "PUT /dev/provider/fault",
	}
	var got []string
	for _, rt := range start(t).s.table {
		if rt.access < viewer && !strings.HasPrefix(rt.pattern, "/app") && !strings.HasPrefix(rt.pattern, "/assets") && rt.pattern != "/login" {
			got = append(got, rt.method+" "+rt.pattern)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRolesAreAskedFor calls every route that needs a role with the one below.
func TestRolesAreAskedFor(t *testing.T) {
	w := start(t)
	below := map[role]string{member: "viewer@acme.test", admin: "member@acme.test", owner: "admin@acme.test"}
	for _, rt := range w.s.table {
		user, ok := below[rt.access]
		if !ok {
			continue
		}
		t.Run(rt.method+" "+rt.pattern, func(t *testing.T) {
			w.do(w.as(user), rt.method, filled(rt.pattern), map[string]any{}).want(403).has(rt.access.String()).lacks("@acme.test")
		})
	}
}

// TestKeysAreHeldToTheirScopes calls every route with a key of another scope.
func TestKeysAreHeldToTheirScopes(t *testing.T) {
	w := start(t)
	known := []string{}
	for _, f := range fieldsOf(reflect.TypeFor[keyIn]()) {
		if f.name == "scopes" {
			known = f.items
		}
	}
	boss := w.as("owner@acme.test")
	secrets := map[string]caller{}
	for _, scope := range known {
		secrets[scope] = caller{header: "X-API-Key", value: w.do(boss, "POST", "/v1/api-keys", map[string]any{"name": scope, "scopes": []string{scope}}).want(201).str("secret")}
	}
	used := map[string]bool{}
	for _, rt := range w.s.table {
		if rt.access < viewer {
			continue
		}
		t.Run(rt.method+" "+rt.pattern, func(t *testing.T) {
			if rt.scope != "" && !slices.Contains(known, rt.scope) {
				t.Fatalf("scope %s cannot be given to a key", rt.scope)
			}
			used[rt.scope] = true
			other := known[0]
			if other == rt.scope {
				other = known[1]
			}
			w.do(secrets[other], rt.method, filled(rt.pattern), map[string]any{}).want(403).has("scope")
		})
	}
	for _, scope := range known {
		if !used[scope] {
			t.Errorf("no route asks for scope %s", scope)
		}
	}
	w.do(boss, "POST", "/v1/api-keys", map[string]any{"name": "x", "scopes": []string{"everything"}}).want(422)
}

func TestUnknownAddresses(t *testing.T) {
	w := start(t)
	w.do(anon, "GET", "/v1/nothing", nil).want(404).has("no such route").lacks("acme")
	got := w.do(anon, "PUT", "/v1/members", nil).want(405)
	if allow := got.Header.Get("Allow"); allow != "GET, HEAD, POST" {
		t.Errorf("Allow is %q, want GET, HEAD, POST", allow)
	}
	w.do(anon, "OPTIONS", "/v1/members", nil).want(204)
	if ct := w.do(anon, "GET", "/v1/nowhere", nil).Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("Content-Type is %q", ct)
	}
	c := w.as("member@acme.test")
	for _, path := range []string{"//v1/me", "/v1/./me", "/v1/me/", "/v1;a=b/me"} {
		w.do(anon, "GET", path, nil).want(401)
		w.do(c, "GET", path, nil).want(200).has("member@acme.test")
	}
	w.do(c, "GET", "/v1/me", nil, "X-HTTP-Method-Override", "DELETE").want(http.StatusOK)
}

func TestBadBodies(t *testing.T) {
	w := start(t)
	c := w.as("admin@acme.test")
	for name, tc := range map[string]struct {
		body    string
		headers []string
		status  int
	}{
		"no JSON":         {"{", nil, 400},
		"two values":      {"{} {}", nil, 400},
		"another type":    {"a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		"a wrong type":    {`{"email": 7}`, nil, 422},
		"nothing in it":   {"{}", nil, 422},
		"a wrong role":    {`{"email":"a@b.test","name":"A","role":"king","password":"long enough"}`, nil, 422},
		"the role owner":  {`{"email":"a@b.test","name":"A","role":"owner","password":"long enough"}`, nil, 422},
		"a short secret":  {`{"email":"a@b.test","name":"A","role":"member","password":"x"}`, nil, 422},
		"no address":      {`{"email":"a at b","name":"A","role":"member","password":"long enough"}`, nil, 422},
		"too long a name": {`{"email":"a@b.test","name":"` + strings.Repeat("n", 121) + `","role":"member","password":"long enough"}`, nil, 422},
	} {
		t.Run(name, func(t *testing.T) {
			w.do(c, "POST", "/v1/members", strings.NewReader(tc.body), tc.headers...).want(tc.status).has(`"title"`).lacks("goroutine").lacks("sql")
		})
	}
	w.do(c, "GET", "/v1/members", nil).lacks("a@b.test")
}
