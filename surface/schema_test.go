package surface_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// bodyOf gives the body of a POST whose JSON schema is the given YAML.
func bodyOf(t *testing.T, schema, components string) *lr.Schema {
	t.Helper()
	s := open(t, "openapi: 3.1.0\ninfo: {title: x}\ncomponents: {schemas: {"+components+"}}\npaths: {/a: {post: {requestBody: {content: {application/json: {schema: "+schema+"}}}}}}")
	return s.Routes[0].Body.Schema
}

func TestSchema(t *testing.T) {
	for name, tc := range map[string]struct {
		schema, components string
		check              func(*lr.Schema) bool
	}{
		"null among types":  {"{type: [string, 'null'], maxLength: 5}", "", func(s *lr.Schema) bool { return s.Type == "string" && s.Nullable && s.MaxLength == 5 }},
		"bare null in YAML": {"{type: [string, null]}", "", func(s *lr.Schema) bool { return s.Type == "string" }},
		"nullable":          {"{type: integer, nullable: true}", "", func(s *lr.Schema) bool { return s.Type == "integer" && s.Nullable }},
		"anyOf null": {"{anyOf: [{type: string, format: email}, {type: 'null'}]}", "", func(s *lr.Schema) bool {
			return s.Type == "string" && s.Format == "email" && s.Nullable && s.OneOf == nil
		}},
		"oneOf": {"{oneOf: [{type: string}, {type: integer}]}", "", func(s *lr.Schema) bool { return len(s.OneOf) == 2 }},
		"allOf": {"{allOf: [{$ref: '#/components/schemas/A'}, {properties: {b: {type: integer}}, required: [b]}]}", "A: {type: object, properties: {a: {type: string}}, required: [a]}",
			func(s *lr.Schema) bool {
				return s.Type == "object" && s.Properties["a"] != nil && s.Properties["b"].Type == "integer" && s.Requires("a") && s.Requires("b")
			}},
		"numbers as text":      {"{type: string, minLength: '3', maxLength: '9'}", "", func(s *lr.Schema) bool { return s.MinLength == 3 && s.MaxLength == 9 }},
		"exclusive bounds":     {"{type: number, exclusiveMinimum: 1, exclusiveMaximum: 4}", "", func(s *lr.Schema) bool { return *s.Minimum == 1 && *s.Maximum == 4 }},
		"old exclusive bound":  {"{type: number, minimum: 1, exclusiveMinimum: true}", "", func(s *lr.Schema) bool { return *s.Minimum == 1 }},
		"enum with null":       {"{enum: [a, b, null]}", "", func(s *lr.Schema) bool { return len(s.Enum) == 2 && s.Nullable }},
		"closed":               {"{type: object, additionalProperties: false}", "", func(s *lr.Schema) bool { return s.Closed }},
		"open":                 {"{type: object, additionalProperties: {type: string}}", "", func(s *lr.Schema) bool { return s.Open && !s.Closed }},
		"open and said so":     {"{type: object, additionalProperties: true}", "", func(s *lr.Schema) bool { return s.Open && !s.Closed }},
		"neither":              {"{type: object}", "", func(s *lr.Schema) bool { return !s.Open && !s.Closed }},
		"two types":            {"{type: [string, integer]}", "", func(s *lr.Schema) bool { return s.Type == "string" && s.Mixed }},
		"unique":               {"{type: array, uniqueItems: true, items: {type: integer, multipleOf: 5}}", "", func(s *lr.Schema) bool { return s.Unique && s.Items.MultipleOf == 5 }},
		"merged keywords":      {"{allOf: [{type: array, uniqueItems: true}, {type: object, additionalProperties: false}]}", "", func(s *lr.Schema) bool { return s.Unique && s.Closed }},
		"no type":              {"{properties: {a: {items: {type: string}}}}", "", func(s *lr.Schema) bool { return s.Type == "object" && s.Properties["a"].Type == "array" }},
		"tuple":                {"{type: array, items: [{type: integer}, {type: string}]}", "", func(s *lr.Schema) bool { return s.Items.Type == "integer" }},
		"required on property": {"{type: object, properties: {a: {type: string, required: true}}}", "", func(s *lr.Schema) bool { return s.Requires("a") }},
		"true":                 {"true", "", func(s *lr.Schema) bool { return s.Type == "" }},
		"examples":             {"{type: string, examples: [one, two]}", "", func(s *lr.Schema) bool { return s.Example == "one" }},
		"read only":            {"{type: object, properties: {id: {type: string, readOnly: true}}}", "", func(s *lr.Schema) bool { return s.Properties["id"].ReadOnly }},
		"recursive": {"{$ref: '#/components/schemas/N'}", "N: {type: object, properties: {v: {type: string}, next: {$ref: '#/components/schemas/N'}, all: {type: array, items: {$ref: '#/components/schemas/N'}}}}",
			func(s *lr.Schema) bool {
				return s.Properties["v"] != nil && len(s.Properties["next"].Properties) == 0 && s.Properties["all"].Items != nil
			}},
		"recursive allOf": {"{$ref: '#/components/schemas/N'}", "N: {allOf: [{$ref: '#/components/schemas/N'}, {properties: {v: {type: string}}}]}",
			func(s *lr.Schema) bool { return s.Properties["v"] != nil }},
		"shared, not recursive": {"{type: object, properties: {a: {$ref: '#/components/schemas/T'}, b: {$ref: '#/components/schemas/T'}}}", "T: {type: object, properties: {v: {type: string}}}",
			func(s *lr.Schema) bool {
				return s.Properties["a"].Properties["v"] != nil && s.Properties["b"].Properties["v"] != nil
			}},
	} {
		t.Run(name, func(t *testing.T) {
			if s := bodyOf(t, tc.schema, tc.components); s == nil || !tc.check(s) {
				t.Errorf("got %+v", s)
			}
		})
	}
}

// A schema that is as wide as it is deep keeps its top and stays small.
func TestSchemaIsBounded(t *testing.T) {
	var c strings.Builder
	for i := range 40 {
		fmt.Fprintf(&c, "S%d: {type: object, properties: {", i)
		for j := range 40 {
			fmt.Fprintf(&c, "p%d: {$ref: '#/components/schemas/S%d'}, ", j, (i+j+1)%40)
		}
		c.WriteString("}}, ")
	}
	s := bodyOf(t, "{$ref: '#/components/schemas/S0'}", c.String())
	if len(s.Properties) != 40 {
		t.Errorf("got %d members at the top, want 40", len(s.Properties))
	}
	if n := count(s); n > 2000 {
		t.Errorf("got %d schemas, want few", n)
	}
}

func count(s *lr.Schema) int {
	if s == nil {
		return 0
	}
	n := 1 + count(s.Items)
	for _, p := range s.Properties {
		n += count(p)
	}
	for _, o := range s.OneOf {
		n += count(o)
	}
	return n
}

func TestBodyMediaType(t *testing.T) {
	for types, want := range map[string]string{
		"application/json":                                                  "application/json",
		"multipart/form-data,application/json":                              "application/json",
		"application/xml,application/x-www-form-urlencoded":                 "application/x-www-form-urlencoded",
		"multipart/form-data,application/x-www-form-urlencoded":             "application/x-www-form-urlencoded",
		"text/plain,multipart/form-data":                                    "multipart/form-data",
		"'*/*'":                                                             "application/json",
		"application/vnd.api+json,multipart/form-data":                      "application/vnd.api+json",
		"application/json; charset=utf-8,application/x-www-form-urlencoded": "application/json",
		"application/xml":                                                   "application/xml",
	} {
		var content []string
		for mt := range strings.SplitSeq(types, ",") {
			content = append(content, mt+": {schema: {type: object, title: t}}")
		}
		s := open(t, "openapi: 3.0.0\ninfo: {title: x}\npaths: {/a: {post: {requestBody: {content: {"+strings.Join(content, ", ")+"}}}}}")
		if b := s.Routes[0].Body; b.Type != want || b.Schema == nil {
			t.Errorf("%s: got %s %v, want %s", types, b.Type, b.Schema, want)
		}
	}
}

func TestSwaggerForms(t *testing.T) {
	for name, tc := range map[string]struct{ consumes, kind, want string }{
		"file":              {"", "file", "multipart/form-data"},
		"plain":             {"", "string", "application/x-www-form-urlencoded"},
		"multipart alone":   {"consumes: [multipart/form-data], ", "string", "multipart/form-data"},
		"form or multipart": {"consumes: [multipart/form-data, application/x-www-form-urlencoded], ", "string", "application/x-www-form-urlencoded"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, "swagger: '2.0'\ninfo: {title: x}\npaths: {/a: {post: {"+tc.consumes+"parameters: [{in: formData, name: f, required: true, type: "+tc.kind+"}]}}}")
			b := s.Routes[0].Body
			if b == nil || b.Type != tc.want || !b.Required || !slices.Equal(b.Schema.Required, []string{"f"}) || b.Schema.Properties["f"].Type != "string" {
				t.Errorf("got %+v", b)
			}
		})
	}
}

func TestHeadersThatAreNotParameters(t *testing.T) {
	s := open(t, "openapi: 3.0.0\ninfo: {title: x}\npaths: {/a: {get: {parameters: [{in: header, name: authorization, required: true}, {in: header, name: Accept}, {in: header, name: X-Tenant-ID, schema: {type: string}}, {in: cookie, name: c}]}}}")
	rt := s.Routes[0]
	if len(rt.Params) != 2 || rt.Params[0].Name != "X-Tenant-ID" || rt.Params[1].In != lr.InCookie || !rt.Secured {
		t.Errorf("got %+v, secured %v", rt.Params, rt.Secured)
	}
}
