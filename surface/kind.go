package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// crud gives the kind of a route that is none of the special ones.
func (x *index) crud(s *shape) lr.Kind {
	m := s.rt.Method
	if m == "HEAD" || m == "OPTIONS" || m == "TRACE" {
		return lr.OtherKind
	}
	if s.verb != "" {
		return spoken(s, m)
	}
	if m == "GET" && !s.item() && deed(s.tip()) {
		return lr.Action
	}
	switch s.at {
	case onItem:
		return byMethod(m, lr.Read, lr.Update, lr.Update, lr.Delete)
	case onMany:
		if name := ownKey(s); name != "" && (m != "PUT" || s.queries(name)) { // GET /chats?id=…
			return byMethod(m, lr.Read, lr.Create, lr.Update, lr.Delete)
		}
		switch m {
		case "POST":
			return x.posts(s)
		case "PUT":
			return x.puts(s)
		}
		return byMethod(m, lr.List, lr.Create, lr.Action, lr.Action)
	case onOnly:
		if m == "POST" {
			return x.posts(s)
		}
		return byMethod(m, lr.Read, lr.Create, lr.Update, lr.Delete)
	case onPart:
		return byMethod(m, lr.Read, lr.Action, lr.Update, lr.Action)
	case onView:
		return byMethod(m, lr.List, lr.Action, lr.Action, lr.Action)
	}
	return byMethod(m, lr.OtherKind, lr.Action, lr.Action, lr.Action)
}

// deed reports a word that changes something although GET should not.
func deed(tip string) bool {
	for _, v := range []string{"create", "reset", "drop", "populate", "truncate", "shutdown", "restart", "flush", "purge", "wipe", "seed", "initdb", "migrate", "delete", "clear", "logout"} {
		if strings.HasPrefix(tip, v) {
			return true
		}
	}
	return false
}

func byMethod(m string, get, post, put, del lr.Kind) lr.Kind {
	switch m {
	case "GET", "QUERY":
		return get
	case "POST":
		return post
	case "PUT", "PATCH":
		return put
	case "DELETE":
		return del
	}
	return lr.OtherKind
}

// spoken gives the kind of a route whose path says what it does.
func spoken(s *shape, m string) lr.Kind {
	get := m == "GET"
	switch s.verb {
	case "create":
		if get || s.at == onPart { // GET /chats/new is a form, GET /createdb a deed
			return lr.Action
		}
		return lr.Create
	case "list":
		// POST /chats/archive/all and DELETE /models/delete/all do something to all.
		if get || m == "QUERY" || m == "POST" && (s.noun != "" || s.tip() != "all") {
			return lr.List
		}
		return lr.Action
	case "read":
		if m == "POST" && s.noun == "" && s.tip() == "read" && ownKey(s) == "" {
			return lr.Action // POST /chats/read marks them
		}
		if s.at == onPart && !get && m != "QUERY" {
			return lr.Action // POST /tasks/{id}/read marks it
		}
		if s.at == onMany && (s.many || s.noun == "") && ownKey(s) == "" {
			return lr.List
		}
		return lr.Read
	case "update":
		if get || m == "DELETE" {
			return lr.Action
		}
		return lr.Update
	case "delete":
		if get {
			return lr.Action
		}
		return lr.Delete
	case "aggregate":
		if get {
			return lr.OtherKind
		}
	}
	return lr.Action
}

// ownKey names the query parameter or body member that is the key of the
// route's own collection: id, chat_id. Only where the path holds no key.
func ownKey(s *shape) string {
	if s.own == nil || s.item() {
		return ""
	}
	is := func(name string) bool {
		j := strings.Join(wordsOf(name), "")
		return j == "id" || j == "uuid" || j == s.own.noun+"id" || j == s.own.noun+"uuid" || j == s.own.noun+"key" || s.noun != "" && (j == s.own.noun || j == s.own.noun+"name" || j == "slug")
	}
	for _, p := range s.rt.Params {
		if p.In == lr.InQuery && is(p.Name) {
			return p.Name
		}
	}
	put := s.verb == "" && (s.rt.Method == "PUT" || s.rt.Method == "PATCH")
	if put || s.verb == "read" || s.verb == "update" || s.verb == "delete" {
		for _, name := range sortedKeys(s.prop) {
			if is(name) {
				return name
			}
		}
	}
	return ""
}
