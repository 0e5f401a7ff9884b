package audit

import (
	"cmp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// surfaceOf lists what a policy in front of the target has to know: the routes,
// what the owner says is public and no route names, and what the audit itself
// asks beside the application.
func surfaceOf(t *lr.Target) []lr.RouteReport {
	out := make([]lr.RouteReport, 0, len(t.Routes))
	has := map[string]bool{}
	add := func(r lr.RouteReport) {
		if key := r.Method + " " + r.Path; !has[key] && strings.HasPrefix(r.Path, "/") {
			has[key] = true
			out = append(out, r)
		}
	}
	var beside []*lr.Request
	if t.Mailbox != nil {
		beside = append(beside, t.Mailbox)
	}
	if p := t.Provider; p != nil {
		beside = append(beside, &p.Traffic, &p.Fail, &p.Mend)
	}
	for _, r := range beside {
		path, _, _ := strings.Cut(r.Path, "?")
		add(lr.RouteReport{Method: cmp.Or(r.Method, "GET"), Path: path, Public: true, Rehearsal: true})
	}
	silent := !slices.ContainsFunc(t.Routes, func(rt *lr.Route) bool { return rt.Declared && (rt.Secured || len(rt.Takes) > 0) })
	for _, rt := range t.Routes {
		add(lr.RouteReport{Method: rt.Method, Path: rt.Path, Kind: rt.Kind.String(), Secured: rt.Secured || silent && rt.Declared && signedIn(rt.Kind), Takes: rt.Takes, Declared: rt.Declared,
			Public: lr.Match(t.Access.Public, rt), Admin: lr.Match(t.Access.Admin, rt), Shared: lr.Match(t.Access.Shared, rt)})
	}
	for _, p := range t.Access.Public {
		if slices.ContainsFunc(t.Routes, func(rt *lr.Route) bool { return lr.Match([]string{p}, rt) }) {
			continue
		}
		method, path, ok := strings.Cut(p, " ")
		if !ok {
			method, path = "GET", p
		}
		add(lr.RouteReport{Method: strings.ToUpper(method), Path: path, Public: true})
	}
	slices.SortStableFunc(out, func(a, b lr.RouteReport) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return out
}

// signedIn reports what is for callers who signed in where a description, as a mere
// list of routes, says of no route that it wants a credential.
func signedIn(k lr.Kind) bool {
	switch k {
	case lr.SignIn, lr.SignUp, lr.Refresh, lr.Webhook, lr.Health:
		return false
	}
	return true
}
