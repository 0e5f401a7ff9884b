package surface_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/launchready/launchready/surface"
)

// allocated tells how many bytes f asked for.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / raceFactor
}

// bigSpec writes a description with n paths of two operations each, every
// schema of which refers to the next.
func bigSpec(n, padding int) []byte {
	pad := strings.Repeat("lorem ipsum ", padding/12)
	paths, schemas := map[string]any{}, map[string]any{}
	for i := range n {
		ref := map[string]any{"$ref": fmt.Sprintf("#/components/schemas/T%d", i)}
		param := []any{map[string]any{"name": "id", "in": "path", "required": true, "schema": map[string]any{"type": "string"}}}
		paths[fmt.Sprintf("/v1/things%d/{id}", i)] = map[string]any{"get": map[string]any{"operationId": fmt.Sprint("get", i), "description": pad, "parameters": param, "responses": map[string]any{"200": map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": ref}}}}}}
		paths[fmt.Sprintf("/v1/things%d", i)] = map[string]any{"post": map[string]any{"operationId": fmt.Sprint("post", i), "requestBody": map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": ref}}}, "responses": map[string]any{"201": map[string]any{}}}}
		schemas[fmt.Sprint("T", i)] = map[string]any{"type": "object", "description": pad, "properties": map[string]any{"id": map[string]any{"type": "string", "readOnly": true}, "title": map[string]any{"type": "string"}, "next": map[string]any{"$ref": fmt.Sprintf("#/components/schemas/T%d", (i+1)%n)}, "other": map[string]any{"$ref": fmt.Sprintf("#/components/schemas/T%d", (i+7)%n)}}}
	}
	b, err := json.Marshal(map[string]any{"openapi": "3.0.3", "info": map[string]any{"title": "big"}, "paths": paths, "components": map[string]any{"schemas": schemas}})
	if err != nil {
		panic(err)
	}
	return b
}

func TestFiveThousandRoutes(t *testing.T) {
	data := bigSpec(2500, 0)
	used := allocated(func() {
		s, err := surface.OpenAPI(t.Context(), data, surface.Source{})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Routes) != 5000 {
			t.Fatalf("got %d routes, want 5000", len(s.Routes))
		}
		ordered := surface.Order(s.Routes)
		if ordered[0].Method != "POST" || ordered[4999].Method != "GET" {
			t.Errorf("got %s first and %s last", ordered[0], ordered[4999])
		}
		if k := ordered[4999].Keys["id"]; !strings.HasPrefix(k.Resource, "/v1/things") || k.Field != "id" {
			t.Errorf("got key %+v", k)
		}
	})
	if limit := uint64(400 << 20); used > limit {
		t.Errorf("%d bytes allocated, want at most %d", used, limit)
	}
}

func TestTwentyMegabytes(t *testing.T) {
	data := bigSpec(1500, 6000)
	if len(data) < 18<<20 {
		t.Fatalf("the description has %d bytes only", len(data))
	}
	used := allocated(func() {
		s, err := surface.OpenAPI(t.Context(), data, surface.Source{})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Routes) != 3000 {
			t.Errorf("got %d routes, want 3000", len(s.Routes))
		}
		for _, rt := range s.Routes {
			if len(rt.Summary) > 200 {
				t.Fatalf("%s keeps %d bytes of prose", rt, len(rt.Summary))
			}
		}
	})
	if limit := uint64(12 * len(data)); used > limit {
		t.Errorf("%d bytes allocated, want at most %d", used, limit)
	}
}

// Many routes under one noun make every route a candidate for every other.
func TestManyRoutesOfOneNoun(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "POST /area%d/items {\"title\":\"x\",\"item_id\":\"y\"}\nGET /area%d/items/{item_id}\nGET /area%d/reports/{item_id}\n", i, i, i)
	}
	var s *surface.Surface
	used := allocated(func() {
		var err error
		if s, err = surface.RouteList([]byte(b.String()), surface.Source{}); err != nil {
			t.Fatal(err)
		}
		surface.Order(s.Routes)
	})
	if limit := uint64(400 << 20); used > limit {
		t.Errorf("%d bytes allocated, want at most %d", used, limit)
	}
	for i, rt := range s.Routes[:3] {
		if k := rt.Keys["item_id"]; i > 0 && k.Resource != "/area0/items" {
			t.Errorf("%s: got %+v, want the items beside it", rt, k)
		}
	}
}

// A "billion laughs" costs what its text costs: aliases share their value.
func TestBillionLaughs(t *testing.T) {
	var b strings.Builder
	b.WriteString("openapi: 3.0.0\ninfo: {title: x}\nx0: &x0 {type: object, properties: {lol: {type: string}}}\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&b, "x%d: &x%d {type: object, properties: {", i, i)
		for j := range 10 {
			fmt.Fprintf(&b, "p%d: *x%d, ", j, i-1)
		}
		fmt.Fprintf(&b, "}, example: [*x%d, *x%d, *x%d]}\n", i-1, i-1, i-1)
	}
	b.WriteString("paths: {/a: {post: {requestBody: {content: {application/json: {schema: *x39}}}}}}\n")
	used := allocated(func() {
		s, err := surface.OpenAPI(t.Context(), []byte(b.String()), surface.Source{})
		if err != nil {
			t.Fatal(err)
		}
		body := s.Routes[0].Body
		if len(body.Schema.Properties) != 10 || body.Example != nil || body.Schema.Example != nil {
			t.Errorf("got %d properties, example %v", len(body.Schema.Properties), body.Example)
		}
	})
	if limit := uint64(64 << 20); used > limit {
		t.Errorf("%d bytes allocated, want at most %d", used, limit)
	}
}

func TestYAMLThatHoldsItself(t *testing.T) {
	s := open(t, "openapi: 3.0.0\ninfo: {title: x}\npaths:\n  /a:\n    post:\n      requestBody:\n        content:\n          application/json:\n            schema: &s\n              type: object\n              allOf: [*s]\n              example: &e [*e]\n              properties: {self: *s}\n")
	if got := s.Routes[0].Body.Schema; got.Type != "object" || got.Example != nil {
		t.Errorf("got %+v", got)
	}
}

func TestDeepNesting(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for name, data := range map[string]string{
		"YAML":       "openapi: 3.0.0\nx: " + deep + "\npaths: {/a: {get: {}}}",
		"JSON":       `{"openapi":"3.0.0","x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `,"paths":{"/a":{"get":{}}}}`,
		"references": `{"openapi":"3.0.0","paths":{"/a":{"$ref":"#/x/0"}},"x":[` + refChain(100) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := surface.OpenAPI(t.Context(), []byte(data), surface.Source{})
			if err == nil {
				t.Errorf("got %v, want an error", names(s.Routes))
			}
		})
	}
}

func refChain(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, fmt.Sprintf(`{"$ref":"#/x/%d"}`, i+1))
	}
	return strings.Join(append(parts, `{"get":{}}`), ",")
}
