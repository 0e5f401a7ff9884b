package surface

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Link fills Kind, Resource, Keys and Beside of the routes from their shapes. It looks
// at all of them together, so call it again when routes were added.
//
// Keys holds the path parameters, the query parameters that name an object
// ("chat_id"), and the members of a body that do; a name that is a path
// parameter always means the path parameter.
func Link(routes []*lr.Route) {
	x := &index{places: map[string]*place{}, colls: map[string]*collection{}, byNoun: map[string][]*collection{}, keyed: map[string]bool{}, posted: map[string]bool{}}
	for _, rt := range routes {
		if rt == nil {
			continue
		}
		s := newShape(rt)
		x.shapes = append(x.shapes, s)
		x.mark(s)
	}
	for _, s := range x.shapes {
		x.dissect(s)
	}
	for noun, at := range x.items() {
		x.keyed[noun] = true
		x.posted[noun] = slices.ContainsFunc(at, func(p *place) bool { return p.methods["POST"] })
	}
	x.opened = slices.ContainsFunc(x.shapes, func(s *shape) bool { return s.signsIn() })
	x.shown = slices.ContainsFunc(x.shapes, func(s *shape) bool {
		return s.rt.Method == "GET" && !s.item() && (meWord(s.last().text) || tellsCaller(s.tip()))
	})
	for _, s := range x.shapes {
		x.locate(s)
	}
	x.settle()
	x.adopt()
	for _, s := range x.shapes {
		x.keys(s)
	}
	for _, s := range x.shapes {
		x.rehome(s)
	}
	for _, s := range x.flows() {
		x.rehome(s)
	}
	for _, s := range x.shapes {
		if s.rt.Kind == lr.Create && unkeyed(s.rt) {
			s.rt.Kind = lr.Action
		}
	}
	beside(routes)
}

// Creates reports whether the route makes an object of its Resource: it is no
// operation on an existing one. Kinds beside Create do so too: a sign-up makes
// a user, an upload a file, a chat turn a message.
func Creates(rt *lr.Route) bool {
	if rt.Resource == "" || rt.Safe() || rt.Method == "DELETE" {
		return false
	}
	switch rt.Kind {
	case lr.Create, lr.SignUp, lr.Upload:
	case lr.Invite, lr.Export, lr.ChatKind:
		if foldPath(split(rt.Path)) != foldPath(split(rt.Resource)) {
			return false
		}
	default:
		return false
	}
	for _, name := range rt.PathParams() {
		if rt.Keys[name].Resource == rt.Resource {
			return false
		}
	}
	return true
}

// index is what all routes together tell.
type index struct {
	shapes []*shape
	places map[string]*place      // by folded path
	colls  map[string]*collection // by folded path
	byNoun map[string][]*collection
	keyed  map[string]bool // folded nouns whose objects have a key somewhere
	posted map[string]bool // those of them that POST makes
	opened bool            // a route signs in beyond doubt
	shown  bool            // a route tells the caller beyond doubt
}

// place is one path and what stands on it and below it.
type place struct {
	methods map[string]bool
	item    bool // a parameter follows
	more    bool // anything follows
}

// collection is a resource.
type collection struct {
	fold     string
	parts    []string       // of fold
	path     string         // as routes will name it
	spelled  map[string]int // spellings, by weight
	noun     string
	params   int
	list     bool
	items    bool
	admin    bool
	creators []*shape
}

func (x *index) mark(s *shape) {
	for i := 0; i <= len(s.segs); i++ {
		for _, p := range []*place{x.place(s.segs[:i]), x.exactly(s.segs[:i])} {
			switch {
			case i == len(s.segs):
				p.methods[s.rt.Method] = true
				continue
			case s.segs[i].param != "":
				p.item = true
			}
			p.more = true
		}
	}
}

// items gathers the places whose objects have a key, by the folded noun in
// which their paths end.
func (x *index) items() map[string][]*place {
	out := map[string][]*place{}
	for key, p := range x.places {
		if noun := key[strings.LastIndexByte(key, '/')+1:]; p.item && noun != "{}" && noun != "" && key[0] == '/' {
			out[noun] = append(out[noun], p)
		}
	}
	return out
}

// place is what stands at a path, however its nouns are spelled.
func (x *index) place(segs []segment) *place { return x.placeAt(foldPath(segs)) }

// exactly is what stands at a path as it is spelled.
func (x *index) exactly(segs []segment) *place { return x.placeAt("=" + emptied(segs)) }

func (x *index) placeAt(key string) *place {
	p := x.places[key]
	if p == nil {
		p = &place{methods: map[string]bool{}}
		x.places[key] = p
	}
	return p
}

