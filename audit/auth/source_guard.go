package auth

import (
	"cmp"
	"context"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceGuard = &lr.Check{
	ID:    "auth/source-guard",
	Title: "Every route of the source has a guard, or is public on purpose",
	Why: "The description names the routes that somebody thought of. The source has the others: a route for an import, a debug page, one of the last version. " +
		"A tester who gets the front end's code, or guesses, finds them.",
	Fix:      "Mount routes below one middleware that asks for the credential, so that a new one is guarded unless somebody says otherwise; list what is public under access.public.",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "OWASP API", ID: "API9:2023"}, {Source: "CWE", ID: "306"}},
	Needs:    lr.Repository,
	Extra:    true,
	Run:      runSourceGuard,
}

// runSourceGuard reads which routes nothing guards, or maybe nothing, and lets the
// live target settle those that no description names; one that is described is
// decided by the checks of requests.
func runSourceGuard(ctx context.Context, t *lr.Trial) error {
	if finding.Missing(t) {
		return nil
	}
	tree, err := finding.Read(ctx, t)
	if err != nil {
		return err
	}
	if len(tree.Routes) == 0 {
		t.NotApplicable("no route of a framework that is read stands in the source")
		return nil
	}
	s := &stranger{t: t}
	var routes []*source.Route
	for i := range tree.Routes {
		rt := &tree.Routes[i]
		switch {
		case rt.State == source.Guarded, lr.Match(t.Target.Access.Public, &lr.Route{Method: rt.Method, Path: rt.Path}):
		case described(t, rt) != nil:
			s.settled++
		default:
			routes = append(routes, rt)
		}
	}
	// What surely has no guard comes first: there is an end to how many are asked.
	slices.SortStableFunc(routes, func(a, b *source.Route) int {
		return cmp.Compare(b2i(a.State != source.Unguarded), b2i(b.State != source.Unguarded))
	})
	if n := len(routes); n > mostStrange {
		t.Unknown("source", "%d more routes that no description names were not asked", n-mostStrange)
		s.open++
		routes = routes[:mostStrange]
	}
	if err := oracle.Each(ctx, routes, s.ask); err != nil {
		return err
	}
	if s.unasked > 0 {
		t.Unknown("source", "%d routes that no description names, and of which the source does not tell whether something guards them, change things: they are asked, by a body that nothing can be made of, with --mutate", s.unasked)
		s.open++
	}
	if s.open == 0 {
		finding.Passed(t, tree, "%d routes stand in the source; of those that nothing is seen to guard there, the %d that are not public were settled by asking", len(tree.Routes), s.settled)
	}
	return nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// described is the target's route of the same method and shape.
func described(t *lr.Trial, rt *source.Route) *lr.Route {
	for _, d := range t.Target.Routes {
		if (d.Method == rt.Method || rt.Method == "ANY") && shape(d.Path) == shape(rt.Path) {
			return d
		}
	}
	return nil
}

// shape is a path without the names of its parameters.
func shape(p string) string {
	parts := strings.Split(strings.Trim(p, "/"), "/")
	for i, s := range parts {
		if strings.Contains(s, "{") || strings.HasPrefix(s, ":") {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}
