package demo

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

type object = map[string]any

// specify writes the OpenAPI document of the table.
func (s *Server) specify() ([]byte, error) {
	sp := &specification{schemas: object{}}
	sp.ref(reflect.TypeFor[problem]())
	paths := object{}
	for i := range s.table {
		rt := &s.table[i]
		if rt.unlisted {
			continue
		}
		address := strings.ReplaceAll(rt.pattern, "{$}", "")
		item, ok := paths[address].(object)
		if !ok {
			item = object{}
			paths[address] = item
		}
		item[strings.ToLower(rt.method)] = sp.operation(rt)
	}
	return json.Marshal(object{
		"openapi": "3.1.0",
		"info": object{"title": "Harbor API", "version": "1.4.0",
			"description": "Support conversations answered from your own knowledge. Send `Authorization: Bearer` with the access token of `POST /v1/auth/login`, or an API key as `X-API-Key`."},
		"servers":  []object{{"url": s.URL}},
		"security": secured,
		"tags":     sp.tags,
		"paths":    paths,
		"components": object{"schemas": sp.schemas, "securitySchemes": object{
			"bearer":  object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
			"apiKey":  object{"type": "apiKey", "in": "header", "name": "X-API-Key"},
			"session": object{"type": "apiKey", "in": "cookie", "name": cookieName},
		}},
	})
}

var (
	secured       = []object{{"bearer": []string{}}, {"session": []string{}}}
	securedByKeys = []object{{"bearer": []string{}}, {"session": []string{}}, {"apiKey": []string{}}}
)

// specification gathers what operations refer to.
type specification struct {
	schemas object
	tags    []object
}

func (sp *specification) operation(rt *route) object {
	if !slices.ContainsFunc(sp.tags, func(t object) bool { return t["name"] == rt.tag }) {
		sp.tags = append(sp.tags, object{"name": rt.tag})
	}
	op := object{"operationId": rt.id, "summary": rt.summary, "tags": []string{rt.tag}, "responses": sp.responses(rt)}
	switch {
	case rt.declared() == anyone:
		op["security"] = []object{}
	case rt.scope != "":
		op["security"] = securedByKeys
		op["description"] = "An API key needs the scope `" + rt.scope + "`."
	}
	if params := rt.params(); len(params) > 0 {
		op["parameters"] = params
	}
	if rt.in != nil {
		t := reflect.TypeOf(rt.in)
		media := "application/json"
		if rt.inType != "" {
			media = rt.inType
		}
		op["requestBody"] = object{"required": true, "content": object{media: object{"schema": sp.ref(t), "example": rt.example(t)}}}
	}
	return op
}

func (rt *route) example(in reflect.Type) any {
	if rt.inExample != nil {
		return rt.inExample
	}
	return exampleOf(in)
}

// declared is the access that the documentation tells. Whoever is a guest by
// the table is told to sign in: a specification does not know of a forgotten guard.
func (rt *route) declared() role {
	if rt.access == guest {
		return viewer
	}
	return rt.access
}

func (rt *route) params() []object {
	var out []object
	listed := map[string]bool{}
	for _, p := range rt.query {
		o := object{"name": p.name, "in": p.in, "schema": object{"type": p.kind}, "required": p.required || p.in == "path"}
		if p.pattern != "" {
			o["schema"] = object{"type": p.kind, "pattern": p.pattern}
		}
		if p.doc != "" {
			o["description"] = p.doc
		}
		if p.example != nil {
			o["example"] = p.example
		}
		listed[p.name] = true
		out = append(out, o)
	}
	for seg := range strings.SplitSeq(rt.pattern, "/") {
		name := strings.TrimSuffix(strings.TrimPrefix(seg, "{"), "}")
		if name != seg && name != "$" && !listed[name] {
			out = append(out, object{"name": name, "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	return out
}

func (sp *specification) responses(rt *route) object {
	status := rt.status
	if status == 0 {
		status = http.StatusOK
	}
	ok := object{"description": http.StatusText(status)}
	content := object{}
	if rt.out != nil {
		t := reflect.TypeOf(rt.out)
		content["application/json"] = object{"schema": sp.ref(t)}
	}
	for _, media := range rt.outType {
		content[media] = object{"schema": object{"type": "string"}}
		if media == "application/json" {
			content[media] = object{"schema": object{}} // any, of the routes that have another type as well
		}
	}
	if len(content) > 0 {
		ok["content"] = content
	}
	if len(rt.links) > 0 {
		links := object{}
		for _, l := range rt.links {
			links[l.operation] = object{"operationId": l.operation, "parameters": object{l.parameter: l.expression}}
		}
		ok["links"] = links
	}
	out := object{strconv.Itoa(status): ok}
	if rt.page {
		out[strconv.Itoa(http.StatusFound)] = object{"description": "Nobody is signed in: go to the sign-in page"}
	}
	for _, code := range rt.allRefusals() {
		out[strconv.Itoa(code)] = object{"description": http.StatusText(code),
			"content": object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/problem"}}}}
	}
	return out
}

// allRefusals adds to the route's own refusals those that follow from the rest.
func (rt *route) allRefusals() []int {
	set := map[int]bool{}
	for _, code := range rt.refusals {
		set[code] = true
	}
	if rt.declared() > guest {
		set[http.StatusUnauthorized] = true
		set[http.StatusForbidden] = true // by role, by scope of the key, or a write by cookie alone
	}
	if strings.Contains(rt.pattern, "_id}") || strings.Contains(rt.pattern, "slug}") || strings.Contains(rt.pattern, "_number}") {
		set[http.StatusNotFound] = true
	}
	if rt.in != nil || slices.ContainsFunc(rt.query, func(p param) bool { return p.in == "query" }) {
		set[http.StatusUnprocessableEntity] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// ref is the schema of a type: a reference when it is a struct, which is then
// among the components.
func (sp *specification) ref(t reflect.Type) object {
	if t == reflect.TypeFor[graphAnswer]() {
		one := sp.ref(reflect.TypeFor[graphReply]())
		return object{"oneOf": []object{one, {"type": "array", "items": one}}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return sp.ref(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64, reflect.Int32:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return object{"type": "object", "additionalProperties": true}
		}
		return object{"type": "object", "additionalProperties": sp.ref(t.Elem())}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{}
		}
		return object{"type": "array", "items": sp.ref(t.Elem())}
	case reflect.Struct:
		name := componentName(t)
		if _, ok := sp.schemas[name]; !ok {
			sp.schemas[name] = object{}
			sp.schemas[name] = sp.structSchema(t)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	return object{}
}

// componentName is the type's name; page[chat] is page_chat.
func componentName(t reflect.Type) string {
	name := t.Name()
	outer, inner, generic := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	if !generic {
		return name
	}
	return fmt.Sprintf("%s_%s", outer, inner[strings.LastIndexByte(inner, '.')+1:])
}

func (sp *specification) structSchema(t reflect.Type) object {
	props, required := object{}, []string{}
	for _, f := range fieldsOf(t) {
		o := f.describe(sp.ref(f.typ))
		if f.nullable {
			o = object{"oneOf": []object{o, {"type": "null"}}}
		}
		props[f.name] = o
		if f.required {
			required = append(required, f.name)
		}
	}
	out := object{"type": "object", "properties": props}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}
