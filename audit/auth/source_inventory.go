package auth

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/finding"
)

var sourceInventory = &lr.Check{
	ID:       "auth/source-inventory",
	Title:    "The description names every route of the source, and no other",
	Why:      "What is not described is not tested, not limited and not watched. A buyer asks for the list of interfaces, and their tester finds what is missing from it.",
	Fix:      "Generate the description from the routes, or compare the two in CI.",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API9:2023"}, {Source: "CWE", ID: "1059"}},
	Needs:    lr.Repository | lr.Routes,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
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
		missing := 0
		for i := range tree.Routes {
			rt := &tree.Routes[i]
			if len(rt.Unresolved) > 0 || described(t, rt) != nil {
				continue
			}
			missing++
			t.Fail(lr.Evidence{Records: []string{fmt.Sprintf("%s:%d", rt.File, rt.Line)}}, rt.String(), "the source has it, and the description does not name it")
		}
		dead, err := deadRoutes(ctx, t, tree)
		if err == nil && missing+dead == 0 {
			finding.Passed(t, tree, "the description names all of the %d routes of the source", len(tree.Routes))
		}
		return err
	},
}

// deadRoutes are those that the description names, the source has not, and the live
// target answers like a path that is not there: to nobody and to who may do most.
// Only reads that need no key are asked: of any other, 404 says nothing.
func deadRoutes(ctx context.Context, t *lr.Trial, tree *source.Tree) (int, error) {
	inSource := map[string]bool{}
	for i := range tree.Routes {
		if len(tree.Routes[i].Unresolved) > 0 {
			return 0, nil // it may be any of them
		}
		inSource[shape(tree.Routes[i].Path)] = true
	}
	callers := []*lr.Account{nil}
	for _, a := range t.Target.Accounts {
		if a.Privileged() || len(callers) == 1 {
			callers = append(callers, a)
		}
	}
	callers = callers[:min(len(callers), 3)]
	n, asked := 0, 0
	for _, rt := range t.Target.Routes {
		if !rt.Declared || rt.Method != "GET" || inSource[shape(rt.Path)] || strings.ContainsAny(rt.Path, "{*") || !oracle.Shows(rt) {
			continue
		}
		if asked++; asked > 50 {
			break
		}
		var seen []*lr.Exchange
		for _, as := range callers {
			x, err := t.HTTP.Do(ctx, as, &lr.Request{Method: "GET", Path: rt.Path, Route: rt, Note: "a route that the source has not"})
			if err != nil {
				if over := ended(ctx, err); over != nil {
					return n, over
				}
				break
			}
			if x.Status != 404 && x.Status != 410 && x.Status != 501 {
				break
			}
			seen = append(seen, x)
		}
		if len(seen) < len(callers) {
			continue
		}
		n++
		t.Fail(xs(seen...), rt.String(), "the description names it, and neither the source nor the target has it")
	}
	return n, nil
}
