package policy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/launchready/launchready/guard/ownership"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/store/owners"
)

const owning = `version: 1
listen: 127.0.0.1:0
upstream: %s
auth: {issuer: https://id.test, audience: api, jwks: %s/keys, tenant_claim: tid, roles_claim: role}
hygiene: {scrub_errors: true, security_headers: true}
routes:
  - {path: /healthz, public: true}
  - {path: /chats, methods: [GET, POST]}
  - {path: "/chats/{chat_id}"}
  - {path: "/chats/{chat_id}/messages/{message_id}"}
  - {path: /ws}
ownership:
  store: owners.db
  unknown: resolve
  ignore_case: [slug]
  exempt_roles: [support]
  resolver: {url: "%s/owner/{kind}?id={id}", tenant: $.org.id, timeout: 2s}
  routes:
    - path: /chats
      methods: [POST]
      creates: [{kind: chat, id: $.id}]
    - path: /chats
      methods: [GET]
      list: {items: $.data, kind: chat, id: id, drop: [$.facets]}
      counts: {$.total: chat}
    - path: "/chats/{chat_id}"
      ids: {path: {chat_id: chat}, query: {copy_of: chat}, body: {chat_id: chat}}
      tenant: [tenant_id]
    - path: "/chats/{chat_id}/messages/{message_id}"
      ids: {path: {message_id: message, chat_id: chat}}
      deletes: message_id
    - path: /ws
      websocket: {ids: {chat_id: chat}}
`

