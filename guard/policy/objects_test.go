package policy_test

import (
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/policy"
)

// placed is a report whose routes say where objects are named.
func placed(findings ...lr.CheckReport) *lr.Report {
	path := func(names ...string) (out []lr.Place) {
		for _, n := range names {
			out = append(out, lr.Place{In: lr.InPathOf, At: n, Kind: strings.TrimSuffix(n, "_id")})
		}
		return out
	}
	both := []string{"bearer", "cookie session"}
	made := func(kind string) []lr.Place { return []lr.Place{{In: lr.InAnswer, At: "$.id", Kind: kind}} }
	return &lr.Report{Target: "https://app.test",
		Routes: []lr.RouteReport{
			{Method: "GET", Path: "/v1/chats", Kind: "list", Secured: true, Declared: true, Takes: both, Shows: []lr.Listing{{Items: "$.data", ID: "id", Kind: "chat", Isolated: true}}},
			{Method: "POST", Path: "/v1/chats", Kind: "create", Secured: true, Declared: true, Takes: both, Makes: made("chat")},
			{Method: "GET", Path: "/v1/chats/{chat_id}", Kind: "read", Secured: true, Declared: true, Takes: both, Names: path("chat_id")},
			{Method: "DELETE", Path: "/v1/chats/{chat_id}", Kind: "delete", Secured: true, Declared: true, Takes: both, Names: path("chat_id")},
			{Method: "POST", Path: "/v1/ask", Kind: "chat", Secured: true, Declared: true, Takes: both, Names: []lr.Place{{In: lr.InBodyOf, At: "chat_id", Kind: "chat"}, {In: lr.InBodyOf, At: "file_ids", Kind: "file"}}},
			{Method: "GET", Path: "/v1/ws", Kind: "websocket", Secured: true, Declared: true, Takes: both, Names: []lr.Place{{In: lr.InMessage, At: "chat_id", Kind: "chat"}}},
			{Method: "POST", Path: "/v1/files", Kind: "upload", Secured: true, Declared: true, Takes: both, Makes: made("file"), MaxFile: 5 << 20},
			{Method: "POST", Path: "/v1/files/{file_id}/link", Kind: "action", Secured: true, Declared: true, Takes: both, Names: path("file_id")},
			{Method: "GET", Path: "/v1/download/{file_id}", Kind: "download", Public: true, Declared: true, Names: path("file_id")},
			{Method: "GET", Path: "/v1/members", Kind: "list", Secured: true, Declared: true, Takes: both, Shows: []lr.Listing{{Items: "$.data", ID: "id", Kind: "member", Tenant: "org_id"}}},
			{Method: "GET", Path: "/v1/search", Kind: "search", Secured: true, Declared: true, Takes: both, Shows: []lr.Listing{{Items: "$.data", ID: "id", KindAt: "kind"}}},
			{Method: "GET", Path: "/v1/invoices/{id}", Kind: "read", Secured: true, Declared: true, Takes: both},
		},
		Front:       &lr.FrontReport{Origins: []string{"https://app.acme.test"}, Credentials: true, Expose: []string{"X-Request-Id", "*"}},
		Description: &lr.DescriptionReport{Format: "OpenAPI 3.1.0", Location: "https://app.test/openapi.json"},
		Rows:        []lr.RowReport{{Checks: findings}}}
}

func finds(check, directive, subject string, more ...string) lr.CheckReport {
	return lr.CheckReport{ID: check, Findings: []lr.Finding{{ID: "lr-1", Guard: directive, Subject: subject, Subjects: more, Confidence: lr.Confirmed}}}
}

// saying adds an answer to the finding's evidence.
func saying(c lr.CheckReport, response string) lr.CheckReport {
	c.Findings[0].Evidence = append(c.Findings[0].Evidence, lr.EvidenceItem{Kind: "exchange", Status: 200, Response: response})
	return c
}

const described = "openapi: 3.1.0\npaths: {/v1/chats: {get: {responses: {}}}}"

