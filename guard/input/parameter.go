package input

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/launchready/launchready/guard"
)

// types are what a text of a path, a query, a field or a form may mean.
type types uint8

const (
	number types = 1 << iota
	boolean
	text
	list
	object
	null
	anything
)

// parameter is one value beside the body.
type parameter struct {
	name, in string
	needed   bool
	loose    bool // its form has members of their own: it is not judged
	json     bool // it is JSON, by content
	split    string
	types    types
	items    types
	schema   *jsonschema.Schema
}

func (b *builder) parameter(p map[string]any, where, name, in string) (*parameter, error) {
	out := &parameter{name: name, in: in}
	switch in {
	case "path", "query":
	case "header":
		if h := http.CanonicalHeaderKey(name); h == "Accept" || h == "Content-Type" || h == "Authorization" {
			return nil, nil // OpenAPI has other words for them
		}
	default:
		return nil, nil
	}
	out.needed, _ = p["required"].(bool)
	place := where + "/schema"
	raw := p["schema"]
	if content, ok := p["content"].(map[string]any); ok && raw == nil {
		for media, c := range content {
			m, _ := c.(map[string]any)
			raw, place, out.json = m["schema"], where+"/content/"+escape(media)+"/schema", strings.Contains(media, "json")
		}
	}
	if raw == nil {
		return out, nil
	}
	style, _ := p["style"].(string)
	out.types = b.types(raw, 0)
	s, _ := b.follow(raw, place)
	out.items = b.types(s["items"], 0)
	if style == "deepObject" || style == "label" || style == "matrix" || !out.json && out.types&object != 0 {
		out.loose = true
		return out, nil
	}
	explode, told := p["explode"].(bool)
	if !told {
		explode = style == "" && in == "query" || style == "form"
	}
	switch {
	case style == "pipeDelimited":
		out.split = "|"
	case style == "spaceDelimited":
		out.split = " "
	case in != "query" || !explode:
		out.split = ","
	}
	var err error
	out.schema, err = b.compile(place)
	return out, err
}

// types finds what a schema can take, also behind its alternatives.
func (b *builder) types(raw any, depth int) types {
	s, _ := b.follow(raw, "")
	if s == nil || depth > 8 {
		return anything
	}
	var out types
	add := func(t any) {
		switch t {
		case "integer", "number":
			out |= number
		case "boolean":
			out |= boolean
		case "string":
			out |= text
		case "array":
			out |= list
		case "object":
			out |= object
		case "null":
			out |= null
		}
	}
	switch t := s["type"].(type) {
	case string:
		add(t)
	case []any:
		for _, e := range t {
			add(e)
		}
	}
	for _, k := range []string{"anyOf", "oneOf", "allOf"} {
		all, _ := s[k].([]any)
		for _, e := range all {
			out |= b.types(e, depth+1)
		}
	}
	if out == 0 {
		return anything
	}
	if out != anything {
		out &^= anything
	}
	return out
}

// value reads a text as what the schema wants. What is not to be read so stays a
// text, which the schema then refuses.
func (t types) value(s string) any {
	if t&number != 0 {
		if v, err := guard.Decode([]byte(s), 0); err == nil {
			if n, ok := v.(json.Number); ok && strings.TrimSpace(s) == s {
				return n
			}
		}
	}
	if t&boolean != 0 && (s == "true" || s == "false") {
		return s == "true"
	}
	if t&null != 0 && t&text == 0 && (s == "" || s == "null") {
		return nil
	}
	return s
}

func (p *parameter) judge(values []string, max int) *guard.Denial {
	if len(values) == 0 {
		if p.needed {
			return refuse(http.StatusUnprocessableEntity, "the parameter "+p.in+" "+p.name+" is missing")
		}
		return nil
	}
	array := p.types&list != 0 && !p.json
	if len(values) > 1 && (!array || p.split != "") {
		return refuse(http.StatusBadRequest, "the parameter "+p.in+" "+p.name+" comes twice")
	}
	if p.schema == nil {
		return nil
	}
	var v any
	switch {
	case p.json:
		var err error
		if v, err = guard.Decode([]byte(values[0]), max); err != nil {
			return refuse(http.StatusBadRequest, "the parameter "+p.in+" "+p.name+": "+err.Error())
		}
	case array:
		if p.split != "" {
			values = strings.Split(values[0], p.split)
		}
		all := make([]any, len(values))
		for i, s := range values {
			all[i] = p.items.value(s)
		}
		v = all
	default:
		v = p.types.value(values[0])
	}
	if err := p.schema.Validate(v); err != nil {
		return refuse(http.StatusUnprocessableEntity, "the parameter "+p.in+" "+p.name+": "+why(err))
	}
	return nil
}

// parameters judges what stands beside the body.
func (s *Spec) parameters(x *guard.Exchange, op *operation, values []string, depth int) *guard.Denial {
	var query url.Values
	if raw := x.Request.URL.RawQuery; raw != "" {
		var err error
		if query, err = url.ParseQuery(raw); err != nil {
			return refuse(http.StatusBadRequest, "the query cannot be read")
		}
		for k, vs := range query {
			if !clean(k) || slices.ContainsFunc(vs, func(v string) bool { return !clean(v) }) {
				return refuse(http.StatusBadRequest, "the query is no Unicode text, or has a NUL")
			}
			if op.query != nil && !op.query[k] {
				return refuse(http.StatusUnprocessableEntity, "the query has a name that the description does not know")
			}
		}
	}
	var one [1]string
	for _, p := range op.params {
		var vs []string
		switch p.in {
		case "path":
			if i := slices.Index(op.names, p.name); i >= 0 && i < len(values) {
				one[0] = values[i]
				vs = one[:]
			}
		case "query":
			vs = query[p.name]
		case "header":
			vs = x.Request.Header.Values(p.name)
		}
		if d := p.judge(vs, depth); d != nil {
			return d
		}
	}
	return nil
}

// clean reports a text that every layer behind takes: Unicode, without NUL.
func clean(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }
