package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	lr "github.com/launchready/launchready"
)

// SchemaURL is where editors find the schema: the first line of a new
// launchready.yaml names it.
const SchemaURL = "https://raw.githubusercontent.com/launchready/launchready/main/docs/launchready.schema.json"

// Schema is the JSON Schema of launchready.yaml, printed from the structs.
func Schema() ([]byte, error) {
	var r *jsonschema.Reflector
	r = &jsonschema.Reflector{
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		DoNotReference:             true,
		ExpandedStruct:             true,
		Anonymous:                  true,
		LookupComment: func(t reflect.Type, field string) string {
			if field == "" || t.Kind() != reflect.Struct {
				return ""
			}
			f, _ := t.FieldByName(field)
			return f.Tag.Get("doc")
		},
		Mapper: func(t reflect.Type) *jsonschema.Schema { return shape(r, t) },
	}
	s := r.Reflect(&Config{})
	s.ID = SchemaURL
	s.Title = FileName
	s.Description = "Configuration of Launch Ready."
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("print schema: %w", err)
	}
	return append(b, '\n'), nil
}

// shape is the schema of a type that reads its own text.
func shape(r *jsonschema.Reflector, t reflect.Type) *jsonschema.Schema {
	text := func(pattern string) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", Pattern: pattern}
	}
	switch t {
	case reflect.TypeFor[URL]():
		return text(`^(https?://|\$\{env:)`)
	case reflect.TypeFor[Rate]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			text(`^(0|none|[0-9.]+ */ *(s|sec|second|m|min|minute|h|hour))$`), {Type: "integer", Const: 0}}}
	case reflect.TypeFor[Date]():
		return text(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	case reflect.TypeFor[RequestLine]():
		return text(`^(([A-Za-z]+) +)?(/|https?://)\S*$`)
	case reflect.TypeFor[Pattern]():
		return text(`^([A-Za-z]+ +)?/\S*$`)
	case reflect.TypeFor[Selectors]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			text(selectorForm.String()), {Type: "array", Items: text(selectorForm.String())}}}
	case reflect.TypeFor[Place]():
		return text(`^(/|header:|cookie:|cookie$)`)
	case reflect.TypeFor[Send]():
		return text(`:.*\{token\}`)
	case reflect.TypeFor[Secret]():
		return text(`^(\$\{(env|file):[^}]+\}|file:.+)$`)
	case reflect.TypeFor[Value](), reflect.TypeFor[HeaderLine]():
		return text("")
	case reflect.TypeFor[lr.Severity]():
		return &jsonschema.Schema{Type: "string", Enum: []any{"info", "low", "medium", "high", "critical"}}
	case reflect.TypeFor[Spec]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "string"}, {Type: "array", Items: &jsonschema.Schema{Type: "string"}}}}
	case reflect.TypeFor[Call](), reflect.TypeFor[Refresh]():
		return shorthand(r, t)
	}
	if n, ok := reflect.New(t).Elem().Interface().(interface{ element() any }); ok {
		e := r.ReflectFromType(reflect.TypeOf(n.element()))
		e.Version = ""
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{
			OneOf: []*jsonschema.Schema{e, {Type: "null"}}}}
	}
	return nil
}

// shorthand is a struct that may be written as its request line alone.
func shorthand(r *jsonschema.Reflector, t reflect.Type) *jsonschema.Schema {
	plain := *r
	outer := r.Mapper
	plain.Mapper = func(x reflect.Type) *jsonschema.Schema {
		if x == t || x == reflect.TypeFor[Call]() {
			return nil
		}
		return outer(x)
	}
	s := plain.ReflectFromType(t)
	s.Version = ""
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string", Pattern: `^(([A-Za-z]+) +)?(/|https?://)\S*$`}, s}}
}

// Reference is docs/configuration.md: every key, printed from the structs.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Configuration\n\nEvery key of `" + FileName + "`. This page is printed from the program by `make docs`.\n\n" +
		"The file is looked for in the current folder and above it, up to the root of the repository, then as `launchready/" + FileName +
		"` in the user's configuration folder; `--config` beats that. An unknown key is an error. A secret is never written into the file: it is a\n" +
		"reference, `${env:NAME}`, `file:PATH` or `file:PATH#NAME` (the line `NAME=value` of the file). `" + EnvPrefix + "` and the path of a key in capitals,\n" +
		"with `_` for each dot, overrides one value: `" + EnvPrefix + "BUDGET_RATE=5/s`. `launchready config print` shows every value and where it came from.\n\n" +
		"| key | value | meaning |\n|---|---|---|\n")
	rows(&b, reflect.TypeFor[Config](), "")
	return b.String()
}

func rows(b *strings.Builder, t reflect.Type, path string) {
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if !f.IsExported() || name == "" || name == "-" {
			continue
		}
		p := join(path, name)
		need, _ := rulesOf(f)
		mark := ""
		if need {
			mark = " (required)"
		}
		kind, below, suffix := describe(f.Type)
		fmt.Fprintf(b, "| `%s%s` | %s%s | %s |\n", p, suffix, kind, mark, strings.ReplaceAll(f.Tag.Get("doc"), "|", "\\|"))
		if below != nil {
			rows(b, below, p+suffix)
		}
	}
}

// describe names a type in the words of the reference, and the struct below it.
func describe(t reflect.Type) (kind string, below reflect.Type, suffix string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n, ok := reflect.New(t).Elem().Interface().(interface{ element() any }); ok {
		return "keys of your choice", reflect.TypeOf(n.element()), ".NAME"
	}
	switch t {
	case reflect.TypeFor[URL]():
		return "URL", nil, ""
	case reflect.TypeFor[Rate]():
		return "rate", nil, ""
	case reflect.TypeFor[Date]():
		return "day", nil, ""
	case reflect.TypeFor[RequestLine]():
		return "METHOD /path", nil, ""
	case reflect.TypeFor[Pattern]():
		return "pattern", nil, ""
	case reflect.TypeFor[Place]():
		return "place in a reply", nil, ""
	case reflect.TypeFor[Selectors]():
		return "places in a reply, one or a list", nil, ""
	case reflect.TypeFor[Send](), reflect.TypeFor[HeaderLine]():
		return "header line", nil, ""
	case reflect.TypeFor[Secret]():
		return "reference", nil, ""
	case reflect.TypeFor[Value]():
		return "text or reference", nil, ""
	case reflect.TypeFor[Spec]():
		return "path, URL or list", nil, ""
	case reflect.TypeFor[lr.Severity]():
		return "info, low, medium, high or critical", nil, ""
	}
	switch t.Kind() {
	case reflect.Struct:
		return "keys", t, ""
	case reflect.Slice:
		k, below, _ := describe(t.Elem())
		if below != nil {
			return "list", below, "[]"
		}
		return "list of " + k, nil, ""
	case reflect.Map:
		k, _, _ := describe(t.Elem())
		return "names to " + k, nil, ""
	case reflect.Bool:
		return "true or false", nil, ""
	case reflect.Int, reflect.Float64:
		return "number", nil, ""
	case reflect.Interface:
		return "anything", nil, ""
	}
	return "text", nil, ""
}
