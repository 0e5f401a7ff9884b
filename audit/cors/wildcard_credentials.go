package cors

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var wildcardCredentials = &lr.Check{
	ID:    "cors/wildcard-credentials",
	Title: "The wildcard stands on public replies only",
	Why: "`*` says that a reply is meant for everybody. With credentials beside it browsers refuse the reply, so somebody wanted access for all and the next attempt " +
		"usually reflects the origin. On a customer's data it lets any page read what it has a token for, and a reviewer finds it in a minute.",
	Fix: "Keep `Access-Control-Allow-Origin: *` for public documents, without `Access-Control-Allow-Credentials`. " +
		"Everywhere else name the origins of your own front ends.",
	Guard:    "cors",
	Severity: lr.Low,
	Refs:     []lr.Ref{misconfigured, permissive, asvsOrigin, corsCheck},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runWildcardCredentials,
}

func runWildcardCredentials(ctx context.Context, t *lr.Trial) error {
	return each(ctx, t, sampled, func(ctx context.Context, t *lr.Trial, c *class) error {
		x, err := c.ask(ctx, t, foreign)
		if err != nil || busy(x) {
			return unasked(ctx, t, c, x, err)
		}
		credentials, _ := get(x.Header, allowCredentials)
		switch {
		case !wildcard(x):
			t.Pass(lr.Seen(x), c.String(), "its policy is no wildcard.%s", c.stood())
		case strings.EqualFold(credentials, "true"):
			t.Fail(lr.Seen(x), c.String(), "the wildcard stands together with credentials: browsers refuse the reply whenever the user's cookies are asked for (Fetch, CORS check, step 4).%s", c.stood())
		case c.public:
			t.Pass(lr.Seen(x), c.String(), "anybody may read it, and no credentials are allowed with it")
		default:
			return c.wide(ctx, t, x)
		}
		return nil
	})
}

// wide judges a wildcard without credentials on what is not public: harmless
// where nothing of a customer's comes back.
func (c *class) wide(ctx context.Context, t *lr.Trial, x *lr.Exchange) error {
	if c.writes {
		t.Pass(lr.Seen(x), c.String(), "any page may send it, without the user's cookies")
		return nil
	}
	anon, err := t.Stage.Control(ctx, c.probe.Route, c.probe.Object, nil)
	if err != nil {
		return unasked(ctx, t, c, nil, err)
	}
	s := oracle.Sources{Object: c.probe.Object, Known: oracle.Known(t, c.probe.Victim.Tenant), Not: []*lr.Exchange{anon}}
	w := oracle.Without(oracle.Witness(t, c.probe.Victim, x, s), oracle.CanariesIn(anon)...)
	if len(w) == 0 {
		t.Pass(lr.Seen(x), c.String(), "the wildcard stands on a reply without a customer's data, and without credentials")
		return nil
	}
	t.Fail(lr.Evidence{Exchanges: []*lr.Exchange{x}, Witness: w}, c.String(), "the wildcard stands on a customer's data. Without credentials a page reads it only with a token that it holds itself, so nothing is exposed by it alone.%s", c.stood())
	return nil
}
