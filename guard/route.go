package guard

import (
	"fmt"
	"slices"
	"strings"
)

// Mode says what a denial of a protection does.
type Mode string

// The modes. Enforce is what the zero value means.
const (
	Enforce Mode = "enforce"
	Observe Mode = "observe" // logged, and the request goes on
	Off     Mode = "off"     // not asked
)

// Route is one entry of the policy: what it covers and what it asks.
type Route struct {
	Methods   []string // upper case; none: all
	Pattern   string   // "/v1/chats/{id}", "/docs/**"
	Public    bool     // no credential is asked
	Blocked   bool     // never reaches the upstream
	Chat      bool     // asks a model, which costs money
	Roles     []string // one of which the caller must have; none: any
	Limits    []string // names of limits
	Modes     map[string]Mode
	Essential bool // served in a lock-down as well
	Own       bool // the application's own credentials are accepted beside verified ones
	Slash     bool // the path with a final slash more, or less, is this route's too

	segments []string
	order    string // its shape
}

// Mode of a protection on this route; of no route, that of all.
func (r *Route) mode(name string, all map[string]Mode) Mode {
	if r != nil {
		if m, ok := r.Modes[name]; ok {
			return m
		}
	}
	if m, ok := all[name]; ok {
		return m
	}
	return Enforce
}

// Table finds the route of a request.
type Table struct{ routes []*Route }

// NewTable verifies the patterns and orders the routes: the more literal one
// decides, whatever their order in the file.
func NewTable(routes []*Route) (*Table, error) {
	t := &Table{routes: slices.Clone(routes)}
	for i, r := range t.routes {
		if !strings.HasPrefix(r.Pattern, "/") {
			return nil, fmt.Errorf("path %q does not begin with /", r.Pattern)
		}
		r.segments = strings.Split(r.Pattern[1:], "/")
		for j, s := range r.segments {
			switch {
			case s == "**" && j != len(r.segments)-1:
				return nil, fmt.Errorf("path %q: ** stands at the end only", r.Pattern)
			case s == "" && j != len(r.segments)-1:
				return nil, fmt.Errorf("path %q has an empty segment", r.Pattern)
			case s != "**" && !isParam(s) && strings.ContainsAny(s, "*{}%;\\"):
				return nil, fmt.Errorf("path %q: a segment is text, {name} or a final **", r.Pattern)
			case isParam(s) && slices.Contains(r.segments[:j], s): // whoever asks for one would see the last alone
				return nil, fmt.Errorf("path %q has %s twice", r.Pattern, s)
			}
		}
		r.order = shape(r)
		if other := twin(r.segments); r.Slash {
			if other == nil || strings.HasSuffix(r.Pattern, "**") {
				return nil, fmt.Errorf("path %q has no other spelling with or without a final slash", r.Pattern)
			}
			order := shape(&Route{segments: other})
			if slices.ContainsFunc(routes, func(o *Route) bool {
				return shape(&Route{segments: strings.Split(o.Pattern[min(1, len(o.Pattern)):], "/")}) == order
			}) {
				return nil, fmt.Errorf("path %q is listed, and is %q with either slash as well", "/"+strings.Join(other, "/"), r.Pattern)
			}
		}
		for _, o := range t.routes[:i] {
			if o.order == r.order && overlap(o.Methods, r.Methods) {
				return nil, fmt.Errorf("path %q covers the same requests as %q", r.Pattern, o.Pattern)
			}
		}
	}
	slices.SortStableFunc(t.routes, func(a, b *Route) int { return strings.Compare(a.order, b.order) })
	return t, nil
}

func isParam(s string) bool {
	return len(s) > 2 && s[0] == '{' && s[len(s)-1] == '}' && !strings.ContainsAny(s[1:len(s)-1], "{}*")
}

// shape sorts literals before parameters before **.
func shape(r *Route) string {
	var b strings.Builder
	for _, s := range r.segments {
		switch {
		case s == "**":
			b.WriteString("\x03")
		case isParam(s):
			b.WriteString("\x02\x00")
		default:
			b.WriteString("\x01" + strings.ToLower(s) + "\x00")
		}
	}
	return b.String()
}

