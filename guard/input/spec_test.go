package input_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/input"
)

const api = `openapi: 3.0.3
info: {title: t, version: "1"}
servers: [{url: "https://api.acme.test/v1/"}]
paths:
  /chats:
    parameters: [{$ref: "#/components/parameters/trace"}]
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 100}}
        - {name: tag, in: query, schema: {type: array, maxItems: 2, items: {type: string, enum: [a, b]}}}
        - {name: ids, in: query, explode: false, schema: {type: array, items: {type: integer}}}
        - {name: open, in: query, schema: {type: boolean}}
        - {name: filter, in: query, content: {application/json: {schema: {type: object, required: [x]}}}}
        - {name: deep, in: query, style: deepObject, schema: {type: object}}
      responses: {200: {description: ok}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Chat"}}, application/x-www-form-urlencoded: {schema: {$ref: "#/components/schemas/Chat"}}}}
  /chats/{id}:
    get: {parameters: [{name: id, in: path, required: true, schema: {type: string, format: uuid}}]}
    delete: {parameters: [{name: id, in: path, required: true, schema: {type: string, format: uuid}}, {name: If-Match, in: header, required: true, schema: {type: string, minLength: 3}}]}
  /chats/mine: {get: {}}
  /open: {post: {requestBody: {content: {application/json: {schema: {allOf: [{$ref: "#/components/schemas/Open"}, {type: object, properties: {b: {type: string}}}]}}}}}}
  /any: {post: {requestBody: {content: {"*/*": {}}}}}
components:
  parameters:
    trace: {name: X-Trace, in: header, schema: {type: string, pattern: "^[a-f0-9]+$"}}
  schemas:
    Open: {type: object, properties: {a: {type: string}}}
    Chat:
      type: object
      additionalProperties: false
      required: [title, id]
      properties:
        id: {type: string, readOnly: true}
        title: {type: string, minLength: 1, maxLength: 20}
        seats: {type: integer, format: int32, minimum: 0, exclusiveMinimum: true}
        note: {type: string, nullable: true}
        mail: {type: string, format: email}
        kind: {type: string, enum: [a, b], nullable: true}
        tags: {type: array, items: {type: string, pattern: "^(?=x)y"}}
        more: {$ref: "#/components/schemas/Open"}
`

func check(t testing.TB, strict, refuse bool) input.Check {
	t.Helper()
	s, err := input.Compile([]byte(api), strict)
	if err != nil {
		t.Fatal(err)
	}
	s.Refuse = refuse
	return input.Check{Spec: s}
}

