package input_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/input"
)

// introspection is what tools ask for a schema (graphql-js, getIntrospectionQuery).
const introspection = `query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name }
types { ...FullType } directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
inputFields { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }`

func document(t testing.TB, docs ...string) string {
	t.Helper()
	var all []map[string]any
	for _, d := range docs {
		all = append(all, map[string]any{"query": d})
	}
	var v any = all
	if len(docs) == 1 {
		v = all[0]
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestGraphQL: what one request asks is bounded wherever its documents stand, and
// however they are written.
func TestGraphQL(t *testing.T) {
	c := input.Check{Graph: map[string]*input.GraphQL{"/**": input.GraphQL{}.Filled()}}
	const js = "application/json"
	doubled := "{...F0}" + repeat(40, "fragment F%[1]d on Q {...G%[1]d ...G%[1]d}") // each spreads the next one twice
	for i := range 40 {
		doubled = strings.ReplaceAll(doubled, fmt.Sprintf("...G%d ", i), fmt.Sprintf("x{...F%d} ", i+1))
		doubled = strings.ReplaceAll(doubled, fmt.Sprintf("...G%d}", i), fmt.Sprintf("y{...F%d}}", i+1))
	}
	for name, r := range map[string]struct {
		method, target, kind, body string
		want                       int
	}{
		"an operation":            {"POST", "/q", js, document(t, `query A($x: ID!) { me { name } chat(id: $x) { title } }`), 0},
		"a tool":                  {"POST", "/q", js, document(t, introspection), 0},
		"a few aliases":           {"POST", "/q", js, document(t, "{"+repeat(20, "a%d: me ")+"}"), 0},
		"many":                    {"POST", "/q", js, document(t, "{"+repeat(21, "a%d: me ")+"}"), 400},
		"in a mutation":           {"POST", "/q", js, document(t, "mutation {"+repeat(21, "a%d: login(p: \"x\") ")+"}"), 400},
		"in another operation":    {"POST", "/q", js, document(t, "query A { me } query B {"+repeat(21, "a%d: me ")+"}"), 400},
		"below a field":           {"POST", "/q", js, document(t, "{ me {"+repeat(21, "a%d: name ")+"} }"), 400},
		"by a fragment":           {"POST", "/q", js, document(t, "{ x: a{...F} y: b{...F} } fragment F on Q {"+repeat(10, "a%d: me ")+"}"), 400},
		"in an inline fragment":   {"POST", "/q", js, document(t, "{ ... on Q {"+repeat(21, "a%d: me ")+"} }"), 400},
		"texts that look like it": {"POST", "/q", js, document(t, `{ say(text: "`+repeat(50, "a%d: b ")+`") # `+repeat(50, "a%d: b ")+"\n}"), 0},
		"a batch":                 {"POST", "/q", js, document(t, strings.Split(strings.Repeat("{me} ", 10), " ")[:10]...), 0},
		"a long batch":            {"POST", "/q", js, document(t, strings.Split(strings.Repeat("{me} ", 11), " ")[:11]...), 400},
		"a batch of aliases":      {"POST", "/q", js, document(t, "{"+repeat(11, "a%d: me ")+"}", "{"+repeat(10, "b%d: me ")+"}"), 400},
		"deep":                    {"POST", "/q", js, document(t, strings.Repeat("{a", 16)+strings.Repeat("}", 16)), 0},
		"too deep":                {"POST", "/q", js, document(t, strings.Repeat("{a", 17)+strings.Repeat("}", 17)), 400},
		"deep by fragments":       {"POST", "/q", js, document(t, strings.Repeat("{a", 9)+"{...F}"+strings.Repeat("}", 9)+" fragment F on Q "+strings.Repeat("{a", 9)+strings.Repeat("}", 9)), 400},
		"without end":             {"POST", "/q", js, document(t, strings.Repeat("{a", 200_000)), 400},
		"wide":                    {"POST", "/q", js, document(t, "{"+repeat(1001, "f%d ")+"}"), 400},
		"fragments that double":   {"POST", "/q", js, document(t, doubled), 400},
		"a circle":                {"POST", "/q", js, document(t, "{...F} fragment F on Q {...G} fragment G on Q {a{...F}}"), 400},
		"a circle nobody meets":   {"POST", "/q", js, document(t, "{me} fragment F on Q {a{...F}}"), 0},
		"no document":             {"POST", "/q", js, document(t, "{me"), 400},
		"another case":            {"POST", "/q", js, `{"Query": "{` + repeat(21, "a%d: me ") + `}"}`, 400},
		"twice":                   {"POST", "/q", js, `{"query": "{me}", "QUERY": "{me}"}`, 400},
		"no text":                 {"POST", "/q", js, `{"query": ["{me}"]}`, 400},
		"no object":               {"POST", "/q", js, `["{me}"]`, 400},
		"a persisted operation":   {"POST", "/q", js, `{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "x"}}}`, 0},
		"in the query":            {"GET", "/q?query=" + url.QueryEscape("{"+repeat(21, "a%d: me ")+"}"), "", "", 400},
		"in query and body":       {"POST", "/q?query=" + url.QueryEscape("{"+repeat(11, "a%d: me ")+"}"), js, document(t, "{"+repeat(10, "a%d: me ")+"}"), 400},
		"a document as it is":     {"POST", "/q", "application/graphql", "{" + repeat(21, "a%d: me ") + "}", 400},
		"a form":                  {"POST", "/q", "application/x-www-form-urlencoded", "query=%7Bme%7D", 415},
		"a text":                  {"POST", "/q", "text/plain", document(t, "{me}"), 415},
		"a page that is read":     {"GET", "/q", "", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got, why := asked(t, c, r.method, r.target, r.kind, r.body); got != r.want {
				t.Errorf("%d %s, want %d", got, why, r.want)
			}
		})
	}
	other := input.Check{Graph: map[string]*input.GraphQL{"/graphql": input.GraphQL{}.Filled()}}
	if got, why := asked(t, other, "POST", "/q", js, document(t, "{"+repeat(50, "a%d: me ")+"}")); got != 0 {
		t.Errorf("another route: %d %s", got, why)
	}
}

// FuzzGraphQL: whatever is sent is judged, in bounded time; and what passes has no
// more operations of a batch than it may.
func FuzzGraphQL(f *testing.F) {
	f.Add("{ a: me ...F } fragment F on Q { b: me }", "me")
	f.Add(introspection, "{")
	c := input.Check{Graph: map[string]*input.GraphQL{"/**": input.GraphQL{Aliases: 2}.Filled()}}
	f.Fuzz(func(t *testing.T, doc, name string) {
		status, _ := asked(t, c, "POST", "/q", "application/json", document(t, doc))
		more, _ := asked(t, c, "POST", "/q", "application/json", document(t, doc, doc))
		if status != 0 && more == 0 {
			t.Errorf("%q is refused alone, and not beside itself", doc)
		}
		if asks := "{ a1: " + name + " a2: " + name + " a3: " + name + " }"; !strings.ContainsAny(name, "{}\"#") && name != "" {
			if got, _ := asked(t, c, "POST", "/q", "application/json", document(t, asks)); got == 0 {
				t.Errorf("%q passes", asks)
			}
		}
	})
}
