package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// routeIndex knows routes by method and emptied path, so that /chats/{id} and
// /chats/{chat_id} are one.
type routeIndex struct {
	seen   map[string]bool
	byPath map[string][]*lr.Route
	tree   *matchNode
}

func indexOf(known []*lr.Route) *routeIndex {
	x := &routeIndex{seen: map[string]bool{}, byPath: map[string][]*lr.Route{}, tree: &matchNode{}}
	for _, rt := range known {
		if rt != nil {
			x.add(rt)
		}
	}
	return x
}

func (x *routeIndex) add(rt *lr.Route) bool {
	path := emptied(split(rt.Path))
	key := rt.Method + " " + path
	if x.seen[key] {
		return false
	}
	x.seen[key] = true
	x.byPath[path] = append(x.byPath[path], rt)
	x.tree.insert(split(rt.Path), rt)
	return true
}

// matchNode is a tree of path segments: literals before parameters.
type matchNode struct {
	next map[string]*matchNode
	any  *matchNode
	rt   *lr.Route
}

func (n *matchNode) insert(segs []segment, rt *lr.Route) {
	for _, g := range segs {
		var to *matchNode
		if strings.Contains(g.text, "{") {
			if n.any == nil {
				n.any = &matchNode{}
			}
			to = n.any
		} else {
			if n.next == nil {
				n.next = map[string]*matchNode{}
			}
			if to = n.next[g.text]; to == nil {
				to = &matchNode{}
				n.next[g.text] = to
			}
		}
		n = to
	}
	if n.rt == nil {
		n.rt = rt
	}
}

func (n *matchNode) find(segs []segment) *lr.Route {
	if len(segs) == 0 {
		return n.rt
	}
	if to := n.next[segs[0].text]; to != nil {
		if rt := to.find(segs[1:]); rt != nil {
			return rt
		}
	}
	if n.any != nil {
		return n.any.find(segs[1:])
	}
	return nil
}

// FromAllow gives the routes that an Allow header (RFC 9110, 10.2.1) names for
// a path and that are not known. path is a template, or a concrete path, which
// is read as the known template that it fits.
func FromAllow(path, allow string, known []*lr.Route) []*lr.Route {
	x := indexOf(known)
	like := x.tree.find(split(path))
	if like != nil && !strings.Contains(path, "{") {
		path = like.Path
	}
	var out []*lr.Route
	for m := range strings.SplitSeq(allow, ",") {
		m = strings.ToUpper(strings.TrimSpace(m))
		if !token(m) || m == "OPTIONS" || m == "TRACE" || m == "CONNECT" {
			continue
		}
		if m == "HEAD" && strings.Contains(strings.ToUpper(allow), "GET") {
			continue // GET brings it along
		}
		rt := sibling(path, m, like, "Allow of "+path)
		if x.add(rt) {
			out = append(out, rt)
		}
	}
	return out
}

// sibling makes an undeclared route with the path parameters, keys and body of
// one that is known at the same path.
func sibling(path, method string, like *lr.Route, source string) *lr.Route {
	rt := &lr.Route{Method: method, Path: path, Source: source}
	if like == nil || like.Path != path {
		for _, name := range rt.PathParams() {
			rt.Params = append(rt.Params, lr.Param{Name: name, In: lr.InPath, Required: true, Schema: &lr.Schema{Type: "string"}})
		}
		return rt
	}
	for _, p := range like.Params {
		if p.In == lr.InPath {
			rt.Params = append(rt.Params, p)
			if k, ok := like.Keys[p.Name]; ok {
				if rt.Keys == nil {
					rt.Keys = map[string]lr.Key{}
				}
				rt.Keys[p.Name] = k
			}
		}
	}
	rt.Resource, rt.Secured, rt.Tags = like.Resource, like.Secured, like.Tags
	if method != "GET" && method != "DELETE" && like.Body != nil {
		b := *like.Body
		rt.Body = &b
	}
	item := len(split(path)) > 0 && split(path)[len(split(path))-1].param != ""
	switch {
	case method == "DELETE" && item:
		rt.Kind = lr.Delete
	case (method == "PUT" || method == "PATCH") && item:
		rt.Kind = lr.Update
	case method == "GET" && item:
		rt.Kind = lr.Read
	case method == "GET":
		rt.Kind = lr.List
	default:
		rt.Kind = lr.Action
	}
	return rt
}

// token reports a method's syntax (RFC 9110, 9.1).
func token(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return true
}
