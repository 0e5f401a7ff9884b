package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/ownership"
)

const (
	shareOfMessages = "messages: 20, window: 1m"
	isTenants       = "objects of two tenants have such ids alike, or they are for everybody"
)

// owned guards the kinds of objects that the finding's operations name or list:
// wherever one of a kind is reached, it has to be the caller's.
func owned(d *drafter, f *found) string {
	if len(f.ops) == 0 {
		return noOperation
	}
	kinds := map[string]bool{}
	for _, e := range f.ops {
		x := d.report(e)
		if x == nil {
			continue
		}
		for _, p := range x.Names {
			kinds[p.Kind] = true
		}
		for _, l := range x.Shows {
			if l.KindAt != "" { // whatever can be shown there is guarded: else the owner's own would be missing
				maps.Copy(kinds, d.learned())
			}
			kinds[l.Kind] = true
		}
		for _, p := range x.Makes {
			kinds[p.Kind] = true
		}
		if f.check == "isolation/file-download" {
			d.linked = append(d.linked, kindsOf(x.Names)...)
		}
	}
	delete(kinds, "")
	if len(kinds) == 0 {
		return "where the operation names an object was not seen, or " + isTenants + ": see docs/guard.md, ownership"
	}
	for k := range kinds {
		d.kinds[k] = true
	}
	d.objectsFound = append(d.objectsFound, f.word())
	for _, e := range f.ops {
		d.need(e, f.word())
		d.leaks[e.method+" "+shapeOf(e.path)] = true
	}
	return ""
}

func kindsOf(all []lr.Place) (out []string) {
	for _, p := range all {
		out = adding(out, p.Kind)
	}
	return out
}

// learned are the kinds whose objects guard learns of: from their creation, or
// from a list that shows nobody else's.
func (d *drafter) learned() map[string]bool {
	out := map[string]bool{}
	for _, x := range d.routes {
		for _, p := range x.Makes {
			out[p.Kind] = true
		}
		for _, l := range x.Shows {
			if l.Isolated && l.Kind != "" {
				out[l.Kind] = true
			}
		}
	}
	return out
}

// report is what the report says of an operation; nil where it names none such.
func (d *drafter) report(e *entry) *lr.RouteReport {
	for i := range d.routes {
		if x := &d.routes[i]; x.Method == e.method && shapeOf(d.base+x.Path) == shapeOf(e.path) {
			return x
		}
	}
	return nil
}

// sound reports a place of JSON and a kind that a policy can say, whatever the
// target called them.
func sound(kind string, paths ...string) bool {
	for _, at := range paths {
		if _, err := ownership.ParsePath(at); err != nil || !sayable(at) {
			return false
		}
	}
	return kind != "" && sayable(kind)
}

