package surface

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// locate finds the kind and the collection that the route works on, and tells
// the collection what it offers.
func (x *index) locate(s *shape) {
	rt := s.rt
	preset := rt.Kind
	rt.Kind, rt.Resource, rt.Keys = lr.OtherKind, "", nil
	for i, g := range s.segs {
		if g.param != "" && i > 0 && nounOfPath(s.segs[:i]) != "" {
			x.touch(s.segs[:i], 1)
		}
	}
	special := x.special(s)
	if kept(preset) {
		special = preset
	}
	x.home(s, special)
	if rt.Kind = special; special == lr.OtherKind {
		rt.Kind = x.crud(s)
	}
	if s.own == nil {
		return
	}
	switch {
	case rt.Kind == lr.List || rt.Kind == lr.Search && s.at == onMany:
		s.own.list = true
	case s.at == onItem:
		s.own.items = true
	}
	if x.makes(s) {
		s.own.creators = append(s.own.creators, s)
	}
}

// makes reports that the route makes an object of its own collection, before
// Keys tell it.
func (x *index) makes(s *shape) bool {
	if s.rt.Safe() || s.rt.Method == "DELETE" || s.at == onItem || s.at == onPart {
		return false
	}
	switch s.rt.Kind {
	case lr.Create, lr.Upload:
		return true
	case lr.SignUp, lr.Invite, lr.Export, lr.ChatKind:
		return s.verb == "" && s.at == onMany
	}
	return false
}

// only gives the one thing at a path: /tenant is not the collection /tenants.
func (x *index) only(segs []segment) *collection {
	path := emptied(segs)
	c := x.collAt("="+path, segs)
	c.spelled[path] = 10
	return c
}

// touch gives the collection at a path and notes how it is spelled there.
func (x *index) touch(segs []segment, weight int) *collection {
	c := x.coll(segs)
	if n := len(segs); n > 0 && segs[n-1].param == "" && plural(segs[n-1].text) {
		weight += 4
	}
	c.spelled[emptied(segs)] += weight
	return c
}

// home sets own and at: the collection that a route hangs on, and how.
func (x *index) home(s *shape, special lr.Kind) {
	n := len(s.segs)
	switch special {
	case lr.SignIn, lr.SignOut, lr.Refresh, lr.Health, lr.GraphQL, lr.Webhook:
		return
	case lr.WhoAmI:
		s.own, s.at = x.only(s.segs), onOnly
		return
	case lr.Password:
		if !strings.Contains(s.rt.Path, "{") {
			return
		}
	}
	if n == 0 {
		return
	}
	base := s.segs[:s.base]
	switch {
	case special == lr.Upload && pictures(s) && !x.place(s.segs).item:
		x.placePicture(s)
	case s.noun != "":
		x.placeNoun(s, base)
	case s.item():
		s.at = onItem
		if s.base < n && len(base) > 0 && base[len(base)-1].param != "" { // /repos/{repo}/raw/{path}
			s.own, s.at = x.touch(base[:len(base)-1], 1), onPart
			return
		}
		if s.base < n { // a verb stands before the key
			if len(base) > 0 && !frame(base[len(base)-1].text) {
				s.own = x.touch(base, 3)
			}
			return
		}
		if n > 1 {
			s.own = x.touch(s.segs[:n-1], 3)
		}
	case s.verb != "" && len(base) > 0 && base[len(base)-1].param != "":
		s.own, s.at = x.touch(base[:len(base)-1], 1), onPart
	case s.verb != "":
		x.placeVerb(s, base)
	case n > 1 && s.segs[n-2].param != "":
		x.placeBelowItem(s, special)
	default:
		x.placeLiteral(s, special)
	}
}

// pictures reports a path of what something looks like.
func pictures(s *shape) bool {
	return s.has("avatar", "background", "backgrounds", "logo", "banner", "cover", "icon", "favicon")
}

// placePicture makes the upload of a picture a part of what it shows: the
// avatar of a user is no object of its own, and the caller's is nobody's.
func (x *index) placePicture(s *shape) {
	for i := len(s.segs) - 1; i > 0; i-- {
		if s.segs[i].param != "" {
			s.own, s.at = x.touch(s.segs[:i], 0), onPart
			return
		}
	}
}

