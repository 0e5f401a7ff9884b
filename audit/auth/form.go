package auth

import (
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

// fieldsOf reads the fields of a request's body, JSON or form.
func fieldsOf(r *lr.Request) map[string]any {
	out := map[string]any{}
	if strings.Contains(r.Header.Get("Content-Type"), "x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			return out
		}
		for k, v := range form {
			out[k] = strings.Join(v, " ")
		}
		return out
	}
	if len(r.Body) > 0 && json.Unmarshal(r.Body, &out) != nil {
		return map[string]any{}
	}
	return out
}

// setFields writes the fields as the request's body, in the form it has.
func setFields(r *lr.Request, fields map[string]any) error {
	if strings.Contains(r.Header.Get("Content-Type"), "x-www-form-urlencoded") {
		form := url.Values{}
		for k, v := range fields {
			form.Set(k, fmt.Sprint(v))
		}
		r.Body = []byte(form.Encode())
		return nil
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return fmt.Errorf("write the body of %s %s: %w", r.Method, r.Path, err)
	}
	r.Body = b
	r.SetHeader("Content-Type", "application/json")
	return nil
}

// with adds fields to the request's body.
func with(r *lr.Request, fields map[string]any) error {
	all := fieldsOf(r)
	for k, v := range fields {
		all[k] = v
	}
	return setFields(r, all)
}

// field finds the property of a route's body with one of the names, normalised;
// a name with a trailing * matches as a part. "" when there is none.
func field(rt *lr.Route, names ...string) string {
	if rt.Body == nil || rt.Body.Schema == nil {
		return ""
	}
	props := make([]string, 0, len(rt.Body.Schema.Properties))
	for k := range rt.Body.Schema.Properties {
		props = append(props, k)
	}
	sort.Strings(props)
	for _, n := range names {
		for _, k := range props {
			p := plainName(k)
			if part, ok := strings.CutSuffix(n, "*"); ok && strings.Contains(p, part) || p == n {
				return k
			}
		}
	}
	return ""
}

// fieldOf is field for what a built request carries.
func fieldOf(fields map[string]any, names ...string) string {
	keys := make([]string, 0, len(fields))
	for k := range fields {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, n := range names {
		for _, k := range keys {
			p := plainName(k)
			if part, ok := strings.CutSuffix(n, "*"); ok && strings.Contains(p, part) || p == n {
				return k
			}
		}
	}
	return ""
}

// segments are the fixed segments of a path, in lower case and cut at hyphens.
func segments(path string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return r == '/' || r == '-' || r == '_' || r == ':' }) {
		if !strings.HasPrefix(s, "{") {
			out = append(out, s)
		}
	}
	return out
}

// hasSegment reports whether a path has one of the words as a segment.
func hasSegment(path string, words ...string) bool {
	for _, s := range segments(path) {
		for _, w := range words {
			if s == w {
				return true
			}
		}
	}
	return false
}
