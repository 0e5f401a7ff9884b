package surface

import (
	"slices"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

// links turns values that a reply told and a later request sent into links. It
// is the strongest sign of which object a parameter names.
func (t *traffic) links() {
	for _, s := range t.seen {
		if s.route == nil {
			continue
		}
		for i, g := range split(s.route.Path) {
			if g.param == "" {
				continue
			}
			if from, ok := s.flows[g.param]; ok {
				link(from, s.route, g.param)
			} else if from, ok := s.flows[strconv.Itoa(i)]; ok {
				link(from, s.route, g.param)
			}
		}
		for _, q := range s.query {
			if from := t.origins[q.value]; len(from) > 0 && (idName(q.name) || keyName(q.name)) && !credential(q.name) {
				link(from[0], s.route, q.name)
			}
		}
		m, _ := s.body.(map[string]any)
		for _, name := range sortedKeys(m) {
			v := scalarText(m[name])
			if from := t.origins[v]; v != "" && len(from) > 0 && idName(name) {
				link(from[0], s.route, name)
			}
		}
	}
}

func link(from told, to *lr.Route, param string) {
	rt := from.by.route
	if rt == nil || rt == to || len(rt.Links) >= 200 {
		return
	}
	l := lr.Link{Operation: to.String(), Parameter: param, Pointer: from.pointer}
	if !slices.Contains(rt.Links, l) {
		rt.Links = append(rt.Links, l)
	}
}

// flows gives the parameters that links name the resource whose objects the
// replies hold. Where a recording showed the value travel, that outweighs names;
// a link that is only declared fills what names leave open. It returns the
// shapes whose keys changed.
func (x *index) flows() []*shape {
	var changed []*shape
	to := map[string]*shape{}
	for _, s := range x.shapes {
		to[s.rt.String()] = s
		if s.rt.ID != "" {
			to[s.rt.ID] = s
		}
	}
	sure := map[string]bool{} // "route parameter" that a creation told
	for _, s := range x.shapes {
		made := Creates(s.rt)
		if s.own == nil || s.rt.Resource == "" || !made && s.rt.Kind != lr.List && s.rt.Kind != lr.Search {
			continue
		}
		for _, l := range s.rt.Links {
			c := to[l.Operation]
			field, own := ownMember(l.Pointer, s.own.noun)
			if c == nil || c == s || !own || !x.sameNoun(c, l.Parameter, s) {
				continue
			}
			name := c.rt.String() + " " + l.Parameter
			have := c.rt.Keys[l.Parameter]
			if sure[name] || have.Resource == s.rt.Resource && have.Field != "" || have.Resource != "" && !(s.rt.Shown && made) {
				continue
			}
			if c.rt.Keys == nil {
				c.rt.Keys = map[string]lr.Key{}
			}
			c.rt.Keys[l.Parameter] = lr.Key{Resource: s.rt.Resource, Field: field}
			sure[name] = made
			changed = append(changed, c)
		}
	}
	return changed
}

// sameNoun reports that the parameter may name an object of the producer: what
// its place in the path says is not another collection that makes its own.
func (x *index) sameNoun(c *shape, param string, producer *shape) bool {
	have := c.rt.Keys[param].Resource
	if have == "" || have == producer.rt.Resource {
		return true
	}
	k := x.colls[foldPath(split(have))]
	return k == nil || len(k.creators) == 0
}

// ownMember reads a pointer to a member of the object that a reply shows, or of
// one in the list that it is. A member of another object within is not its own.
func ownMember(pointer, noun string) (field string, own bool) {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	field = parts[len(parts)-1]
	for _, p := range parts[:len(parts)-1] {
		if p != "0" && !oneOf(strings.ToLower(p), "data", "result", "results", "item", "items", "list", "records", "response", "payload", "attributes", "node", "edges") && fold(p) != noun {
			return "", false
		}
	}
	return field, field != ""
}
