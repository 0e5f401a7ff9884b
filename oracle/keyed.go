package oracle

import (
	"slices"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
)

// Keyed reports whether the probe addresses what it reads by a key: in the path,
// or, for the object that it names, in the query or the body.
func (p Probe) Keyed() bool { return len(p.Route.PathParams()) > 0 || p.Object != nil }

// asksByKey reports whether a route that has no key in its path is no use
// without one: its query requires it, or it shows one object by a query
// parameter or a body member.
func asksByKey(rt *lr.Route) bool {
	names := Beside(rt)
	if rt.Kind != lr.List && rt.Kind != lr.Search && rt.Kind != lr.Export {
		return len(names) > 0
	}
	for _, p := range rt.Params {
		if p.In == lr.InQuery && p.Required && slices.Contains(names, p.Name) {
			return true
		}
	}
	return rt.Body != nil && rt.Body.Schema != nil && slices.ContainsFunc(names, rt.Body.Schema.Requires)
}

// Beside lists the names beside the path that hold keys: query parameters, and
// members of the body where the route has one.
func Beside(rt *lr.Route) []string {
	var out []string
	for name, k := range rt.Keys {
		if k.Resource == "" || strings.Contains(rt.Path, "{"+name+"}") {
			continue
		}
		if inQuery(rt, name) || !rt.Safe() && inBody(rt, name) {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}

func inQuery(rt *lr.Route, name string) bool {
	return slices.ContainsFunc(rt.Params, func(p lr.Param) bool { return p.In == lr.InQuery && p.Name == name })
}

func inBody(rt *lr.Route, name string) bool {
	return rt.Body != nil && rt.Body.Schema != nil && rt.Body.Schema.Properties[name] != nil
}

// besideOf finds the victim's object that a key beside the path can name.
func besideOf(t *lr.Trial, rt *lr.Route, victim *lr.Account) *lr.Object {
	for _, name := range Beside(rt) {
		if o := t.Stage.Object(rt.Keys[name].Resource, victim); o != nil {
			return o
		}
	}
	return nil
}
