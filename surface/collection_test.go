package surface_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
	"github.com/launchready/launchready/surface/postman"
)

// collection writes items below the usual head.
func collection(items ...string) string {
	return `{"info": {"name": "Acme", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}, "item": [` + strings.Join(items, ",") + `]}`
}

func item(request, body string) string {
	method, address, _ := strings.Cut(request, " ")
	if body != "" {
		raw, _ := json.Marshal(body) // a text is always JSON
		body = fmt.Sprintf(`, "body": {"mode": "raw", "raw": %s, "options": {"raw": {"language": "json"}}}`, raw)
	}
	return fmt.Sprintf(`{"name": %q, "request": {"method": %q, "url": %q%s}}`, request, method, address, body)
}

func collected(t *testing.T, text, base string, env ...postman.Variable) (*surface.Surface, error) {
	t.Helper()
	root, err := postman.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	src := surface.Source{Location: "c.json"}
	if base != "" {
		if src.Base, err = url.Parse(base); err != nil {
			t.Fatal(err)
		}
	}
	return surface.Collection(root, &postman.Environment{Values: env}, src)
}

func value(name, v string) postman.Variable {
	return postman.Variable{Name: name, Value: lr.NewSecret(v)}
}

// TestCollectionReadsAddresses holds what becomes of variables in addresses.
func TestCollectionReadsAddresses(t *testing.T) {
	for _, tc := range []struct {
		name, address, base string
		env                 []postman.Variable
		want                string
	}{
		{"a host that nothing fills is the target's", "{{baseUrl}}/chats/:id", "https://acme.test", nil, "/chats/{id}"},
		{"a base with a path", "{{baseUrl}}/chats", "https://acme.test", []postman.Variable{value("baseUrl", "https://acme.test/api/v1")}, "/api/v1/chats"},
		{"a base that the target's URL holds", "{{baseUrl}}/chats", "https://acme.test/api", []postman.Variable{value("baseUrl", "https://acme.test/api")}, "/chats"},
		{"a variable that names another", "{{url}}/x", "", []postman.Variable{value("url", "https://{{host}}"), value("host", "acme.test")}, "/x"},
		{"parts of a host", "{{scheme}}://{{host}}:{{port}}/x", "", nil, "/x"},
		{"a variable that is a key", "{{baseUrl}}/chats/{{chatId}}/messages/{{ messageId }}", "", []postman.Variable{value("chatId", "7")}, "/chats/{chatId}/messages/{messageId}"},
		{"a variable that is a version", "{{baseUrl}}/{{version}}/chats", "", []postman.Variable{value("version", "v2")}, "/v2/chats"},
		{"an id that was typed in", "https://acme.test/chats/41", "https://acme.test", nil, "/chats/{chat_id}"},
		{"no scheme", "acme.test/chats", "https://acme.test", nil, "/chats"},
		{"a path alone", "/chats", "https://acme.test", nil, "/chats"},
		{"a variable within a segment", "/files/{{name}}.pdf", "", nil, "/files/{name}.pdf"},
		{"a random value", "/chats/{{$guid}}", "", nil, "/chats/{guid}"},
		{"another host than the target's", "https://api.prod.test/v1/chats", "https://staging.test", nil, "/v1/chats"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := collected(t, collection(item("GET "+tc.address, "")), tc.base, tc.env...)
			if err != nil || len(s.Routes) != 1 || s.Routes[0].Path != tc.want {
				t.Fatalf("got %v, %v, want %s", paths(s.Routes), err, tc.want)
			}
			if warned := strings.Contains(strings.Join(s.Warnings, ""), "taken as routes of staging.test"); warned != (tc.base == "https://staging.test") {
				t.Errorf("got warnings %q", s.Warnings)
			}
		})
	}
}

