package export

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// keysOf knows the objects of the run by the keys that stand in its requests.
func keysOf(rep *lr.Report, o Options, r *recipe) map[string]*thing {
	out := map[string]*thing{}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			for _, f := range c.Findings {
				for _, e := range requests(f) {
					p, _ := parse(e.Request)
					rt, values := routeOf(o, p.method, local(o, p.bare))
					for name, v := range values {
						if t := r.of(rt.Keys[name].Resource); t != nil && out[v] == nil {
							out[v] = t
						}
					}
				}
			}
		}
	}
	return out
}

// routeOf is the route that the path is of, a literal one first, and what fills
// its keys.
func routeOf(o Options, method, path string) (*lr.Route, map[string]string) {
	for _, rt := range o.Routes {
		if rt.Path == path && (rt.Method == method || method == "OPTIONS") {
			return rt, nil
		}
	}
	for _, rt := range o.Routes {
		if rt.Method != method && method != "OPTIONS" {
			continue
		}
		if values, ok := match(rt, path); ok && len(values) > 0 {
			return rt, values
		}
	}
	return nil, nil
}

// local takes the path of the base out of a path, since base_url has it.
func local(o Options, path string) string {
	if base := strings.TrimSuffix(o.Base.EscapedPath(), "/"); base != "" {
		if rest, ok := strings.CutPrefix(path, base); ok && strings.HasPrefix(rest, "/") {
			return rest
		}
	}
	return path
}

// from is the request of an item, with its path as the file names it.
func (g *regression) from(e lr.EvidenceItem) (parsed, bool) {
	p, ok := parse(e.Request)
	p.bare = local(g.o, p.bare)
	return p, ok && plain(p.body)
}

// ensure has the owner make an object of the thing, or take one that its list
// shows. With fresh, only a new one will do. prefix tells several of one thing
// apart. It returns the variable that holds the key, and whether the object is
// new and holds the canary of the thing.
func (g *regression) ensure(t *thing, owner, prefix string, fresh bool) (key string, telling bool) {
	key = prefix + t.variable()
	switch {
	case g.made[key]:
		return key, g.made[prefix+t.canary()]
	case owner != "" && t.makeable() && (fresh || !delicate(t.resource) || t.list == nil):
		if t.parent != nil {
			g.ensure(t.parent, owner, prefix, true)
		}
		return key, g.create(t, owner, prefix)
	case owner != "" && t.list != nil && !fresh && (t.parent == nil || g.parented(t.parent, owner, prefix)):
		c := prefixed(t.list, t.parent, prefix)
		g.h.request(owner+" takes an object of its own from the list. Where there is none, this is red.", owner, c, nil,
			[]string{capture(key, t.id), "[Asserts]", "status == 200"})
		g.own(key)
		return key, false
	}
	g.given(variable{name: key, says: "the key of an object of " + nobody(owner) + "'s: " + lastNoun(t.resource)})
	return key, false
}

func (g *regression) parented(t *thing, owner, prefix string) bool {
	g.ensure(t, owner, prefix, false)
	return g.made[prefix+t.variable()]
}

// create is the step in which the owner makes an object whose parents are there.
func (g *regression) create(t *thing, owner, prefix string) (telling bool) {
	key, canary := prefix+t.variable(), prefix+t.canary()
	c := prefixed(t.create, t, prefix)
	var options []string
	if t.telling() && !g.made[canary] {
		options = []string{makeCanary(canary)}
	}
	g.h.request(owner+" makes the object: "+t.create.label(), owner, c, options, []string{capture(key, t.id), "[Asserts]", "status < 300"})
	g.own(key)
	if t.telling() {
		g.own(canary)
	}
	if t.remove != nil {
		g.tidy = append(g.tidy, func() {
			g.h.request(owner+" removes it.", owner, prefixed(t.remove, t, prefix), nil, nil)
		})
	}
	return t.telling()
}

// prefixed is the call with the variables of the thing and its parents named
// with the prefix.
func prefixed(c *call, t *thing, prefix string) *call {
	if prefix == "" {
		return c
	}
	for p := t; p != nil; p = p.parent {
		c = c.with(p.variable(), prefix+p.variable()).with(p.canary(), prefix+p.canary())
	}
	return c
}

