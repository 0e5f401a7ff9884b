package https

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

// chainOf judges the signatures of a zone, once in a run.
func chainOf(ctx context.Context, t *lr.Trial, c *dns.Client, z *zone) (*dns.Chain, error) {
	return lr.Recall(ctx, t.Memo, "dns/chain/"+z.Name, func(ctx context.Context) (*dns.Chain, error) {
		return c.Judge(ctx, z.Delegation, t.Now())
	})
}

// eachChain calls f for every zone whose signatures could be judged.
func eachChain(ctx context.Context, t *lr.Trial, f func(*zone, *dns.Chain)) error {
	return eachZone(ctx, t, func(ctx context.Context, c *dns.Client, z *zone) error {
		chain, err := chainOf(ctx, t, c, z)
		if err != nil {
			t.Unknown(z.Name, "%v", err)
			return stops(ctx, err)
		}
		f(z, chain)
		return nil
	})
}

var dnssec = &lr.Check{
	ID:    "https/dnssec",
	Title: "The zone is signed, and the registry vouches for its key",
	Why: "Without signatures, who sits between a resolver and the name servers can answer for the domain: send mail elsewhere, and get a certificate from an authority that believes the answer. " +
		"Buyers with rules of their own ask for it.",
	Fix:      "Switch DNSSEC on at the DNS provider, then enter the DS record that it shows at the registrar. Where the zone is signed already, only the DS record is missing.",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfcDNSSEC, {Source: "RFC", ID: "4033"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachChain(ctx, t, func(z *zone, c *dns.Chain) {
			switch {
			case c.Signed && !c.Vouch:
				t.Fail(said(z.Name+". DS: no such record at the servers of "+z.Parent), z.Name, "the zone is signed, and %s does not vouch for its key: nobody checks. Enter the DS record at the registrar", z.Parent)
			case !c.Signed && !c.Vouch:
				t.Fail(said(z.Name+". DNSKEY: no such record", z.Name+". DS: no such record"), z.Name, "the zone is not signed")
			default:
				t.Pass(said(c.Records...), z.Name, "%s vouches for the zone's key", z.Parent)
			}
		})
	},
}