func overlap(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b) // one for all methods, and one for some: the latter decides
	}
	return slices.ContainsFunc(a, func(m string) bool { return slices.Contains(b, m) })
}

// Find gives the route of a canonical path and its parameters. A path that is
// another route's but for its case has none: some upstreams ignore case, and
// would serve it under a policy that was not applied.
func (t *Table) Find(method, path string) (*Route, map[string]string) {
	var room [16]string
	segments := split(room[:0], path)
	exact := t.best(method, segments, alike)
	if exact == nil || t.sharper(exact, segments) {
		if exact, segments = t.either(method, segments); exact == nil {
			return nil, nil
		}
	}
	if exact != t.best(method, segments, strings.EqualFold) {
		return nil, nil
	}
	var params map[string]string
	for i, s := range exact.segments {
		if isParam(s) {
			if params == nil {
				params = map[string]string{}
			}
			params[s[1:len(s)-1]] = segments[i]
		}
	}
	return exact, params
}

// split gives the segments of a path.
func split(out []string, path string) []string {
	for rest, more := path[1:], true; more; {
		var s string
		s, rest, more = strings.Cut(rest, "/")
		out = append(out, s)
	}
	return out
}

// either gives the route of the other spelling, where that says that both are its
// own, and no route that is as literal has this one.
func (t *Table) either(method string, segments []string) (*Route, []string) {
	other := twin(segments)
	if other == nil {
		return nil, nil
	}
	r := t.best(method, other, alike)
	if r == nil || !r.Slash {
		return nil, nil
	}
	for _, o := range t.routes {
		if o.covers(segments, strings.EqualFold) {
			if o.order <= r.order {
				return nil, nil
			}
			break
		}
	}
	return r, other
}

func alike(a, b string) bool { return a == b }

// twin is the path with a final slash more, or less; nil of the root.
func twin(segments []string) []string {
	switch last := len(segments) - 1; {
	case segments[last] != "":
		return append(segments, "")
	case last > 0:
		return segments[:last]
	}
	return nil // there is no path without any
}

// sharper reports that the path with a slash more, or less, at its end, or without an
// extension, is a more literal route's: many upstreams serve them alike.
func (t *Table) sharper(exact *Route, segments []string) bool {
	other := twin(segments)
	var bare []string
	if last := exact.segments[len(exact.segments)-1]; last == "**" || isParam(last) { // else the policy names the extension
		bare = stem(segments)
	}
	for _, r := range t.routes {
		if r.order >= exact.order {
			return false
		}
		if other != nil && r.covers(other, strings.EqualFold) || bare != nil && r.covers(bare, strings.EqualFold) {
			return true
		}
	}
	return false
}

// stem is the path without the extension of its last segment, by which some frameworks
// choose the form of an answer: /users.json is /users. It is nil where there is none.
func stem(segments []string) []string {
	last := segments[len(segments)-1]
	i := strings.LastIndexByte(last, '.')
	if i <= 0 {
		return nil
	}
	out := slices.Clone(segments)
	out[len(out)-1] = last[:i]
	return out
}

// best is the most literal pattern that covers the path. A method it does not
// name is no way to a wider pattern with a milder policy.
func (t *Table) best(method string, segments []string, same func(a, b string) bool) *Route {
	var all, get *Route // for every method, and for HEAD that no route names
	found := ""
	for _, r := range t.routes {
		if found != "" && r.order != found {
			break
		}
		if !r.covers(segments, same) {
			continue
		}
		found = r.order
		switch {
		case slices.Contains(r.Methods, method):
			return r
		case method == "HEAD" && get == nil && slices.Contains(r.Methods, "GET"):
			get = r
		case len(r.Methods) == 0:
			all = r
		}
	}
	if get != nil {
		return get
	}
	return all
}

func (r *Route) covers(segments []string, same func(a, b string) bool) bool {
	for i, s := range r.segments {
		switch {
		case s == "**":
			return len(segments) >= i
		case i >= len(segments):
			return false
		case isParam(s):
			if segments[i] == "" {
				return false
			}
		case !same(s, segments[i]):
			return false
		}
	}
	return len(segments) == len(r.segments)
}
