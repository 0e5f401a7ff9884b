package surface_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

func names(routes []*lr.Route) []string {
	var out []string
	for _, rt := range routes {
		out = append(out, rt.String())
	}
	return out
}

func list(t *testing.T, lines string) []*lr.Route {
	t.Helper()
	s, err := surface.RouteList([]byte(lines), surface.Source{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Routes
}

func TestFromAllow(t *testing.T) {
	known := list(t, "GET /v1/chats\nPOST /v1/chats {\"title\":\"t\"}\nGET /v1/chats/{chat_id}")
	for name, tc := range map[string]struct {
		path, allow string
		want        []string
	}{
		"template":      {"/v1/chats/{chat_id}", "GET, HEAD, DELETE, OPTIONS", []string{"DELETE /v1/chats/{chat_id}"}},
		"concrete path": {"/v1/chats/chat_1", "GET, put", []string{"PUT /v1/chats/{chat_id}"}},
		"all known":     {"/v1/chats", "GET,POST", nil},
		"unknown path":  {"/v1/ghosts", "GET", []string{"GET /v1/ghosts"}},
		"nonsense":      {"/v1/chats", "GET;drop, <script>, 💥, ,", nil},
		"HEAD alone":    {"/v1/alone", "HEAD", []string{"HEAD /v1/alone"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := surface.FromAllow(tc.path, tc.allow, known)
			if !slices.Equal(names(got), tc.want) {
				t.Errorf("got %v, want %v", names(got), tc.want)
			}
			for _, rt := range got {
				if rt.Declared || !strings.HasPrefix(rt.Source, "Allow of ") {
					t.Errorf("%s: got declared %v, source %q", rt, rt.Declared, rt.Source)
				}
			}
		})
	}
	del := surface.FromAllow("/v1/chats/x", "DELETE", known)[0]
	if del.Kind != lr.Delete || del.Keys["chat_id"].Resource != "/v1/chats" || len(del.Params) != 1 {
		t.Errorf("got %v %v %v, want what GET on the path knows", del.Kind, del.Keys, del.Params)
	}
}

func TestFromLinks(t *testing.T) {
	base, _ := url.Parse("https://api.acme.test/api")
	at, _ := url.Parse("https://api.acme.test/api/v1/chats")
	known := list(t, "GET /v1/chats\nGET /v1/chats/{chat_id}")
	for name, tc := range map[string]struct {
		header http.Header
		body   string
		want   []string
	}{
		"json": {http.Header{"Content-Type": {"application/json"}},
			`{"self":"/api/v1/chats/chat_9f8e7d6c5b","export":"https://api.acme.test/api/v1/exports/123/file","note":"/etc is not below","other":"https://evil.test/api/v1/x"}`,
			[]string{"GET /v1/exports/{export_id}/file"}},
		"json with query": {http.Header{"Content-Type": {"application/hal+json; charset=utf-8"}},
			`{"next":{"href":"/api/v1/ghosts?cursor=abc&limit=2"}}`, []string{"GET /v1/ghosts"}},
		"html": {http.Header{"Content-Type": {"text/html; charset=utf-8"}},
			`<a href="/api/admin/users">x</a><form action="/api/v1/reports/9b2c7f00-1111-4222-8333-444455556666"></form><img src="/api/logo.png"><a href="mailto:x@y.z"><a href="//evil.test/api/z">`,
			[]string{"GET /admin/users", "GET /v1/reports/{report_id}"}},
		"script": {http.Header{"Content-Type": {"application/javascript"}},
			"fetch(`/api/v1/teams/${teamId}/members`); const a='/api/app.css'", []string{"GET /v1/teams/{teamId}/members"}},
		"link header": {http.Header{"Link": {`</api/v1/chats?page=2>; rel="next", </api/v1/archive>; rel="x"`}}, "", []string{"GET /v1/archive"}},
		"location":    {http.Header{"Location": {"/api/login"}}, "", []string{"GET /login"}},
		"broken json": {http.Header{"Content-Type": {"application/json"}}, `{"a":"/api/v1/one", "b":`, []string{"GET /v1/one"}},
		"other scheme and host": {http.Header{"Content-Type": {"application/json"}},
			`["http://api.acme.test/api/v1/plain","https://api.acme.test:8443/api/v1/port","https://api.acme.test.evil.test/api/v1/x","/other/v1"]`, nil},
		"binary": {http.Header{"Content-Type": {"image/png"}}, "\x89PNG \"/api/v1/x\"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := surface.FromLinks(base, surface.Page{URL: at, Header: tc.header, Body: []byte(tc.body)}, known)
			if !slices.Equal(names(got), tc.want) {
				t.Errorf("got %v, want %v", names(got), tc.want)
			}
			for _, rt := range got {
				if rt.Declared || rt.Source != "link in /api/v1/chats" {
					t.Errorf("%s: got declared %v, source %q", rt, rt.Declared, rt.Source)
				}
			}
		})
	}
	if got := surface.FromLinks(nil, surface.Page{URL: at}, nil); got != nil {
		t.Errorf("without a base: got %v, want none", got)
	}
}

func TestFromLinksIsBounded(t *testing.T) {
	base, _ := url.Parse("https://api.acme.test")
	var b strings.Builder
	b.WriteString("[\"/x\"")
	for i := range 20000 {
		b.WriteString(",\"/n" + strings.Repeat("a", i%300) + string(rune('a'+i%26)) + "\"")
	}
	b.WriteString("]")
	got := surface.FromLinks(base, surface.Page{URL: base, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(b.String())}, nil)
	if len(got) == 0 || len(got) > 500 {
		t.Errorf("got %d routes, want 1 to 500", len(got))
	}
}

func TestTemplate(t *testing.T) {
	for path, want := range map[string]string{
		"/v1/chats/12": "/v1/chats/{chat_id}",
		"/v1/chats/chat_01hzx8k2m9/messages/9b2c7f00-1111-4222-8333-444455556666": "/v1/chats/{chat_id}/messages/{message_id}",
		"/v1/users/me/":                       "/v1/users/me/",
		"/12":                                 "/{id}",
		"/stories/5/chapters/6/stories/7":     "/stories/{story_id}/chapters/{chapter_id}/stories/{story_id_2}",
		"/v2/openapi.json":                    "/v2/openapi.json",
		"/blobs/d41d8cd98f00b204e9800998ecf8": "/blobs/{blob_id}",
		"/terms-of-service-2024":              "/terms-of-service-2024",
		"/2024-01-01/accounts/5":              "/2024-01-01/accounts/{account_id}",
	} {
		if got := surface.Template(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestGuess(t *testing.T) {
	known := list(t, "GET /api/v1/users\nGET /api/v1/debug/users\nGET /healthz")
	got := names(surface.Guess(known))
	for _, want := range []string{"GET /api/v1/internal/users", "GET /debug/users", "GET /api/v1/users/_debug", "GET /actuator/env", "GET /.env", "GET /api/v1/admin/users"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, not := range []string{"GET /api/v1/debug/users", "GET /healthz", "GET /api/v1/.env"} {
		if slices.Contains(got, not) {
			t.Errorf("%s is there, and is known or senseless", not)
		}
	}
	seen := map[string]bool{}
	for _, n := range got {
		if seen[n] || !strings.HasPrefix(n, "GET ") {
			t.Errorf("%s stands twice or is no read", n)
		}
		seen[n] = true
	}
	list := surface.WellKnown()
	list[0] = "changed"
	if surface.WellKnown()[0] == "changed" {
		t.Error("a caller can change the list")
	}
	for _, p := range surface.WellKnown() {
		if !strings.HasPrefix(p, "/") {
			t.Errorf("%q is no path", p)
		}
	}
}

func TestPrefixes(t *testing.T) {
	routes := list(t, "GET /api/chats/{id}\nGET /v1/chats/{chat_id}\nPOST /v1/chats\nGET /api/v2/chats/{x}\nGET /admin/chats/{id}")
	if p := surface.Prefixes(routes); !slices.Equal(p, []string{"", "/api", "/api/v2", "/v1"}) {
		t.Errorf("got prefixes %v", p)
	}
}
