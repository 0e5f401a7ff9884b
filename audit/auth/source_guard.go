package auth

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
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

// runSourceGuard reads which routes nothing guards, and lets the live target
// settle it: a route that answers a stranger and is not described is a finding;
// one that is described is decided by the checks of requests.
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
	settled, open := 0, 0
	for i := range tree.Routes {
		rt := &tree.Routes[i]
		if rt.State != source.Unguarded || lr.Match(t.Target.Access.Public, &lr.Route{Method: rt.Method, Path: rt.Path}) {
			continue
		}
		if described(t, rt) != nil {
			settled++
			continue
		}
		subject := rt.String()
		e := lr.Evidence{Records: []string{fmt.Sprintf("%s:%d: %s, and nothing that asks for a credential stands before it", rt.File, rt.Line, rt)}}
		if rt.Method != "GET" || strings.ContainsAny(rt.Path, "{*") {
			open++
			t.Suspect(e, subject, "nothing in the source guards it, and it cannot be asked as it is")
			continue
		}
		x, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: rt.Path, Note: "a route of the source, as nobody"})
		if err != nil {
			if over := ended(ctx, err); over != nil {
				return over
			}
			t.Unknown(subject, "nothing in the source guards it, and it was not answered: %v", err)
			continue
		}
		control, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: strings.TrimRight(rt.Path, "/") + "-" + strings.ToLower(t.Stage.Canary("")), Note: "control: a path that is not there"})
		if over := ended(ctx, err); over != nil {
			return over
		}
		e.Exchanges = []*lr.Exchange{x}
		switch {
		case x.Denied():
			settled++
		case x.OK() && err == nil && !control.OK():
			open++
			t.Fail(e, subject, "nothing in the source guards it, no description names it, and it answers a stranger with %d", x.Status)
		default:
			open++
			t.Suspect(e, subject, "nothing in the source guards it; it answers a stranger with %d", x.Status)
		}
	}
	if open == 0 {
		finding.Passed(t, tree, "%d routes stand in the source; of those that nothing guards there, the %d that are not public were settled by asking", len(tree.Routes), settled)
	}
	return nil
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
