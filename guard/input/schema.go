package input

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// modern rewrites what OpenAPI 3.0 says in words of its own as JSON Schema does,
// everywhere in the document; "path" is told in notes.
type modern struct{ notes []string }

// asIs are members whose value is data and no schema.
var asIs = []string{"example", "examples", "enum", "const", "default"}

func (m *modern) walk(at string, v any, named bool) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			m.walk(fmt.Sprintf("%s/%d", at, i), e, false)
		}
	case map[string]any:
		if !named {
			m.schema(at, v)
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if named || !slices.Contains(asIs, k) && !strings.HasPrefix(k, "x-") {
				m.walk(at+"/"+k, v[k], !named && (k == "properties" || k == "schemas" || k == "patternProperties" || k == "$defs" || k == "parameters" || k == "requestBodies" || k == "headers" || k == "pathItems"))
			}
		}
	}
}

func (m *modern) schema(at string, v map[string]any) {
	for _, b := range []struct{ flag, bound string }{{"exclusiveMinimum", "minimum"}, {"exclusiveMaximum", "maximum"}} {
		on, is := v[b.flag].(bool)
		if !is {
			continue
		}
		delete(v, b.flag)
		if on && v[b.bound] != nil {
			v[b.flag] = v[b.bound]
			delete(v, b.bound)
		}
	}
	if on, _ := v["nullable"].(bool); on {
		delete(v, "nullable")
		switch t := v["type"].(type) {
		case string:
			v["type"] = []any{t, "null"}
			if e, ok := v["enum"].([]any); ok && !slices.Contains(e, nil) {
				v["enum"] = append(slices.Clone(e), nil)
			}
		case nil:
			inner := maps.Clone(v)
			clear(v)
			v["anyOf"] = []any{inner, map[string]any{"type": "null"}}
		}
	}
	if p, ok := v["pattern"].(string); ok {
		if _, err := regexp.Compile(p); err != nil {
			delete(v, "pattern")
			m.notes = append(m.notes, at+": the pattern is none that ends in linear time, and is not asked")
		}
	}
	// What only answers hold is required of answers only.
	req, _ := v["required"].([]any)
	props, _ := v["properties"].(map[string]any)
	if len(req) > 0 && len(props) > 0 {
		v["required"] = slices.DeleteFunc(slices.Clone(req), func(n any) bool {
			name, _ := n.(string)
			p, _ := props[name].(map[string]any)
			only, _ := p["readOnly"].(bool)
			return only
		})
	}
}

// formats of OpenAPI that JSON Schema does not know.
func formats(c *jsonschema.Compiler) {
	bound := func(name string, least, most int64) {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			n, ok := v.(json.Number)
			if !ok {
				return nil
			}
			if i, err := n.Int64(); err == nil && i >= least && i <= most {
				return nil
			}
			r, ok := new(big.Rat).SetString(n.String()) // its size is bounded where it was read
			if !ok || r.IsInt() && (r.Cmp(new(big.Rat).SetInt64(least)) < 0 || r.Cmp(new(big.Rat).SetInt64(most)) > 0) {
				return fmt.Errorf("is no %s", name)
			}
			return nil
		}})
	}
	bound("int32", math.MinInt32, math.MaxInt32)
	bound("int64", math.MinInt64, math.MaxInt64)
	c.AssertFormat()
}

// why tells what a value breaks, in words of the schema: nothing of the value.
func why(err error) string {
	e, ok := err.(*jsonschema.ValidationError) //nolint:errorlint // the library gives it bare
	if !ok {
		return "the value breaks its schema"
	}
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	at := e.SchemaURL
	if _, ref, ok := strings.Cut(at, "#"); ok {
		at = ref
	}
	return "the value breaks " + strings.Join(e.ErrorKind.KeywordPath(), "/") + " of " + at
}
