package input

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

// TestBreaches: each keyword is broken, and by nothing that keeps it.
func TestBreaches(t *testing.T) {
	t.Parallel()
	tr := hostileTrial(t, newHostileApp())
	sc := noteSchema()
	sc.Properties["password"] = &lr.Schema{Type: "string", MinLength: 8}
	sc.Properties["id"] = &lr.Schema{Type: "string", ReadOnly: true}
	sc.Properties["either"] = &lr.Schema{OneOf: []*lr.Schema{{Type: "string"}, {Type: "integer"}}}
	sc.Properties["mixed"] = &lr.Schema{Type: "string", Mixed: true}
	sc.Properties["step"] = &lr.Schema{Type: "number", MultipleOf: 0.5, Minimum: f64(10)}
	sc.Properties["set"] = &lr.Schema{Type: "array", Unique: true, MinItems: 2, Items: &lr.Schema{Type: "integer"}}
	sc.Properties["fixed"] = &lr.Schema{Type: "string", Const: "one"}
	sc.Properties["inner"] = &lr.Schema{Type: "object", Closed: true, Required: []string{"deep"}, Properties: map[string]*lr.Schema{"deep": {Type: "object", Properties: map[string]*lr.Schema{"at": {Type: "boolean"}}}}}
	got := map[string]int{}
	places := map[string]bool{}
	for _, b := range breachesOf(tr, sc) {
		got[b.keyword]++
		places[b.place()] = true
		if !b.absent && b.keyword == "pattern" && regexp.MustCompile(sc.Properties["code"].Pattern).MatchString(b.value.(string)) {
			t.Errorf("%v keeps its pattern", b.value)
		}
	}
	for _, k := range []string{"type", "required", "additionalProperties", "minLength", "maxLength", "minimum", "maximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "enum", "const", "format", "pattern"} {
		if got[k] == 0 {
			t.Errorf("%s is never broken: %v", k, got)
		}
	}
	for _, never := range []string{"password", "id", "either", "mixed"} {
		if places[never] {
			t.Errorf("%s is broken", never)
		}
	}
	for _, want := range []string{"inner.deep.at", "tags[]", "inner.deep"} {
		if !places[want] {
			t.Errorf("%s is not broken: %v", want, slices.Sorted(maps.Keys(places)))
		}
	}
	if breachesOf(tr, nil) != nil || len(breachesOf(tr, &lr.Schema{})) != 0 {
		t.Error("what says nothing is broken")
	}
	if n := len(spread(make([]breach, 100), 12)); n != 12 {
		t.Errorf("%d of 100", n)
	}
}

// TestSet writes breaches where they belong and leaves the rest as it was.
func TestSet(t *testing.T) {
	t.Parallel()
	sc := &lr.Schema{Type: "object", Properties: map[string]*lr.Schema{
		"a": {Type: "string"},
		"b": {Type: "object", Required: []string{"c"}, Properties: map[string]*lr.Schema{"c": {Type: "string", Example: "see"}, "d": {Type: "integer"}}},
		"l": {Type: "array", Items: &lr.Schema{Type: "object", Required: []string{"n"}, Properties: map[string]*lr.Schema{"n": {Type: "integer", Minimum: f64(4)}}}},
	}}
	for name, tc := range map[string]struct {
		path   []any
		absent bool
		want   string
	}{
		"a member":             {[]any{"a"}, false, `{"a":"X"}`},
		"absent":               {[]any{"a"}, true, `{}`},
		"absent already":       {[]any{"z"}, true, ""},
		"a member of a member": {[]any{"b", "d"}, false, `{"a":"1","b":{"c":"see","d":"X"}}`},
		"an element":           {[]any{"l", 0}, false, `{"a":"1","l":["X"]}`},
		"of an element":        {[]any{"l", 0, "n"}, false, `{"a":"1","l":[{"n":"X"}]}`},
		"nowhere":              {[]any{"q", "r"}, false, ""},
	} {
		body := map[string]any{"a": "1"}
		got := ""
		if set(body, tc.path, breach{path: tc.path, value: "X", absent: tc.absent}, sc) {
			got = string(marshalled(body))
		}
		if got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
		var v any
		if json.Unmarshal([]byte(tc.want), &v) == nil && !tc.absent {
			if x, ok := at(v, tc.path); !ok || x != "X" {
				t.Errorf("%s: reads %v", name, x)
			}
		}
	}
	if _, ok := at(map[string]any{"a": 1}, []any{"a", "b"}); ok {
		t.Error("a member of a number")
	}
	if _, ok := at([]any{}, []any{0}); ok {
		t.Error("an element of nothing")
	}
}