func TestCollectionLeavesOtherHostsOut(t *testing.T) {
	s, err := collected(t, collection(item("GET https://acme.test/a", ""), item("GET {{base}}/b", ""), item("GET https://login.other.test/c", "")), "https://acme.test")
	if err != nil || paths(s.Routes) != "GET /a\nGET /b" || !strings.Contains(strings.Join(s.Warnings, ""), "1 requests to other hosts were left out") {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestCollectionReadsBodies(t *testing.T) {
	s, err := collected(t, collection(
		item("POST /chats", `{"title": "x", "chat_id": {{chatId}}, "note": "{{note}}", "on": "<boolean>" /* said */, "n": 1, // so
		}`),
		item("POST /broken", `{"title": `),
		`{"name": "form", "request": {"method": "POST", "url": "/login", "body": {"mode": "urlencoded", "urlencoded": [{"key": "email", "value": "a@acme.test"}, {"key": "password", "value": "sesame"}, {"key": "off", "value": "1", "disabled": true}]}}}`,
		`{"name": "file", "request": {"method": "POST", "url": "/files", "body": {"mode": "formdata", "formdata": [{"key": "upload", "type": "file"}, {"key": "name", "value": "n"}]}}}`,
		`{"name": "graph", "request": {"method": "POST", "url": "/api", "body": {"mode": "graphql", "graphql": {"query": "{ me { id } }", "variables": "{\"a\": {{b}}}"}}}}`,
	), "")
	if err != nil {
		t.Fatal(err)
	}
	body := find(t, s.Routes, "POST /chats").Body
	p := body.Schema.Properties
	if p["title"].Type != "string" || p["on"].Type != "boolean" || p["n"].Type != "integer" || body.Schema.Requires("on") || !body.Schema.Requires("title") {
		t.Errorf("got %+v, required %v", p, body.Schema.Required)
	}
	if got := fmt.Sprint(body.Example); strings.Contains(got, "{{") || strings.Contains(got, "<") {
		t.Errorf("an example holds what stands for values: %s", got)
	}
	if w := strings.Join(s.Warnings, "\n"); !strings.Contains(w, `the body of "POST /broken" is no JSON`) {
		t.Errorf("got warnings %q", w)
	}
	form, file := find(t, s.Routes, "POST /login").Body, find(t, s.Routes, "POST /files")
	if form.Type != "application/x-www-form-urlencoded" || form.Schema.Properties["off"] != nil || form.Example != nil {
		t.Errorf("form: got %+v", form)
	}
	if file.Kind != lr.Upload || file.Body.Schema.Properties["upload"].Format != "binary" || find(t, s.Routes, "POST /api").Kind != lr.GraphQL {
		t.Errorf("file: got %s %+v", file.Kind, file.Body)
	}
	if strings.Contains(everything(s.Routes), "sesame") {
		t.Error("a password of the collection stands in the routes")
	}
}

func TestCollectionFollowsScriptsAndExamples(t *testing.T) {
	s, err := collected(t, collection(
		`{"name": "make", "event": [{"listen": "test", "script": {"exec": "pm.environment.set('talk', pm.response.json().id)"}}], "request": {"method": "POST", "url": "/threads", "body": {"mode": "raw", "raw": "{\"title\": \"x\"}"}},
		  "response": [{"code": 201, "header": [{"key": "Content-Type", "value": "application/json"}], "body": "{\"id\": \"thr_8f2k10ab\"}"}]}`,
		item("GET /talks/{{talk}}", ""), item("GET /words/thr_8f2k10ab", "")), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{"GET /talks/{talk}", "GET /words/{word_id}"} {
		rt := find(t, s.Routes, request)
		if got := rt.Keys[rt.PathParams()[0]]; got != (lr.Key{Resource: "/threads", Field: "id"}) {
			t.Errorf("%s: got %+v", request, got)
		}
	}
	if made := find(t, s.Routes, "POST /threads"); !slices.Contains(made.Accepts, "application/json") || made.Summary != "make" {
		t.Errorf("got %+v", made)
	}
}

func TestCollectionTellsWhoAsks(t *testing.T) {
	head := `{"info": {"name": "x", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/"}, "auth": {"type": "bearer", "bearer": []}, "item": [
		{"request": "/in"}, {"request": {"url": "/open", "auth": {"type": "noauth"}}}, {"name": "f", "auth": {"type": "noauth"}, "item": [{"request": "/folder"}, {"request": {"url": "/own", "header": [{"key": "X-API-Key", "value": "{{k}}"}]}}]}]}`
	s, err := collected(t, head, "")
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]bool{"GET /in": true, "GET /open": false, "GET /folder": false, "GET /own": true} {
		if got := find(t, s.Routes, request).Secured; got != want {
			t.Errorf("%s: got %v", request, got)
		}
	}
}

func TestLoadReadsCollectionsWithTheirEnvironment(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	c := write("acme.postman_collection.json", collection(item("GET {{base}}/chats", "")))
	write("other.postman_environment.json", `{"name": "o", "values": [{"key": "base", "value": "https://acme.test/wrong"}]}`)
	write("acme.postman_environment.json", `{"name": "a", "values": [{"key": "base", "value": "https://acme.test/api/v2"}]}`)
	s, err := surface.Load(t.Context(), surface.Source{Location: c})
	if err != nil || s.Format != "Postman 2.1 collection" || paths(s.Routes) != "GET /api/v2/chats" {
		t.Fatalf("got %+v, %v", s, err)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"one.json": {`{"id": "x", "name": "x", "order": ["1"], "requests": [{"url": "x"}]}`, "version 1.0: export it as Collection v2.1"},
		"env.json": {`{"name": "e", "values": [{"key": "a"}], "_postman_variable_scope": "environment"}`, "env.json: this is a Postman environment, which names no request"},
		"cut.json": {collection(item("GET /x", ""))[:120], "cut.json:1:121: the file ends in the middle"},
	} {
		if _, err := surface.Load(t.Context(), surface.Source{Location: write(name, tc.text)}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}
