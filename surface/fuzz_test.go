package surface_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
	"github.com/launchready/launchready/surface/postman"
)

// wellFormed holds what every reader promises of its routes.
func wellFormed(t *testing.T, routes []*lr.Route) {
	t.Helper()
	for _, rt := range routes {
		if !strings.HasPrefix(rt.Path, "/") || rt.Method == "" || rt.Method != strings.ToUpper(rt.Method) {
			t.Fatalf("got %q %q", rt.Method, rt.Path)
		}
		names := rt.PathParams()
		for i, n := range names {
			if slices.Contains(names[:i], n) {
				t.Fatalf("%q: parameter %q stands twice", rt.Path, n)
			}
		}
	}
	if got := surface.Order(routes); len(got) != len(routes) {
		t.Fatalf("the order has %d routes of %d", len(got), len(routes))
	}
	before := describe(routes)
	surface.Link(routes)
	if after := describe(routes); after != before {
		t.Fatalf("linking again changes what was inferred:\n%s\n%s", before, after)
	}
}

func FuzzOpenAPI(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.*")
	for _, p := range files {
		if b, err := os.ReadFile(p); err == nil && !strings.HasSuffix(p, ".golden") {
			f.Add(b)
		}
	}
	for _, s := range []string{"openapi: 3.0.0\npaths: {'/a/{b/c}}/*': {get: {parameters: [{name: b, in: path}]}}}", `{"swagger":"2.0","paths":{"":{"get":null}}}`,
		"paths: &p {/a: *p}", "openapi: 3.1.0\npaths: {/{a=b/*/c/**}:x: {post: {requestBody: {content: {'*/*': {schema: {oneOf: [true, {type: [null]}]}}}}}}}", "? [a]\n: b", "<<: {a: b}\npaths: {/x: {get: {}}}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := surface.OpenAPI(t.Context(), data, surface.Source{Location: "https://a.test/spec"})
		if err != nil {
			return
		}
		wellFormed(t, s.Routes)
	})
}

func FuzzRouteList(f *testing.F) {
	for _, p := range []string{"testdata/harbor.routes", "testdata/rpc.routes"} {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("GET /a/{b}/{b}\nPOST|PUT /x?y={z}#c\nANY /{}/{}/<int:>/:/*\n[GIN-debug] GET /x --> h"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := surface.RouteList(data, surface.Source{})
		if err != nil {
			return
		}
		wellFormed(t, s.Routes)
	})
}

func FuzzTemplate(f *testing.F) {
	f.Add("/v1/chats/12/x{")
	f.Add("//a/{b}/9b2c7f00-1111-4222-8333-444455556666")
	f.Fuzz(func(t *testing.T, path string) {
		if got := surface.Template(path); surface.Template(got) != got {
			t.Errorf("%q gives %q, which gives %q", path, got, surface.Template(got))
		}
	})
}

// FuzzPin holds that whatever is pinned, Link called again changes nothing.
func FuzzPin(f *testing.F) {
	f.Add("POST /a/login\nGET /users/{id}\nPUT /x/{y}/z {\"z_id\":1}", "POST /a/login", uint8(lr.SignIn))
	f.Add("GET /me\nPOST /users", "post /users/?a=b", uint8(lr.SignUp))
	f.Add("PUT /{a}/{b}\nGET /", " / ", uint8(lr.WhoAmI))
	f.Fuzz(func(t *testing.T, lines, request string, kind uint8) {
		s, err := surface.RouteList([]byte(lines), surface.Source{})
		if err != nil {
			return
		}
		surface.Pin(s.Routes, request, []lr.Kind{lr.SignIn, lr.SignUp, lr.SignOut, lr.Refresh, lr.WhoAmI}[kind%5])
		wellFormed(t, s.Routes)
	})
}

// FuzzTraffic puts recordings and collections of any content through the way
// from requests to routes.
func FuzzTraffic(f *testing.F) {
	f.Add([]byte(`{"log":{"entries":[{"request":{"method":"POST","url":"https://a.test/v1/chats/{x}/%2f?q=%zz","postData":{"mimeType":"multipart/form-data; boundary=b","text":"--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\ny\r\n--b--"}},"response":{"status":201,"content":{"mimeType":"application/json","text":"{\"id\":\"abc\",\"n\":[{\"slug\":\"s\"}]}"}}},{"request":{"method":"GET","url":"https://a.test/chats/abc"},"response":{"status":200}}]}}`))
	f.Add([]byte(`{"info":{"schema":"https://schema.getpostman.com/"},"item":[{"request":{"method":"POST","url":"{{b}}/:x/{{y}}/z{{q}}","body":{"mode":"raw","raw":"{\"a\": {{b}}, // c\n}"}}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		src := surface.Source{Location: "x"}
		s, err := surface.Recording(t.Context(), bytes.NewReader(text), src)
		if err != nil {
			root, derr := postman.Decode(text)
			if derr != nil {
				return
			}
			if s, err = surface.Collection(root, nil, src); err != nil {
				return
			}
		}
		wellFormed(t, s.Routes)
		if len(s.Routes) == 0 {
			t.Error("no route, and no error tells so")
		}
	})
}
