package demo

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is the specification as a validator of replies. All clean servers
// have the same one, but for its address.
type contract struct {
	doc    map[string]any
	routes *http.ServeMux // knows the pattern of a request
	mu     sync.Mutex
	schema map[string]*jsonschema.Schema
}

var theContract = sync.OnceValues(func() (*contract, error) {
	key, err := testKey()
	if err != nil {
		return nil, err
	}
	s, err := New(Options{Key: key})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	c := &contract{routes: http.NewServeMux(), schema: map[string]*jsonschema.Schema{}}
	for _, rt := range s.table {
		c.routes.Handle(rt.method+" "+rt.pattern, http.NotFoundHandler())
	}
	spec, err := s.spec()
	if err != nil {
		return nil, err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec))
	if err != nil {
		return nil, err
	}
	c.doc = v.(map[string]any)
	return c, nil
})

// at walks into the document; nil when there is no such place.
func (c *contract) at(keys ...string) any {
	var v any = c.doc
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

func (c *contract) compiled(pointer string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.schema[pointer]; s != nil {
		return s, nil
	}
	comp := jsonschema.NewCompiler()
	comp.AssertFormat()
	if err := comp.AddResource("spec.json", c.doc); err != nil {
		return nil, err
	}
	s, err := comp.Compile("spec.json#" + pointer)
	c.schema[pointer] = s
	return s, err
}

// hidden are statuses of the transport and of strangers to the API, which no
// operation documents.
var hidden = map[int]bool{http.StatusBadRequest: true, http.StatusMethodNotAllowed: true, http.StatusUnsupportedMediaType: true,
	http.StatusRequestEntityTooLarge: true, http.StatusSwitchingProtocols: true, http.StatusUpgradeRequired: true}

// conforms holds a reply of a clean server against the specification.
func (c *contract) conforms(t testing.TB, r *http.Request, a *answer) {
	t.Helper()
	_, pattern := c.routes.Handler(r)
	method, path, _ := strings.Cut(pattern, " ")
	op, ok := c.at("paths", strings.ReplaceAll(path, "{$}", ""), strings.ToLower(method)).(map[string]any)
	if !ok {
		return // not in the specification, on purpose
	}
	status := strconv.Itoa(a.Status)
	if op["responses"].(map[string]any)[status] == nil {
		if !hidden[a.Status] {
			t.Errorf("%s answered %s, which is not documented", pattern, status)
		}
		return
	}
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	if r.Method == http.MethodHead || media != "application/json" && media != "application/problem+json" {
		return
	}
	if c.at("paths", path, strings.ToLower(method), "responses", status, "content", media) == nil {
		t.Errorf("%s answered %s with %s, which is not documented", pattern, status, media)
		return
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", "+", "%2B")
	s, err := c.compiled("/paths/" + escape.Replace(path) + "/" + strings.ToLower(method) + "/responses/" + status + "/content/" + escape.Replace(media) + "/schema")
	if err != nil {
		t.Errorf("%s: schema of %s: %v", pattern, status, err)
		return
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(a.Body))
	if err != nil {
		t.Errorf("%s: %s is no JSON: %.200s", pattern, status, a.Body)
		return
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%s: the reply is not as documented: %v\n%.300s", pattern, err, a.Body)
	}
}

// TestContractCatches shows that the validator above can fail.
func TestContractCatches(t *testing.T) {
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]answer{
		"an undocumented status": {Status: 418},
		"a missing field":        {Status: 200, Body: `{"id":"usr_1"}`},
		"a wrong type":           {Status: 200, Body: `{"id":1}`},
		"no JSON":                {Status: 200, Body: `<html>`},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest("GET", "http://harbor.test/v1/me", nil)
			if err != nil {
				t.Fatal(err)
			}
			a.Header = http.Header{"Content-Type": {"application/json"}}
			rec := &failures{TB: t}
			c.conforms(rec, r, &a)
			if rec.n == 0 {
				t.Error("nothing was said")
			}
		})
	}
}

// failures counts what a check reports, instead of failing the test.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Helper()               {}
func (f *failures) Errorf(string, ...any) { f.n++ }
