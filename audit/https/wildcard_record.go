package https

import (
	"context"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var wildcardRecord = &lr.Check{
	ID:    "https/wildcard-record",
	Title: "Names that nobody made do not resolve",
	Why: "A wildcard makes every name lead somewhere: a mistyped tenant shows another's sign-in or a default page, a forgotten preview stays reachable, " +
		"and a service behind it that anyone can add names to hands out names under yours.",
	Fix:      "Delete the `*` record and name the hosts that exist. Where every label is a tenant's on purpose, say so with domain.tenants, and answer names of no tenant with 404.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "RFC", ID: "4592"}, asvsTakeover},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		d := t.Target.Domain
		c, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		hosts, err := inventory(ctx, t)
		if err != nil {
			return err
		}
		at := append([]string{d.Name}, d.Parked...)
		for _, h := range hosts {
			if h.Expected && h.Name != d.Name && h.Err == nil && h.Alias() == "" && !h.Missing() {
				at = append(at, h.Name)
			}
		}
		random := label(t.Seed)
		return each(ctx, at, func(ctx context.Context, above string) error {
			if d.Tenants != "" && above == d.Tenants {
				t.Pass(lr.Evidence{}, above, "every label below it is a tenant's, as domain.tenants says")
				return nil
			}
			return judgeWildcard(ctx, t, c, random+"."+above, above)
		})
	},
}

func judgeWildcard(ctx context.Context, t *lr.Trial, c *dns.Client, name, above string) error {
	a, err := c.Ask(ctx, name, wire.TypeA)
	if why := settled(a, err); why != "" {
		t.Unknown(above, "%s", why)
		return stops(ctx, err)
	}
	if a.Missing() && len(a.Chain) == 0 {
		t.Pass(said(lines(a)...), above, "a name that nobody made does not exist")
		return nil
	}
	six, err := c.Ask(ctx, name, wire.TypeAAAA)
	if why := settled(six, err); why != "" {
		t.Unknown(above, "%s", why)
		return stops(ctx, err)
	}
	if len(a.Records)+len(six.Records)+len(a.Chain) == 0 {
		t.Pass(said(lines(a)...), above, "a name that nobody made has no address")
		return nil
	}
	t.Fail(said(lines(a, six)...), above, "every name below %s resolves, %s as well", above, name)
	return nil
}
