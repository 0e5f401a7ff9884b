package https

import (
	"context"

	lr "github.com/launchready/launchready"
)

var apexAndWWW = &lr.Check{
	ID:       "https/apex-and-www",
	Title:    "The domain is reached with www and without",
	Why:      "Customers type either. The one that does not resolve looks like a product that is down, and the address that was left out is the one in somebody's contract or slide.",
	Fix:      "Add the missing record: for www a CNAME to the host that serves the site, for the domain itself A and AAAA records, or what the DNS provider offers in their place (ALIAS, ANAME, flattening). Redirect one to the other.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfcConcepts},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		c, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		d := t.Target.Domain
		return each(ctx, append([]string{d.Name}, d.Parked...), func(ctx context.Context, name string) error {
			www := "www." + name
			bare, goneBare, err := c.Addresses(ctx, name)
			if err != nil {
				t.Unknown(name, "%v", err)
				return stops(ctx, err)
			}
			with, goneWith, err := c.Addresses(ctx, www)
			if err != nil {
				t.Unknown(name, "%v", err)
				return stops(ctx, err)
			}
			switch {
			case len(bare) > 0 && len(with) > 0:
				t.Pass(lr.Evidence{}, name, "%s and %s have addresses", name, www)
			case len(bare) == 0 && len(with) == 0 && name != d.Name:
				t.Pass(lr.Evidence{}, name, "it serves no site, neither with www nor without")
			case len(bare) == 0 && len(with) == 0:
				t.Fail(said(absent(name, goneBare), absent(www, goneWith)), name, "neither %s nor %s has an address", name, www)
			case len(with) == 0:
				t.Fail(said(name+". A "+bare[0].String(), absent(www, goneWith)), name, "%s has no address, while %s has one", www, name)
			default:
				t.Fail(said(www+". A "+with[0].String(), absent(name, goneBare)), name, "%s has no address, while %s has one", name, www)
			}
			return nil
		})
	},
}

// absent is the record of a name without an address.
func absent(name string, gone bool) string {
	if gone {
		return name + ". A: NXDOMAIN, the name does not exist"
	}
	return name + ". A, AAAA: no such record"
}
