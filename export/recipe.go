package export

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/surface"
)

// Bounds of one file: a script is read by a person, and sends what it says.
const (
	mostThings = 10
	mostDoors  = 20
	mostInputs = 5
	mostReads  = 6 // of one thing
)

// thing is a resource that has a key, and what can be done to one of its objects.
type thing struct {
	name     string // "chat": for variables
	resource string
	id       string // field of the creation's reply that holds the key
	parent   *thing
	create   *call   // nil: an id is given
	read     *call   // shows one
	reads    []*call // show one, in whatever form
	list     *call
	update   *call
	remove   *call
	content  *call // the bytes of an upload
}

// recipe is what the tests of an API are made of.
type recipe struct {
	things []*thing
	doors  []*call // reads without a key, which the description guards
	inputs []*call // creations that take JSON
	upload *thing
	chat   *call
	chatOf *thing // whose key the chat route needs
}

// recipeOf reads the routes.
func recipeOf(o Options) (*recipe, error) {
	b := newBuilder(o)
	r := &recipe{}
	if err := r.gather(o, b); err != nil {
		return nil, err
	}
	for _, rt := range o.Routes {
		if lr.Match(o.Access.Public, rt) || !rt.Secured || rt.Method != "GET" || len(rt.PathParams()) > 0 || len(r.doors) == mostDoors {
			continue
		}
		switch rt.Kind {
		case lr.Stream, lr.WebSocket, lr.Health, lr.SignIn, lr.SignOut, lr.GraphQL:
			continue
		}
		if c, err := b.call(rt, nil); err == nil {
			r.doors = append(r.doors, c)
		}
	}
	for _, t := range r.things {
		if t.create != nil && t.create.json() && len(r.inputs) < mostInputs {
			r.inputs = append(r.inputs, t.create)
		}
		if t.create != nil && t.create.upload() && r.upload == nil {
			r.upload = t
		}
	}
	r.findChat(o, b)
	if len(r.things)+len(r.doors) == 0 && r.chat == nil {
		return nil, ErrNothing
	}
	return r, nil
}

// widen adds what only the test of a finding makes: things that give access or
// send mail, since the run made them too, and things that no route shows.
func (r *recipe) widen(o Options) {
	b := newBuilder(o)
	b.lax = true
	for _, rt := range surface.Order(o.Routes) {
		keys := rt.PathParams()
		for i, name := range keys {
			key := rt.Keys[name]
			if key.Resource == "" || r.of(key.Resource) != nil {
				continue
			}
			t := &thing{resource: key.Resource, id: key.Field, name: r.nameOf(key.Resource)}
			if t.id == "" {
				t.id = "id"
			}
			if !r.parentOf(t, rt, keys[:i]) {
				continue
			}
			var read *lr.Route
			for _, q := range o.Routes {
				if ks := q.PathParams(); len(ks) > 0 && q.Method == "GET" && q.Kind == lr.Read && q.Keys[ks[len(ks)-1]].Resource == key.Resource && read == nil {
					read = q
				}
			}
			if b.fill(t, read, o.Routes) == nil {
				r.things = append(r.things, t)
			}
		}
	}
	for _, t := range r.things { // what was not worth an abuse test
		if t.create == nil {
			_ = b.fill(t, nil, o.Routes) //nolint:errcheck // what cannot be built is not made
		}
	}
}

// gather finds the things, parents first.
func (r *recipe) gather(o Options, b *builder) error {
	for _, rt := range plainFirst(surface.Order(o.Routes)) {
		if len(r.things) == mostThings {
			return nil
		}
		keys := rt.PathParams()
		if len(keys) == 0 || rt.Method != "GET" || rt.Kind != lr.Read || lr.Match(o.Access.Shared, rt) || lr.Match(o.Access.Public, rt) {
			continue
		}
		key := rt.Keys[keys[len(keys)-1]]
		if key.Resource == "" || r.of(key.Resource) != nil || delicate(key.Resource) {
			continue
		}
		t := &thing{resource: key.Resource, id: key.Field, name: r.nameOf(key.Resource)}
		if t.id == "" {
			t.id = "id"
		}
		if ok := r.parentOf(t, rt, keys[:len(keys)-1]); !ok {
			continue
		}
		if err := b.fill(t, rt, o.Routes); err != nil {
			continue // a request that cannot be built is not tested
		}
		r.things = append(r.things, t)
	}
	return nil
}

// plainFirst puts the reads at the address of a creation first, and keeps the
// order otherwise: what a page shows at another address comes after them.
func plainFirst(routes []*lr.Route) []*lr.Route {
	plain := func(rt *lr.Route) bool {
		i := strings.LastIndexByte(rt.Path, '/')
		return i > 0 && slices.ContainsFunc(routes, func(c *lr.Route) bool { return c.Method == "POST" && c.Path == rt.Path[:i] })
	}
	var first, rest []*lr.Route
	for _, rt := range routes {
		if plain(rt) {
			first = append(first, rt)
		} else {
			rest = append(rest, rt)
		}
	}
	return append(first, rest...)
}

// parentOf finds the thing whose key stands before the thing's own. It reports
// whether the other keys of the path can be filled.
func (r *recipe) parentOf(t *thing, rt *lr.Route, keys []string) bool {
	if len(keys) == 0 {
		return true
	}
	t.parent = r.of(rt.Keys[keys[len(keys)-1]].Resource)
	if t.parent == nil {
		return false
	}
	for _, k := range keys {
		if !t.parent.has(rt.Keys[k].Resource) {
			return false
		}
	}
	return true
}

func (t *thing) has(resource string) bool {
	for ; t != nil; t = t.parent {
		if t.resource == resource {
			return true
		}
	}
	return false
}

func (r *recipe) of(resource string) *thing {
	for _, t := range r.things {
		if t.resource == resource {
			return t
		}
	}
	return nil
}

// delicate names resources that give access or send mail when one is made.
func delicate(resource string) bool {
	n := strings.ToLower(lastNoun(resource))
	for _, w := range []string{"user", "member", "invit", "key", "token", "session", "webhook", "account", "tenant", "organi", "workspace", "invoice", "payment", "subscription"} {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}

func lastNoun(resource string) string {
	segs := strings.FieldsFunc(resource, func(r rune) bool { return r == '/' })
	for i := len(segs) - 1; i >= 0; i-- {
		if !strings.HasPrefix(segs[i], "{") {
			return segs[i]
		}
	}
	return "object"
}

// nameOf is a word for variables that no other thing has: "chat".
func (r *recipe) nameOf(resource string) string {
	word := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 32
		}
		return '_'
	}, strings.TrimSuffix(lastNoun(resource), "s"))
	name := "of_" + word
	if word != "" && word[0] >= 'a' {
		name = word
	}
	for slices.ContainsFunc(r.things, func(t *thing) bool { return t.name == name }) {
		name += "_2"
	}
	return name
}

// findChat looks for the route that a person's message goes to, best one that
// needs no object.
func (r *recipe) findChat(o Options, b *builder) {
	for _, keyed := range []bool{false, true} {
		for _, rt := range o.Routes {
			if rt.Kind != lr.ChatKind || rt.Method != "POST" || len(rt.PathParams()) > 0 != keyed || r.chat != nil {
				continue
			}
			var of *thing
			if keyed {
				keys := rt.PathParams()
				if of = r.of(rt.Keys[keys[len(keys)-1]].Resource); of == nil {
					continue
				}
			}
			if c, err := b.call(rt, of); err == nil {
				r.chat, r.chatOf = c, of
			}
		}
	}
}
