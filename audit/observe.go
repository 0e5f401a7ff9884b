package audit

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/surface"
)

// observe asks for routes that the specification does not name: well-known
// paths, what links lead to, and what Allow headers add. Those that exist join
// the target's routes as undeclared ones. What stops it stops the seeding too,
// which says so.
func (r *run) observe(ctx context.Context) {
	declared := r.Target.Routes
	var as *lr.Account
	if v := oracle.Victims(r.Target); len(v) > 0 {
		as = v[0]
	}
	var mu sync.Mutex
	var found []*lr.Route
	add := func(rts ...*lr.Route) {
		mu.Lock()
		defer mu.Unlock()
		found = append(found, rts...)
	}
	candidates := surface.Guess(declared)
	root := r.get(ctx, as, "/")
	if root != nil {
		if u, err := url.Parse(root.URL); err == nil {
			candidates = append(candidates, surface.FromLinks(r.Target.Base, surface.Page{URL: u, Header: root.Header, Body: root.Body}, declared)...)
		}
	}
	nothing := r.nothing(ctx, as, candidates)
	_ = oracle.Each(ctx, candidates, func(ctx context.Context, rt *lr.Route) error {
		if len(rt.PathParams()) > 0 || !oracle.Shows(rt) {
			return nil
		}
		x, err := r.Client.Do(ctx, as, &lr.Request{Method: rt.Method, Path: rt.Path, Note: "look for an undeclared route"})
		if err != nil {
			return err
		}
		if exists(x, nothing[prefixOf(rt.Path)]) {
			add(rt)
		}
		return nil
	})
	same := byShape(declared)
	_ = oracle.Each(ctx, paths(declared), func(ctx context.Context, rt *lr.Route) error {
		p, ok := concrete(rt)
		if !ok {
			return nil
		}
		x, err := r.Client.Do(ctx, as, &lr.Request{Method: http.MethodOptions, Path: p, Note: "ask which methods there are"})
		if err != nil {
			return err
		}
		if allow := x.Header.Get("Allow"); allow != "" && x.Status != http.StatusNotFound {
			add(surface.FromAllow(rt.Path, allow, same[shapeOf(rt.Path)])...)
		}
		return nil
	})
	if len(found) > 0 {
		r.Target.Routes = append(append([]*lr.Route(nil), declared...), found...)
		surface.Link(r.Target.Routes)
		r.Log.Debug("undeclared routes found", "count", len(found))
	}
}

func (r *run) get(ctx context.Context, as *lr.Account, path string) *lr.Exchange {
	x, err := r.Client.Do(ctx, as, &lr.Request{Method: http.MethodGet, Path: path, Note: "look around"})
	if err != nil {
		return nil
	}
	return x
}

// nothing asks below each prefix for a path that does not exist: many
// applications answer every path, with a page or with a refusal.
func (r *run) nothing(ctx context.Context, as *lr.Account, candidates []*lr.Route) map[string]*lr.Exchange {
	out := map[string]*lr.Exchange{}
	for _, rt := range candidates {
		p := prefixOf(rt.Path)
		if _, asked := out[p]; !asked && len(out) < 40 {
			out[p] = r.get(ctx, as, p+"/"+r.mint.Compact(""))
		}
	}
	return out
}

func prefixOf(p string) string {
	i := strings.LastIndexByte(p, '/')
	if i <= 0 {
		return ""
	}
	return p[:i]
}

func exists(x, nothing *lr.Exchange) bool {
	switch {
	case x == nil || x.Status == http.StatusNotFound || x.Status == http.StatusGone || x.Status >= 500 && x.Status != 500:
		return false
	case nothing == nil:
		return x.OK()
	case x.Status == nothing.Status:
		return x.OK() && !oracle.SameShape(x, nothing)
	}
	return true
}

// byShape gathers the routes of one path, whatever its parameters are called:
// to look through all of them for each path grows with the square of the routes.
func byShape(routes []*lr.Route) map[string][]*lr.Route {
	out := map[string][]*lr.Route{}
	for _, rt := range routes {
		k := shapeOf(rt.Path)
		out[k] = append(out[k], rt)
	}
	return out
}

// shapeOf is a path without the names of its parameters.
func shapeOf(path string) string {
	var b strings.Builder
	for seg := range strings.SplitSeq(path, "/") {
		switch {
		case seg == "":
			continue
		case strings.HasPrefix(seg, "{") && strings.Contains(seg, "}"):
			seg = "{}"
		}
		b.WriteString("/" + seg)
	}
	return b.String()
}

// paths keeps one route for each path.
func paths(routes []*lr.Route) []*lr.Route {
	var out []*lr.Route
	seen := map[string]bool{}
	for _, rt := range routes {
		if !seen[rt.Path] {
			seen[rt.Path] = true
			out = append(out, rt)
		}
	}
	return out
}

// concrete fills a template with segments that name nothing: OPTIONS is asked of
// the path, not of an object.
func concrete(rt *lr.Route) (string, bool) {
	p := rt.Path
	for _, name := range rt.PathParams() {
		if strings.ContainsAny(name, "=*") {
			return "", false
		}
		p = strings.ReplaceAll(p, "{"+name+"}", "0")
	}
	return p, true
}