// asked gives the status of the denial, 0 for none.
func asked(t testing.TB, c input.Check, method, target, kind, body string, headers ...string) (int, string) {
	t.Helper()
	status, reason := 0, ""
	probe := func(x *guard.Exchange) *guard.Denial {
		if d := c.Check(x); d != nil {
			status, reason = d.Status, d.Reason
		}
		return nil
	}
	p := pipeline(t, probe)
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body == "" {
		r.Body = http.NoBody
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	p.ServeHTTP(httptest.NewRecorder(), r)
	return status, reason
}

func TestSpec(t *testing.T) {
	c := check(t, false, true)
	const id = "/v1/chats/3f0f3c4e-6b0a-4a51-9a63-0d4b7d1c2e11"
	const js = "application/json"
	for name, x := range map[string]struct {
		method, target, kind, body string
		headers                    []string
		want                       int
	}{
		"right":            {"POST", "/v1/chats", js, `{"title":"a","seats":3,"note":null,"kind":null,"more":{"z":1}}`, nil, 0},
		"type":             {"POST", "/v1/chats", js, `{"title":1}`, nil, 422},
		"required":         {"POST", "/v1/chats", js, `{}`, nil, 422},
		"extra":            {"POST", "/v1/chats", js, `{"title":"a","admin":true}`, nil, 422},
		"bound":            {"POST", "/v1/chats", js, `{"title":"` + strings.Repeat("é", 21) + `"}`, nil, 422},
		"bound in letters": {"POST", "/v1/chats", js, `{"title":"` + strings.Repeat("é", 20) + `"}`, nil, 0},
		"exclusive":        {"POST", "/v1/chats", js, `{"title":"a","seats":0}`, nil, 422},
		"a bit more":       {"POST", "/v1/chats", js, `{"title":"a","seats":4294967299}`, nil, 422},
		"format":           {"POST", "/v1/chats", js, `{"title":"a","mail":"x"}`, nil, 422},
		"enum":             {"POST", "/v1/chats", js, `{"title":"a","kind":"c"}`, nil, 422},
		"operator":         {"POST", "/v1/chats", js, `{"title":{"$ne":null}}`, nil, 422},
		"twice":            {"POST", "/v1/chats", js, `{"title":"a","title":7}`, nil, 400},
		"syntax":           {"POST", "/v1/chats", js, `{"title":"a"`, nil, 400},
		"no body":          {"POST", "/v1/chats", js, ``, nil, 400},
		"text":             {"POST", "/v1/chats", "text/plain", `{"title":"a"}`, nil, 415},
		"xml":              {"POST", "/v1/chats", "application/xml", `<a/>`, nil, 415},
		"wide":             {"POST", "/v1/chats", "application/json; charset=utf-16le", `{"title":"a"}`, nil, 415},
		"two types":        {"POST", "/v1/chats", js, `{"title":"a"}`, []string{"Content-Type", "text/plain"}, 415},
		"form":             {"POST", "/v1/chats", "application/x-www-form-urlencoded", `title=a&seats=3`, nil, 0},
		"form, type":       {"POST", "/v1/chats", "application/x-www-form-urlencoded", `title=a&seats=x`, nil, 422},
		"form, twice":      {"POST", "/v1/chats", "application/x-www-form-urlencoded", `title=a&title=b`, nil, 400},
		"body where none":  {"GET", "/v1/chats/mine", js, `{}`, nil, 400},
		"open":             {"POST", "/v1/open", js, `{"a":"1","b":"2","c":3}`, nil, 0},
		"any type":         {"POST", "/v1/any", "text/csv", `a,b`, nil, 0},
		"query":            {"GET", "/v1/chats?limit=10&tag=a&tag=b&open=true&ids=1,2&deep[x]=1&other=1", "", "", nil, 0},
		"query, bound":     {"GET", "/v1/chats?limit=101", "", "", nil, 422},
		"query, type":      {"GET", "/v1/chats?limit=1x", "", "", nil, 422},
		"query, float":     {"GET", "/v1/chats?limit=1.5", "", "", nil, 422},
		"query, twice":     {"GET", "/v1/chats?limit=1&limit=101", "", "", nil, 400},
		"query, list":      {"GET", "/v1/chats?tag=a&tag=b&tag=a", "", "", nil, 422},
		"query, items":     {"GET", "/v1/chats?ids=1,x", "", "", nil, 422},
		"query, JSON":      {"GET", `/v1/chats?filter={"x":1}`, "", "", nil, 0},
		"query, bad JSON":  {"GET", `/v1/chats?filter={"x":1,"x":2}`, "", "", nil, 400},
		"query, lacks":     {"GET", `/v1/chats?filter={}`, "", "", nil, 422},
		"query, NUL":       {"GET", "/v1/chats?other=%00", "", "", nil, 400},
		"query, no UTF-8":  {"GET", "/v1/chats?other=%ff", "", "", nil, 400},
		"query, semicolon": {"GET", "/v1/chats?limit=1;limit=2", "", "", nil, 400},
		"path":             {"GET", id, "", "", nil, 0},
		"HEAD":             {"HEAD", id, "", "", nil, 0},
		"path, format":     {"GET", "/v1/chats/7", "", "", nil, 422},
		"literal first":    {"GET", "/v1/chats/mine", "", "", nil, 0},
		"header":           {"DELETE", id, "", "", []string{"If-Match", "abc"}, 0},
		"header, bound":    {"DELETE", id, "", "", []string{"If-Match", "a"}, 422},
		"header missing":   {"DELETE", id, "", "", nil, 422},
		"header above":     {"GET", "/v1/chats", "", "", []string{"X-Trace", "zz"}, 422},
		"not listed":       {"GET", "/v1/other", "", "", nil, 404},
		"other method":     {"PUT", "/v1/chats", js, "{}", nil, 404},
		"longer":           {"GET", id + "/x", "", "", nil, 404},
	} {
		t.Run(name, func(t *testing.T) {
			got, reason := asked(t, c, x.method, strings.NewReplacer(`{"`, "%7B%22", `":`, "%22:", `,"`, ",%22", "{}", "%7B%7D", "}", "%7D").Replace(x.target), x.kind, x.body, x.headers...)
			if got != x.want {
				t.Errorf("%d %s, want %d", got, reason, x.want)
			}
			if strings.Contains(reason, "admin") || strings.Contains(reason, "$ne") {
				t.Errorf("the log is told what came: %s", reason)
			}
		})
	}
	if n := c.Spec.Count; n != 7 || len(c.Spec.Notes) != 1 || !strings.Contains(c.Spec.Notes[0], "/tags/items") {
		t.Errorf("%d operations, notes %v", n, c.Spec.Notes)
	}
}

// TestSpelt: what the application may take for an operation is judged as that one, where
// what is not listed passes; and where the route has either slash.
func TestSpelt(t *testing.T) {
	const bad, good = `{"title":""}`, `{"title":"x"}`
	for name, c := range map[string]struct {
		refuse, slash bool
		target, body  string
		want          int
	}{
		"as it is":                      {false, false, "/v1/chats", bad, 422},
		"a slash":                       {false, false, "/v1/chats/", bad, 422},
		"a slash, right":                {false, false, "/v1/chats/", good, 0},
		"another case":                  {false, false, "/V1/Chats", bad, 422},
		"another case and a slash":      {false, false, "/v1/CHATS/", bad, 422},
		"an extension":                  {false, false, "/v1/chats.json", bad, 422},
		"another path":                  {false, false, "/v1/chat", bad, 0},
		"the root":                      {false, false, "/", bad, 0},
		"refused, a slash":              {true, false, "/v1/chats/", good, 404},
		"refused, another case":         {true, true, "/v1/Chats", good, 404},
		"refused, an extension":         {true, true, "/v1/chats.json", good, 404},
		"refused, either slash":         {true, true, "/v1/chats/", good, 0},
		"refused, either slash, wrong":  {true, true, "/v1/chats/", bad, 422},
		"refused, either slash, listed": {true, true, "/v1/chats", bad, 422},
	} {
		check := check(t, false, c.refuse)
		status := 0
		p := pipeline(t, func(x *guard.Exchange) *guard.Denial {
			x.Route = &guard.Route{Pattern: "/**", Slash: c.slash}
			if d := check.Check(x); d != nil {
				status = d.Status
			}
			return nil
		})
		r := httptest.NewRequest("POST", c.target, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		p.ServeHTTP(httptest.NewRecorder(), r)
		if status != c.want {
			t.Errorf("%s: %d, want %d", name, status, c.want)
		}
	}
}

// TestUnknown: with names taken strictly, also what allOf puts together is whole.
func TestUnknown(t *testing.T) {
	c := check(t, true, false)
	for body, want := range map[string]int{`{"a":"1","b":"2"}`: 0, `{"a":"1","c":"2"}`: 422} {
		if got, why := asked(t, c, "POST", "/v1/open", "application/json", body); got != want {
			t.Errorf("%s: %d %s, want %d", body, got, why, want)
		}
	}
	for target, want := range map[string]int{"/v1/chats/mine?x=1": 422, "/v1/chats?other=1": 0, "/v1/none?x=1": 0} { // a deep object's names are not known
		if got, why := asked(t, c, "GET", target, "", ""); got != want {
			t.Errorf("%s: %d %s, want %d", target, got, why, want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":               "no object",
		"swagger: '2.0'": "no OpenAPI 3",
		"openapi: 3.1.0": "no operation",
		"openapi: 3.1.0\npaths: {/a: {get: {parameters: [{name: a, in: query, schema: {$ref: 'other.yaml#/x'}}]}}}": "/paths/~1a/get",
		"openapi: 3.1.0\npaths: {'/a/{b}.json': {get: {}}}":                                                         "segment",
		"openapi: 3.1.0\npaths: {'/a/{b}': {get: {}}, '/a/{c}': {get: {}}}":                                         "twice",
		"openapi: 3.1.0\npaths: {/a: {post: {requestBody: {content: {'/': {}}}}}}":                                  "media type",
		"openapi: 3.1.0\npaths: {/a: {post: {requestBody: {content: {a/b: {schema: {type: nothing}}}}}}}":           "compile the schema",
	} {
		if _, err := input.Compile([]byte(text), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestMistakes: what is wrong stands at a line and a column.
func TestMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"openapi: 3.1.0\npaths:\n\t/a: {}\n":                    "3:1: read the description",
		"info: {}\nopenapi: 2.0.0\n":                            "2:1: no OpenAPI 3",
		"openapi: 3.1.0\ninfo: {}\npaths: {}\n":                 "3:1: the description has no operation",
		"openapi: 3.1.0\npaths:\n  /a/{b}.json:\n    get: {}\n": "4:5: GET /a/{b}.json: ",
		"{\"openapi\": \"3.1.0\",\n  \"paths\": {\n  }":         "3:4: read the description",
		"{\n  \"openapi\": \"3.1.0\",\n  \"paths\" {}\n}":       "3:11: read the description",
		"{\n \"openapi\": \"3.1.0\",\n \"paths\": {\"/a\": {\"post\":\n  {\"requestBody\": {\"content\": {\"/\": {}}}}}}\n}":                                                                                       "3:19: POST /a: the media type",
		"openapi: 3.1.0\npaths:\n  /a:\n    post: {requestBody: {$ref: '#/components/requestBodies/b'}}\ncomponents:\n  requestBodies:\n    b:\n      content:\n        a/b:\n          schema: {type: nothing}\n": "10:11: POST /a: compile the schema",
	} {
		_, err := input.Compile([]byte(text), false)
		if m := (*input.Mistake)(nil); !errors.As(err, &m) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add([]byte(api), true)
	f.Fuzz(func(_ *testing.T, b []byte, strict bool) { _, _ = input.Compile(b, strict) })
}

// pipeline is guard with one check before an application that takes everything.
func pipeline(t testing.TB, f func(*guard.Exchange) *guard.Denial) http.Handler {
	t.Helper()
	return newPipeline(t, probe(f), 1<<20)
}

func BenchmarkSpec(b *testing.B) {
	s, err := input.Compile([]byte(api), false)
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(`{"title":"hello","seats":3,"note":"` + strings.Repeat("a", 900) + `","tags":["a","b"],"more":{"a":"x"}}`)
	for name, c := range map[string]input.Check{"strict": {}, "schema": {Spec: s}} {
		b.Run(name, func(b *testing.B) {
			var x *guard.Exchange
			p := pipeline(b, func(got *guard.Exchange) *guard.Denial {
				x = got
				_, d := x.Body()
				return d
			})
			r := httptest.NewRequest("POST", "/v1/chats", bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			p.ServeHTTP(httptest.NewRecorder(), r)
			b.ReportAllocs()
			for b.Loop() {
				if d := c.Check(x); d != nil {
					b.Fatal(d.Reason)
				}
			}
		})
	}
}
