package postman_test

import (
	"fmt"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface/postman"
)

const schema21 = `"schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"`

func parse(t *testing.T, text string) *postman.Collection {
	t.Helper()
	c, err := postman.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const tree = `{"info": {"name": "Acme", ` + schema21 + `},
 "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{access}}"}]},
 "variable": [{"key": "baseUrl", "value": "https://acme.test"}],
 "item": [
  {"name": "Chats", "variable": [{"id": "limit", "value": 10}], "auth": {"type": "apikey", "apikey": {"key": "X-Key", "value": "sesame", "in": "header"}},
   "event": [{"listen": "test", "script": {"exec": ["pm.environment.set('fromFolder', pm.response.json().next)"]}}],
   "item": [
    {"name": "Make one", "event": [{"listen": "test", "script": {"exec": "const body = pm.response.json().data;\npm.collectionVariables.set(\"chatId\", body.id);\npm.test('x', () => {});"}}],
     "request": {"method": "post", "url": {"raw": "{{baseUrl}}/chats?a=1#x", "query": [{"key": "a", "value": "1"}, {"key": "b", "value": null, "disabled": true}]},
      "header": [{"key": "Content-Type", "value": "application/json; charset=utf-8"}, {"key": "X-Off", "value": "1", "disabled": true}],
      "body": {"mode": "raw", "raw": "{\"title\": \"x\"}"}},
     "response": [{"name": "ok", "code": 201, "header": [{"key": "Content-Type", "value": "application/json"}], "body": "{\"id\": 7}"}, null]},
    {"name": "Deeper", "item": [{"name": "Read", "request": {"auth": {"type": "noauth"}, "url": {"host": ["{{baseUrl}}"], "path": ["chats", ":id"], "variable": [{"key": "id", "value": "{{chatId}}"}]}}}]}
   ]},
  {"name": "Plain", "request": "{{baseUrl}}/health?deep=true"},
  {"name": "Old header", "request": {"method": "PUT", "url": "/x", "header": "A: 1\nB: two: three\n", "body": {"mode": "urlencoded", "urlencoded": [{"key": "k", "value": "v"}]}}},
  {"name": "Files", "request": {"method": "POST", "url": "/files", "body": {"mode": "formdata", "formdata": [{"key": "f", "type": "file", "src": "a.txt"}, {"key": "n", "value": "v"}]}}},
  {"name": "Graph", "request": {"method": "POST", "url": "/graphql", "body": {"mode": "graphql", "graphql": {"query": "{ me { id } }", "variables": "{}"}}}},
  {"name": "No body", "request": {"method": "POST", "url": "/empty", "body": {"mode": "raw", "raw": "  "}}}
 ]}`

func TestParseUnfoldsATree(t *testing.T) {
	c := parse(t, tree)
	if c.Name != "Acme" || c.Version != "2.1" || len(c.Requests) != 7 {
		t.Fatalf("got %q %s with %d requests", c.Name, c.Version, len(c.Requests))
	}
	made, read, plain, old, files, graph, empty := c.Requests[0], c.Requests[1], c.Requests[2], c.Requests[3], c.Requests[4], c.Requests[5], c.Requests[6]
	for _, tc := range []struct{ what, got, want string }{
		{"method", made.Method, "POST"},
		{"url without query and fragment", made.URL.Raw, "{{baseUrl}}/chats"},
		{"query", made.URL.Query[0].Name + "=" + made.URL.Query[0].Value.Reveal(), "a=1"},
		{"optional query", fmt.Sprint(made.URL.Query[1].Name, made.URL.Query[1].Disabled), "btrue"},
		{"media type", made.Body.Type, "application/json"},
		{"auth of the folder, as 2.0 writes it", made.Auth.Type + " " + made.Auth.Values["value"].Reveal(), "apikey sesame"},
		{"script", fmt.Sprint(made.Sets), "[{fromFolder /next} {chatId /data/id}]"},
		{"example", fmt.Sprint(made.Replies[0].Status, made.Replies[0].Type, made.Replies[0].Body), `201application/json{"id": 7}`},
		{"scope", made.Scope[1].Name + "=" + made.Scope[1].Value.Reveal(), "limit=10"},
		{"url from parts", read.URL.Raw, "{{baseUrl}}/chats/:id"},
		{"path variable", read.URL.Params[0].Value.Reveal(), "{{chatId}}"},
		{"no auth", read.Auth.Type, "noauth"},
		{"folders", strings.Join(read.Folder, "/"), "Chats/Deeper"},
		{"a request that is a text", plain.Method + " " + plain.URL.Raw + " " + plain.URL.Query[0].Name, "GET {{baseUrl}}/health deep"},
		{"auth of the collection", plain.Auth.Type + plain.Auth.Values["token"].Reveal(), "bearer{{access}}"},
		{"header lines", old.Header[1].Name + "|" + old.Header[1].Value.Reveal(), "B|two: three"},
		{"form", old.Body.Type + " " + old.Body.Fields[0].Name, "application/x-www-form-urlencoded k"},
		{"files", fmt.Sprint(files.Body.Type, files.Body.Fields[0].File, files.Body.Fields[1].File), "multipart/form-datatrue false"},
		{"graphql", graph.Body.Text, "{ me { id } }"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.what, tc.got, tc.want)
		}
	}
	if empty.Body != nil {
		t.Errorf("an empty body: got %+v", empty.Body)
	}
	if s := fmt.Sprintf("%v %+v", made.Auth, made.Auth.Values); strings.Contains(s, "sesame") {
		t.Error("printing an auth block tells its value")
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "1:1: the file ends in the middle"},
		{"cut off", tree[:len(tree)/2], "the file ends in the middle: it was cut off while it was saved; export it again"},
		{"broken", "{\n \"info\": {,}}", "2:11: this is no JSON"},
		{"more after it", tree + "{}", "there is more after its end"},
		{"version 1", `{"id": "1", "name": "x", "order": [], "requests": []}`, "version 1.0: export it as Collection v2.1"},
		{"an environment", `{"name": "local", "values": []}`, "this is a Postman environment"},
		{"something else", `{"openapi": "3.1.0", "info": {}, "item": []}`, "no Postman collection"},
		{"a list", `[]`, "no Postman collection"},
		{"no request", `{"info": {` + schema21 + `}, "item": []}`, "holds no request"},
		{"no readable request", `{"info": {` + schema21 + `}, "item": [7, {"name": "x"}, {"request": 9}, {"request": {"method": "GET /", "url": "/x"}}, {"request": {}}]}`, "holds no request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := postman.Parse([]byte(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestParseToleratesAndSays(t *testing.T) {
	deep := strings.Repeat(`{"name": "f", "item": [`, 100) + `{"request": "/deep"}` + strings.Repeat(`]}`, 100)
	c := parse(t, `{"info": {"name": "x", "schema": "https://schema.getpostman.com/json/collection/v9/x.json"}, "item": [`+deep+`, {"request": "/ok"}, {"name": "lost"}, 3]}`)
	if len(c.Requests) != 1 || c.Requests[0].URL.Raw != "/ok" {
		t.Fatalf("got %d requests", len(c.Requests))
	}
	for _, want := range []string{"schema", "nested deeper than 64", `item "lost" has no request`, "item 4 is no object"} {
		if !strings.Contains(strings.Join(c.Warnings, "\n"), want) {
			t.Errorf("no warning says %q: %q", want, c.Warnings)
		}
	}
	wrapped := parse(t, `{"collection": {"info": {"name": "x", "schema": "https://schema.getpostman.com/json/collection/v2.0.0/"}, "item": [{"request": "/ok"}]}}`)
	if wrapped.Version != "2.0" || len(wrapped.Requests) != 1 {
		t.Errorf("wrapped: got %s with %d requests", wrapped.Version, len(wrapped.Requests))
	}
}

func TestEnvironment(t *testing.T) {
	e, err := postman.ParseEnvironment([]byte(`{"name": "Acme", "_postman_variable_scope": "environment", "values": [
		{"key": "a", "value": "1", "enabled": true}, {"key": "b", "value": "sesame", "type": "secret"}, {"key": "off", "value": "x", "enabled": false}, {"key": "also", "value": "x", "disabled": true}, {"value": "nameless"}, 7]}`))
	if err != nil || e.Name != "Acme" || len(e.Values) != 4 || !e.Values[1].Secret || !e.Values[2].Disabled || !e.Values[3].Disabled {
		t.Fatalf("got %+v, %v", e, err)
	}
	if s := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(s, "sesame") {
		t.Errorf("printing an environment tells its values: %s", s)
	}
	if _, err := postman.ParseEnvironment([]byte(tree)); err == nil || !strings.Contains(err.Error(), "no Postman environment") {
		t.Errorf("a collection: got %v", err)
	}
}

func TestFill(t *testing.T) {
	v := postman.Values{}.With([]postman.Variable{
		{Name: "host", Value: lr.NewSecret("acme.test")}, {Name: "base", Value: lr.NewSecret("https://{{host}}")}, {Name: "loop", Value: lr.NewSecret("{{loop}}x")}, {Name: "off", Value: lr.NewSecret("x"), Disabled: true},
		{Name: "kept", Value: lr.NewSecret("1")},
	}).With([]postman.Variable{{Name: "kept"}})
	for in, want := range map[string]string{
		"{{base}}/x": "https://acme.test/x", "{{ host }}": "acme.test", "{{none}}/{{off}}": "{{none}}/{{off}}", "{{open": "{{open", "a}}b": "a}}b", "{{kept}}": "1",
	} {
		if got := v.Fill(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	if got := v.Fill("{{loop}}"); len(got) > 100 {
		t.Errorf("a variable that names itself grew to %d bytes", len(got))
	}
	if got := fmt.Sprint(postman.Names("{{a}}/{{ b }}{{}}{{c")); got != "[a b]" {
		t.Errorf("names: got %s", got)
	}
	bomb := postman.Values{}.With([]postman.Variable{{Name: "a", Value: lr.NewSecret(strings.Repeat("{{a}}", 1000))}})
	if got := bomb.Fill("{{a}}"); len(got) > 4<<20 {
		t.Errorf("a bomb grew to %d bytes", len(got))
	}
}

func TestScripts(t *testing.T) {
	for script, want := range map[string]string{
		`pm.environment.set("id", pm.response.json().id);`:                                         "[{id /id}]",
		`pm.globals.set('id', pm.response.json()["data"][0].id)`:                                   "[{id /data/0/id}]",
		`var j = JSON.parse(responseBody); postman.setEnvironmentVariable("t", j.tok.a_b);`:        "[{t /tok/a_b}]",
		`let r = pm.response.json(); pm.environment.set("a", r?.x?.y); pm.variables.set("b", r.z)`: "[{a /x/y} {b /z}]",
		`pm.environment.set("sum", pm.response.json().a + 1);`:                                     "[]",
		`pm.environment.set("call", pm.response.json().a.toString());`:                             "[]",
		`pm.environment.set("time", Date.now()); pm.environment.set("text", "x")`:                  "[]",
		`pm.environment.set("unknown", other.id)`:                                                  "[]",
	} {
		c := parse(t, fmt.Sprintf(`{"info": {%s}, "item": [{"request": "/x", "event": [{"listen": "prerequest", "script": {"exec": ["pm.environment.set('no', pm.response.json().id)"]}}, {"listen": "test", "script": {"exec": [%q]}}]}]}`, schema21, script))
		if got := fmt.Sprint(c.Requests[0].Sets); got != want {
			t.Errorf("%s: got %s, want %s", script, got, want)
		}
	}
}

func FuzzPostman(f *testing.F) {
	for _, s := range []string{tree, tree[:700], `{"info": {` + schema21 + `}, "item": [{"request": {"url": {"host": 7, "path": [{"value": "x"}, null]}, "body": {"mode": "urlencoded", "urlencoded": "a=b&c"}}}]}`, `{"name": "e", "values": [{"key": "a"}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := postman.Parse(text); err == nil {
			if len(c.Requests) == 0 {
				t.Error("no request, and no error tells so")
			}
			for _, q := range c.Requests {
				if q.Method == "" || q.URL.Raw == "" || strings.ContainsAny(q.URL.Raw, "?#") {
					t.Errorf("got %q %q", q.Method, q.URL.Raw)
				}
				postman.Values{}.With(q.Scope).Fill(q.URL.Raw)
			}
		}
		_, _ = postman.ParseEnvironment(text) // must not panic
	})
}