// dissect finds what the path says is done, and to what.
func (x *index) dissect(s *shape) {
	n := len(s.segs)
	s.base = n
	if n == 0 {
		return
	}
	last := s.segs[n-1]
	if last.param != "" {
		if v, ok := strings.CutPrefix(last.tail, ":"); ok { // google custom method: {chat}:archive
			s.verb = meaning(v)
		}
		if n >= 2 && s.segs[n-2].param == "" {
			x.verbBeforeKey(s, s.segs[n-2].text)
		}
		return
	}
	if noun, v, ok := strings.Cut(last.text, ":"); ok && noun != "" { // chats:search
		s.verb, s.noun, s.base = meaning(v), fold(noun), n-1
		return
	}
	here := x.place(s.segs)
	if here.item {
		return
	}
	x.spokenVerb(s, last.text)
}

// spokenVerb reads a last literal that is a verb, or a verb with its noun.
func (x *index) spokenVerb(s *shape, text string) {
	n := len(s.segs)
	w := wordsOf(text)
	if len(w) == 1 && n > 1 {
		if v, ok := verbs[w[0]]; ok && !x.twoWay(s) {
			s.verb, s.base = v, n-1
		}
		return
	}
	if len(w) == 1 {
		switch verbs[w[0]] {
		case "search", "export", "download", "upload", "act":
			s.verb, s.base = verbs[w[0]], n-1
		}
		return
	}
	if len(w) < 2 {
		return
	}
	if v, ok := rpcVerbs[w[0]]; ok && n > 1 && oneOf(w[1], "by", "with", "for", "in", "from", "bulk", "batch", "many") {
		// findByStatus, createWithList: more of what the path before says
		if s.verb, s.base = v, n-1; v != "read" {
			s.verb = map[bool]string{true: "search", false: "act"}[v == "search" || v == "list"]
		}
		return
	}
	if v, ok := rpcVerbs[w[0]]; ok {
		s.verb, s.noun, s.base = v, fold(strings.Join(w[1:], "-")), n-1
		return
	}
	if v, ok := verbs[w[len(w)-1]]; ok && s.rt.Method == "POST" && strings.Contains(text, ".") { // chat.create
		s.verb, s.noun, s.base = v, fold(strings.Join(w[:len(w)-1], "-")), n-1
	}
}

// twoWay reports a word that is read as well as written below an object: a
// thing, not a deed. POST and GET /chats/{id}/archive is a resource.
func (x *index) twoWay(s *shape) bool {
	p := x.place(s.segs)
	below := len(s.segs) > 1 && s.segs[len(s.segs)-2].param != ""
	return below && verbs[s.tip()] == "act" && p.methods["GET"] && p.methods["POST"]
}

// verbBeforeKey reads /chats/get/{id}, /getChat/{id} and /download/{file_id}.
func (x *index) verbBeforeKey(s *shape, text string) {
	n := len(s.segs)
	w := wordsOf(text)
	if len(w) == 0 {
		return
	}
	p := x.place(s.segs[:n-1])
	if v, ok := rpcVerbs[w[0]]; ok && len(w) > 1 {
		s.verb, s.noun, s.base = v, fold(strings.Join(w[1:], "-")), n-2
		return
	}
	v, ok := verbs[w[0]]
	if !ok || len(w) > 1 || p.methods["GET"] && p.methods["POST"] || plural(text) {
		return
	}
	if v == "download" && w[0] != "download" && w[0] != "raw" {
		return // /file/{id}, /content/{id}
	}
	s.verb, s.base = v, n-2
}

func meaning(v string) string {
	w := wordsOf(v)
	if len(w) == 0 {
		return "act"
	}
	if m, ok := verbs[w[0]]; ok {
		return m
	}
	return "act"
}

// coll gives the collection at a path, making it when it is new.
func (x *index) coll(segs []segment) *collection { return x.collAt(foldPath(segs), segs) }

func (x *index) collAt(key string, segs []segment) *collection {
	c := x.colls[key]
	if c == nil {
		c = &collection{fold: key, parts: strings.Split(key, "/"), spelled: map[string]int{}, noun: nounOfPath(segs)}
		for _, g := range segs {
			if g.param != "" {
				c.params++
			} else if w := wordsOf(g.text); slices.Contains(w, "admin") || slices.Contains(w, "internal") {
				c.admin = true
			}
		}
		x.colls[key] = c
	}
	return c
}

// nounOfPath is the folded last literal that says something: /users/v1 holds
// users, /tenants/records tenants.
func nounOfPath(segs []segment) string {
	for i := len(segs) - 1; i >= 0; i-- {
		if g := segs[i]; g.param == "" && !frame(g.text) {
			if i > 0 && segs[i-1].param == "" && !frame(segs[i-1].text) && oneOf(fold(g.text), "record", "row") {
				continue
			}
			return fold(g.text)
		}
	}
	return ""
}

// settle gives every collection the spelling that most of its routes use.
func (x *index) settle() {
	keys := make([]string, 0, len(x.colls))
	for k, c := range x.colls {
		keys = append(keys, k)
		for _, sp := range sortedKeys(c.spelled) {
			if c.path == "" || c.spelled[sp] > c.spelled[c.path] {
				c.path = sp
			}
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		c := x.colls[k]
		x.byNoun[c.noun] = append(x.byNoun[c.noun], c)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
