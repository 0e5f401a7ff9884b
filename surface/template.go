package surface

import (
	"fmt"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

// tmpl is a path template brought into the one form {name}.
type tmpl struct {
	path     string
	renamed  map[string]string     // declared name -> name in the template
	split    map[string]bool       // names that became several parameters
	inferred map[string]bool       // names that the template's own syntax tells
	types    map[string]*lr.Schema // what the template says of the value
}

var (
	paramName  = regexp.MustCompile(`^[A-Za-z0-9_.$\-]+`)
	colonParam = regexp.MustCompile(`^:([A-Za-z0-9_]+)(\([^/]*\))?([?+*]?)`)
	angleParam = regexp.MustCompile(`^<(?:([a-z]+)(?:\([^)]*\))?:)?([A-Za-z0-9_\-]+)>`)
	nextParam  = regexp.MustCompile(`^\[{1,2}(?:\.\.\.)?([A-Za-z0-9_\-]+)\]{1,2}$`)
)

// template reads the templates of OpenAPI, of Go's ServeMux, Express, Flask,
// Next.js, gin and google.api.http.
func template(raw string, patterns map[string]string, warn func(string, ...any)) tmpl {
	t := tmpl{renamed: map[string]string{}, split: map[string]bool{}, inferred: map[string]bool{}, types: map[string]*lr.Schema{}}
	p := strings.TrimSpace(raw)
	if i := strings.Index(p, "://"); i > 0 {
		if j := strings.IndexByte(p[i+3:], '/'); j >= 0 {
			p = p[i+3+j:]
		}
	}
	p, cut := cutQuery(p)
	if cut {
		warn("path %s: the query is no part of a path; left out", raw)
	}
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	var out []string
	for _, seg := range segments(p, func() { warn("path %s: unbalanced brace; repaired", raw) }) {
		out = append(out, t.segment(seg, out, patterns)...)
	}
	t.path = "/" + strings.Join(out, "/")
	t.unique(raw, warn)
	return t
}

// cutQuery cuts at the first ? or # outside braces.
func cutQuery(p string) (string, bool) {
	depth := 0
	for i := range len(p) {
		switch p[i] {
		case '{', '<', '(':
			depth++
		case '}', '>', ')':
			depth--
		case '?', '#':
			optional := p[i] == '?' && (i+1 == len(p) || p[i+1] == '/') // Express: /:id?
			if depth <= 0 && !optional {
				return p[:i], true
			}
		}
	}
	return p, false
}

// segments splits at slashes outside braces and closes braces that stay open.
func segments(p string, broken func()) []string {
	var out []string
	var cur strings.Builder
	depth := 0
	for i := 1; i < len(p); i++ {
		c := p[i]
		switch {
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			// "/chats/id}": the brace was opened in the author's mind.
			broken()
			name := cur.String()
			cur.Reset()
			cur.WriteString("{" + name)
		case c == '}':
			depth--
		case c == '/' && depth > 0 && !closes(p[i:]):
			broken()
			for ; depth > 0; depth-- {
				cur.WriteByte('}')
			}
		}
		if c == '/' && depth == 0 {
			out = append(out, cur.String())
			cur.Reset()
			continue
		}
		cur.WriteByte(c)
	}
	if depth > 0 {
		broken()
		cur.WriteString(strings.Repeat("}", depth))
	}
	return append(out, cur.String())
}

// closes reports whether an open brace is closed before another is opened.
func closes(rest string) bool {
	i := strings.IndexAny(rest, "{}")
	return i >= 0 && rest[i] == '}'
}

// segment brings one segment into form; before are those already done.
func (t *tmpl) segment(seg string, before []string, patterns map[string]string) []string {
	switch {
	case seg == "*" || seg == "**":
		return []string{t.infer("path", nil)}
	case strings.HasPrefix(seg, "*") && paramName.FindString(seg[1:]) == seg[1:]:
		return []string{t.infer(seg[1:], nil)}
	}
	if m := nextParam.FindStringSubmatch(seg); m != nil {
		return []string{t.infer(m[1], nil)}
	}
	if m := colonParam.FindStringSubmatch(seg); m != nil {
		return []string{t.infer(m[1], nil) + seg[len(m[0]):]}
	}
	if m := angleParam.FindStringSubmatch(seg); m != nil {
		return []string{t.infer(m[2], converter(m[1])) + seg[len(m[0]):]}
	}
	var out strings.Builder
	for rest := seg; rest != ""; {
		i := strings.IndexByte(rest, '{')
		if i < 0 {
			out.WriteString(rest)
			break
		}
		out.WriteString(rest[:i])
		inner, after := braced(rest[i:])
		rest = after
		if strings.HasPrefix(inner, "?") || strings.HasPrefix(inner, "&") || strings.HasPrefix(inner, "#") {
			continue // RFC 6570, 3.2.8: a query, which is no part of the path
		}
		name, rule, has := strings.Cut(inner, "=")
		if !has && patterns[name] != "" && seg == "{"+inner+"}" {
			rule, has = patterns[name], true
		}
		if has && strings.Contains(rule, "/") {
			if parts, ok := t.resourcePath(name, rule); ok {
				if after != "" {
					parts[len(parts)-1] += after
				}
				return parts
			}
		}
		out.WriteString(t.plain(name, before))
	}
	return []string{out.String()}
}

// plain strips modifiers off a braced name: {id:[0-9]+}, {path...}, {+path}, {id?}.
func (t *tmpl) plain(inner string, before []string) string {
	name, rule, _ := strings.Cut(strings.TrimSpace(inner), ":")
	name = strings.Trim(strings.TrimSuffix(name, "..."), "+*?./ ")
	clean := paramName.FindString(name)
	if clean == "" || clean != name {
		clean = strings.Trim(strings.Map(func(r rune) rune {
			if r < 128 && paramName.MatchString(string(r)) {
				return r
			}
			return '_'
		}, name), "_")
	}
	if clean == "" {
		clean = "id"
		if len(before) > 0 && !strings.Contains(before[len(before)-1], "{") {
			clean = strings.ReplaceAll(nounOf(before[len(before)-1]), " ", "_") + "_id"
		}
		t.inferred[clean] = true
	}
	if clean != inner {
		t.renamed[inner], t.renamed[name] = clean, clean
	}
	if s := converter(rule); s != nil {
		t.types[clean] = s
	}
	return "{" + clean + "}"
}

// resourcePath writes {name=projects/*/chats/*} (google.api.http) as
// projects/{project}/chats/{chat}, which names the same URLs.
func (t *tmpl) resourcePath(name, rule string) ([]string, bool) {
	rule = strings.Trim(strings.ReplaceAll(rule, "[^/]+", "*"), "^$")
	parts := strings.Split(rule, "/")
	for i, p := range parts {
		switch {
		case p == "*" && i > 0 && !strings.Contains(parts[i-1], "{"):
			parts[i] = t.infer(strings.ReplaceAll(nounOf(parts[i-1]), " ", "_"), nil)
		case p == "*" || p == "**":
			parts[i] = t.infer(name, nil)
		case paramName.FindString(p) != p:
			return nil, false
		}
	}
	t.split[name] = true
	return parts, true
}

func (t *tmpl) infer(name string, s *lr.Schema) string {
	t.inferred[name] = true
	if s != nil {
		t.types[name] = s
	}
	return "{" + name + "}"
}

// unique gives a parameter that stands twice a name of its own.
func (t *tmpl) unique(raw string, warn func(string, ...any)) {
	seen := map[string]bool{}
	segs := strings.Split(t.path, "/")
	for i, seg := range segs {
		for _, name := range (&lr.Route{Path: seg}).PathParams() {
			if !seen[name] {
				seen[name] = true
				continue
			}
			fresh := name
			if i > 0 && !strings.Contains(segs[i-1], "{") && segs[i-1] != "" {
				fresh = strings.ReplaceAll(nounOf(segs[i-1]), " ", "_") + "_" + name
			}
			for n := 2; seen[fresh]; n++ {
				fresh = fmt.Sprintf("%s_%d", name, n)
			}
			warn("path %s: parameter %q stands twice; the later one is called %q", raw, name, fresh)
			seen[fresh], t.inferred[fresh] = true, true
			at := strings.LastIndex(segs[i], "{"+name+"}")
			segs[i] = segs[i][:at] + "{" + fresh + "}" + segs[i][at+len(name)+2:]
		}
	}
	t.path = strings.Join(segs, "/")
}

// braced gives what stands in the brace that s begins with, and the rest.
func braced(s string) (inner, rest string) {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return s[1:i], s[i+1:]
			}
		}
	}
	return s[1:], ""
}

// converter reads Flask's and ServeMux-like type words.
func converter(word string) *lr.Schema {
	switch word {
	case "int", "integer", `\d+`, "[0-9]+":
		return &lr.Schema{Type: "integer"}
	case "float", "number":
		return &lr.Schema{Type: "number"}
	case "uuid", "guid":
		return &lr.Schema{Type: "string", Format: "uuid"}
	}
	return nil
}
