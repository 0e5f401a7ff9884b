package surface

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

var (
	methodWord = regexp.MustCompile(`(?i)^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|QUERY|ANY|ALL|WS|WSS|WEBSOCKET)(?:[,|/](?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|QUERY))*[,:]?$`)
	ginPrefix  = regexp.MustCompile(`^\[[A-Za-z-]+\]\s*`)
)

// maxRoutes bounds a list; a file with more lines is no list of routes.
const maxRoutes = 100_000

// RouteList reads "METHOD /path" lines. "#" begins a comment, "GET,POST /path"
// names two routes, "ANY /path" the five common methods. A query names query
// parameters, and a JSON value after the path is an example of the body, in which
// "<boolean>" and its kin stand for any value of a type:
//
//	GET   /v1/chats?limit=10
//	POST  /v1/chats {"title": "hello"}   # makes a chat
func RouteList(data []byte, src Source) (*Surface, error) {
	from := src.Location
	if from == "" {
		from = "route list"
	}
	s := &Surface{Format: "route list", Schemes: map[string]Scheme{}}
	warn := func(format string, args ...any) {
		if len(s.Warnings) < maxWarnings {
			s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...))
		}
	}
	seen := map[string]bool{}
	n := 0
	for line := range bytes.Lines(bytes.TrimPrefix(data, bom)) {
		n++
		text := uncomment(strings.ToValidUTF8(strings.TrimSpace(string(line)), ""))
		if text == "" {
			continue
		}
		verbs, rest, ok := splitRoute(text)
		if !ok {
			warn("%s:%d: no \"METHOD /path\": %.80q", from, n, text)
			continue
		}
		if len(s.Routes) > maxRoutes {
			return nil, fmt.Errorf("%s:%d: more than %d routes", from, n, maxRoutes)
		}
		for _, m := range verbs {
			rt := listed(m, rest, func(f string, a ...any) { warn("%s:%d: "+f, append([]any{from, n}, a...)...) })
			rt.Source = from
			if seen[rt.String()] {
				continue
			}
			seen[rt.String()] = true
			s.Routes = append(s.Routes, rt)
		}
	}
	if len(s.Routes) == 0 {
		return nil, fmt.Errorf("%s: %w", from, ErrNoRoutes)
	}
	Link(s.Routes)
	return s, nil
}

// uncomment cuts at a # that begins the line or follows space, outside JSON text.
func uncomment(s string) string {
	quoted := false
	for i := range len(s) {
		switch s[i] {
		case '"':
			quoted = !quoted
		case '#':
			if i == 0 || !quoted && (s[i-1] == ' ' || s[i-1] == '\t') {
				return strings.TrimSpace(s[:i])
			}
		}
	}
	return s
}

func looksLikeRoute(line string) bool {
	_, _, ok := splitRoute(uncomment(line))
	return ok
}

// splitRoute finds the method and what follows. Frameworks print their routes
// with a prefix ("[GIN-debug] GET /x --> …") or with the path first.
func splitRoute(text string) (verbs []string, rest string, ok bool) {
	text = ginPrefix.ReplaceAllString(text, "")
	word, rest, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	rest = strings.TrimSpace(rest)
	if !methodWord.MatchString(word) {
		next, tail, _ := strings.Cut(rest, " ")
		if !strings.HasPrefix(word, "/") || !methodWord.MatchString(next) {
			return nil, "", false
		}
		word, rest = next, word+" "+tail
	}
	if !strings.HasPrefix(rest, "/") && !isURL(rest) {
		return nil, "", false
	}
	word = strings.ToUpper(strings.TrimRight(word, ",:"))
	switch word {
	case "ANY", "ALL":
		return []string{"GET", "POST", "PUT", "PATCH", "DELETE"}, rest, true
	}
	return strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(",|/", r) }), rest, true
}

func listed(method, rest string, warn func(string, ...any)) *lr.Route {
	raw, tail := rest, ""
	if i := strings.IndexAny(rest, " "); i >= 0 {
		raw, tail = rest[:i], strings.TrimSpace(rest[i:])
	}
	rt := &lr.Route{Method: method, Declared: true}
	if strings.HasPrefix(method, "WS") || method == "WEBSOCKET" {
		rt.Method, rt.Kind = "GET", lr.WebSocket
	}
	p, query := raw, ""
	if cut, has := cutQuery(raw); has {
		p, query = cut, strings.TrimPrefix(raw[len(cut):], "?")
	}
	t := template(p, nil, warn)
	rt.Path = t.path
	for _, name := range rt.PathParams() {
		schema := t.types[name]
		if schema == nil {
			schema = &lr.Schema{Type: "string"}
		}
		rt.Params = append(rt.Params, lr.Param{Name: name, In: lr.InPath, Required: true, Schema: schema})
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, _ = url.QueryUnescape(name); name == "" {
			continue
		}
		q := lr.Param{Name: name, In: lr.InQuery, Schema: &lr.Schema{Type: "string"}}
		if v, err := url.QueryUnescape(value); err == nil && v != "" && !strings.ContainsAny(v, "{<:") {
			q.Example = v
		}
		rt.Params = append(rt.Params, q)
	}
	if strings.HasPrefix(tail, "{") || strings.HasPrefix(tail, "[") {
		var example any
		if err := json.Unmarshal([]byte(tail), &example); err != nil {
			warn("the example of the body is no JSON: %v", err)
		} else {
			rt.Body = &lr.Body{Type: "application/json", Required: true, Example: shown(example), Schema: optional(sampled("", example, 0))}
		}
	}
	return rt
}
