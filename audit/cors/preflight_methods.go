package cors

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
)

var preflightMethods = &lr.Check{
	ID:    "cors/preflight-methods",
	Title: "A preflight grants methods that the application has",
	Why: "The preflight is the browser's question whether a page may change things. Granting every method answers it before anybody has thought of it: " +
		"a route that is added next year is open to every allowed origin, whatever it does.",
	Fix:      "Name the methods, best those of the route: `Access-Control-Allow-Methods: GET, POST`. No `*`, and no copy of `Access-Control-Request-Method`.",
	Guard:    "cors",
	Severity: lr.Low,
	Refs:     []lr.Ref{misconfigured, permissive, corsPreflight},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runPreflightMethods,
}

func runPreflightMethods(ctx context.Context, t *lr.Trial) error {
	page, _, err := welcome(ctx, t)
	if err != nil {
		return err
	}
	has := methodsOf(t.Target)
	return each(ctx, t, sampled, func(ctx context.Context, t *lr.Trial, c *class) error {
		x, err := c.preflight(ctx, t, page, madeUpMethod)
		if err != nil || busy(x) {
			return unasked(ctx, t, c, x, err)
		}
		granted, ok := list(x.Header, allowMethods)
		e := lr.Seen(x)
		switch odd := strange(granted, has); {
		case !permits(x.Header, page, false) || !x.OK():
			t.Pass(e, c.String(), "the preflight of a page of %s is granted nothing", page)
		case !ok:
			t.Pass(e, c.String(), "the list of methods is none, so browsers grant nothing")
		case hasFold(odd, "*"):
			t.Fail(e, c.String(), "the preflight grants every method (%s: *) to a page of %s.%s", allowMethods, page, c.stood())
		case hasFold(odd, madeUpMethod):
			t.Fail(e, c.String(), "the preflight grants whatever method is asked for: %s, which no application has.%s", madeUpMethod, c.stood())
		case len(odd) > 0:
			t.Fail(e, c.String(), "the preflight grants %s, which no route of the application has.%s", strings.Join(odd, ", "), c.stood())
		default:
			t.Pass(e, c.String(), "the preflight grants %s.%s", orNothing(granted), c.stood())
		}
		return nil
	})
}

// methodsOf lists the methods that the application has, and those that every
// one may have: a list that all routes share is explicit, if not minimal.
func methodsOf(t *lr.Target) []string {
	out := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	for _, rt := range t.Routes {
		if !has(out, rt.Method) {
			out = append(out, rt.Method)
		}
	}
	return out
}

func strange(granted, known []string) []string {
	var out []string
	for _, m := range granted {
		if !hasFold(known, m) {
			out = append(out, m)
		}
	}
	return out
}

func orNothing(values []string) string {
	if len(values) == 0 {
		return "nothing"
	}
	return strings.Join(values, ", ")
}
