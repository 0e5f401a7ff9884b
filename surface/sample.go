package surface

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// sampled gives the schema that one sample fits, and that is as narrow as the
// sample lets guess: what an application takes of a role or a locale it rarely
// takes of any text.
func sampled(name string, v any, depth int) *lr.Schema {
	s := &lr.Schema{}
	switch v := v.(type) {
	case string:
		if m := placeholder.FindStringSubmatch(v); m != nil {
			return stoodFor(strings.ToLower(m[1]))
		}
		if s.Type = "string"; unfilled(v) {
			return s
		}
		s.Format = formatOf(name, v)
		if credential(name) {
			return s // it is somebody's
		}
		s.Example = v
		if s.Format == "" && closedSet(name) && word.MatchString(v) {
			s.Enum = []any{v}
		}
	case bool:
		s.Type, s.Example = "boolean", v
	case float64:
		s.Type, s.Example = "number", v
		if v == float64(int64(v)) {
			s.Type = "integer"
		}
	case []any:
		s.Type, s.Example = "array", v
		if len(v) > 0 && depth < maxSchemaDepth {
			s.Items = sampled(name, v[0], depth+1)
			for _, e := range v[1:min(len(v), 20)] {
				s.Items = merged(s.Items, sampled(name, e, depth+1), true)
			}
		}
	case map[string]any:
		s.Type, s.Properties = "object", map[string]*lr.Schema{}
		if depth >= maxSchemaDepth {
			break
		}
		for _, k := range sortedKeys(v) {
			p := sampled(k, v[k], depth+1)
			s.Properties[k] = p
			if text, ok := v[k].(string); !ok || !placeholder.MatchString(text) {
				s.Required = append(s.Required, k)
			}
		}
		if !holdsCredential(v, 0) {
			s.Example = shown(v)
		}
	}
	return s
}

// optional is the schema with nothing required: one example says what may be
// sent, and not what must be.
func optional(s *lr.Schema) *lr.Schema {
	if s == nil {
		return nil
	}
	s.Required = nil
	optional(s.Items)
	for _, p := range s.Properties {
		optional(p)
	}
	return s
}

// merged is the schema that samples of both fit. What one of them lacks is not
// required; where only one of them was accepted, it alone decides that.
func merged(a, b *lr.Schema, bothOK bool) *lr.Schema {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.Type == "":
		a.Type = b.Type
	case b.Type != "" && a.Type != b.Type:
		if number := []string{"integer", "number"}; slices.Contains(number, a.Type) && slices.Contains(number, b.Type) {
			a.Type = "number"
		} else {
			return &lr.Schema{OneOf: []*lr.Schema{a, b}}
		}
	}
	if a.Format != b.Format {
		a.Format = ""
	}
	if len(a.Enum) > 0 && len(b.Enum) > 0 {
		for _, e := range b.Enum {
			if !slices.Contains(a.Enum, e) && len(a.Enum) < 50 {
				a.Enum = append(a.Enum, e)
			}
		}
	} else {
		a.Enum = nil
	}
	if a.Example == nil {
		a.Example = b.Example
	}
	if b.Items != nil {
		a.Items = merged(a.Items, b.Items, bothOK)
	}
	if a.Properties == nil && b.Properties != nil {
		a.Properties = map[string]*lr.Schema{}
	}
	for _, k := range sortedKeys(b.Properties) {
		a.Properties[k] = merged(a.Properties[k], b.Properties[k], bothOK)
	}
	if bothOK && a.Type == "object" {
		a.Required = slices.DeleteFunc(a.Required, func(k string) bool { return !slices.Contains(b.Required, k) })
	}
	return a
}

var (
	word     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:/+-]{0,39}$`)
	unfill   = regexp.MustCompile(`^\{\{[^{}]*\}\}$`)
	secretly = regexp.MustCompile(`^(password|passwd|passphrase|pass|pwd|secret|token|jwt|otp|pin|cvv|cvc|apikey|credential|credentials|authorization|signature|sig|session|sessionid|sid|csrf|xsrf|assertion|code)$`)
)

// placeholder is what Postman writes for a value when it imports a description.
var placeholder = regexp.MustCompile(`^<([A-Za-z]{3,12})>$`)

// stoodFor is the schema of a placeholder.
func stoodFor(kind string) *lr.Schema {
	switch kind {
	case "boolean", "integer", "number":
		return &lr.Schema{Type: kind}
	case "long", "int":
		return &lr.Schema{Type: "integer"}
	case "float", "double":
		return &lr.Schema{Type: "number"}
	case "email", "uuid", "uri", "date", "password":
		return &lr.Schema{Type: "string", Format: kind}
	case "datetime":
		return &lr.Schema{Type: "string", Format: "date-time"}
	}
	return &lr.Schema{Type: "string"}
}

// shown is an example without what stands for a value.
func shown(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if s, text := e.(string); !text || !unfilled(s) && !placeholder.MatchString(s) {
				out[k] = shown(e)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			if s, text := e.(string); !text || !unfilled(s) && !placeholder.MatchString(s) {
				out = append(out, shown(e))
			}
		}
		return out
	}
	return v
}

// unfilled reports a variable that nothing fills.
func unfilled(v string) bool { return unfill.MatchString(v) }

// credential reports a name under which credentials travel.
func credential(name string) bool {
	w := wordsOf(name)
	if len(w) == 0 {
		return false
	}
	last := w[len(w)-1]
	if len(w) == 1 && last == "ticket" { // opens a socket once; a ticket of a help desk has an id or a number
		return true
	}
	return secretly.MatchString(last) && !(last == "code" && len(w) > 1 && oneOf(w[len(w)-2], "country", "language", "currency", "status", "zip", "postal", "error")) ||
		slices.ContainsFunc(w, func(x string) bool { return oneOf(x, "password", "passwd", "secret", "apikey") }) ||
		len(w) > 1 && last == "key" && oneOf(w[len(w)-2], "api", "access", "private", "secret", "signing")
}

// holdsCredential reports that a value of a body is somebody's secret.
func holdsCredential(v any, depth int) bool {
	if depth > maxSchemaDepth {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if s, text := e.(string); text && s != "" && credential(k) || holdsCredential(e, depth+1) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return holdsCredential(e, depth+1) })
	}
	return false
}

// closedSet reports a member that usually takes one of a few words.
func closedSet(name string) bool {
	w := wordsOf(name)
	if len(w) == 0 {
		return false
	}
	return oneOf(Singular(w[len(w)-1]), "role", "status", "state", "type", "kind", "plan", "model", "format", "locale", "language", "lang", "timezone",
		"visibility", "priority", "mode", "currency", "country", "level", "sort", "order", "direction", "event", "scope", "permission", "category",
		"theme", "provider", "granttype", "color", "colour", "tier", "severity", "unit", "period", "interval", "encoding", "mimetype", "region")
}

// formatOf tells a format that the value has and the name does not gainsay.
func formatOf(name, v string) string {
	switch low := strings.Join(wordsOf(name), ""); {
	case strings.Contains(low, "password"):
		return "password"
	case len(v) > 200:
		return ""
	case uuidRE.MatchString(v):
		return "uuid"
	}
	if a, err := mail.ParseAddress(v); err == nil && a.Address == v && strings.Contains(v, ".") {
		return "email"
	}
	if u, err := url.Parse(v); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return "uri"
	}
	if _, err := time.Parse(time.RFC3339, v); err == nil {
		return "date-time"
	}
	if _, err := time.Parse(time.DateOnly, v); err == nil {
		return "date"
	}
	return ""
}