// TestDraftOf: what each kind of finding becomes, of what the report knows.
func TestDraftOf(t *testing.T) {
	for name, c := range map[string]struct {
		found    lr.CheckReport
		change   func(*lr.Report, *policy.Sketch)
		has, not []string
		open     string // why it is not stopped
		refused  string // what is blank
	}{
		"an object": {found: finds("isolation/foreign-read", "ownership", "GET /v1/chats/{chat_id}"), has: []string{
			"ownership: # lr-1 isolation/foreign-read\n  store: owners.db\n",
			`{path: "/v1/chats/{chat_id}", methods: [GET, DELETE], ids: {path: {"chat_id": "chat"}}}`,
			`{path: "/v1/chats", methods: [POST], creates: [{kind: "chat", id: "$.id"}]}`,
			`{path: "/v1/chats", methods: [GET], list: {items: "$.data", id: "id", kind: "chat"}, proven: true}`,
			`unsafe: #`, `  - "proven reads /v1/chats"`,
			`{path: "/v1/ask", methods: [POST], ids: {body: {"chat_id": "chat"}}}`,
			`{path: "/v1/ws", methods: [GET], websocket: {ids: {"chat_id": "chat"}, origins: ["https://app.acme.test"]}}`,
			`{path: "/v1/chats/{chat_id}", methods: [GET, DELETE]} # lr-1 isolation/foreign-read; a verified token alone`,
			`{path: "/v1/invoices/{id}", methods: [GET], own_credentials: true}`,
		}, not: []string{`"file_id": "file"`, `"/v1/members", methods: [GET], list`, "cors:"}},
		"a link": {found: finds("isolation/file-download", "ownership", "POST /v1/files/{file_id}/link"), has: []string{
			`{path: "/v1/download/{file_id}", methods: [GET], ids: {path: {"file_id": "file"}}}`,
			`{path: "/v1/download/{file_id}", methods: [GET]} # a link alone opens nothing here`,
			`{path: "/v1/files", methods: [POST], creates: [{kind: "file", id: "$.id"}]}`,
		}, not: []string{`"chat"`, `"/v1/download/{file_id}", methods: [GET], public`}},
		"a list": {found: finds("isolation/list-leak", "tenant_binding", "GET /v1/members"), has: []string{
			`{path: "/v1/members", methods: [GET], list: {items: "$.data", id: "id", kind: "member", tenant: ["org_id"]}}`,
		}, not: []string{"proven: true", "tenant: {path"}},
		"a search of many kinds": {found: finds("isolation/search-leak", "tenant_binding", "GET /v1/search"), has: []string{
			`list: {items: "$.data", id: "id", kind_at: "kind"}`, `creates: [{kind: "chat", id: "$.id"}]`, `creates: [{kind: "file", id: "$.id"}]`,
		}},
		"nothing known of it": {found: finds("isolation/foreign-read", "ownership", "GET /v1/invoices/{id}"), open: "was not seen", not: []string{"ownership:\n", "store:"}},
		"messages":            {found: finds("limits/socket-messages", "websocket", "GET /v1/ws"), has: []string{"websocket: {messages: 20, window: 1m, origins: ["}, not: []string{"ids:"}},
		"pages": {found: finds("cors/reflected-origin", "cors", "GET /v1/chats"), has: []string{
			`  origins: ["https://app.acme.test"] #`, "  credentials: true\n  methods: [DELETE, GET, POST]\n", `  expose: ["X-Request-Id"]`,
		}, not: []string{"preflight: true"}},
		"pages of nobody knows whom": {found: finds("cors/null-origin", "cors", "GET /v1/chats"), change: func(r *lr.Report, _ *policy.Sketch) { r.Front = nil },
			has: []string{`  origins: [""] # FILL IN`}, refused: "cors.origins[0] is blank"},
		"a schema": {found: finds("input/schema-type", "validate", "POST /v1/ask"), change: func(_ *lr.Report, s *policy.Sketch) {
			s.Description, s.DescriptionFile = []byte(described), "openapi.yaml"
		}, has: []string{"input: # lr-1 input/schema-type\n", `  openapi: {file: "openapi.yaml", unlisted: pass}` + "\n"}},
		"names that nobody knows": {found: finds("input/schema-extra", "validate", "POST /v1/ask"), change: func(_ *lr.Report, s *policy.Sketch) {
			s.Description, s.DescriptionFile = []byte(described), "openapi.yaml"
		}, has: []string{`unlisted: pass, unknown: refuse}`}},
		"a description to be fetched": {found: finds("input/schema-type", "validate", "POST /v1/ask"), has: []string{`  openapi: {file: "", unlisted: pass} # FILL IN: the description beside this file, from https://app.test/openapi.json`}, refused: "input.openapi.file names no description"},
		"a description that is none": {found: finds("input/schema-type", "validate", "POST /v1/ask"), change: func(r *lr.Report, _ *policy.Sketch) { r.Description.Format = "Postman 2.1 collection" },
			open: "Postman 2.1 collection", not: []string{"openapi: {"}},
		"a description that cannot be followed": {found: finds("input/schema-type", "validate", "POST /v1/ask"), change: func(_ *lr.Report, s *policy.Sketch) {
			s.Description, s.DescriptionFile = []byte("openapi: 3.1.0"), "openapi.yaml"
		}, open: "has no operation"},
		"no description":               {found: finds("input/schema-type", "validate", "POST /v1/ask"), change: func(r *lr.Report, _ *policy.Sketch) { r.Description = nil }, open: "no description"},
		"a file":                       {found: finds("input/upload-inline", "hide_headers", "POST /v1/files"), has: []string{"uploads: {max_size: 5242880, max_files: 10, kinds: [png,"}, not: []string{"hide_headers:"}},
		"a path":                       {found: finds("input/path-traversal", "canonical_path", "GET /v1/search"), has: []string{"  climbing: refuse # lr-1 input/path-traversal"}},
		"control":                      {found: finds("input/control-text", "validate", "POST /v1/ask"), has: []string{"  controls: refuse # lr-1"}},
		"slow bodies":                  {found: finds("limits/slow-request", "limits", "GET /v1/chats"), has: []string{"input: {max_depth: 32} # lr-1"}},
		"a cache behind":               {found: finds("isolation/shared-cache", "response_cache", "GET /v1/chats"), has: []string{"  no_store: true # lr-1", "  ask_fresh: true"}},
		"a cache before":               {found: finds("https/cache-private", "response_cache", "GET app.test/v1/chats"), has: []string{"  no_store: true # lr-1"}, not: []string{"ask_fresh"}},
		"a cache that does not obey":   {found: saying(finds("https/cache-tenant", "response_cache", "GET app.test/v1/chats"), "HTTP/2.0 200 OK\nCache-Control: private, max-age=0\nAge: 3\n\n{}"), has: []string{"  no_store: true # lr-1"}, open: "take its rule"},
		"a cache that nobody spoke to": {found: saying(finds("https/cache-tenant", "response_cache", "GET app.test/v1/chats"), "HTTP/2.0 200 OK\nAge: 3\n\nCache-Control: private"), has: []string{"  no_store: true # lr-1"}},
		"a tenant in a body": {found: finds("isolation/model-tenant-parameter", "tenant_binding", "POST /v1/ask"), has: []string{
			`body: [tenant, tenant_id, tenantId, org_id, organization_id, workspace_id, account_id], body_of: ["/v1/ask"]`}},
		"a provider that is known": {found: finds("limits/retry-storm", "model", "POST /v1/ask"), change: func(_ *lr.Report, s *policy.Sketch) {
			s.Model = &policy.Model{Listen: "127.0.0.1:8081", Providers: map[string]policy.ModelProvider{"openai": {URL: "http://127.0.0.1:1", Key: "${env:KEY}"}}, Models: []string{"small"},
				Keys: []policy.ModelKey{{Name: "app", SHA256: strings.Repeat("0", 64), Tenant: "app"}}, Tools: []policy.ModelTool{{Name: "search"}}}
		}, has: []string{"ask its model there. lr-1 limits/retry-storm\nmodel:\n  listen: 127.0.0.1:8081\n", "\n  max_tokens: 1024\n", "\n  breaker:\n    failures: 3\n", "- name: search"}},
		"a provider":        {found: finds("limits/output-length", "model", "POST /v1/ask"), has: []string{"# model: # lr-1 limits/output-length\n#   listen: 127.0.0.1:8081\n"}, open: "in a file for --model"},
		"long questions":    {found: finds("limits/token-cap", "limits", "POST /v1/ask"), has: []string{"  found_text: {per: user, kilobytes: 30, window: 1m}\n", "limits: [found_text, found_text_by_address]"}},
		"long messages":     {found: finds("limits/token-cap", "limits", "GET /v1/ws"), open: "messages of a WebSocket", not: []string{"kilobytes"}},
		"operations in one": {found: finds("auth/graphql-batching", "limits", "POST /v1/ask"), has: []string{`  graphql: {paths: ["/v1/ask"], operations: 10, aliases: 20, depth: 16, fields: 1000}` + "\n", "own_credentials: true} # lr-1 auth/graphql-batching"}},
		"mails":             {found: finds("limits/reset-flood", "limits", "POST /v1/ask"), has: []string{"found_mail: {per: ip, requests: 5"}},
		"neighbours":        {found: finds("limits/neighbour", "limits", "POST /v1/ask"), has: []string{"found_neighbour: {per: user, requests: 60, window: 1m, burst: 14}", "limits: [found_neighbour, found_unverified]"}},
		"colleagues":        {found: finds("limits/organisation", "limits", "POST /v1/ask"), has: []string{"found_organisation: {per: organisation,"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := placed(c.found)
			s := policy.Sketch{Listen: "127.0.0.1:0", AdminRole: "a", Auth: &policy.Auth{Issuer: "i", Audience: "a", JWKS: "http://127.0.0.1:1", TenantClaim: "t", RolesClaim: "r"}}
			if c.change != nil {
				c.change(r, &s)
			}
			d, err := policy.Draft(r, s)
			if err != nil {
				t.Fatal(err)
			}
			text := string(d.Text)
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("it lacks %s:\n%s", want, text)
				}
			}
			for _, bad := range c.not {
				if strings.Contains(text, bad) {
					t.Errorf("it holds %s:\n%s", bad, text)
				}
			}
			if why := d.Open["lr-1"]; (why == "") != (c.open == "") || !strings.Contains(why, c.open) {
				t.Errorf("not stopped: %q, want %q", why, c.open)
			}
			_, err = policy.Parse("guard.yaml", d.Text)
			if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
				t.Errorf("read: %v, want %q\n%s", err, c.refused, text)
			}
		})
	}
}
