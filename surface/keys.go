package surface

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// adopt gives creates that live elsewhere their collection: the sign-up makes
// a user, POST /upload a file.
func (x *index) adopt() {
	for _, s := range x.shapes {
		switch {
		case s.rt.Kind == lr.SignUp && (s.own == nil || !s.own.items && !s.own.list && s.verb == "" && s.at != onMany || s.at == onView || s.at == onOnly || signUpWord(s)):
			s.own = x.childless(s, "user", "account", "member", "customer", "profile")
		case s.rt.Kind == lr.Upload && pictures(s) && (s.own == nil || s.at == onPart):
			continue
		case s.rt.Kind == lr.Upload && (s.own == nil || s.verb == "upload" && !fileNoun(s.own.noun)):
			if c := x.files(s); c != nil {
				s.own, s.at = c, onMany
			} else if s.at != onPart {
				continue
			}
		default:
			continue
		}
		if s.own != nil && !slices.Contains(s.own.creators, s) && s.at != onPart {
			s.own.creators = append(s.own.creators, s)
		}
	}
}

func signUpWord(s *shape) bool {
	return !s.item() && !oneOf(fold(s.last().text), "user", "account", "customer")
}

func fileNoun(n string) bool {
	return n == "file" || slices.Contains(kin("file"), n)
}

// childless finds the collection that nothing else fills.
func (x *index) childless(s *shape, nouns ...string) *collection {
	for _, noun := range nouns {
		c := x.best(noun, s, func(c *collection) bool {
			return len(c.creators) == 0 && c.params == 0 && !c.admin && (c.list || c.items)
		})
		if c != nil {
			return c
		}
	}
	return nil
}

func (x *index) files(s *shape) *collection {
	for _, noun := range append([]string{"file"}, kin("file")...) {
		c := x.best(noun, s, func(c *collection) bool { return c.list || c.items })
		if c != nil && (c.params == 0 || strings.HasPrefix(foldPath(s.segs), c.fold[:strings.LastIndexByte(c.fold, '/')+1])) {
			return c
		}
	}
	return nil
}

// best finds the collection of a noun that stands nearest to the route.
func (x *index) best(noun string, s *shape, ok func(*collection) bool) *collection {
	var out *collection
	top := 0
	here := s.fold
	for _, c := range x.byNoun[noun] {
		if !ok(c) {
			continue
		}
		there := c.parts
		common := 0
		for common < len(here) && common < len(there) && here[common] == there[common] {
			common++
		}
		score := 100 + 4*common - 3*len(there) - 5*max(0, c.params-emptyParts(here[:common]))
		if c.admin && !s.has("admin") {
			score -= 6
		}
		if out == nil || score > top || score == top && c.path < out.path {
			out, top = c, score
		}
	}
	return out
}

func emptyParts(parts []string) int {
	n := 0
	for _, p := range parts {
		if p == "{}" {
			n++
		}
	}
	return n
}

func creatable(c *collection) bool { return len(c.creators) > 0 }
func listable(c *collection) bool  { return len(c.creators) > 0 || c.list }

// keys tells for each parameter which collection's keys fill it.
func (x *index) keys(s *shape) {
	rt := s.rt
	set := func(name string, c *collection, schema *lr.Schema) {
		if _, have := rt.Keys[name]; have || c == nil || c.path == "" {
			return
		}
		if rt.Keys == nil {
			rt.Keys = map[string]lr.Key{}
		}
		rt.Keys[name] = lr.Key{Resource: c.path, Field: field(name, c, schema)}
	}
	for i, g := range s.segs {
		if g.param != "" {
			set(g.param, x.keyFor(s, i), paramSchema(rt, g.param))
			continue
		}
		for _, name := range (&lr.Route{Path: g.text}).PathParams() {
			set(name, x.byName(s, name), paramSchema(rt, name)) // "chat-{id}"
		}
	}
	if name := ownKey(s); name != "" && (rt.Kind != lr.Create || rt.Method != "PUT") {
		set(name, s.own, s.prop[name])
	}
	for _, p := range rt.Params {
		if p.In == lr.InQuery && idName(p.Name) {
			set(p.Name, x.byName(s, p.Name), p.Schema)
		}
	}
	for _, name := range sortedKeys(s.prop) {
		if !idName(name) {
			continue
		}
		c := x.byName(s, name)
		if c != nil && c == s.own { // {"label_id"} below /tasks/{id}/labels names one of /labels
			if other := x.best(c.noun, s, func(o *collection) bool { return o != c && creatable(o) && o.params < c.params }); other != nil {
				c = other
			}
		}
		set(name, c, s.prop[name])
	}
}

