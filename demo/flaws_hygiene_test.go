package demo

import (
	"net/http"
	"strings"
	"testing"
)

// hygieneFlaws are the faults of what errors say and of what is served.
var hygieneFlaws = map[string]symptom{
	"hygiene/stack-trace": func(w *world) bool {
		got := w.do(w.as("member@acme.test"), "POST", "/v1/chats", strings.NewReader(`{"title": `)).want(400)
		return strings.Contains(got.Body, "goroutine ")
	},
	"hygiene/debug-page": func(w *world) bool {
		return strings.Contains(w.do(anon, "GET", "/v1/nothing", nil).want(404).Body, "beego application error")
	},
	"hygiene/database-text": func(w *world) bool {
		c := w.as("member@acme.test")
		w.do(c, "GET", "/v1/chats?archived=true", nil).want(200)
		return strings.Contains(w.do(c, "GET", "/v1/chats?archived=maybe", nil).want(400, 422).Body, "malformed JSON")
	},
	"hygiene/file-path": func(w *world) bool {
		return strings.Contains(w.do(w.as("member@acme.test"), "GET", "/v1/files/file_none/content", nil).want(404).Body, "/var/lib/harbor")
	},
	"hygiene/provider-error": func(w *world) bool {
		got := w.do(w.as("member@acme.test"), "POST", "/v1/chat/completions", map[string]any{"model": "none", "messages": []any{map[string]any{"role": "user", "content": "hello"}}}).want(400, 422)
		return strings.Contains(got.Body, "model_not_found")
	},
	"hygiene/verbose-validation": func(w *world) bool {
		return strings.Contains(w.do(w.as("member@acme.test"), "POST", "/v1/chats", map[string]any{"title": 7}).want(422).Body, "Go struct field")
	},
	"hygiene/echoed-input": func(w *world) bool {
		got := w.do(w.as("member@acme.test"), "GET", "/app/chats/%3Cb%3Ex", nil, "Accept", "text/html").want(404)
		return strings.Contains(got.Body, "<b>x")
	},
	"hygiene/echoed-secret": func(w *world) bool {
		got := w.do(anon, "GET", "/v1/me", nil, "Authorization", "Bearer not-a-token-7731").want(401)
		return strings.Contains(got.Body, "not-a-token-7731")
	},
	"hygiene/server-error": func(w *world) bool {
		c := w.as("member@acme.test")
		w.do(c, "GET", "/v1/files", nil).want(200)
		return w.do(c, "GET", "/v1/files?cursor=nonsense", nil).want(422, 500).lacks("panic").Status == 500
	},
	"hygiene/html-error": func(w *world) bool {
		return strings.Contains(w.do(anon, "GET", "/v1/shared/none", nil).want(404).Header.Get("Content-Type"), "html")
	},
	"hygiene/error-content-type": func(w *world) bool {
		got := w.do(anon, "GET", "/v1/avatars/usr_none.svg", nil).want(404).has(`"no such avatar"`)
		return strings.HasPrefix(got.Header.Get("Content-Type"), "image/")
	},
	"hygiene/error-shape": func(w *world) bool {
		return strings.HasPrefix(w.do(anon, "PUT", "/healthz", nil).want(405).Body, `{"error"`)
	},
	"hygiene/version-header": func(w *world) bool {
		return strings.Contains(w.do(anon, "GET", "/.well-known/jwks.json", nil).want(200).Header.Get("Server"), "go1")
	},
	"hygiene/graphql-suggestion": func(w *world) bool {
		got := w.do(anon, "POST", "/graphql", map[string]any{"query": "{ chatss { id } }"}).want(200, 401)
		return strings.Contains(got.Body, "Did you mean")
	},
	"hygiene/debug-endpoint": func(w *world) bool {
		return strings.Contains(w.do(anon, "GET", "/debug/pprof/", nil).want(200, 404).Body, "Types of profiles available")
	},
	"hygiene/metrics-endpoint": func(w *world) bool {
		return strings.Contains(w.do(anon, "GET", "/metrics", nil).want(200, 401).Body, "harbor_http_replies_total")
	},
	"hygiene/source-map": func(w *world) bool {
		return strings.Contains(w.do(anon, "GET", "/assets/app.js.map", nil).want(200, 404).Body, `"mappings"`)
	},
	"hygiene/backup-file": func(w *world) bool {
		return strings.Contains(strings.ToLower(w.do(anon, "GET", "/backup.sql", nil).want(200).lacks("@acme.test").Body), "create table")
	},
	"hygiene/env-file": func(w *world) bool {
		return strings.Contains(w.do(anon, "GET", "/.env", nil).want(200).Body, "MODEL_API_KEY=")
	},
	"hygiene/git-folder": func(w *world) bool {
		return strings.HasPrefix(w.do(anon, "GET", "/.git/HEAD", nil).want(200).Body, "ref: ")
	},
	"hygiene/directory-listing": func(w *world) bool {
		return strings.Contains(w.do(anon, "GET", "/assets/", nil).want(200, 404).Body, `<a href="app.js">`)
	},
}

// hygieneTraps look like faults of the same kind and are none.
var hygieneTraps = map[string]func(w *world){
	"catch-all": func(w *world) {
		page := w.do(anon, "GET", "/", nil).want(200)
		for _, path := range []string{"/.env", "/.git/HEAD", "/backup.sql", "/debug/pprof/", "/settings/team"} {
			if got := w.do(anon, "GET", path, nil).want(200); got.Body != page.Body || got.Header.Get("Content-Type") != page.Header.Get("Content-Type") {
				w.t.Errorf("%s is not the page: %.100s", path, got.Body)
			}
		}
		w.do(anon, "POST", "/settings/team", nil).want(404).has("no such route")
		w.do(anon, "GET", "/assets/none.js", nil).want(404).has("no such route")
		w.do(anon, "GET", "/v1/nothing", nil).want(404).has("no such route")
	},
	"trace-in-text": func(w *world) {
		c := w.as("viewer@acme.test")
		w.do(c, "GET", "/v1/articles", nil).want(200).has("Traceback (most recent call last)").has("goroutine 1 [running]")
	},
	"plain-server-header": func(w *world) {
		if got := w.do(anon, "GET", "/.well-known/jwks.json", nil).want(200).Header.Get("Server"); got != "harbor" {
			w.t.Errorf("Server is %q, want harbor", got)
		}
	},
	"field-in-validation": func(w *world) {
		w.do(w.as("member@acme.test"), "POST", "/v1/chats", map[string]any{"title": 7}).want(422).has(`"title"`).has("must not be a JSON number").lacks("struct").lacks("newChat")
	},
	"echo-as-json": func(w *world) {
		got := w.do(w.as("member@acme.test"), "GET", "/v1/chats?limit=%3Cb%3E", nil).want(422).lacks("<b>").has(`\u003cb\u003e`)
		if got.Header.Get("Content-Type") != "application/problem+json" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			w.t.Errorf("got %v, want a problem that no browser runs", got.Header)
		}
	},
}

// TestSuggestionsForWhoMayReadTheSchema: a signed-in user may read the schema,
// so that a suggestion gives nothing away.
func TestSuggestionsForWhoMayReadTheSchema(t *testing.T) {
	w := start(t)
	w.do(w.as("viewer@acme.test"), "POST", "/graphql", map[string]any{"query": "{ chatss { id } }"}).want(http.StatusOK).has("Did you mean")
}
