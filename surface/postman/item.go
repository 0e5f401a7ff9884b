package postman

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// reader unfolds a collection.
type reader struct {
	c      *Collection
	warned map[string]bool
}

// place is what a folder hands down.
type place struct {
	folder []string
	auth   *Auth
	scope  []Variable
	sets   []Set
}

func (r *reader) warn(format string, args ...any) {
	w := fmt.Sprintf(format, args...)
	if r.warned == nil {
		r.warned = map[string]bool{}
	}
	if !r.warned[w] && len(r.c.Warnings) < maxWarnings {
		r.warned[w] = true
		r.c.Warnings = append(r.c.Warnings, w)
	}
}

func (r *reader) items(v any, at place) {
	list, _ := v.([]any)
	for i, e := range list {
		m := object(e)
		switch {
		case m == nil:
			r.warn("%s: item %d is no object; left out", in(at.folder), i+1)
			continue
		case len(r.c.Requests) >= maxRequests:
			r.warn("only the first %d requests were read", maxRequests)
			return
		}
		own := at
		if a := authOf(m["auth"]); a != nil {
			own.auth = a
		}
		if vars := variables(m["variable"]); len(vars) > 0 {
			own.scope = append(slices.Clone(at.scope), vars...)
		}
		own.sets = append(slices.Clone(at.sets), setsOf(m["event"])...)
		if _, folder := m["item"].([]any); folder && m["request"] == nil {
			if own.folder = append(slices.Clone(at.folder), text(m["name"])); len(own.folder) > maxFolders {
				r.warn("folders are nested deeper than %d; the rest is left out", maxFolders)
				continue
			}
			r.items(m["item"], own)
			continue
		}
		if m["request"] == nil {
			r.warn("%s: item %q has no request; left out", in(at.folder), clip(text(m["name"])))
			continue
		}
		r.request(m, own)
	}
}

func in(folder []string) string {
	if len(folder) == 0 {
		return "collection"
	}
	return "folder " + clip(strings.Join(folder, " / "))
}

func (r *reader) request(m map[string]any, at place) {
	q := &Request{Name: text(m["name"]), Folder: at.folder, Method: "GET", Auth: at.auth, Scope: at.scope, Sets: at.sets, Replies: replies(m["response"])}
	switch v := m["request"].(type) {
	case string: // the URL of a GET
		q.URL = address(v)
	case map[string]any:
		if s := strings.ToUpper(text(v["method"])); s != "" {
			q.Method = s
		}
		q.URL = address(v["url"])
		q.Header = headers(v["header"])
		q.Body = bodyOf(v["body"], q.Header)
		if a := authOf(v["auth"]); a != nil {
			q.Auth = a
		}
	default:
		r.warn("request %q is neither an object nor a URL; left out", clip(q.Name))
		return
	}
	for _, c := range q.Method {
		if (c < 'A' || c > 'Z') && c != '-' {
			r.warn("request %q: method %.20q is none; left out", clip(q.Name), q.Method)
			return
		}
	}
	if q.URL.Raw == "" {
		r.warn("request %q has no URL; left out", clip(q.Name))
		return
	}
	r.c.Requests = append(r.c.Requests, q)
}

// address reads a URL, which is a string or taken apart.
func address(v any) URL {
	var u URL
	switch v := v.(type) {
	case string:
		u.Raw = v
	case map[string]any:
		u.Raw = text(v["raw"])
		if list, ok := v["query"].([]any); ok {
			u.Query = fields(list)
		}
		u.Params = variables(v["variable"])
		if apart := assembled(v); u.Raw == "" || apart != "" && !strings.Contains(u.Raw, "/") {
			u.Raw = apart
		}
	}
	u.Raw = strings.TrimSpace(u.Raw)
	u.Raw, _, _ = strings.Cut(u.Raw, "#")
	raw, query, has := strings.Cut(u.Raw, "?")
	if u.Raw = raw; has && u.Query == nil {
		for pair := range strings.SplitSeq(query, "&") {
			if name, value, _ := strings.Cut(pair, "="); name != "" {
				u.Query = append(u.Query, Field{Name: name, Value: lr.NewSecret(value)})
			}
		}
	}
	return u
}

