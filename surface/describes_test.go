package surface_test

import (
	"net/http"
	"net/url"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// TestDescriptionsAreNobodysData holds that descriptions of the API and their
// viewers are told apart from what holds data, declared or not.
func TestDescriptionsAreNobodysData(t *testing.T) {
	for _, path := range []string{"/openapi.json", "/openapi.yaml", "/openapi.yml", "/api/openapi.json", "/openapi-3.1.json", "/openapi", "/openapi/v3", "/swagger", "/swagger.json",
		"/swagger/index.html", "/swagger/v1/swagger.json", "/swagger/{file}", "/swagger-ui", "/swagger-ui.html", "/swagger-ui/swagger-ui.css", "/swagger-resources/configuration/ui",
		"/api-docs", "/v2/api-docs", "/v3/api-docs", "/v3/api-docs/swagger-config", "/docs", "/docs/", "/api/v1/docs", "/api/v1/docs.json", "/docs/openapi.json", "/docs/oauth2-redirect.html",
		"/redoc", "/api/redoc", "/redoc/{path}", "/ui", "/v1/ui/", "/rapidoc", "/scalar", "/scalar/v1", "/asyncapi.yaml", "/apidocs/index.html", "/docs/static/swagger.css", "/reference"} {
		t.Run(path, func(t *testing.T) {
			if got := list(t, "GET "+path)[0]; got.Kind != lr.Health || got.Resource != "" {
				t.Errorf("declared: got %s of %q, want health of nothing", got.Kind, got.Resource)
			}
			rt := &lr.Route{Method: "GET", Path: path}
			routes := append(list(t, "GET /v1/chats\nPOST /v1/chats\nGET /v1/chats/{id}"), rt)
			surface.Link(routes)
			if rt.Kind != lr.Health {
				t.Errorf("found: got %s, want health", rt.Kind)
			}
		})
	}
}

func TestDataThatIsCalledLikeADescription(t *testing.T) {
	for name, tc := range map[string]struct {
		lines, route string
		want         lr.Kind
	}{
		"documents":               {"GET /docs\nPOST /docs\nGET /docs/{id}", "GET /docs", lr.List},
		"one document":            {"GET /docs\nPOST /docs\nGET /docs/{doc_id}\nDELETE /docs/{doc_id}", "GET /docs/{doc_id}", lr.Read},
		"documents of a project":  {"GET /projects/{id}/docs\nPOST /projects/{id}/docs\nPOST /projects", "GET /projects/{id}/docs", lr.List},
		"stored descriptions":     {"GET /openapi\nPOST /openapi\nGET /openapi/{id}", "GET /openapi/{id}", lr.Read},
		"a project's description": {"GET /projects/{id}/openapi.json\nPOST /projects", "GET /projects/{id}/openapi.json", lr.Read},
		"a file of a document":    {"GET /docs\nPOST /docs\nGET /docs/plan.html", "GET /docs/plan.html", lr.List},
		"export":                  {"GET /users.json\nPOST /users", "GET /users.json", lr.Read},
		"a description is put":    {"PUT /docs {\"a\":\"b\"}\nGET /docs", "PUT /docs", lr.Create},
	} {
		t.Run(name, func(t *testing.T) {
			if got := find(t, list(t, tc.lines), tc.route).Kind; got != tc.want || got == lr.Health {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestGuessedDescriptions holds that what is guessed, and what a page links to,
// is known as a description once it is linked.
func TestGuessedDescriptions(t *testing.T) {
	known := list(t, "GET /api/v1/chats\nPOST /api/v1/chats")
	guessed := surface.Guess(known)
	surface.Link(append(known, guessed...))
	kinds := map[string]lr.Kind{}
	for _, rt := range guessed {
		kinds[rt.Path] = rt.Kind
	}
	for _, p := range []string{"/openapi.json", "/swagger/index.html", "/api/v1/docs", "/v3/api-docs", "/redoc", "/swagger-resources", "/health"} {
		if k, asked := kinds[p]; !asked || k != lr.Health {
			t.Errorf("%s: asked %v, got %s, want health", p, asked, k)
		}
	}
	for _, p := range []string{"/debug/users", "/users", "/admin/users", "/backup.sql", "/config.json", "/export"} {
		if k, asked := kinds[p]; !asked || k == lr.Health {
			t.Errorf("%s: asked %v, got %s, want no health: it may hold data", p, asked, k)
		}
	}
	base, _ := url.Parse("https://acme.test")
	at, _ := url.Parse("https://acme.test/docs")
	found := surface.FromLinks(base, surface.Page{URL: at, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(`<script>SwaggerUIBundle({url: '/api/v1/openapi.json'})</script><a href="/internal/ledger">x</a>`)}, known)
	surface.Link(append(known, found...))
	if got := find(t, found, "GET /api/v1/openapi.json").Kind; got != lr.Health {
		t.Errorf("got %s, want health", got)
	}
	if got := find(t, found, "GET /internal/ledger").Kind; got == lr.Health {
		t.Error("a ledger is no description")
	}
}
