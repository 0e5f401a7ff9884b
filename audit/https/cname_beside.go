package https

import (
	"context"
	"strings"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var cnameBeside = &lr.Check{
	ID:    "https/cname-beside",
	Title: "An alias stands alone, and not at the top of a zone",
	Why: "A name with a CNAME record may have no other. Resolvers that meet both show one or the other by chance: mail is lost, verifications fail, certificates are refused, " +
		"and it looks different from every network.",
	Fix:      "Keep the CNAME and move the other records to the name that it leads to, or replace the CNAME by A and AAAA records. At the top of a zone use what the DNS provider offers in its place (ALIAS, ANAME, flattening).",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfcConcepts, rfcClarify},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		all, err := zones(ctx, t)
		if err != nil {
			return err
		}
		return eachHost(ctx, t, func(ctx context.Context, c *dns.Client, h *host) error {
			z := zoneOf(all, h.Name)
			if z == nil || z.Err != nil || z.Missing {
				return nil
			}
			at, err := z.Server()
			if err != nil {
				t.Unknown(h.Name, "%v", err)
				return nil
			}
			cname, err := c.At(ctx, at, h.Name, wire.TypeCNAME)
			if why := settled(cname, err); why != "" {
				t.Unknown(h.Name, "%s", why)
				return stops(ctx, err)
			}
			if len(cname.Records) == 0 {
				t.Pass(lr.Evidence{}, h.Name, "it is no alias")
				return nil
			}
			records, kinds := lines(cname), []string{}
			for _, kind := range []uint16{wire.TypeSOA, wire.TypeNS, wire.TypeMX, wire.TypeTXT, wire.TypeA, wire.TypeAAAA, wire.TypeCAA} {
				a, err := c.At(ctx, at, h.Name, kind)
				if err != nil {
					t.Unknown(h.Name, "%v", err)
					return stops(ctx, err)
				}
				if len(a.Records) > 0 && len(a.Chain) == 0 {
					records, kinds = append(records, lines(a)...), append(kinds, wire.Type(kind).String())
				}
			}
			if len(kinds) > 0 {
				t.Fail(said(records...), h.Name, "it is an alias, and has records of its own beside: %s", strings.Join(kinds, ", "))
				return nil
			}
			t.Pass(said(records...), h.Name, "it is an alias and nothing else")
			return nil
		})
	},
}
