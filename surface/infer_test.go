package surface_test

import (
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// find gives the route that is named so, as String writes it.
func find(t *testing.T, routes []*lr.Route, name string) *lr.Route {
	t.Helper()
	for _, rt := range routes {
		if rt.String() == name {
			return rt
		}
	}
	t.Fatalf("no route %s among %v", name, names(routes))
	return nil
}

func TestKinds(t *testing.T) {
	for line, want := range map[string]lr.Kind{
		"POST /auth/login":  lr.SignIn,
		"POST /api/sign-in": lr.SignIn,
		"POST /oauth/token": lr.SignIn,
		"POST /sessions {\"email\":\"e\",\"password\":\"p\"}":   lr.SignIn,
		"POST /sessions {\"device\":\"d\"}":                     lr.Create,
		"GET /login":                                            lr.OtherKind,
		"POST /signUp":                                          lr.SignUp,
		"POST /users/register":                                  lr.SignUp,
		"DELETE /session":                                       lr.SignOut,
		"POST /oauth/revoke":                                    lr.SignOut,
		"GET /logout":                                           lr.SignOut,
		"POST /auth/refresh-token":                              lr.Refresh,
		"POST /feeds/{id}/refresh":                              lr.Action,
		"POST /forgotPassword":                                  lr.Password,
		"PUT /users/{id}/password":                              lr.Password,
		"GET /passwords/{id}":                                   lr.Read,
		"GET /users/me":                                         lr.WhoAmI,
		"GET /oauth2/userinfo":                                  lr.WhoAmI,
		"PATCH /me":                                             lr.Update,
		"POST /teams/{id}/invitations":                          lr.Invite,
		"POST /invites/{token}/accept":                          lr.Invite,
		"GET /chats/search?q=x":                                 lr.Search,
		"POST /chats/search":                                    lr.Search,
		"GET /search/chats":                                     lr.Search,
		"GET /chats/{id}/export":                                lr.Export,
		"POST /chats/export":                                    lr.Export,
		"GET /files/{id}/download":                              lr.Download,
		"GET /invoices/{id}.pdf":                                lr.Download,
		"POST /files/upload":                                    lr.Upload,
		"POST /v1/chat/completions":                             lr.ChatKind,
		"POST /chat {\"message\":\"hi\"}":                       lr.ChatKind,
		"POST /chats {\"title\":\"t\"}":                         lr.Create,
		"POST /conversations/{id}/messages {\"content\":\"c\"}": lr.ChatKind,
		"POST /messages {\"to\":\"bob\",\"text\":\"t\"}":        lr.Create,
		"POST /assistants/{id}/ask":                             lr.ChatKind,
		"GET /chats/{id}/stream":                                lr.Stream,
		"GET /sse":                                              lr.Stream,
		"GET /streams":                                          lr.List,
		"GET /events/{id}":                                      lr.Read,
		"GET /ws":                                               lr.WebSocket,
		"POST /graphql":                                         lr.GraphQL,
		"POST /webhooks/stripe":                                 lr.Webhook,
		"GET /webhooks/{id}":                                    lr.Read,
		"GET /healthz":                                          lr.Health,
		"GET /.well-known/jwks.json":                            lr.Health,
		"GET /api/status":                                       lr.Health,
		"GET /orders/{id}/status":                               lr.Read,
		"GET /chats/count":                                      lr.OtherKind,
		"POST /chats/{id}/archive":                              lr.Action,
		"DELETE /chats":                                         lr.Action,
		"GET /createdb":                                         lr.Action,
		"PUT /chats/{id}":                                       lr.Update,
		"HEAD /chats/{id}":                                      lr.OtherKind,
		"OPTIONS /chats":                                        lr.OtherKind,
		"GET /":                                                 lr.OtherKind,
	} {
		t.Run(line, func(t *testing.T) {
			if got := list(t, line)[0].Kind; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// TestKeys holds which resource fills a parameter where the path alone does
// not tell.
func TestKeys(t *testing.T) {
	for name, tc := range map[string]struct {
		lines, route, param string
		want                lr.Key
		resource            string
	}{
		"own collection":             {"POST /v1/chats\nGET /v1/chats/{id}", "GET /v1/chats/{id}", "id", lr.Key{Resource: "/v1/chats", Field: "id"}, "/v1/chats"},
		"singular item, plural list": {"GET /chats\nPOST /chats\nGET /chat/{chatId}", "GET /chat/{chatId}", "chatId", lr.Key{Resource: "/chats", Field: "id"}, "/chats"},
		"create under a verb":        {"POST /chat/new\nGET /chats/{id}\nGET /chats", "GET /chats/{id}", "id", lr.Key{Resource: "/chats", Field: "id"}, "/chats"},
		"nested parent":              {"POST /v1/chats\nPOST /v1/chats/{chat_id}/messages\nGET /v1/chats/{chat_id}/messages/{n}", "GET /v1/chats/{chat_id}/messages/{n}", "chat_id", lr.Key{Resource: "/v1/chats", Field: "id"}, "/v1/chats/{}/messages"},
		"made by the sign-up":        {"POST /users/v1/register\nGET /users/v1\nGET /users/v1/{username}", "GET /users/v1/{username}", "username", lr.Key{Resource: "/users/v1", Field: "username"}, "/users/v1"},
		"administrator's view":       {"POST /users\nGET /admin/users\nPOST /admin/users/{user_id}/disable", "POST /admin/users/{user_id}/disable", "user_id", lr.Key{Resource: "/users", Field: "id"}, "/users"},
		"keyed by another's key":     {"POST /chats\nGET /chats\nGET /favorites\nPOST /favorites\nDELETE /favorites/{chat_id}", "DELETE /favorites/{chat_id}", "chat_id", lr.Key{Resource: "/chats", Field: "id"}, "/favorites"},
		"owner and name":             {"POST /user/repos\nPOST /users\nGET /repos/{owner}/{repo}", "GET /repos/{owner}/{repo}", "owner", lr.Key{Resource: "/users", Field: "username"}, "/user/repos"},
		"query key":                  {"POST /createChat\nGET /getChat?chat_id=1", "GET /getChat", "chat_id", lr.Key{Resource: "/chats", Field: "id"}, "/chats"},
		"query filter":               {"POST /chats\nGET /messages?chat_id=1", "GET /messages", "chat_id", lr.Key{Resource: "/chats", Field: "id"}, "/messages"},
		"body parent":                {"POST /chats\nPOST /notes {\"chatId\":\"c\",\"text\":\"t\"}", "POST /notes", "chatId", lr.Key{Resource: "/chats", Field: "id"}, "/notes"},
		"slug":                       {"POST /articles\nGET /articles/{slug}", "GET /articles/{slug}", "slug", lr.Key{Resource: "/articles", Field: "slug"}, "/articles"},
		"name of a created member":   {"POST /books {\"book_title\":\"t\"}\nGET /books/{book_title}", "GET /books/{book_title}", "book_title", lr.Key{Resource: "/books", Field: "book_title"}, "/books"},
		"share token":                {"POST /chats\nPOST /chats/{id}/share\nGET /chats/{id}/share\nGET /shared/{share_token}", "GET /shared/{share_token}", "share_token", lr.Key{Resource: "/chats/{}/share", Field: "token"}, "/chats/{}/share"},
		"file below download":        {"POST /upload\nGET /files\nGET /download/{fileId}", "GET /download/{fileId}", "fileId", lr.Key{Resource: "/files", Field: "id"}, "/files"},
		"kebab and camel":            {"POST /chat-rooms\nGET /chatRooms/{room_id}", "GET /chatRooms/{room_id}", "room_id", lr.Key{Resource: "/chat-rooms", Field: "id"}, "/chat-rooms"},
		"only observation can tell":  {"POST /things\nGET /things/{thing}", "GET /things/{thing}", "thing", lr.Key{Resource: "/things"}, "/things"},
	} {
		t.Run(name, func(t *testing.T) {
			rt := find(t, list(t, tc.lines), tc.route)
			if got := rt.Keys[tc.param]; got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
			if rt.Resource != tc.resource {
				t.Errorf("got resource %s, want %s", rt.Resource, tc.resource)
			}
		})
	}
}

func TestRouteList(t *testing.T) {
	s, err := surface.RouteList([]byte("\ufeff# head\r\n\r\nget /a#b # comment\r\nGET,POST|PUT /c\nANY /d\n[GIN-debug] DELETE /e/:id --> main.del (3 handlers)\n/f PATCH\nGET https://a.test/g?x=1&y=\nthis is no route\nFROB /x\nPOST /h {\"a\": \"# no comment\"}\nPOST /i {broken\n\tGET\t/j\nGET /a\n"), surface.Source{Location: "r.txt"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"GET /a", "GET /c", "POST /c", "PUT /c", "GET /d", "POST /d", "PUT /d", "PATCH /d", "DELETE /d", "DELETE /e/{id}", "PATCH /f", "GET /g", "POST /h", "POST /i", "GET /j"}
	if got := names(s.Routes); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, w := range []string{"r.txt:9: no", "r.txt:10: no", "r.txt:12: the example"} {
		if !warned(s, w) {
			t.Errorf("got warnings %q, want one with %q", s.Warnings, w)
		}
	}
	if g := find(t, s.Routes, "GET /g"); len(g.Params) != 2 || g.Params[0].Example != "1" || g.Params[1].Example != nil {
		t.Errorf("got parameters %+v", g.Params)
	}
	h := find(t, s.Routes, "POST /h")
	if h.Body == nil || h.Body.Schema.Properties["a"].Type != "string" || h.Source != "r.txt" || !h.Declared {
		t.Errorf("got %+v", h)
	}
	if _, err := surface.RouteList([]byte("# nothing\n"), surface.Source{}); err == nil || !strings.Contains(err.Error(), "no routes") {
		t.Errorf("an empty list: got %v", err)
	}
}

func TestSchemes(t *testing.T) {
	s := open(t, `openapi: 3.0.0
info: {title: x}
components: {securitySchemes: {b: {type: http, scheme: Bearer, bearerFormat: JWT}, k: {type: apiKey, in: cookie, name: sid}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: /t}, password: {tokenUrl: /u}}}}}
security: [{b: []}]
paths: {/a: {get: {}, post: {security: []}, put: {security: [{k: []}, {}]}}}`)
	if s.Schemes["b"].Format != "JWT" || s.Schemes["k"].Name != "sid" || s.Schemes["o"].TokenURL != "/t" || len(s.Schemes["o"].Flows) != 2 {
		t.Errorf("got %+v", s.Schemes)
	}
	for name, want := range map[string]bool{"GET /a": true, "POST /a": false, "PUT /a": false} {
		if got := find(t, s.Routes, name).Secured; got != want {
			t.Errorf("%s: got secured %v, want %v", name, got, want)
		}
	}
	s = open(t, "swagger: '2.0'\ninfo: {title: x}\nsecurityDefinitions: {b: {type: basic}, o: {type: oauth2, flow: password, tokenUrl: /t}}\npaths: {/a: {get: {}}}")
	if s.Schemes["b"].Type != "http" || s.Schemes["b"].Scheme != "basic" || s.Schemes["o"].TokenURL != "/t" {
		t.Errorf("got %+v", s.Schemes)
	}
}
