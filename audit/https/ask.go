package https

import (
	"context"
	"fmt"
	"slices"
	"strings"

	wire "github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

// resolver asks through the domain's network and remembers what it was answered,
// for all checks of a run.
func resolver(ctx context.Context, t *lr.Trial) (*dns.Client, error) {
	return lr.Recall(ctx, t.Memo, "dns/client", func(context.Context) (*dns.Client, error) {
		return dns.New(t.Target.Domain.Network), nil
	})
}

// each calls f for every item, several at once. What f returns ends the check.
func each[T any](ctx context.Context, items []T, f func(context.Context, T) error) error {
	return everyOf(ctx, items, func(ctx context.Context, _ int, x T) error { return f(ctx, x) })
}

// zone is one of the owner's, and how it is found.
type zone struct {
	Name string
	*dns.Delegation
	Err error // it is not known how
}

// zones walks to each zone of the owner's: the domain, the parked ones, and what is
// delegated among the product's hosts.
func zones(ctx context.Context, t *lr.Trial) ([]*zone, error) {
	return lr.Recall(ctx, t.Memo, "dns/zones", func(ctx context.Context) ([]*zone, error) {
		c, err := resolver(ctx, t)
		if err != nil {
			return nil, err
		}
		d := t.Target.Domain
		found := make([]string, len(d.Hosts))
		err = everyOf(ctx, d.Hosts, func(ctx context.Context, i int, host string) error {
			at, err := c.Apex(ctx, host)
			if err == nil && owned(d, at) {
				found[i] = at
			}
			return stops(ctx, err)
		})
		if err != nil {
			return nil, err
		}
		list := append([]string{d.Name}, d.Parked...)
		for _, z := range found {
			if z != "" && !slices.Contains(list, z) {
				list = append(list, z)
			}
		}
		out := make([]*zone, len(list))
		err = everyOf(ctx, list, func(ctx context.Context, i int, name string) error {
			z := &zone{Name: name}
			z.Delegation, z.Err = c.Walk(ctx, z.Name)
			out[i] = z
			return stops(ctx, z.Err)
		})
		return out, err
	})
}

// zoneOf is the deepest of the zones that a name is in; nil for none.
func zoneOf(all []*zone, name string) *zone {
	var best *zone
	for _, z := range all {
		if dns.Below(name, z.Name) && (best == nil || len(z.Name) > len(best.Name)) {
			best = z
		}
	}
	return best
}

// eachZone calls f for every zone that could be walked to, and tells of the others.
func eachZone(ctx context.Context, t *lr.Trial, f func(context.Context, *dns.Client, *zone) error) error {
	c, err := resolver(ctx, t)
	if err != nil {
		return err
	}
	all, err := zones(ctx, t)
	if err != nil {
		return err
	}
	return each(ctx, all, func(ctx context.Context, z *zone) error {
		switch {
		case z.Err != nil:
			t.Unknown(z.Name, "%v", z.Err)
			return nil
		case z.Missing:
			t.Unknown(z.Name, "the domain is not delegated, as https/delegation tells")
			return nil
		}
		return f(ctx, c, z)
	})
}

// owned reports whether a name is the owner's.
func owned(d *lr.DomainAccess, name string) bool {
	return dns.Below(name, d.Name) || slices.ContainsFunc(d.Parked, func(p string) bool { return dns.Below(name, p) })
}

// stops passes on an error by which the run ends, and no other.
func stops(ctx context.Context, err error) error {
	if err != nil && dns.Stops(ctx, err) {
		return err
	}
	return nil
}

// settled is a question that was answered for certain: with records, or with their
// absence. The reason says why it was not.
func settled(a *dns.Answer, err error) (reason string) {
	if err == nil {
		err = a.Err()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// registrable is what somebody registers to have a name: the label below the public
// suffix; "" for a suffix itself. A suffix that a company made of its own domain is
// not a registry's: what is registered there is that domain.
func registrable(name string) string {
	suffix, registry := publicsuffix.PublicSuffix(name)
	if !registry && strings.Contains(suffix, ".") {
		if above := dns.Parent(suffix); above != "" {
			if s, registry := publicsuffix.PublicSuffix(above); registry && s == above {
				return suffix
			}
			return registrable(above)
		}
	}
	s, err := publicsuffix.EffectiveTLDPlusOne(name)
	if err != nil {
		return ""
	}
	return s
}

// free tells whether the domain of a stranger's name is not registered, so that
// anyone may take it: the registry's own servers say that it does not exist. The
// word of a resolver is not enough, for some deny what they do not like.
func free(ctx context.Context, c *dns.Client, t *lr.Trial, name string) (domain string, is bool, line string, err error) {
	domain = registrable(name)
	if domain == "" || owned(t.Target.Domain, domain) || dns.Below(t.Target.Domain.Name, domain) {
		return domain, false, "", nil
	}
	a, err := c.Ask(ctx, domain, wire.TypeNS)
	if err != nil || !a.Missing() || len(a.Chain) > 0 {
		return domain, false, "", stops(ctx, err)
	}
	d, err := c.Walk(ctx, domain)
	if err != nil || !d.Missing || d.Parent == "" { // below a suffix that is none nobody can register
		return domain, false, "", stops(ctx, err)
	}
	return domain, true, fmt.Sprintf("%s. NS at the servers of %s: %s", domain, d.Parent, a.Outcome()), nil
}

// said is evidence of records.
func said(lines ...string) lr.Evidence {
	const most = 20
	if len(lines) > most {
		lines = append(slices.Clone(lines[:most]), fmt.Sprintf("and %d more", len(lines)-most))
	}
	return lr.Evidence{Records: lines}
}

// lines are those of several answers.
func lines(answers ...*dns.Answer) []string {
	var out []string
	for _, a := range answers {
		if a == nil {
			continue
		}
		for _, l := range a.Lines() {
			if !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out
}