// assembled puts a URL together from its parts.
func assembled(m map[string]any) string {
	host, path := joined(m["host"], "."), joined(m["path"], "/")
	if host == "" && path == "" {
		return ""
	}
	s := host
	if p := text(m["protocol"]); p != "" && host != "" && !strings.Contains(host, "://") {
		s = p + "://" + host
	}
	if port := text(m["port"]); port != "" {
		s += ":" + port
	}
	return s + "/" + strings.TrimPrefix(path, "/")
}

// joined reads a list of texts, or of {"value": …}, or one text.
func joined(v any, sep string) string {
	list, ok := v.([]any)
	if !ok {
		return text(v)
	}
	parts := make([]string, 0, len(list))
	for _, e := range list {
		if m := object(e); m != nil {
			e = m["value"]
		}
		parts = append(parts, text(e))
	}
	return strings.Join(parts, sep)
}

// headers reads a list of fields, or the lines that 2.0 allows.
func headers(v any) []Field {
	if list, ok := v.([]any); ok {
		return fields(list)
	}
	var out []Field
	for line := range strings.Lines(text(v)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && name != "" {
			out = append(out, Field{Name: strings.TrimSpace(name), Value: lr.NewSecret(strings.TrimSpace(value))})
		}
	}
	return out
}

func fields(list []any) []Field {
	var out []Field
	for _, e := range list {
		m := object(e)
		name := text(m["key"])
		if name == "" {
			continue
		}
		f := Field{Name: name, Value: lr.NewSecret(text(m["value"])), Type: text(m["contentType"])}
		f.Disabled, _ = m["disabled"].(bool)
		f.File = text(m["type"]) == "file"
		out = append(out, f)
	}
	return out
}

func variables(v any) []Variable {
	var out []Variable
	if m, ok := v.(map[string]any); ok { // {"name": "value"}, as some exporters write
		for _, name := range slices.Sorted(maps.Keys(m)) {
			out = append(out, Variable{Name: name, Value: lr.NewSecret(text(m[name]))})
		}
		return out
	}
	list, _ := v.([]any)
	for _, e := range list {
		m := object(e)
		name := text(m["key"])
		if name == "" {
			name = text(m["id"])
		}
		if name == "" {
			continue
		}
		x := Variable{Name: name, Value: lr.NewSecret(text(m["value"])), Secret: text(m["type"]) == "secret"}
		x.Disabled, _ = m["disabled"].(bool)
		if on, ok := m["enabled"].(bool); ok && !on {
			x.Disabled = true
		}
		out = append(out, x)
	}
	return out
}

// authOf reads an auth block. Its values are a list in 2.1 and an object in 2.0.
func authOf(v any) *Auth {
	m := object(v)
	kind := text(m["type"])
	if kind == "" {
		return nil
	}
	a := &Auth{Type: strings.ToLower(kind), Values: map[string]lr.Secret{}}
	switch values := m[kind].(type) {
	case []any:
		for _, e := range values {
			if f := object(e); text(f["key"]) != "" {
				a.Values[text(f["key"])] = lr.NewSecret(text(f["value"]))
			}
		}
	case map[string]any:
		for k, e := range values {
			a.Values[k] = lr.NewSecret(text(e))
		}
	}
	return a
}

func replies(v any) []Reply {
	var out []Reply
	list, _ := v.([]any)
	for _, e := range list[:min(len(list), 20)] {
		m := object(e)
		if m == nil {
			continue
		}
		p := Reply{Name: text(m["name"]), Body: text(m["body"])}
		if n, ok := m["code"].(float64); ok {
			p.Status = int(n)
		}
		for _, h := range headers(m["header"]) {
			if strings.EqualFold(h.Name, "Content-Type") {
				p.Type = h.Value.Reveal()
			}
		}
		out = append(out, p)
	}
	return out
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// text is a scalar as text, and of an object the content that descriptions have.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%f", v), "0"), ".")
	case bool:
		return fmt.Sprint(v)
	}
	return ""
}

func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
