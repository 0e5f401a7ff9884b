package input

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

// typed are values of types that a member may not have. Each holds a fresh word,
// so that one that comes back is ours.
func typed(t *lr.Trial, p *lr.Schema, path []any) []breach {
	if p.Type == "" || p.Mixed {
		return nil
	}
	w := word(t)
	var wrong []any
	switch p.Type {
	case "string":
		wrong = []any{map[string]any{"lr": w}, []any{w}, 104729}
	case "integer", "number":
		wrong = []any{w, map[string]any{"lr": w}}
		if p.Type == "integer" {
			wrong = append(wrong, 1.5)
		}
	case "boolean":
		wrong = []any{w, []any{w}}
	case "array":
		wrong = []any{w, map[string]any{"lr": w}}
	case "object":
		wrong = []any{w, []any{w}}
	}
	var out []breach
	for _, v := range wrong {
		out = append(out, breach{keyword: "type", path: path, value: v})
	}
	return out
}

// bounded are values that are just out of the bounds of length and size.
func bounded(t *lr.Trial, p *lr.Schema, path []any, required bool) []breach {
	var out []breach
	add := func(keyword string, v any) { out = append(out, breach{keyword: keyword, path: path, value: v}) }
	if p.Type == "string" && len(p.Enum) == 0 && p.Const == nil && p.Format != "binary" && p.Format != "byte" {
		if p.MaxLength > 0 && p.MaxLength < mega {
			add("maxLength", lengthened(t, p, p.MaxLength+1))
		}
		// An empty text is what many show where there is none.
		if p.MinLength > 1 || p.MinLength == 1 && required {
			add("minLength", lengthened(t, p, p.MinLength-1))
		}
	}
	if p.Type == "integer" || p.Type == "number" {
		if p.Maximum != nil && math.Abs(*p.Maximum) < 1<<52 {
			add("maximum", *p.Maximum+1)
		}
		if p.Minimum != nil && math.Abs(*p.Minimum) < 1<<52 && *p.Minimum != 1 { // 0 is what many show where there is none
			add("minimum", *p.Minimum-1)
		} else if p.Minimum != nil && *p.Minimum == 1 {
			add("minimum", -7.0)
		}
		if p.MultipleOf > 0 {
			v := p.MultipleOf * 1.5
			if p.Type != "integer" || v == math.Trunc(v) {
				add("multipleOf", v)
			}
		}
	}
	return out
}

// lengthened is a text of that many characters, which an address of mail or of
// the web still is where the description wants one.
func lengthened(t *lr.Trial, p *lr.Schema, n int) string {
	w := word(t)
	head, tail := w, ""
	switch p.Format {
	case "uri", "url":
		head = "https://example.test/" + w
	case "email":
		tail = "@example.test"
	}
	if n <= len(head)+len(tail) {
		if n <= len(w) {
			return w[:n]
		}
		return strings.Repeat("a", n)
	}
	return head + strings.Repeat("a", n-len(head)-len(tail)) + tail
}

// listed are lists of too many or too few elements, or of the same one twice.
func listed(t *lr.Trial, p *lr.Schema, path []any) []breach {
	if p.Type != "array" || p.Items == nil {
		return nil
	}
	var out []breach
	one := func(i int) any {
		if p.Items.Type == "string" && len(p.Items.Enum) == 0 && p.Items.Format == "" && p.Items.Pattern == "" && (p.Items.MaxLength == 0 || p.Items.MaxLength > 12) {
			return word(t)[:12]
		}
		if p.Items.Type == "integer" && len(p.Items.Enum) == 0 {
			return i + 1
		}
		if len(p.Items.Enum) > 0 {
			return p.Items.Enum[i%len(p.Items.Enum)]
		}
		return sample(p.Items, 0)
	}
	if p.MaxItems > 0 && p.MaxItems <= 1000 {
		list := make([]any, p.MaxItems+1)
		for i := range list {
			list[i] = one(i)
		}
		out = append(out, breach{keyword: "maxItems", path: path, value: list})
	}
	if p.MinItems > 1 {
		out = append(out, breach{keyword: "minItems", path: path, value: []any{one(0)}})
	}
	if v := one(0); p.Unique && v != nil {
		out = append(out, breach{keyword: "uniqueItems", path: path, value: []any{v, v}})
	}
	return out
}

