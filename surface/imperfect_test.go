package surface_test

import (
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// open reads a description that has the given paths and nothing wrong besides.
func open(t *testing.T, data string) *surface.Surface {
	t.Helper()
	s, err := surface.OpenAPI(t.Context(), []byte(data), surface.Source{Location: "spec.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func warned(s *surface.Surface, part string) bool {
	return slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, part) })
}

// TestImperfect holds what descriptions get wrong: each is repaired, with a
// warning where the repair is a guess.
func TestImperfect(t *testing.T) {
	const head = "openapi: 3.0.3\ninfo: {title: x}\n"
	for name, tc := range map[string]struct {
		spec   string
		routes []string
		warn   string // "" means none at all
		check  func(*testing.T, *surface.Surface)
	}{
		"no info":       {spec: "openapi: 3.0.3\npaths: {/a: {get: {}}}", routes: []string{"GET /a"}, warn: "no title"},
		"empty title":   {spec: "openapi: 3.0.3\ninfo: {title: ''}\npaths: {/a: {get: {}}}", routes: []string{"GET /a"}, warn: "no title"},
		"no version":    {spec: "info: {title: x}\npaths: {/a: {get: {}}}", routes: []string{"GET /a"}, warn: "read as OpenAPI 3"},
		"no version, 2": {spec: "info: {title: x}\nbasePath: /b\npaths: {/a: {get: {}}}", routes: []string{"GET /b/a"}, warn: "read as Swagger 2.0"},
		"number version": {spec: "swagger: 2.0\ninfo: {title: 1, version: 1}\npaths: {/a: {get: {}}}", routes: []string{"GET /a"}, check: func(t *testing.T, s *surface.Surface) {
			if s.Format != "Swagger 2.0" || s.Title != "1" {
				t.Errorf("got %q %q", s.Format, s.Title)
			}
		}},
		"null operation":     {spec: head + "paths: {/a: {get: }}", routes: []string{"GET /a"}, warn: "the operation is null"},
		"path item is text":  {spec: head + "paths: {/a: later, /b: {get: {}}}", routes: []string{"GET /b"}, warn: "/a: the path item is a string"},
		"upper-case method":  {spec: head + "paths: {/a: {GET: {}}}", routes: []string{"GET /a"}},
		"no leading slash":   {spec: head + "paths: {a/b: {get: {}}}", routes: []string{"GET /a/b"}},
		"whole URL as path":  {spec: head + "paths: {'https://x.test/a/b': {get: {}}}", routes: []string{"GET /a/b"}},
		"query in path":      {spec: head + "paths: {'/a?x=1': {get: {}}}", routes: []string{"GET /a"}, warn: "the query is no part"},
		"open brace":         {spec: head + "paths: {'/a/{id': {get: {}}}", routes: []string{"GET /a/{id}"}, warn: "unbalanced brace"},
		"open brace, middle": {spec: head + "paths: {'/a/{id/b': {get: {}}}", routes: []string{"GET /a/{id}/b"}, warn: "unbalanced brace"},
		"close brace":        {spec: head + "paths: {'/a/id}/b': {get: {}}}", routes: []string{"GET /a/{id}/b"}, warn: "unbalanced brace"},
		"double brace":       {spec: head + "paths: {'/a/{{id}}': {get: {}}}", routes: []string{"GET /a/{id}"}, warn: "not declared"},
		"empty brace":        {spec: head + "paths: {'/chats/{}': {get: {}}}", routes: []string{"GET /chats/{chat_id}"}},
		"same name twice": {spec: head + "paths: {'/a/{id}/notes/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}]}}}",
			routes: []string{"GET /a/{id}/notes/{note_id}"}, warn: "stands twice"},
		"colon":              {spec: head + "paths: {'/a/:id': {get: {}}}", routes: []string{"GET /a/{id}"}},
		"regex":              {spec: head + "paths: {'/a/:id(\\d+)/b': {get: {}}}", routes: []string{"GET /a/{id}/b"}},
		"optional":           {spec: head + "paths: {'/a/:id?': {get: {}}}", routes: []string{"GET /a/{id}"}},
		"angle":              {spec: head + "paths: {'/a/<id>': {get: {}}}", routes: []string{"GET /a/{id}"}},
		"angle type":         {spec: head + "paths: {'/a/<int:id>': {get: {}}}", routes: []string{"GET /a/{id}"}, check: typeOf("id", "integer", "")},
		"star":               {spec: head + "paths: {'/a/*': {get: {}}}", routes: []string{"GET /a/{path}"}},
		"named star":         {spec: head + "paths: {'/a/*rest': {get: {}}}", routes: []string{"GET /a/{rest}"}},
		"mux rest":           {spec: head + "paths: {'/a/{rest...}': {get: {}}}", routes: []string{"GET /a/{rest}"}, warn: "not declared"},
		"brace with pattern": {spec: head + "paths: {'/a/{id:[0-9]{2,4}}/b': {get: {}}}", routes: []string{"GET /a/{id}/b"}, warn: "not declared"},
		"declared with its pattern": {spec: head + "paths: {'/a/{id:[0-9]+}': {get: {parameters: [{name: 'id:[0-9]+', in: path, schema: {type: string, format: uuid}}]}}}",
			routes: []string{"GET /a/{id}"}, check: typeOf("id", "string", "uuid")},
		"RFC 6570 query": {spec: head + "paths: {'/a{?q,limit}': {get: {}}}", routes: []string{"GET /a"}},
		"resource path":  {spec: head + "paths: {'/v1/{name=projects/*/chats/*}:archive': {post: {parameters: [{name: name, in: path, required: true, schema: {type: string}}]}}}", routes: []string{"POST /v1/projects/{project}/chats/{chat}:archive"}},
		"resource pattern": {spec: "swagger: '2.0'\ninfo: {title: x}\npaths: {'/v1/{name}': {get: {parameters: [{name: name, in: path, required: true, type: string, pattern: 'projects/[^/]+/chats/[^/]+'}]}}}",
			routes: []string{"GET /v1/projects/{project}/chats/{chat}"}},
		"undeclared parameter": {spec: head + "paths: {'/a/{id}': {get: {}}}", routes: []string{"GET /a/{id}"}, warn: `"id" is not declared`, check: typeOf("id", "string", "")},
		"stray parameter": {spec: head + "paths: {'/a': {get: {parameters: [{name: id, in: path}]}}}", routes: []string{"GET /a"}, warn: `"id" is not in the path`, check: func(t *testing.T, s *surface.Surface) {
			if len(s.Routes[0].Params) != 0 {
				t.Errorf("got %+v, want no parameter", s.Routes[0].Params)
			}
		}},
		"parameters as a map":    {spec: head + "paths: {'/a/{id}': {get: {parameters: {id: {in: path, schema: {type: integer}}}}}}", routes: []string{"GET /a/{id}"}, warn: "parameters are an object", check: typeOf("id", "integer", "")},
		"parameter without name": {spec: head + "paths: {/a: {get: {parameters: [{in: query}]}}}", routes: []string{"GET /a"}, warn: "no name"},
		"parameter in nowhere":   {spec: head + "paths: {/a: {get: {parameters: [{name: q}]}}}", routes: []string{"GET /a"}, warn: "taken for a query parameter"},
		"duplicate operationId": {spec: head + "paths: {/a: {get: {operationId: x}, post: {operationId: x}}, /b: {get: {operationId: x}}}", routes: []string{"GET /a", "POST /a", "GET /b"}, warn: "more than once", check: func(t *testing.T, s *surface.Surface) {
			if s.Routes[0].ID != "x" || s.Routes[1].ID != "x_2" || s.Routes[2].ID != "x_3" {
				t.Errorf("got %q %q %q", s.Routes[0].ID, s.Routes[1].ID, s.Routes[2].ID)
			}
		}},
		"duplicate path": {spec: head + "paths: {/a: {get: {operationId: x}}, a: {get: {operationId: y}}}", routes: []string{"GET /a"}, warn: "stands twice"},
		"duplicate key":  {spec: head + "paths:\n  /a: {get: {}}\n  /a: {post: {}}\n", routes: []string{"POST /a"}, warn: `spec.yaml:5:3: key "/a" stands twice`},
		"undeclared scheme": {spec: head + "paths: {/a: {get: {security: [{ghost: []}]}}}", routes: []string{"GET /a"}, warn: `"ghost" is used and not declared`, check: func(t *testing.T, s *surface.Surface) {
			if !s.Routes[0].Secured || !s.Schemes["ghost"].Missing {
				t.Errorf("got secured %v, scheme %+v", s.Routes[0].Secured, s.Schemes["ghost"])
			}
		}},
		"security is an object": {spec: head + "components: {securitySchemes: {b: {type: http, scheme: Bearer}}}\npaths: {/a: {get: {security: {b: []}}}}", routes: []string{"GET /a"}, warn: "security is an object", check: func(t *testing.T, s *surface.Surface) {
			if !s.Routes[0].Secured || s.Schemes["b"].Scheme != "bearer" {
				t.Errorf("got secured %v, schemes %v", s.Routes[0].Secured, s.Schemes)
			}
		}},
		"tags are text": {spec: head + "paths: {/a: {get: {tags: chats}}}", routes: []string{"GET /a"}, warn: "tags are a string"},
		"dead reference": {spec: head + "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Gone'}}}}}}}", routes: []string{"POST /a"}, warn: "Gone cannot be resolved", check: func(t *testing.T, s *surface.Surface) {
			if b := s.Routes[0].Body; b == nil || b.Schema == nil || b.Schema.Type != "" {
				t.Errorf("got body %+v, want one with an open schema", b)
			}
		}},
		"dead file": {spec: head + "paths: {/a: {get: {parameters: [{$ref: './gone.yaml#/x'}]}}}", routes: []string{"GET /a"}, warn: "gone.yaml"},
		"reference by name": {spec: head + "components: {schemas: {New: {type: object, properties: {t: {type: string}}}}}\npaths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/definitions/New'}}}}}}}", routes: []string{"POST /a"}, warn: "taken for #/components/schemas/New", check: func(t *testing.T, s *surface.Surface) {
			if s.Routes[0].Body.Schema.Properties["t"] == nil {
				t.Error("the schema was not found")
			}
		}},
		"circular reference":           {spec: head + "components: {schemas: {A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}}}\npaths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}}}", routes: []string{"POST /a"}},
		"circular path item":           {spec: head + "paths: {/a: {$ref: '#/paths/~1b'}, /b: {$ref: '#/paths/~1a'}, /c: {get: {}}}", routes: []string{"GET /c"}, warn: "circle"},
		"body without media type":      {spec: head + "paths: {/a: {post: {requestBody: {schema: {type: object}}}}}", routes: []string{"POST /a"}, warn: "no media type"},
		"unknown type":                 {spec: head + "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: Int}}]}}}", routes: []string{"GET /a"}, warn: `taken for "integer"`},
		"senseless type":               {spec: head + "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: {x: y}}}]}}}", routes: []string{"GET /a"}, warn: "type is an object"},
		"vendor extension among paths": {spec: head + "paths: {x-internal: {a: b}, /a: {get: {}}}", routes: []string{"GET /a"}},
		"numbers as keys": {spec: head + "paths: {/a: {get: {responses: {200: {description: ok, content: {application/json: {}}}}}}}", routes: []string{"GET /a"}, check: func(t *testing.T, s *surface.Surface) {
			if !slices.Equal(s.Routes[0].Accepts, []string{"application/json"}) {
				t.Errorf("got %v", s.Routes[0].Accepts)
			}
		}},
		"server doubled in paths": {spec: head + "servers: [{url: /api/v1}]\npaths: {/api/v1/a: {get: {}}}", routes: []string{"GET /api/v1/a"}},
		"byte order mark":         {spec: "\ufeff" + head + "paths: {/a: {get: {}}}", routes: []string{"GET /a"}},
		"JSON with comment":       {spec: "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"x\"}, # note\n\"paths\":{\"/a\":{\"get\":{},}}}", routes: []string{"GET /a"}, warn: "no valid JSON"},
		"merge key": {spec: head + "x: &base {operationId: m, tags: [t]}\npaths: {/a: {get: {<<: *base, operationId: own}}}", routes: []string{"GET /a"}, check: func(t *testing.T, s *surface.Surface) {
			if s.Routes[0].ID != "own" || !slices.Equal(s.Routes[0].Tags, []string{"t"}) {
				t.Errorf("got %q %v", s.Routes[0].ID, s.Routes[0].Tags)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, tc.spec)
			if !slices.Equal(names(s.Routes), tc.routes) {
				t.Errorf("got %v, want %v", names(s.Routes), tc.routes)
			}
			if tc.warn == "" && len(s.Warnings) > 0 {
				t.Errorf("got warnings %q, want none", s.Warnings)
			}
			if tc.warn != "" && !warned(s, tc.warn) {
				t.Errorf("got warnings %q, want one with %q", s.Warnings, tc.warn)
			}
			if tc.check != nil {
				tc.check(t, s)
			}
			for _, rt := range s.Routes {
				for _, p := range rt.PathParams() {
					if !slices.ContainsFunc(rt.Params, func(q lr.Param) bool { return q.Name == p && q.In == lr.InPath && q.Required }) {
						t.Errorf("%s: parameter %s is nowhere described", rt, p)
					}
				}
			}
		})
	}
}

// typeOf checks the schema of the first route's path parameter.
func typeOf(name, typ, format string) func(*testing.T, *surface.Surface) {
	return func(t *testing.T, s *surface.Surface) {
		t.Helper()
		for _, p := range s.Routes[0].Params {
			if p.Name == name && p.In == lr.InPath {
				if p.Schema == nil || p.Schema.Type != typ || p.Schema.Format != format {
					t.Errorf("got %+v, want %s %s", p.Schema, typ, format)
				}
				return
			}
		}
		t.Errorf("no parameter %s", name)
	}
}
