package https

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var delegation = &lr.Check{
	ID:    "https/delegation",
	Title: "The registry and the zone name the same servers, at more than one address",
	Why: "Every question about the domain goes by way of the registry's list of name servers. Where it is not the zone's own list, some of the world asks servers that somebody has forgotten, " +
		"and where all of them are one machine, product and mail are gone with it.",
	Fix: "At the registrar, set the name servers to exactly those of the zone's NS records, and the glue addresses to those of the servers' own A and AAAA records. " +
		"Use two servers or more, at addresses in different networks: what a DNS provider hands out is that already.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfcConcepts, rfcSecondary},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		all, err := zones(ctx, t)
		if err != nil {
			return err
		}
		for _, z := range all {
			judgeDelegation(t, z)
		}
		return nil
	},
}

func judgeDelegation(t *lr.Trial, z *zone) {
	if z.Err != nil {
		t.Unknown(z.Name, "%v", z.Err)
		return
	}
	if z.Missing {
		t.Report(lr.Outcome{
			Verdict: lr.Failed, Confidence: lr.Confirmed, Severity: lr.Critical, Subject: z.Name, Evidence: said(z.Records...),
			Message: "the servers of " + z.Parent + " do not know the domain: it is not registered, or not delegated any more. Register it, or renew it, before somebody else does",
		})
		return
	}
	if z.FromZone == nil {
		t.Unknown(z.Name, "none of its servers answers with authority: %s", strings.Join(whats(z.Delegation), "; "))
		return
	}
	e := said(append(slices.Clone(z.Records), "zone: "+strings.Join(z.FromZone, " "))...)
	var faults []string
	if only := without(z.FromParent, z.FromZone); len(only) > 0 {
		faults = append(faults, "the registry also names "+strings.Join(only, " and ")+", which the zone does not: remove it at the registrar, or add its NS record")
	}
	if only := without(z.FromZone, z.FromParent); len(only) > 0 {
		faults = append(faults, "the zone also names "+strings.Join(only, " and ")+", which the registry does not: add it at the registrar, or remove its NS record")
	}
	var addrs []netip.Addr
	for _, s := range z.Servers {
		if glue := z.Glue[s.Host]; len(glue) > 0 && s.Err == nil && len(s.Addrs) > 0 && !slices.ContainsFunc(glue, func(a netip.Addr) bool { return slices.Contains(s.Addrs, a) }) {
			faults = append(faults, "the registry's address of "+s.Host+" is not the one that the server has: correct the glue record")
		}
		for _, a := range s.Addrs {
			if !slices.Contains(addrs, a) {
				addrs = append(addrs, a)
			}
		}
	}
	if len(addrs) == 1 {
		faults = append(faults, "all its servers are at one address, "+addrs[0].String()+": add one in another network")
	}
	if len(faults) > 0 {
		t.Fail(e, z.Name, "%s", strings.Join(faults, "; "))
		return
	}
	t.Pass(e, z.Name, "the registry and the zone name the same %d servers", len(z.FromZone))
}

// without are the members of a that b has not.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// whats are what the servers of a zone answered, for who cannot go on.
func whats(d *dns.Delegation) []string {
	var out []string
	for _, s := range d.Servers {
		if len(s.Seats) == 0 {
			out = append(out, s.Host+" has no address")
		}
		for _, seat := range s.Seats {
			out = append(out, s.Host+": "+seat.What())
		}
	}
	return out
}
