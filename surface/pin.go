package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// Pin gives the route that answers a request, "POST /auth/login", the kind that
// its owner says it has, and links the routes again. It reports whether there
// is such a route. The kinds of a session stay when Link is called later.
//
// A route that ends in a key is left as it is, and so is one that has a key or
// changes something where it shall tell the caller: GET /users/alba reads one of
// the users.
func Pin(routes []*lr.Route, request string, kind lr.Kind) bool {
	method, path, ok := strings.Cut(strings.TrimSpace(request), " ")
	if !ok {
		method, path = "GET", method
	}
	method = strings.ToUpper(method)
	path, _, _ = strings.Cut(strings.TrimSpace(path), "?")
	segs := split(path)
	tree := &matchNode{}
	for _, rt := range routes {
		if rt != nil && rt.Method == method {
			tree.insert(split(rt.Path), rt)
		}
	}
	rt := tree.find(segs)
	if rt == nil {
		return false
	}
	if of := split(rt.Path); len(of) == 0 || of[len(of)-1].param != "" || kind == lr.WhoAmI && (method != "GET" || strings.Contains(rt.Path, "{")) {
		return false
	}
	rt.Kind = kind
	Link(routes)
	return true
}