// formatted are texts that are none of the allowed values, or not of the format
// or pattern that the description names.
func formatted(t *lr.Trial, p *lr.Schema, path []any) []breach {
	w := "lr " + word(t)
	if len(p.Enum) > 0 {
		return []breach{{keyword: "enum", path: path, value: unlike(p, w)}}
	}
	if p.Const != nil {
		return []breach{{keyword: "const", path: path, value: unlike(p, w)}}
	}
	if p.Type != "string" {
		return nil
	}
	var out []breach
	switch p.Format {
	case "email", "idn-email", "uri", "url", "uuid", "date-time", "date", "time", "ipv4", "ipv6", "hostname":
		if p.MaxLength == 0 || len(w) <= p.MaxLength {
			out = append(out, breach{keyword: "format", path: path, value: w})
		}
	}
	if re, err := regexp.Compile(p.Pattern); p.Pattern != "" && err == nil {
		for _, v := range []string{w, "\u00a7 " + w, "lr"} {
			if !re.MatchString(v) && (p.MaxLength == 0 || len(v) <= p.MaxLength) && len(v) >= p.MinLength {
				out = append(out, breach{keyword: "pattern", path: path, value: v})
				break
			}
		}
	}
	return out
}

// unlike is a value of the right type that is none of the allowed ones.
func unlike(p *lr.Schema, w string) any {
	if p.Type == "integer" || p.Type == "number" {
		return 104729
	}
	if p.MaxLength > 0 && len(w) > p.MaxLength {
		return w[len(w)-p.MaxLength:]
	}
	return w
}

// missing leaves a required member out, and says null where null is not allowed.
// It stands where the owner sees nothing, and saw something of a whole object: a
// default that the server fills in is none.
func missing(path []any, p *lr.Schema) []breach {
	stands := func(got any, _ bool, plain any) bool { return void(got) && !void(plain) }
	if p.Type == "boolean" || p.Type == "integer" || p.Type == "number" {
		stands = func(got any, _ bool, plain any) bool { return got == nil && plain != nil }
	}
	out := []breach{{keyword: "required", path: path, absent: true, stands: stands}}
	if !p.Nullable && p.Type != "" && !p.Mixed {
		out = append(out, breach{keyword: "required", path: path, value: nil, stands: stands})
	}
	return out
}

// void reports what is as good as nothing.
func void(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == "" || v == "null" || v == "undefined" || v == "None"
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// extraGravity is how much an unknown member matters: where the description
// closes the object, more than where it only does not open it.
func extraGravity(sc *lr.Schema) lr.Severity {
	if sc.Closed {
		return lr.Medium
	}
	return lr.Low
}

// alike compares what was sent with what came back, as JSON.
func alike(got, sent any) bool {
	b, err := json.Marshal(sent)
	if err != nil {
		return false
	}
	var v any
	return json.Unmarshal(b, &v) == nil && reflect.DeepEqual(got, v)
}

// sample is a value that the description allows, nil when it is not plain which.
func sample(p *lr.Schema, depth int) any {
	switch {
	case p == nil || depth > 4:
		return nil
	case p.Example != nil:
		return p.Example
	case p.Default != nil:
		return p.Default
	case p.Const != nil:
		return p.Const
	case len(p.Enum) > 0:
		return p.Enum[0]
	}
	switch p.Type {
	case "object":
		m := map[string]any{}
		for _, name := range p.Required {
			m[name] = sample(p.Properties[name], depth+1)
		}
		return m
	case "array":
		if p.MinItems > 0 {
			return []any{sample(p.Items, depth+1)}
		}
		return []any{}
	case "integer", "number":
		if p.Minimum != nil {
			return *p.Minimum
		}
		return 1
	case "boolean":
		return false
	case "string":
		return strings.Repeat("lr", max(1, (p.MinLength+1)/2))
	}
	return nil
}

// short is a value as a report shows it.
func short(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	if len(b) > 80 {
		return string([]rune(string(b[:60]))) + "… (" + lengthOf(v) + ")"
	}
	return string(b)
}
