package surface_test

import (
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// TestPin holds which routes take the kind that their owner names.
func TestPin(t *testing.T) {
	for name, tc := range map[string]struct {
		lines, request string
		kind           lr.Kind
		route          string // "" means that nothing is pinned
	}{
		"as it stands":            {"POST /session {\"a\":\"b\"}", "POST /session", lr.SignIn, "POST /session"},
		"in lower case":           {"POST /door", "post /door", lr.SignIn, "POST /door"},
		"with a query":            {"POST /door", "POST /door?next=/", lr.SignIn, "POST /door"},
		"with a slash more":       {"POST /door", "POST /door/", lr.SignIn, "POST /door"},
		"with a slash less":       {"POST /door/", "POST /door", lr.SignIn, "POST /door/"},
		"without a method":        {"GET /profile\nGET /me", "/profile", lr.WhoAmI, "GET /profile"},
		"a template's value":      {"POST /realms/{realm}/door", "POST /realms/acme/door", lr.SignIn, "POST /realms/{realm}/door"},
		"the literal goes first":  {"POST /realms/{realm}/door\nPOST /realms/acme/door", "POST /realms/acme/door", lr.SignOut, "POST /realms/acme/door"},
		"users by POST":           {"GET /users\nPOST /users\nGET /users/{id}", "POST /users", lr.SignUp, "POST /users"},
		"another method":          {"POST /door", "PUT /door", lr.SignIn, ""},
		"another path":            {"POST /door", "POST /gate", lr.SignIn, ""},
		"another host":            {"POST /door", "POST https://id.test/door", lr.SignIn, ""},
		"an object of many":       {"GET /users/{name}\nPOST /users", "GET /users/alba", lr.WhoAmI, ""},
		"a part of one of many":   {"GET /users/{name}/profile\nPOST /users", "GET /users/alba/profile", lr.WhoAmI, ""},
		"telling by what changes": {"POST /auth/refresh", "POST /auth/refresh", lr.WhoAmI, ""},
		"nothing":                 {"POST /door", "", lr.SignIn, ""},
	} {
		t.Run(name, func(t *testing.T) {
			routes := list(t, tc.lines)
			before := map[string]lr.Kind{}
			for _, rt := range routes {
				before[rt.String()] = rt.Kind
			}
			if got := surface.Pin(routes, tc.request, tc.kind); got != (tc.route != "") {
				t.Errorf("got %v, want %v", got, tc.route != "")
			}
			surface.Link(routes) // as when the running target tells of more routes
			for _, rt := range routes {
				want := before[rt.String()]
				if rt.String() == tc.route {
					want = tc.kind
				}
				if rt.Kind != want {
					t.Errorf("%s: got %s, want %s", rt, rt.Kind, want)
				}
			}
		})
	}
	if surface.Pin(nil, "POST /login", lr.SignIn) || surface.Pin([]*lr.Route{nil}, "POST /login", lr.SignIn) {
		t.Error("no route was pinned and it says that one was")
	}
}

// TestPinSignUp holds that a route pinned as the sign-up makes users, as one
// that is known by its name.
func TestPinSignUp(t *testing.T) {
	routes := list(t, "POST /begin {\"email\":\"e\",\"password\":\"p\"}\nGET /users\nGET /users/{user_id}\nPOST /chats\nGET /chats/{id}")
	rt := find(t, routes, "POST /begin")
	if rt.Resource != "" {
		t.Fatalf("got resource %s before", rt.Resource)
	}
	surface.Pin(routes, "POST /begin", lr.SignUp)
	if rt.Resource != "/users" || !surface.Creates(rt) {
		t.Errorf("got %s, creates %v; want users", rt.Resource, surface.Creates(rt))
	}
	if p := surface.Producers(find(t, routes, "GET /users/{user_id}"), routes); len(p) != 1 || p[0] != rt {
		t.Errorf("got producers %v, want the sign-up", names(p))
	}
}

// TestLinkAgain holds that Link gives the same when nothing was added.
func TestLinkAgain(t *testing.T) {
	routes := list(t, "POST /login\nPOST /register\nGET /me\nPOST /logout\nPOST /refresh\nPOST /graphql\nGET /ws\nPUT /projects\nGET /projects/{id}\nPUT /projects/{id}/tasks\nGET /tasks/{id}\nPOST /upload\nGET /files/{file_id}\nGET /docs")
	want := describe(routes)
	surface.Link(routes)
	if got := describe(routes); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSessionKinds holds what a name alone would tell wrongly: the other routes
// or the words before it tell otherwise.
func TestSessionKinds(t *testing.T) {
	for name, tc := range map[string]struct {
		lines, route string
		want         lr.Kind
	}{
		"password in the name of a sign-in":  {"POST /collections/users/auth-with-password", "POST /collections/users/auth-with-password", lr.SignIn},
		"one that must be told which":        {"POST /collections/{name}/auth-with-password", "POST /collections/{name}/auth-with-password", lr.Action},
		"password to be changed":             {"POST /auth/change-password", "POST /auth/change-password", lr.Password},
		"refresh of a collection":            {"POST /collections/users/auth-refresh", "POST /collections/users/auth-refresh", lr.Refresh},
		"second factor":                      {"POST /user/settings/totp/enroll", "POST /user/settings/totp/enroll", lr.Action},
		"course":                             {"POST /courses/enroll {\"course\":\"c\"}", "POST /courses/enroll", lr.Action},
		"user":                               {"POST /users/enroll {\"email\":\"e\"}", "POST /users/enroll", lr.SignUp},
		"enrolment at the root":              {"POST /api/v1/enroll", "POST /api/v1/enroll", lr.SignUp},
		"token alone":                        {"POST /user/token", "POST /user/token", lr.SignIn},
		"token beside login, body not told":  {"POST /login\nPOST /user/token", "POST /user/token", lr.SignIn},
		"token beside login, for a password": {"POST /login\nPOST /token {\"username\":\"u\",\"password\":\"p\"}", "POST /token", lr.SignIn},
		"profile":                            {"GET /profile", "GET /profile", lr.WhoAmI},
		"profile beside me":                  {"GET /profile\nGET /auth/me", "GET /profile", lr.Read},
		"profile of the server":              {"GET /instance/profile", "GET /instance/profile", lr.Read},
		"profile of the company":             {"GET /company/profile", "GET /company/profile", lr.Read},
		"session beside userinfo":            {"GET /auth/session\nGET /oauth2/userinfo", "GET /auth/session", lr.Read},
		"marking as read":                    {"POST /tasks\nPOST /tasks/{id}/read", "POST /tasks/{id}/read", lr.Action},
		"reading by POST":                    {"POST /chat/create\nPOST /chat/read {\"chat_id\":\"c\"}", "POST /chat/read", lr.Read},
		"marking all as read":                {"GET /chats\nPOST /chats\nPOST /chats/read {\"until\":\"u\"}", "POST /chats/read", lr.Action},
		"a deed to all":                      {"GET /chats\nPOST /chats\nPOST /chats/archive/all", "POST /chats/archive/all", lr.Action},
		"all by POST":                        {"GET /chats\nPOST /chats\nPOST /chats/all", "POST /chats/all", lr.Action},
		"listing by POST":                    {"GET /chats\nPOST /chats\nPOST /chats/list {\"page\":1}", "POST /chats/list", lr.List},
		"listing all":                        {"GET /models/all\nPOST /models", "GET /models/all", lr.List},
		"deleting all":                       {"GET /models\nPOST /models\nDELETE /models/delete/all", "DELETE /models/delete/all", lr.Action},
		"deleting all of a kind":             {"GET /feedbacks/all\nPOST /feedbacks\nDELETE /feedbacks/all", "DELETE /feedbacks/all", lr.Action},
		"setting suggestions":                {"GET /configs\nPOST /configs/suggestions {\"suggestions\":[\"s\"]}", "POST /configs/suggestions", lr.Create},
		"asking for suggestions":             {"GET /chats\nGET /chats/suggestions?q=a", "GET /chats/suggestions", lr.Search},
		"a word for many, only taken":        {"POST /debug {\"a\":\"b\"}", "POST /debug", lr.Action},
		"a word for many, shown too":         {"GET /queue\nPOST /queue {\"a\":\"b\"}", "POST /queue", lr.Create},
		"profile beside items":               {"GET /shops/{id}\nPOST /shops\nGET /shops/profile", "GET /shops/profile", lr.WhoAmI},
		"configuration beside items":         {"GET /shops/{id}\nPOST /shops\nGET /shops/config", "GET /shops/config", lr.Read},
	} {
		t.Run(name, func(t *testing.T) {
			if got := find(t, list(t, tc.lines), tc.route).Kind; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
	s := open(t, "openapi: 3.1.0\ninfo: {title: x}\npaths: {/login: {post: {summary: Sign in}}, /user/token: {post: {summary: Prolong}}}")
	if got := find(t, s.Routes, "POST /user/token").Kind; got != lr.Refresh {
		t.Errorf("a token route that takes nothing, beside a login: got %s, want refresh", got)
	}
	if got := find(t, s.Routes, "POST /login").Kind; got != lr.SignIn {
		t.Errorf("the login: got %s", got)
	}
}

// TestRecordsOfNamedCollections holds that collections which differ in their
// name alone do not stand for each other.
func TestRecordsOfNamedCollections(t *testing.T) {
	routes := list(t, `GET /api/collections/tenants/records/{tenant_id}
POST /api/collections/drafts/records
GET /api/collections/drafts/records/{record_id}
POST /api/collections/notes/records {"tenant_id":"t"}
GET /api/collections/notes/records/{id}
GET /api/records
GET /api/records/{id}`)
	for name, want := range map[string]string{
		"GET /api/collections/tenants/records/{tenant_id}": "/api/collections/tenants/records",
		"GET /api/collections/drafts/records/{record_id}":  "/api/collections/drafts/records",
		"GET /api/collections/notes/records/{id}":          "/api/collections/notes/records",
		"GET /api/records/{id}":                            "/api/records",
		"GET /api/records":                                 "/api/records",
	} {
		if got := find(t, routes, name).Resource; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if got := find(t, routes, "POST /api/collections/notes/records").Keys["tenant_id"].Resource; got != "/api/collections/tenants/records" {
		t.Errorf("a note's tenant_id: got %s", got)
	}
}
