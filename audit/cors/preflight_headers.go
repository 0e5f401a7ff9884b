package cors

import (
	"context"

	lr "github.com/launchready/launchready"
)

var preflightHeaders = &lr.Check{
	ID:    "cors/preflight-headers",
	Title: "A preflight grants header fields that the application takes",
	Why: "Many defences are a header field that no other page can send: `X-Requested-With` against forged requests, a tenant or an impersonation header that only the own front end sets. " +
		"A preflight that grants whatever is asked for gives that up for every allowed origin.",
	Fix:      "Name the fields: `Access-Control-Allow-Headers: Authorization, Content-Type`. No `*`, and no copy of `Access-Control-Request-Headers`.",
	Guard:    "cors",
	Severity: lr.Low,
	Refs:     []lr.Ref{misconfigured, permissive, {Source: "ASVS", ID: "v5.0.0-3.5.2"}, corsPreflight},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runPreflightHeaders,
}

func runPreflightHeaders(ctx context.Context, t *lr.Trial) error {
	page, _, err := welcome(ctx, t)
	if err != nil {
		return err
	}
	return each(ctx, t, sampled, func(ctx context.Context, t *lr.Trial, c *class) error {
		x, err := c.preflight(ctx, t, page, madeUpMethod)
		if err != nil || busy(x) {
			return unasked(ctx, t, c, x, err)
		}
		granted, ok := list(x.Header, allowHeaders)
		e := lr.Seen(x)
		switch {
		case !permits(x.Header, page, false) || !x.OK():
			t.Pass(e, c.String(), "the preflight of a page of %s is granted nothing", page)
		case !ok:
			t.Pass(e, c.String(), "the list of fields is none, so browsers grant nothing")
		case has(granted, "*"):
			t.Fail(e, c.String(), "the preflight grants every header field (%s: *) to a page of %s.%s", allowHeaders, page, c.stood())
		case hasFold(granted, madeUpField):
			t.Fail(e, c.String(), "the preflight grants whatever header field is asked for: %s, which no application takes.%s", madeUpField, c.stood())
		default:
			t.Pass(e, c.String(), "the preflight grants %s.%s", orNothing(granted), c.stood())
		}
		return nil
	})
}
