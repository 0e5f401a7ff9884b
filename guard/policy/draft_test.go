package policy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/policy"
)

// surveyed is a report of a small application with a finding of each kind.
func surveyed() *lr.Report {
	found := func(guard, subject string, more ...string) lr.CheckReport {
		return lr.CheckReport{ID: "row/" + strings.ReplaceAll(guard, "_", "-"), Findings: []lr.Finding{{ID: "lr-" + guard, Guard: guard, Subject: subject, Subjects: more, Confidence: lr.Confirmed}}}
	}
	keys := []string{"bearer", "header X-API-Key", "cookie session"}
	suspected := found("block_paths", "GET /suspected")
	suspected.Findings[0].Confidence = lr.Suspected
	return &lr.Report{Target: "https://app.test/api/",
		Routes: []lr.RouteReport{
			{Method: "GET", Path: "/healthz", Kind: "health", Public: true, Declared: true},
			{Method: "POST", Path: "/login", Declared: true},
			{Method: "GET", Path: "/v1/invoices", Secured: true, Takes: keys, Declared: true},
			{Method: "POST", Path: "/v1/invoices", Secured: true, Takes: keys, Declared: true},
			{Method: "GET", Path: "/v1/chats/{id}", Secured: true, Takes: keys[:1], Declared: true},
			{Method: "DELETE", Path: "/v1/chats/{chat}", Secured: true, Takes: keys[:1], Declared: true},
			{Method: "GET", Path: "/v1/admin", Secured: true, Takes: keys, Admin: true, Declared: true},
			{Method: "POST", Path: "/v1/chat", Secured: true, Takes: keys, Declared: true},
			{Method: "GET", Path: "/metrics", Declared: true},
			{Method: "GET", Path: "/guessed"},
			{Method: "GET", Path: "/mails", Public: true, Rehearsal: true},
			{Method: "GET", Path: "/v1/files/{name}.pdf", Secured: true, Declared: true},
		},
		Rows: []lr.RowReport{{Checks: []lr.CheckReport{
			found("authenticate", "GET /v1/invoices as nobody"), found("roles", "GET /v1/admin"), found("block_paths", "application", "GET /metrics", "GET /.git/config"),
			found("limits", "POST /v1/chat"), found("hide_headers", "application"), found("ownership", "GET /v1/chats/{id}"), found("strip_headers", "GET /v1/chats/{id}"),
			found("block_paths", "GET /a;b\n  - {path: /evil, public: true}"), found("new_one", "application"),
			{ID: "auth/undeclared-route", Findings: []lr.Finding{{ID: "lr-u", Guard: "validate", Subject: "GET /v1/debug", Confidence: lr.Confirmed}}},
			suspected, found("idempotency", "POST /v1/invoices"),
			{ID: "limits/concurrent-runs", Findings: []lr.Finding{{ID: "lr-slots", Guard: "limits", Subject: "POST /v1/chat", Confidence: lr.Confirmed}}},
			{ID: "limits/concurrent-organisation", Findings: []lr.Finding{{ID: "lr-crowd", Guard: "limits", Subject: "POST /v1/chat", Confidence: lr.Confirmed}}},
			{ID: "input/duplicate-keys", Findings: []lr.Finding{{ID: "lr-dup", Guard: "validate", Subject: "POST /v1/invoices", Confidence: lr.Confirmed}}},
			{ID: "auth/token-key-header", Findings: []lr.Finding{{ID: "lr-jku", Guard: "authenticate", Subject: "jku", Confidence: lr.Confirmed}}},
			{ID: "isolation/tenant-swap", Findings: []lr.Finding{{ID: "lr-swap", Guard: "tenant_binding", Subject: "GET /v1/tenants/{tenant_id}", Confidence: lr.Confirmed}}},
			{ID: "isolation/list-leak", Findings: []lr.Finding{{ID: "lr-list", Guard: "tenant_binding", Subject: "GET /v1/invoices", Confidence: lr.Confirmed}}},
		}}}}
}

