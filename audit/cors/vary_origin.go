package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var varyOrigin = &lr.Check{
	ID:    "cors/vary-origin",
	Title: "A reply that depends on the origin says so to caches",
	Why: "A cache that is not told keeps the reply for one origin and gives it to another. A stranger's request then takes the customers' front end down, " +
		"and a reply that was meant for one page reaches another.",
	Fix: "Send `Vary: Origin` on every reply of such a route, also where no origin was sent or none is allowed. " +
		"A policy with one constant origin, or `*`, needs none.",
	Guard:    "cors",
	Severity: lr.Low,
	Refs:     []lr.Ref{misconfigured, {Source: "CWE", ID: "524"}, {Source: "RFC", ID: "9110 section 12.5.5"}, {Source: "Fetch", ID: "CORS protocol and HTTP caches"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runVaryOrigin,
}

func runVaryOrigin(ctx context.Context, t *lr.Trial) error {
	page, known, err := welcome(ctx, t)
	if err != nil {
		return err
	}
	if !known {
		page = t.Target.Base.Scheme + "://" + t.Target.Base.Host
	}
	return each(ctx, t, reading, func(ctx context.Context, t *lr.Trial, c *class) error {
		var xs []*lr.Exchange
		for _, p := range []string{page, foreign} {
			x, err := c.ask(ctx, t, p)
			if err != nil || busy(x) {
				return unasked(ctx, t, c, x, err)
			}
			xs = append(xs, x)
		}
		a, _ := get(xs[0].Header, allowOrigin)
		b, _ := get(xs[1].Header, allowOrigin)
		bare := xs[1]
		if varies(bare.Header) {
			bare = xs[0]
		}
		e := lr.Seen(xs...)
		switch {
		case a == b:
			t.Pass(e, c.String(), "its policy is the same for every origin.%s", c.stood())
		case varies(xs[0].Header) && varies(xs[1].Header):
			t.Pass(e, c.String(), "it depends on the origin and says so.%s", c.stood())
		case !stored(bare):
			t.Pass(e, c.String(), "it depends on the origin without saying so, and no cache keeps it.%s", c.stood())
		default:
			t.Fail(e, c.String(), "%s is %s for %s and %s for %s, the reply may be cached, and Vary does not name Origin.%s",
				allowOrigin, orAbsent(a), page, orAbsent(b), foreign, c.stood())
		}
		return nil
	})
}

// reading takes the classes whose replies caches could keep.
func reading(all []*class) []*class {
	var out []*class
	for _, c := range all {
		if !c.writes {
			out = append(out, c)
		}
	}
	return out
}

func orAbsent(v string) string {
	if v == "" {
		return "absent"
	}
	return v
}
