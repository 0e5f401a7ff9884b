package surface

import (
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// routes makes routes of what was seen: one for each method and template.
func (t *traffic) routes() []*lr.Route {
	t.concrete()
	t.templates()
	groups := map[string][]*sighting{}
	var order []string
	for _, s := range t.seen {
		key := s.method + " " + emptied(split(s.path))
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], s)
	}
	var out []*lr.Route
	absent := 0
	for _, key := range order {
		g := groups[key]
		if !slices.ContainsFunc(g, func(s *sighting) bool { return s.status != 404 && s.status != 405 && s.status != 501 }) {
			absent++
			continue
		}
		rt := t.route(g)
		for _, s := range g {
			s.route = rt
		}
		out = append(out, rt)
	}
	if absent > 0 {
		t.warn("%d addresses that answered 404 or 405 alone were left out", absent)
	}
	if t.left > 0 {
		t.warn("%d more requests than can be looked at were left out", t.left)
	}
	t.links()
	return out
}

// concrete keeps the values of path segments, before they become parameters.
func (t *traffic) concrete() {
	for _, s := range t.seen {
		segs := split(s.path)
		if s.flows == nil {
			s.flows = map[string]told{}
		}
		for i, g := range segs {
			if g.param != "" {
				continue
			}
			stem, _ := stemOf(g.text)
			for _, v := range []string{g.text, stem} {
				if from := t.origins[v]; len(from) > 0 && i > 0 {
					s.flows[fmt.Sprintf("%d", i)] = from[0]
					break
				}
			}
		}
	}
}

func (t *traffic) route(g []*sighting) *lr.Route {
	first := g[0]
	rt := &lr.Route{Method: first.method, Path: first.path, Declared: true, Shown: true, Source: t.source}
	for _, s := range g {
		if s.path != rt.Path && len(s.path) < len(rt.Path) {
			rt.Path = s.path
		}
		if rt.Summary == "" {
			rt.Summary, rt.Tags = shorten(s.name), s.tags
		}
		for _, mt := range s.types {
			rt.Accepts = addType(rt.Accepts, mt)
		}
		switch {
		case s.socket:
			rt.Kind = lr.WebSocket
		case s.graph:
			rt.Kind = lr.GraphQL
		}
	}
	for _, name := range rt.PathParams() {
		rt.Params = append(rt.Params, lr.Param{Name: name, In: lr.InPath, Required: true, Schema: &lr.Schema{Type: "string"}})
	}
	rt.Params = append(rt.Params, queryOf(g)...)
	rt.Body = bodySeen(g)
	rt.Secured = securedBy(g)
	return rt
}

// securedBy reports that every request that was answered well carried a
// credential. That it needed one is not said by that.
func securedBy(g []*sighting) bool {
	carried := false
	for _, s := range g {
		if s.carries {
			carried = true
		} else if s.ok() {
			return false
		}
	}
	return carried
}

// passing names query parameters whose value belongs to one moment.
func passing(name string) bool {
	return oneOf(strings.Join(wordsOf(name), ""), "cursor", "page", "offset", "skip", "after", "before", "since", "until", "from", "to", "start", "end", "t", "ts", "timestamp", "cb", "rnd", "random", "nonce", "state", "limit", "perpage", "pagesize", "size") || strings.Trim(name, "_") == ""
}

// queryOf reads the query parameters of a route. One that every request sent is
// needed as far as can be told, and is sent again with a value that was seen.
func queryOf(g []*sighting) []lr.Param {
	seen, sent := map[string][]string{}, map[string]int{}
	optional := map[string]bool{}
	var order []string
	accepted := 0
	for _, s := range g {
		if s.ok() {
			accepted++
		}
		for _, q := range s.query {
			if _, known := seen[q.name]; !known {
				order = append(order, q.name)
				seen[q.name] = nil
			}
			optional[q.name] = optional[q.name] || q.optional
			if s.ok() {
				sent[q.name]++
			}
			if q.value != "" && !unfilled(q.value) && !slices.Contains(seen[q.name], q.value) && len(seen[q.name]) < 20 {
				seen[q.name] = append(seen[q.name], q.value)
			}
		}
	}
	var out []lr.Param
	for _, name := range order {
		p := lr.Param{Name: name, In: lr.InQuery, Schema: textSchema(seen[name])}
		if values := seen[name]; len(values) > 0 && !credential(name) && !keyLike(values[0]) {
			p.Example = values[0]
			if p.Required = accepted > 0 && sent[name] >= accepted && !optional[name] && !passing(name) && !idName(name) && len(values[0]) <= 60; p.Required && p.Schema.Type == "string" {
				for _, v := range values {
					p.Schema.Enum = append(p.Schema.Enum, v)
				}
			}
			p.Schema.Example = p.Example
		}
		if len(out) < 60 {
			out = append(out, p)
		}
	}
	return out
}

// textSchema tells the type of values that were sent as text.
func textSchema(values []string) *lr.Schema {
	all := func(is func(string) bool) bool {
		return len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return !is(v) })
	}
	switch {
	case all(func(v string) bool { return numberRE.MatchString(v) && len(v) < 12 }):
		return &lr.Schema{Type: "integer"}
	case all(func(v string) bool { return v == "true" || v == "false" }):
		return &lr.Schema{Type: "boolean"}
	}
	return &lr.Schema{Type: "string"}
}

// bodySeen reads the body of a route from several samples.
func bodySeen(g []*sighting) *lr.Body {
	var b *lr.Body
	good := false
	for _, s := range g {
		if s.media == "" {
			continue
		}
		if b == nil {
			b = &lr.Body{Type: s.media, Required: true}
		}
		if s.media != b.Type || s.body == nil {
			continue
		}
		sc := sampled("", s.body, 0)
		for _, name := range s.files {
			if sc.Properties == nil {
				sc.Type, sc.Properties = "object", map[string]*lr.Schema{}
			}
			sc.Properties[name] = &lr.Schema{Type: "string", Format: "binary"}
			sc.Required = append(sc.Required, name)
		}
		if s.ok() && !good { // what was refused says less of what is needed
			b.Schema, good = merged(sc, b.Schema, false), true
			b.Example = sc.Example
			continue
		}
		b.Schema = merged(b.Schema, sc, s.ok() && good || !s.ok() && !good)
		if b.Example == nil {
			b.Example = sc.Example
		}
	}
	if b != nil && b.Schema != nil {
		b.Schema.Example = nil // it is the body's
	}
	return b
}