// TestOwnership runs a policy from its text, behind tokens of a provider, with
// the store in a file and the application as resolver.
func TestOwnership(t *testing.T) {
	s := newStand(t) // for its provider and tokens
	provider := s.provider
	asked := map[string]int{}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.Method+" "+r.URL.Path]++
		w.Header().Set("Content-Type", "application/json")
		switch r.Method + " " + r.URL.Path {
		case "POST /chats":
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprint(w, `{"id":"new"}`)
		case "GET /chats":
			_, _ = fmt.Fprint(w, `{"data":[{"id":"old"},{"id":"new"},{"id":"theirs"}],"total":3,"facets":[1]}`)
		case "GET /owner/chat":
			switch r.URL.Query().Get("id") {
			case "old":
				_, _ = fmt.Fprint(w, `{"org":{"id":"acme"}}`)
			case "theirs":
				_, _ = fmt.Fprint(w, `{"org":{"id":"globex"}}`)
			case "down":
				w.WriteHeader(http.StatusInternalServerError)
			default:
				w.WriteHeader(http.StatusNotFound)
			}
		case "GET /chats/old", "GET /chats/new", "GET /chats/theirs", "GET /chats/imported":
			_, _ = fmt.Fprint(w, `{"title":"of its tenant"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprintf(w, `{"detail":"no %s"}`, r.URL.Path)
		}
	}))
	t.Cleanup(app.Close)
	dir := t.TempDir()
	p, err := policy.Parse("guard.yaml", fmt.Appendf(nil, owning, app.URL, provider, app.URL))
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.OpenOwners(t.Context(), &policy.State{Folder: dir})
	if file, ok := f.(*owners.File); err != nil || !ok || file.Path != filepath.Join(dir, "owners.db") {
		t.Fatalf("%+v %v", f, err)
	}
	t.Cleanup(func() { _ = f.Close() })
	state := &policy.State{Folder: dir}
	pipe, err := p.Build(state)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = state.Close() })
	s.guard.Config.Handler = pipe
	acme, globex := s.token(nil), s.token(func(k jwt.Token) { _ = k.Set("tid", "globex") })
	if status, body, _, _ := s.do("POST", "/chats", acme, `{}`); status != 201 {
		t.Fatalf("create: %d %s", status, body)
	}
	if _, err := f.Claim(t.Context(), []ownership.Claim{{Object: ownership.Object{Kind: "chat", ID: "imported"}, Tenant: "acme"}}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method, path, token string
		want                int
		body                string
	}{
		"made":             {"GET", "/chats/new", acme, 200, `{"title":"of its tenant"}`},
		"made, foreign":    {"GET", "/chats/new", globex, 404, `{"detail":"no /chats/new"}`},
		"imported":         {"GET", "/chats/imported", acme, 200, `{"title":"of its tenant"}`},
		"imported foreign": {"GET", "/chats/imported", globex, 404, `{"detail":"no /chats/imported"}`},
		"resolved":         {"GET", "/chats/old", acme, 200, `{"title":"of its tenant"}`},
		"resolved foreign": {"GET", "/chats/theirs", acme, 404, `{"detail":"no /chats/theirs"}`},
		"nobody's":         {"GET", "/chats/none", acme, 404, `{"detail":"no /chats/none"}`},
		"resolver fails":   {"GET", "/chats/down", acme, 503, ""},
		"by query":         {"GET", "/chats/new?copy_of=theirs", acme, 200, `{"title":"of its tenant"}`},
		"list":             {"GET", "/chats", acme, 200, `{"data":[{"id":"old"},{"id":"new"}],"total":2,"facets":null}`},
		"no token":         {"GET", "/chats/new", "", 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, h, _ := s.do(c.method, c.path, c.token, "")
			if status != c.want || c.body != "" && body != c.body || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%d %s %v, want %d %s", status, body, h, c.want, c.body)
			}
		})
	}
	if n := asked["GET /chats/theirs"]; n != 0 {
		t.Errorf("the application was asked for another tenant's chat %d times", n)
	}
}

func TestOwnershipMistakes(t *testing.T) {
	base := fmt.Sprintf(owning, "http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1")
	for name, c := range map[string]struct{ from, to, want string }{
		"no tenant claim":  {"tenant_claim: tid, ", "", ":13:3: ownership needs auth.tenant_claim"},
		"no store":         {"  store: owners.db\n", "", ":13:3: ownership needs store"},
		"a password":       {"store: owners.db", "store: \"postgres://u:hunter2@h/x\"", ":13:10: ownership.store is a file, memory, or a reference"},
		"unknown key":      {"store:", "stor:", ":13:3: "},
		"unknown":          {"unknown: resolve", "unknown: maybe", `:14:12: unknown is "maybe"`},
		"no resolver":      {"  resolver: {url: \"http://127.0.0.1:1/owner/{kind}?id={id}\", tenant: $.org.id, timeout: 2s}\n", "", ":14:12: unknown: resolve needs"},
		"resolver's id":    {"?id={id}", "", ":17:19: resolver.url"},
		"resolver's host":  {"http://127.0.0.1:1/owner/{kind}", "http://{kind}/owner", ":17:19: resolver.url"},
		"resolver's path":  {"$.org.id", "org.id", ":17:70: \"org.id\" is no path"},
		"timeout":          {"timeout: 2s", "timeout: 2", ":17:89: timeout"},
		"no such route":    {"    - path: /ws\n", "    - path: /wss\n", `:32:7: path /wss is none of routes`},
		"no such method":   {"methods: [POST]", "methods: [PUT]", ":19:7: PUT /chats is none of routes"},
		"other methods":    {"deletes: message_id", "methods: [GET]", `unsafe: ["unowned methods /chats/{chat_id}/messages/{message_id}"]`},
		"public":           {"{path: /ws}", "{path: /ws, public: true}", ":32:7: /ws is public"},
		"twice":            {"      methods: [GET]\n", "", ":22:7: /chats is described twice"},
		"no parameter":     {"{path: {chat_id: chat},", "{path: {chat: chat},", ":27:19: the path /chats/{chat_id} has no {chat}"},
		"no kind":          {"body: {chat_id: chat}", "body: {chat_id: \"\"}", ":27:66: an id needs a name and a kind"},
		"path of a body":   {"body: {chat_id: chat}", "body: {\"a b\": chat}", ":27:66: \"a b\" is no path"},
		"path of a tenant": {"[tenant_id]", "[tenant.id]", ":28:16: "},
		"creates":          {"id: $.id}]", "id: $.id, location: true}]", ":21:17: creates needs"},
		"creates anywhere": {"id: $.id}]", "id: id}]", ":21:34: creates.id is where the answer has the id"},
		"creates any $..":  {"id: $.id}]", "id: $..id}]", ":21:34: creates.id is where the answer has the id"},
		"list":             {"kind: chat, id: id, drop", "drop", ":24:13: list needs"},
		"list's items":     {"$.data", "'$.a b'", ":24:21: \"$.a b\" is no path"},
		"more lists":       {"list: {items: $.data, kind: chat, id: id, drop: [$.facets]}", "more_lists: [{items: $.data, kind: chat, id: id}]", ":24:19: more_lists stands beside list"},
		"second list":      {"      counts:", "      more_lists: [{items: $.more, kind: chat}]\n      counts:", ":25:20: list needs"},
		"counts":           {"$.total", "$..", ":25:15: \"$..\" is no path"},
		"deletes":          {"deletes: message_id", "deletes: message", ":31:16: deletes"},
		"verify":           {"deletes: message_id", "unknown: verify", ":31:16: unknown: verify needs tenant"},
		"both":             {"websocket: {ids: {chat_id: chat}}", "websocket: {ids: {chat_id: chat}}\n      events: {ids: {chat_id: chat}}", ":32:7: a route has events or a websocket"},
		"no ids":           {"websocket: {ids: {chat_id: chat}}", "websocket: {}", ":33:18: websocket needs"},
		"opaque":           {"websocket: {ids: {chat_id: chat}}", "websocket: {ids: {chat_id: chat}, opaque: true}", `unsafe: ["opaque websocket /ws"]`},
		"origin":           {"websocket: {ids: {chat_id: chat}}", "websocket: {ids: {chat_id: chat}, origins: [https://a.test/]}", ":33:51: origin"},
		"window":           {"websocket: {ids: {chat_id: chat}}", "websocket: {ids: {chat_id: chat}, messages: 3, window: 0s}", ":33:18: messages is"},
		"no messages":      {"websocket: {ids: {chat_id: chat}}", "websocket: {ids: {chat_id: chat}, window: 1m}", ":33:18: messages is"},
		"opaque events":    {"websocket: {ids: {chat_id: chat}}", "events: {ids: {chat_id: chat}, opaque: true}", ":33:15: opaque"},
		"allow":            {"deletes: message_id", "unknown: allow", `unsafe: ["unknown owners /chats/{chat_id}/messages/{message_id}"]`},
		"allow all":        {"unknown: resolve", "unknown: allow", `unsafe: ["unknown owners everywhere"]`},
		"proven":           {"deletes: message_id", "proven: true", `unsafe: ["proven reads /chats/{chat_id}/messages/{message_id}"]`},
		"mode":             {"routes:\n  - {path: /healthz", "modes: {owner: off}\nroutes:\n  - {path: /healthz", ":6:"},
		"too long":         {"deletes: message_id", "max_answer: -1", ":31:19: max_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(base, c.from, c.to, 1)
			if text == base {
				t.Fatal("nothing changes")
			}
			if _, err := policy.Parse("guard.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	for name, to := range map[string]string{
		"opaque":   "opaque websocket /ws\"]\nownership:",
		"observed": "",
		"methods":  "",
	} {
		text := base
		switch name {
		case "methods": // of the route, of which the rule tells all
			text = strings.Replace(strings.Replace(base, "deletes: message_id", "methods: [GET, DELETE]", 1), `{path: "/chats/{chat_id}/messages/{message_id}"}`, `{path: "/chats/{chat_id}/messages/{message_id}", methods: [GET, HEAD, DELETE, OPTIONS]}`, 1)
		case "opaque":
			text = strings.Replace(strings.Replace(base, "{ids: {chat_id: chat}}", "{ids: {chat_id: chat}, opaque: true}", 1), "ownership:", "unsafe: [\""+to, 1)
		case "observed":
			text = strings.Replace(strings.Replace(base, "unknown: resolve", "unknown: allow", 1), "ownership:", "modes: {ownership: observe}\nownership:", 1)
		}
		if _, err := policy.Parse("guard.yaml", []byte(text)); err != nil {
			t.Errorf("%s, said twice: %v", name, err)
		}
	}
}

// TestBuildWritesNothing: judging a policy leaves no file of owners behind.
func TestBuildWritesNothing(t *testing.T) {
	dir := t.TempDir()
	p, err := policy.Parse("guard.yaml", fmt.Appendf(nil, owning, "http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Build(&policy.State{Folder: dir}); err != nil {
		t.Fatal(err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) > 0 {
		t.Errorf("%v %v", all, err)
	}
}
