package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// constraints reads what a schema says of its own value.
func (b *schemaBuilder) constraints(out *lr.Schema, n node) {
	m := n.object()
	in := func(key string) node { return node{m[key], n.doc} }
	out.Format = in("format").text()
	b.typeOf(out, in("type"))
	out.Description = shorten(in("description").text())
	out.Pattern = in("pattern").text()
	out.Nullable = out.Nullable || in("nullable").truth() || in("x-nullable").truth()
	out.ReadOnly, out.WriteOnly = in("readOnly").truth(), in("writeOnly").truth()
	out.MinLength, out.MaxLength = length(in("minLength")), length(in("maxLength"))
	out.MinItems, out.MaxItems = length(in("minItems")), length(in("maxItems"))
	out.Minimum, out.Maximum = bound(in("minimum")), bound(in("maximum"))
	// 3.1 gives the exclusive bounds as numbers of their own.
	if out.Minimum == nil {
		out.Minimum = bound(in("exclusiveMinimum"))
	}
	if out.Maximum == nil {
		out.Maximum = bound(in("exclusiveMaximum"))
	}
	for _, v := range in("enum").list() {
		if v == nil {
			out.Nullable = true
			continue
		}
		out.Enum = append(out.Enum, v)
	}
	out.Const, out.Default, out.Example = m["const"], m["default"], m["example"]
	if out.Example == nil {
		if ex := in("examples").list(); len(ex) > 0 {
			out.Example = ex[0]
		}
	}
	switch more := m["additionalProperties"].(type) {
	case bool:
		out.Closed, out.Open = !more, more
	case map[string]any:
		out.Open = true
	}
	out.Unique = in("uniqueItems").truth()
	if step, ok := in("multipleOf").number(); ok && step > 0 {
		out.MultipleOf = step
	}
	out.Example, out.Default, out.Const = bounded(out.Example), bounded(out.Default), bounded(out.Const)
}

// typeOf reads "string", ["string","null"] and the words people write instead.
func (b *schemaBuilder) typeOf(out *lr.Schema, n node) {
	switch v := n.v.(type) {
	case nil:
	case string:
		out.Type = b.typeName(v)
	case []any:
		for _, t := range v {
			s, _ := t.(string)
			switch {
			case s == "null":
				out.Nullable = true
			case out.Type == "":
				out.Type = b.typeName(s)
			default: // several real types: the first is as good as any
				out.Mixed = true
			}
		}
	default:
		b.r.warn("a schema's type is %s; any value is taken to be allowed", kindOf(v))
	}
	if out.Type == "file" { // Swagger 2.0
		out.Type, out.Format = "string", "binary"
	}
}

func (b *schemaBuilder) typeName(s string) string {
	switch s {
	case "object", "array", "string", "integer", "number", "boolean", "null", "file", "":
		return s
	case "any", "mixed":
		return ""
	}
	known := map[string]string{"int": "integer", "int32": "integer", "int64": "integer", "long": "integer", "float": "number",
		"double": "number", "decimal": "number", "bool": "boolean", "str": "string", "text": "string", "date": "string",
		"datetime": "string", "date-time": "string", "uuid": "string", "email": "string", "list": "array", "map": "object", "dict": "object"}
	if t, ok := known[strings.ToLower(s)]; ok {
		b.r.warn("schema type %q taken for %q", s, t)
		return t
	}
	b.r.warn("schema type %q is unknown; any value is taken to be allowed", s)
	return ""
}

func length(n node) int {
	f, ok := n.number()
	if !ok || f < 0 || f > 1<<31-1 {
		return 0
	}
	return int(f)
}

func bound(n node) *float64 {
	if n.v == nil {
		return nil
	}
	f, ok := n.number()
	if !ok {
		return nil
	}
	return &f
}

// bounded drops an example that is too large to be sent or, through YAML
// aliases, has no end.
func bounded(v any) any {
	left := 2000
	if !within(v, &left, 0) {
		return nil
	}
	return v
}

func within(v any, left *int, depth int) bool {
	if *left--; *left < 0 || depth > 32 {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			if !within(x, left, depth+1) {
				return false
			}
		}
	case []any:
		for _, x := range v {
			if !within(x, left, depth+1) {
				return false
			}
		}
	}
	return true
}