func TestDraft(t *testing.T) {
	whole := policy.Sketch{Listen: "127.0.0.1:0", AdminRole: "boss", Auth: &policy.Auth{Issuer: "https://id.test", Audience: "api", JWKS: "http://127.0.0.1:1/keys", RolesClaim: "role", TenantClaim: "tid"}}
	for name, c := range map[string]struct {
		sketch   policy.Sketch
		has, not []string
	}{
		"whole": {whole, []string{
			`upstream: "https://app.test"`,
			`{path: "/api/healthz", methods: [GET], public: true, essential: true}`,
			`{path: "/api/login", methods: [POST], public: true}`,
			`{path: "/api/v1/invoices", methods: [GET]} # lr-authenticate row/authenticate` + "\n",
			`{path: "/api/v1/invoices", methods: [POST], own_credentials: true}` + "\n",
			`{path: "/api/v1/chats/{id}", methods: [GET, DELETE]}` + "\n",
			`{path: "/api/v1/admin", methods: [GET], admin: true, roles: ["boss"]} # lr-roles row/roles`,
			`{path: "/api/v1/chat", methods: [POST], own_credentials: true, limits: [found_organisation_slots, found_unverified, found_user, found_user_slots]} # lr-limits`,
			"  found_organisation_slots: {per: organisation, concurrent: 6}\n", "  found_user_slots: {per: user, concurrent: 4}\n", "idempotency: {keep: 24h} # lr-idempotency",
			`{path: "/api/metrics", blocked: true} # lr-block_paths`,
			`{path: "/api/.git/config", blocked: true} # lr-block_paths`,
			`{path: "/api/mails", methods: [GET], public: true} # for the audit`,
			`own: {headers: ["X-API-Key"], cookies: ["session"]}`,
			"X-Generator] # lr-hide_headers",
			"#   lr-ownership row/ownership GET /v1/chats/{id} (ownership): where the operation names an object was not seen",
			`tenant: {path: ["tenant_id"], query: [tenant_id, `, `X-Company-ID]} # lr-swap isolation/tenant-swap`, `{path: "/api/v1/tenants/{tenant_id}", methods: [GET]} # lr-swap`,
			"#   lr-list isolation/list-leak GET /v1/invoices (tenant_binding): where the operation names an object was not seen",
			"input: {max_depth: 32} # lr-dup input/duplicate-keys", "verify_presented: true # lr-jku auth/token-key-header",
			"#   lr-new_one row/new-one application (new_one): not in this build",
			"#   lr-u auth/undeclared-route GET /v1/debug: no route, so it is denied",
			"#   GET /v1/files/{name}.pdf: no route of a policy can say this path",
			"#   lr-strip_headers row/strip-headers: always on",
		}, []string{"\n  - {path: /evil", "suspected\",", "/guessed", "FILL IN", `path: "/**"` + ", methods"}},
		"nothing known": {policy.Sketch{Listen: "127.0.0.1:0"}, []string{
			`issuer: "" # FILL IN`, `audience: "" # FILL IN`, `jwks: "" # FILL IN`, `roles_claim: "" # FILL IN`, `tenant_claim: "" # FILL IN`, `roles: [""]} # FILL IN`,
		}, nil},
	} {
		drafted, err := policy.Draft(surveyed(), c.sketch)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text := drafted.Text
		if len(drafted.Open) != 4 || drafted.Open["lr-ownership"] == "" || slices.Contains(drafted.Checks, "row/ownership") || !slices.Contains(drafted.Checks, "row/limits") {
			t.Errorf("%s: open %v, stopped %v", name, drafted.Open, drafted.Checks)
		}
		for _, want := range c.has {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %s:\n%s", name, want, text)
			}
		}
		for _, bad := range c.not {
			if strings.Contains(string(text), bad) {
				t.Errorf("%s holds %s:\n%s", name, bad, text)
			}
		}
		_, err = policy.Parse("guard.yaml", text)
		if name == "whole" {
			if err != nil {
				t.Errorf("whole: %v", err)
			}
			continue
		}
		if err == nil {
			t.Fatalf("%s: the blanks are accepted", name)
		}
		for _, want := range []string{`guard\.yaml:\d+:11: auth\.issuer is blank`, `guard\.yaml:\d+:13: auth\.audience is blank`, `guard\.yaml:\d+:9: auth\.jwks is blank`, `guard\.yaml:\d+:16: auth\.roles_claim is blank`, `guard\.yaml:\d+:\d\d: a role of /api/v1/admin is blank`} {
			if !regexp.MustCompile(want).MatchString(err.Error()) {
				t.Errorf("%s: no %s in\n%v", name, want, err)
			}
		}
	}
	if _, err := policy.Draft(&lr.Report{Target: "http://a.test"}, whole); err == nil || !strings.Contains(err.Error(), "audit again") {
		t.Errorf("without routes: %v", err)
	}
}

// TestOwn: what guard cannot verify is the application's to judge where a route
// says so, and never beside a token.
func TestOwn(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"no section":    {"own: {headers: [X-API-Key]}\n", "", "no section own"},
		"empty":         {"{headers: [X-API-Key]}", "{}", "names no header"},
		"public":        {"own_credentials: true}", "own_credentials: true, public: true}", "asks for no credential"},
		"roles":         {"own_credentials: true}", "own_credentials: true, roles: [a]}", "only a verified token tells"},
		"limit by user": {"own_credentials: true}", "own_credentials: true, limits: [u]}", "add a limit per ip"},
	} {
		base := "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\nauth: {issuer: i, audience: a, jwks: http://127.0.0.1:1, roles_claim: r}\n" +
			"limits:\n  u: {per: user, requests: 1}\nown: {headers: [X-API-Key]}\nroutes: [{path: /a, own_credentials: true}]\n"
		if _, err := policy.Parse("guard.yaml", []byte(base)); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(base, c.from, c.to, 1)
		if _, err := policy.Parse("guard.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	s := newStandOf(t, strings.Replace(strings.Replace(whole, "auth_failures: {requests: 5", "auth_failures: {requests: 50", 1), `- {path: "/v1/**"}`, `- {path: "/v1/**", own_credentials: true}`, 1)+"own: {headers: [X-API-Key], cookies: [sid]}\npreflight: true\n")
	for name, c := range map[string]struct {
		method, path, token string
		headers             []string
		want                int
	}{
		"key":                 {"GET", "/v1/x", "", []string{"X-Api-Key", "k"}, 200},
		"cookie":              {"GET", "/v1/x", "", []string{"Cookie", "sid=1"}, 200},
		"empty cookie":        {"GET", "/v1/x", "", []string{"Cookie", "sid="}, 401},
		"another cookie":      {"GET", "/v1/x", "", []string{"Cookie", "other=1"}, 401},
		"neither":             {"GET", "/v1/x", "", nil, 401},
		"bad token and key":   {"GET", "/v1/x", "bad", []string{"X-Api-Key", "k"}, 401},
		"empty token and key": {"GET", "/v1/x", "", []string{"X-Api-Key", "k", "Authorization", ""}, 401},
		"token":               {"GET", "/v1/x", s.token(nil), nil, 200},
		"another route":       {"POST", "/v1/chat", "", []string{"X-Api-Key", "k"}, 401},
		"preflight":           {"OPTIONS", "/v1/chat", "", []string{"Origin", "https://a.test"}, 200},
		"preflight, blocked":  {"OPTIONS", "/.git/x", "", nil, 404},
	} {
		if got, _, _, asked := s.do(c.method, c.path, c.token, "", c.headers...); got != c.want || asked != (c.want == 200) {
			t.Errorf("%s: got %d, the application was asked: %t; want %d", name, got, asked, c.want)
		}
	}
}

// FuzzDraft: whatever a report says, the draft is a policy of its routes and
// findings alone: no text of a target makes a line of its own.
func FuzzDraft(f *testing.F) {
	f.Add("GET", "/v1/chats/{id}", "header X-Key", "GET /v1/chats/{id}", "authenticate", "auth/no-credential", "lr-1")
	f.Add("GET", "/a\n  - {path: /evil, public: true}", "cookie a\"b", "application", "block_paths", "x\ny", "z\r\n")
	f.Add("GET", "/\x901/chats/{id}", "header \x90", "GET /\x90", "limits", "\x90", "\u2028")
	f.Add("GET", "/v1/chats/{id}", "$.data[*].id", "GET /v1/chats/{id}", "ownership", "isolation/foreign-read", "chat")
	f.Add("GET", "/v1/ws", "chat_id\"}}", "GET /v1/ws", "websocket", "isolation/websocket-leak", "$.x\n")
	f.Add("GET", "/v1/x", "OpenAPI 3", "GET /v1/x", "validate", "input/schema-type", "http://a.test/\n  evil: 1")
	f.Add("POST", "/{x}.pdf", "header \x00", "GET /a\"}\n", "limits", "input/x", "#")
	f.Fuzz(func(t *testing.T, method, path, takes, subject, directive, check, id string) {
		r := &lr.Report{Target: "http://app.test", Routes: []lr.RouteReport{{Method: "GET", Path: "/ok", Secured: true, Declared: true}, {Method: method, Path: path, Secured: true, Takes: []string{takes}, Declared: true,
			Names: []lr.Place{{In: lr.InBodyOf, At: takes, Kind: id}, {In: lr.InPathOf, At: "id", Kind: check}, {In: lr.InMessage, At: id, Kind: takes}},
			Makes: []lr.Place{{In: lr.InAnswer, At: takes, Kind: id}}, Shows: []lr.Listing{{Items: takes, ID: id, Kind: check}, {Items: "$", ID: "id", KindAt: takes, Tenant: id}}}},
			Front: &lr.FrontReport{Origins: []string{takes, id}, Expose: []string{takes, id}}, Description: &lr.DescriptionReport{Format: takes, Location: id},
			Rows: []lr.RowReport{{Checks: []lr.CheckReport{{ID: check, Findings: []lr.Finding{{ID: id, Guard: directive, Subject: subject, Confidence: lr.Confirmed}}}}}}}
		d, err := policy.Draft(r, policy.Sketch{Listen: "127.0.0.1:0", AdminRole: "r", Description: []byte("openapi: 3.1.0\npaths: {/ok: {get: {}}}"), DescriptionFile: "openapi.json", Auth: &policy.Auth{Issuer: "i", Audience: "a", JWKS: "http://id.test/", TenantClaim: "t", RolesClaim: "r"}})
		if err != nil {
			t.Skip() // it says so rather than write what cannot be read
		}
		p, err := policy.Parse("guard.yaml", d.Text)
		if err != nil {
			t.Fatalf("%v\n%s", err, d.Text)
		}
		for _, rt := range p.Routes {
			_, of, _ := strings.Cut(subject, " ")
			if rt.Path != "/ok" && rt.Path != path && !strings.HasPrefix(of, rt.Path) {
				t.Errorf("the route %q is of nobody:\n%s", rt.Path, d.Text)
			}
		}
		if len(p.Unsafe) > 0 {
			t.Errorf("what is unsafe is said twice by itself:\n%s", d.Text)
		}
	})
}
