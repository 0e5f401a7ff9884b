package demo

import (
	"reflect"
	"strconv"
)

// describe adds what the tags of a field say to the schema of its type.
func (f *field) describe(o object) object {
	kind, _ := o["type"].(string)
	set := func(key string, v any, when bool) {
		if when {
			o[key] = v
		}
	}
	set("format", f.format, f.format != "")
	set("pattern", f.pattern, f.pattern != "")
	set("description", f.docs, f.docs != "")
	set("enum", f.enum, len(f.enum) > 0)
	set("readOnly", true, f.readOnly)
	set("writeOnly", true, f.writeOnly)
	least, most := "minLength", "maxLength"
	switch kind {
	case "integer":
		least, most = "minimum", "maximum"
	case "array":
		least, most = "minItems", "maxItems"
		if items, ok := o["items"].(object); ok && len(f.items) > 0 {
			items["enum"] = f.items
		}
	}
	set(least, f.min, f.min > 0)
	set(most, f.max, f.max > 0)
	if v := f.example(); v != nil {
		set("examples", []any{v}, kind != "array")
	}
	return o
}

// example is the tag's example in the field's type.
func (f *field) example() any {
	t := f.typ
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice && len(f.items) > 0:
		return []string{f.items[0]}
	case f.exa == "":
		return nil
	case t.Kind() == reflect.Int:
		n, err := strconv.Atoi(f.exa)
		if err != nil {
			return nil
		}
		return n
	case t.Kind() == reflect.String:
		return f.exa
	}
	return nil
}

// exampleOf is a request body made of the examples of its fields.
func exampleOf(t reflect.Type) object {
	out := object{}
	for _, f := range fieldsOf(t) {
		if v := f.example(); v != nil {
			out[f.name] = v
			continue
		}
		switch {
		case !f.required:
		case f.typ.Kind() == reflect.String:
			out[f.name] = "string"
		case f.typ.Kind() == reflect.Slice && f.typ.Elem().Kind() == reflect.Struct:
			out[f.name] = []any{exampleOf(f.typ.Elem())}
		}
	}
	return out
}