// addressed puts variables where the keys of the run's objects stand in the path,
// and has the owner make the objects. It returns the thing that the last key is
// of, and whether its object holds the thing's canary. Keys that nothing has are
// part of the question and stay.
func (g *regression) addressed(p *parsed, owner, prefix string, fresh bool) (last *thing, telling bool) {
	rt, values := g.route(p)
	if rt == nil {
		return nil, false
	}
	segs := strings.Split(p.bare, "/")
	names := rt.PathParams()
	for i, name := range names {
		value := values[name]
		end := i == len(names)-1
		if madeUp(value) || end && strings.Contains(g.finding.Message, "does not exist") {
			continue
		}
		key := "own_" + variableOf(name)
		t := g.r.of(rt.Keys[name].Resource)
		if t != nil {
			key, telling = g.ensure(t, owner, prefix, fresh)
			last = t
		} else {
			telling = false
			g.given(variable{name: key, value: value, says: "the key of an object of " + nobody(owner) + "'s that fills {" + name + "}"})
		}
		if at := slices.Index(strings.Split(rt.Path, "/"), "{"+name+"}"); at >= 0 && at < len(segs) {
			segs[at] = "{{" + key + "}}"
		}
	}
	p.bare = strings.Join(segs, "/")
	if len(names) == 0 {
		return nil, false
	}
	return last, telling
}

// route is the route of a request, unless the finding names its address as it is.
func (g *regression) route(p *parsed) (*lr.Route, map[string]string) {
	if strings.HasSuffix(g.finding.Subject, " "+p.bare) { // "/invoices/export" is no invoice
		return nil, nil
	}
	rt, values := routeOf(g.o, p.method, p.bare)
	if rt != nil || p.method == "OPTIONS" {
		return rt, values
	}
	segs := strings.Split(p.bare, "/")
	for _, rt := range g.o.Routes { // a malformed key
		if want := strings.Split(rt.Path, "/"); rt.Method == p.method && len(want) == len(segs) && shaped(want, segs) {
			values := map[string]string{}
			for i, w := range want {
				if w != segs[i] {
					values[strings.Trim(w, "{}")] = segs[i]
				}
			}
			return rt, values
		}
	}
	return nil, nil
}

func shaped(want, got []string) bool {
	for i, w := range want {
		if w != got[i] && (!strings.HasPrefix(w, "{") || got[i] == "") {
			return false
		}
	}
	return true
}

// madeUp reports a key that no object has.
func madeUp(key string) bool {
	return strings.Contains(key, "%") || key == "lr0" || strings.HasPrefix(key, "lr-") || len(key) >= 15 && strings.Trim(key, "0123456789") == ""
}

// inBody puts variables where a body names objects of the run, which the owner
// makes, and returns the last of them.
func (g *regression) inBody(p *parsed, owner string) (last *thing, telling bool) {
	ids := g.ids
	if t := g.r.named(g.finding.Subject[strings.LastIndexByte(g.finding.Subject, ' ')+1:]); t != nil { // "POST /graphql chat"
		variables, _ := object(p.body)["variables"].(map[string]any)
		ids = map[string]*thing{}
		maps.Copy(ids, g.ids)
		for _, v := range variables {
			if id, ok := v.(string); ok && ids[id] == nil {
				ids[id] = t
			}
		}
	}
	for _, v := range sortedKeys(ids) {
		if quoted := `"` + v + `"`; strings.Contains(p.body, quoted) {
			t := ids[v]
			key, tells := g.ensure(t, owner, "", true)
			p.body = strings.ReplaceAll(p.body, quoted, `"{{`+key+`}}"`)
			last, telling = t, tells
		}
	}
	return last, telling
}

// named is the thing that a query's field speaks of.
func (r *recipe) named(field string) *thing {
	for _, t := range r.things {
		if t.name == strings.TrimSuffix(strings.ToLower(field), "s") {
			return t
		}
	}
	return nil
}

// seed has the owner make an object of each plain resource, all with one text,
// for a reply of which the report does not tell what it shows.
func (g *regression) seed(owner string) bool {
	made := 0
	for _, t := range g.r.things {
		if t.parent != nil || t.create == nil || !t.create.json() || !t.telling() || delicate(t.resource) || made == mostSeeds {
			continue
		}
		key := t.variable()
		c := t.create.with(t.canary(), "canary")
		var options []string
		if made == 0 {
			options = []string{makeCanary("canary")}
		}
		g.h.request(owner+" makes an object: "+t.create.label(), owner, c, options, []string{capture(key, t.id), "[Asserts]", "status < 300"})
		g.own(key, "canary")
		if t.remove != nil {
			g.tidy = append(g.tidy, func() { g.h.request(owner+" removes it.", owner, t.remove, nil, nil) })
		}
		made++
	}
	return made > 0
}

// mostSeeds bounds what seed makes.
const mostSeeds = 3

// uncanary puts variables where the run's own texts stand: they were made for
// that run, and a new one is made for each.
func uncanary(text, name string) (string, bool) {
	found := oracle.Canaries(text)
	for _, c := range found {
		text = strings.ReplaceAll(text, c, "{{"+name+"}}")
	}
	return text, len(found) > 0
}

func variableOf(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToLower(name)), "_")
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// newest is a text that nobody has seen before, for a step's options.
func newest(name, form string) string { return fmt.Sprintf("variable: %s=%s", name, form) }