// placeNoun places getChat and chats:search.
func (x *index) placeNoun(s *shape, base []segment) {
	last := s.segs[s.base].text
	var name string
	if noun, _, ok := strings.Cut(last, ":"); ok {
		name = noun
	} else {
		name = pluralize(s.noun)
		if s.noun == "" {
			return
		}
		s.many = plural(last)
	}
	segs := append(slices.Clone(base), segment{text: name})
	if n := len(base); n > 0 && base[n-1].param == "" && plural(base[n-1].text) && x.places[foldPath(segs)] == nil && s.verb == "update" {
		if own := fold(base[n-1].text); s.props(own+"id", own+"name", own) { // PUT /users/update_role {"username": …}
			s.own, s.at = x.touch(base, 1), onMany
			return
		}
	}
	if len(base) > 0 && base[len(base)-1].param != "" && x.places[foldPath(segs)] == nil {
		s.own, s.at, s.verb = x.touch(base[:len(base)-1], 1), onPart, "act"
		return
	}
	s.own, s.at = x.touch(segs, 0), onMany
	if s.item() {
		s.at = onItem
	}
}

// placeVerb places /chats/new and /v1/search.
func (x *index) placeVerb(s *shape, base []segment) {
	if len(base) == 0 || frame(base[len(base)-1].text) && nounOfPath(base) == "" {
		return
	}
	p := x.place(base)
	crud := s.verb == "create" || s.verb == "list" || s.verb == "update" || s.verb == "delete" || s.verb == "read"
	if crud || p.item || p.methods["GET"] || p.methods["POST"] || plural(base[len(base)-1].text) {
		s.own, s.at = x.touch(base, 1), onMany
	}
}

// placeBelowItem decides whether /chats/{id}/messages is a collection, a thing
// of its own, or a part of the chat.
func (x *index) placeBelowItem(s *shape, special lr.Kind) {
	n := len(s.segs)
	text := s.segs[n-1].text
	p := x.place(s.segs)
	switch special {
	case lr.Stream, lr.WebSocket, lr.Download, lr.Search, lr.Password:
		s.own, s.at = x.touch(s.segs[:n-2], 1), onPart
		return
	}
	made := p.methods["POST"] || p.methods["PUT"] && p.methods["DELETE"]
	known := p.methods["PUT"] && x.keyed[fold(text)] // PUT /projects/{id}/tasks beside /tasks/{id}
	switch {
	case p.item, !isSingle(text) && (plural(text) || isMass(text)) && (p.methods["GET"] || p.methods["POST"] || known):
		s.own, s.at = x.touch(s.segs, 10), onMany
	case p.methods["GET"] && made && special == lr.OtherKind:
		s.own, s.at = x.only(s.segs), onOnly
	default:
		s.own, s.at = x.touch(s.segs[:n-2], 1), onPart
	}
}

// placeLiteral decides about a literal that follows a literal, or stands alone.
func (x *index) placeLiteral(s *shape, special lr.Kind) {
	n := len(s.segs)
	text := s.segs[n-1].text
	p := x.place(s.segs)
	if exact := x.exactly(s.segs); !plural(text) && !exact.item && !exact.methods["POST"] {
		p = exact // GET and PATCH /tenant beside /tenants/{id}
	}
	if frame(text) && nounOfPath(s.segs) == "" {
		return
	}
	if special == lr.OtherKind && oneOf(s.tip(), "login", "signin", "signup", "register", "auth", "oauth", "authorize", "callback", "sso", "saml") && !p.item {
		return // a page, or a step of a redirect
	}
	if meWord(text) {
		s.own, s.at = x.only(s.segs), onOnly
		return
	}
	many := p.item || !isSingle(text) && (plural(text) || isMass(text) && p.methods["GET"])
	if versionSegment(text) { // VAmPI: /users/v1
		many = many || n > 1 && plural(s.segs[n-2].text)
	}
	parent := x.place(s.segs[:n-1])
	says := n > 1 && s.segs[n-2].param == "" && (!frame(s.segs[n-2].text) || versionSegment(s.segs[n-2].text) && nounOfPath(s.segs[:n-1]) != "")
	parentMany := says && (parent.item || parent.methods["GET"] && plural(s.segs[n-2].text))
	switch {
	case special == lr.ChatKind && !p.item && !p.methods["GET"]:
	case p.item, many && p.methods["POST"]:
		s.own, s.at = x.touch(s.segs, 10), onMany
	case parentMany && !(p.methods["GET"] && oneOf(fold(text), "profile", "setting", "preference", "config", "configuration")):
		s.own, s.at = x.touch(s.segs[:n-1], 1), onView
	case special == lr.Stream, special == lr.WebSocket, special == lr.Search:
	case many:
		s.own, s.at = x.touch(s.segs, 10), onMany
	case special != lr.OtherKind && special != lr.Invite && special != lr.Upload:
	case p.methods["GET"], isSingle(text) && (p.methods["PUT"] || p.methods["PATCH"]):
		s.own, s.at = x.only(s.segs), onOnly
	}
}
