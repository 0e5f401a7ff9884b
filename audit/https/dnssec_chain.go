package https

import (
	"context"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var dnssecChain = &lr.Check{
	ID:    "https/dnssec-chain",
	Title: "What the registry vouches for is what the zone is signed with",
	Why: "Where the two do not fit, every resolver that validates answers SERVFAIL: for a third of the internet the product and its mail are gone, while the rest sees nothing. " +
		"It happens at a change of DNS provider, and when a signer stops.",
	Fix: "At once: have the DS record at the registrar replaced by the one of the key that is in use, or removed; the zone is then unsigned and reachable. " +
		"After that sign again and enter the new DS record. Before a change of provider remove the DS record, wait for its time to live, and move then.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{rfcDNSSEC, {Source: "RFC", ID: "4035"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachChain(ctx, t, func(z *zone, c *dns.Chain) {
			switch {
			case c.Unread:
				t.Unknown(z.Name, "%s vouches for its key by an algorithm that is not known here", z.Parent)
			case !c.Vouch:
				t.Pass(lr.Evidence{}, z.Name, "nobody vouches for it, so that no resolver refuses it")
			case len(c.Broken) > 0:
				t.Fail(said(slices.Concat(c.Broken, c.Records)...), z.Name, "resolvers that validate refuse the zone: %s", strings.Join(firstOf(c.Broken, 2), "; "))
			default:
				t.Pass(said(c.Records...), z.Name, "the chain from %s down to its signatures holds until %s", z.Parent, c.Until.UTC().Format("2006-01-02"))
			}
		})
	},
}

func firstOf(list []string, n int) []string {
	if len(list) > n {
		return list[:n]
	}
	return list
}