// unkeyed reports PUT on a path of which a key is nobody's as far as the routes
// tell: whatever is written there, it is below an object that was not made here.
func unkeyed(rt *lr.Route) bool {
	return rt.Method == "PUT" && slices.ContainsFunc(rt.PathParams(), func(name string) bool { return rt.Keys[name].Resource == "" })
}

func paramSchema(rt *lr.Route, name string) *lr.Schema {
	for _, p := range rt.Params {
		if p.In == lr.InPath && p.Name == name {
			return p.Schema
		}
	}
	return nil
}

// keyFor finds the collection whose key stands at segment i.
func (x *index) keyFor(s *shape, i int) *collection {
	var own *collection
	switch {
	case s.base < len(s.segs) && i == len(s.segs)-1: // a verb before the key
		if s.at == onPart && strings.HasPrefix(s.segs[i].text, "{") && s.base == i-1 {
			return nil // the path of a file in a repository is nobody's key
		}
		own = s.own
	case i > 0 && nounOfPath(s.segs[:i]) != "":
		own = x.colls[foldPath(s.segs[:i])]
	}
	noun := paramNoun(s.segs[i].param)
	if strings.EqualFold(s.segs[i].param, "email") && (own == nil || !listable(own)) {
		noun = "user"
	}
	if own == nil {
		return x.named(noun, s)
	}
	adjacent := i+1 < len(s.segs) && s.segs[i+1].param != ""
	if noun != "" && noun != own.noun && (adjacent || !related(noun, own.noun) && noun != fold(s.segs[i-1].text)) {
		if c := x.best(noun, s, creatable); c != nil {
			return c
		}
		if adjacent || !listable(own) {
			if c := x.named(noun, s); c != nil {
				return c
			}
		}
	}
	if creatable(own) || own.list && own.params > 0 {
		return own
	}
	if c := x.best(own.noun, s, creatable); c != nil && c != own {
		return c
	}
	if own.list {
		return own
	}
	if c := x.best(own.noun, s, listable); c != nil {
		return c
	}
	if noun != "" && noun != own.noun {
		if c := x.named(noun, s); c != nil {
			return c
		}
	}
	return own
}

// named finds the collection that a parameter's noun means.
func (x *index) named(noun string, s *shape) *collection {
	if noun == "" {
		return nil
	}
	for _, ok := range []func(*collection) bool{creatable, listable} {
		if c := x.best(noun, s, ok); c != nil {
			return c
		}
		for _, k := range kin(noun) {
			if c := x.best(k, s, ok); c != nil {
				return c
			}
		}
	}
	return x.best(noun, s, func(*collection) bool { return true })
}

// byName finds the collection of a query parameter or body member.
func (x *index) byName(s *shape, name string) *collection {
	noun := paramNoun(name)
	if noun == "" {
		return nil
	}
	if c := x.best(noun, s, func(*collection) bool { return true }); c != nil && !listable(c) {
		if better := x.named(noun, s); better != nil {
			return better
		}
		return c
	}
	return x.named(noun, s)
}

// rehome sets Resource: objects of one kind go by one name, the one under
// which they are made.
func (x *index) rehome(s *shape) {
	if s.own == nil {
		if s.at == onItem {
			s.rt.Resource = s.rt.Keys[s.last().param].Resource
		}
		return
	}
	s.rt.Resource = s.own.path
	switch s.at {
	case onItem, onPart:
		name := ""
		for _, g := range s.segs {
			if _, keyed := s.rt.Keys[g.param]; keyed {
				name = g.param
			}
		}
		key, ok := s.rt.Keys[name]
		if !ok || key.Resource == s.own.path {
			return
		}
		if c := x.colls[foldPath(split(key.Resource))]; !listable(s.own) || c != nil && c.noun == s.own.noun {
			s.rt.Resource = key.Resource
		}
	case onMany, onView:
		if s.rt.Kind == lr.List && !creatable(s.own) && !s.own.items {
			if c := x.best(s.own.noun, s, creatable); c != nil {
				s.rt.Resource = c.path
			}
		} else if s.rt.Kind == lr.List && !creatable(s.own) && s.own.params == 0 {
			if c := x.best(s.own.noun, s, creatable); c != nil {
				s.rt.Resource = c.path
			}
		} else if (s.rt.Kind == lr.Search || s.rt.Kind == lr.Action && (s.base < len(s.segs) || x.joins(s))) && s.at == onMany && !creatable(s.own) {
			if c := x.best(s.own.noun, s, creatable); c != nil {
				s.rt.Resource = c.path
			}
		}
	}
}