// rule is what ownership asks of an operation, in YAML; "" for nothing.
func (d *drafter) rule(x *lr.RouteReport, path string) (text string, proven bool) {
	ids := map[string][]string{}
	socket := map[string]string{}
	for _, p := range x.Names {
		if !d.kinds[p.Kind] || !sound(p.Kind, p.At) {
			continue
		}
		name := p.At
		switch p.In {
		case lr.InPathOf:
			if name = renamed(d.base+x.Path, path, p.At); name == "" {
				continue
			}
		case lr.InMessage:
			socket[name] = p.Kind
			continue
		}
		ids[p.In] = adding(ids[p.In], fmt.Sprintf("%q: %q", name, p.Kind))
	}
	var parts []string
	if len(ids) > 0 {
		var in []string
		for _, where := range slices.Sorted(maps.Keys(ids)) {
			in = append(in, where+": {"+strings.Join(ids[where], ", ")+"}")
		}
		parts = append(parts, "ids: {"+strings.Join(in, ", ")+"}")
	}
	var made []string
	for _, p := range x.Makes {
		if d.kinds[p.Kind] && p.In == lr.InAnswer && sound(p.Kind, p.At) {
			made = append(made, fmt.Sprintf("{kind: %q, id: %q}", p.Kind, p.At))
		}
	}
	if len(made) > 0 {
		parts = append(parts, "creates: ["+strings.Join(made, ", ")+"]")
	}
	var lists []string
	for _, l := range x.Shows {
		if l.KindAt == "" && !d.kinds[l.Kind] || !l.Isolated && !d.leaks[x.Method+" "+shapeOf(d.base+x.Path)] {
			continue
		}
		if !sound(cmp.Or(l.Kind, l.KindAt), l.Items) || !direct(l.ID) || l.KindAt != "" && !direct(l.KindAt) || l.Tenant != "" && !direct(l.Tenant) {
			continue
		}
		one := fmt.Sprintf("items: %q, id: %q", l.Items, l.ID)
		if l.KindAt != "" {
			one += fmt.Sprintf(", kind_at: %q", l.KindAt)
		} else {
			one += fmt.Sprintf(", kind: %q", l.Kind)
		}
		if l.Tenant != "" {
			one += fmt.Sprintf(", tenant: [%q]", l.Tenant)
		}
		lists = append(lists, "{"+one+"}")
		proven = proven || l.Isolated && l.Tenant == ""
	}
	for i, l := range lists {
		switch i {
		case 0:
			parts = append(parts, "list: "+l)
		case 1:
			parts = append(parts, "more_lists: ["+strings.Join(lists[1:], ", ")+"]")
		}
	}
	if x.Kind == lr.WebSocket.String() && (len(socket) > 0 || len(d.talk) > 0) {
		var in []string
		for _, n := range slices.Sorted(maps.Keys(socket)) {
			in = append(in, fmt.Sprintf("%q: %q", n, socket[n]))
		}
		var ws []string
		if len(in) > 0 {
			ws = append(ws, "ids: {"+strings.Join(in, ", ")+"}")
		}
		if len(d.talk) > 0 {
			ws = append(ws, shareOfMessages)
		}
		if origins := d.origins(); len(origins) > 0 {
			ws = append(ws, "origins: ["+quoted(origins)+"]")
		}
		parts = append(parts, "websocket: {"+strings.Join(ws, ", ")+"}")
	}
	if proven {
		parts = append(parts, "proven: true")
	}
	return strings.Join(parts, ", "), proven
}

// direct reports a path within an item.
func direct(at string) bool {
	_, err := ownership.Direct(at)
	return err == nil && at != "" && sayable(at)
}

// renamed is the name that a policy's path has for a parameter of an operation's.
func renamed(of, path, name string) string {
	a, b := strings.Split(of, "/"), strings.Split(path, "/")
	for i := range a {
		if a[i] == "{"+name+"}" && i < len(b) && strings.HasPrefix(b[i], "{") {
			return strings.Trim(b[i], "{}")
		}
	}
	return ""
}

// rules are the routes of ownership, one line for the operations of a path of which
// the same is asked, and what of it is to be said twice.
func (d *drafter) rules(s Sketch) (lines, unsafe []string) {
	type group struct {
		path, text string
		methods    []string
	}
	var all []*group
	for i := range d.routes {
		x := &d.routes[i]
		e := d.of[x.Method+" "+shapeOf(d.base+x.Path)]
		if e == nil || e.public || d.closed(e) {
			continue
		}
		path := d.line(e, s)
		text, proven := d.rule(x, path)
		if text == "" {
			continue
		}
		if proven {
			unsafe = adding(unsafe, "proven reads "+path)
		}
		n := slices.IndexFunc(all, func(g *group) bool { return g.path == path && g.text == text })
		if n < 0 {
			n = len(all)
			all = append(all, &group{path: path, text: text})
		}
		all[n].methods = append(all[n].methods, x.Method)
	}
	for _, g := range all {
		lines = append(lines, fmt.Sprintf("    - {path: %q, methods: [%s], %s}\n", g.path, strings.Join(g.methods, ", "), g.text))
	}
	return lines, unsafe
}

// settle asks for a verified token wherever an object of a guarded kind is named,
// made or listed: nothing else tells whose the caller is.
func (d *drafter) settle() {
	for i := range d.routes {
		x := &d.routes[i]
		e := d.of[x.Method+" "+shapeOf(d.base+x.Path)]
		if e == nil {
			continue
		}
		if x.Kind == lr.Download.String() && e.public && slices.ContainsFunc(x.Names, func(p lr.Place) bool { return p.In == lr.InPathOf && slices.Contains(d.linked, p.Kind) }) {
			e.public, e.why = false, adding(e.why, "a link alone opens nothing here, until its signature covers the file")
		}
		if e.public {
			continue
		}
		if text, _ := d.rule(x, d.base+x.Path); text != "" && e.own {
			e.own = false
			e.why = adding(e.why, "a verified token alone tells whose objects these are")
		}
	}
}
