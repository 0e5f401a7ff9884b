package chat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

// values are what the variables of a template stand for.
type values map[string]any

// valuesOf are the variables of one message. $messages is the history with the
// message at its end, as OpenAI writes it; $parts the same as the Vercel AI SDK
// writes it; $history the history alone.
func valuesOf(m lr.Message, user, id string, attach any) values {
	v := values{"$message": m.Text, "$id": id, "$user": user, "$conversation": m.Conversation}
	var history, messages, parts []any
	for _, t := range append(append([]lr.Turn{}, m.History...), lr.Turn{Role: "user", Text: m.Text}) {
		messages = append(messages, map[string]any{"role": t.Role, "content": t.Text})
		parts = append(parts, map[string]any{"id": id + "-" + fmt.Sprint(len(parts)), "role": t.Role, "parts": []any{map[string]any{"type": "text", "text": t.Text}}})
	}
	history = messages[:len(messages)-1]
	v["$messages"], v["$parts"] = messages, parts
	if len(history) > 0 {
		v["$history"] = history
	}
	var files []any
	for _, f := range m.Files {
		one, _ := fill(attach, values{"$file": f})
		files = append(files, one)
	}
	if len(files) > 0 {
		v["$files"] = files
	}
	return v
}

// verb is the template's method; POST where it names none.
func (t Template) verb() string {
	if t.Method == "" {
		return http.MethodPost
	}
	return t.Method
}

// build makes the request of a template.
func (t Template) build(v values) (*lr.Request, error) {
	path, _ := fill(t.Path, escaped(v))
	r := &lr.Request{Method: t.verb(), Path: fmt.Sprint(path), Header: http.Header{}}
	if !strings.HasPrefix(r.Path, "/") && !strings.Contains(r.Path, "://") {
		return nil, fmt.Errorf("chat request %s %q: the path does not begin with /", r.Method, t.Path)
	}
	for name, value := range t.Header {
		if text, ok := fill(value, v); ok {
			r.Header.Set(name, fmt.Sprint(text))
		}
	}
	if t.Body == nil {
		return r, nil
	}
	body, _ := fill(t.Body, v)
	if t.Form {
		form := url.Values{}
		m, _ := body.(map[string]any)
		for k, e := range m {
			form.Set(k, fmt.Sprint(e))
		}
		r.Body = []byte(form.Encode())
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r, nil
	}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("chat request %s %s: %w", r.Method, t.Path, err)
	}
	r.Body = b
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

// escaped is the values as a path takes them.
func escaped(v values) values {
	out := values{}
	for k, e := range v {
		if s, ok := e.(string); ok {
			out[k] = url.PathEscape(s)
		}
	}
	return out
}

// fill puts values into a template value. ok is false for a variable without a
// value: its member or element is left out.
func fill(t any, v values) (filled any, ok bool) {
	switch t := t.(type) {
	case string:
		return fillText(t, v)
	case map[string]any:
		out := make(map[string]any, len(t))
		for k, e := range t {
			if f, ok := fill(e, v); ok {
				out[k] = f
			}
		}
		return out, true
	case []any:
		out := make([]any, 0, len(t))
		for _, e := range t {
			if f, ok := fill(e, v); ok {
				out = append(out, f)
			}
		}
		return out, true
	}
	return t, true
}

func fillText(t string, v values) (any, bool) {
	if strings.HasPrefix(t, "$") && len(t) > 1 && variable(t) == len(t) {
		e, known := v[t]
		return e, known && e != ""
	}
	if !strings.Contains(t, "$") {
		return t, true
	}
	var b strings.Builder
	for rest := t; rest != ""; {
		i := strings.IndexByte(rest, '$')
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		rest = rest[i:]
		if strings.HasPrefix(rest, "$$") {
			b.WriteByte('$')
			rest = rest[2:]
			continue
		}
		n := variable(rest)
		if e, ok := v[rest[:n]].(string); ok {
			b.WriteString(e)
		} else {
			b.WriteString(rest[:n])
		}
		rest = rest[n:]
	}
	return b.String(), true
}

// variable is the length of the variable that the text begins with, at least 1.
func variable(s string) int {
	n := 1
	for n < len(s) && (s[n] >= 'a' && s[n] <= 'z') {
		n++
	}
	return n
}

// known are the variables that some template is filled in with.
var known = map[string]bool{"$message": true, "$messages": true, "$parts": true, "$history": true, "$conversation": true, "$user": true, "$id": true,
	"$files": true, "$file": true, "$run": true, "$title": true, "$flow": true, "$endpoint": true}

// Variable is the length of the variable that the text begins with, 0 where it
// begins with none that there is.
func Variable(s string) int {
	if n := variable(s); known[s[:n]] {
		return n
	}
	return 0
}

// Variables lists the variables of a template value, sorted: for messages about
// a configuration.
func Variables(t any) []string {
	seen := map[string]bool{}
	var visit func(any)
	visit = func(t any) {
		switch t := t.(type) {
		case string:
			for rest := t; ; {
				i := strings.IndexByte(rest, '$')
				if i < 0 {
					return
				}
				rest = rest[i:]
				n := variable(rest)
				if n > 1 {
					seen[rest[:n]] = true
				}
				rest = rest[n:]
			}
		case map[string]any:
			for _, e := range t {
				visit(e)
			}
		case []any:
			for _, e := range t {
				visit(e)
			}
		}
	}
	visit(t)
	out := make([]string, 0, len(seen))
	for k := range seen {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