func TestBent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sent  string
		got   any
		shown bool
		want  bool
	}{
		"cut":           {"259", 3.0, true, true},
		"sign turned":   {"9223372036854775808", -9223372036854775808.0, true, true},
		"infinite":      {"1e400", "Infinity", true, true},
		"as sent":       {"259", 259.0, true, false},
		"rounded":       {"18446744073709551619", 18446744073709551616.0, true, false},
		"clamped":       {"259", 5.0, true, false},
		"clamped below": {"-9223372036854775809", 1.0, true, false},
		"null":          {"1e400", nil, true, false},
		"not shown":     {"259", nil, false, false},
		"as text":       {"259", "259", true, false},
	} {
		if got := bent("level", tc.sent, tc.got, tc.shown, 3); (got != "") != tc.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestDoubled(t *testing.T) {
	t.Parallel()
	b, err := doubled(map[string]any{"a": 1, "b": "x"}, "a", "first", nil)
	if err != nil || string(b) != `{"a":"first","b":"x","a":null}` || !json.Valid(b) {
		t.Errorf("got %s (%v)", b, err)
	}
	if b, err = doubled(map[string]any{"a": 1}, "a", 1, 2); err != nil || string(b) != `{"a":1,"a":2}` {
		t.Errorf("got %s (%v)", b, err)
	}
}

func TestDepthOf(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{`{}`: 1, `{"a":[[1],{"b":[]}]}`: 4, `"[[["`: 0, `{"a":"\"[["}`: 1, `]]]`: 0, "": 0} {
		if got := depthOf([]byte(body)); got != want {
			t.Errorf("%s: got %d, want %d", body, got, want)
		}
	}
}

func TestSpoilings(t *testing.T) {
	t.Parallel()
	whole := []byte(`{"title":"lr1-unit"}`)
	for _, s := range spoilings() {
		b := s.spoil(slices.Clone(whole))
		if json.Valid(b) || !strings.Contains(string(b), "lr1-unit") {
			t.Errorf("%s: %s", s.name, b)
		}
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		media  string
		body   string
		want   bool
	}{
		"JSON":              {200, "application/json", `{"a":"\u0000"}`, false},
		"a problem":         {404, "application/problem+json", `{`, false},
		"broken JSON":       {200, "application/json", `{"a":"\x00"}`, true},
		"not UTF-8":         {200, "application/json; charset=utf-8", "\"\xff\"", true},
		"an error":          {500, "text/plain", "", true},
		"busy":              {503, "text/plain", "", false},
		"a page":            {200, "text/html", "{", false},
		"nothing":           {200, "application/json", "", false},
		"not implemented":   {501, "application/json", "", false},
		"a broken gateway":  {502, "application/json", "{", false},
		"an unknown 5xx":    {520, "application/json", "", false},
		"an internal error": {505, "application/json", "", true},
	} {
		x := &lr.Exchange{Status: tc.status, Header: map[string][]string{"Content-Type": {tc.media}}, Body: []byte(tc.body)}
		if got := unreadable(x); (got != "") != tc.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestLengthened(t *testing.T) {
	t.Parallel()
	tr := hostileTrial(t, newHostileApp())
	for _, format := range []string{"", "email", "uri"} {
		for _, n := range []int{0, 1, 20, 60, 201, 5000} {
			s := lengthened(tr, &lr.Schema{Format: format}, n)
			if len(s) != n || n > 60 && format == "email" && !strings.HasSuffix(s, "@example.test") || n > 60 && format == "uri" && !strings.HasPrefix(s, "https://example.test/") {
				t.Errorf("%s, %d: %d characters: %.80s", format, n, len(s), s)
			}
		}
	}
}

func TestCoverageTells(t *testing.T) {
	t.Parallel()
	c := &coverage{}
	c.count("type", true)
	c.count("type", false)
	c.count("enum", true)
	if got := c.String(); got != "enum 1 of 1, type 1 of 2" {
		t.Errorf("got %s", got)
	}
	tr := hostileTrial(t, newStrict().hostileApp)
	if v := putHostile(t, "input/schema-bounds", tr); !strings.Contains(v.says, "maxLength 3 of 3") || !strings.Contains(v.says, "maximum 1 of 1") {
		t.Errorf("the coverage is not told: %s", v.says)
	}
}

// FuzzChanged spoils bodies: nothing panics, and what is written in stands in it.
func FuzzChanged(f *testing.F) {
	for _, seed := range []string{`{"title":"a","level":1}`, `{}`, `[]`, `{"a":{"b":[1]}}`, "\xff", `{"a":"\ud800"}`} {
		f.Add(seed, "title", uint64(7))
	}
	f.Fuzz(func(t *testing.T, body, name string, n uint64) {
		mutated([]byte(body), n)
		allTexts([]byte(body), name)
		depthOf([]byte(body))
		for _, s := range spoilings() {
			s.spoil([]byte(body))
		}
		r := &lr.Request{Body: []byte(body)}
		if withRaw(r, name, fmt.Sprint(n)) == nil && body != "" && !json.Valid(r.Body) {
			t.Errorf("%q is no JSON", r.Body)
		}
		x := &lr.Exchange{Status: 200, Header: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(body)}
		if unreadable(x) == "" && len(body) > 0 && !json.Valid([]byte(body)) {
			t.Errorf("%q is readable", body)
		}
		longest(x)
	})
}
