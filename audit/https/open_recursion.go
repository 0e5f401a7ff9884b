package https

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var openRecursion = &lr.Check{
	ID:    "https/open-recursion",
	Title: "The domain's name servers resolve for nobody else",
	Why: "A server that looks up anything for anyone is borrowed to flood others with answers, gets its address blocked for it, and can be fed false answers that it then gives " +
		"beside the zone's own.",
	Fix:      "Switch recursion off at the servers of the zone (BIND: `recursion no;`, Unbound and PowerDNS Recursor: another machine, open to the inside alone).",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "RFC", ID: "5358"}, {Source: "CWE", ID: "406"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		var seen []netip.Addr
		type seat struct {
			host   string
			addr   netip.Addr
			parent string
		}
		var seats []seat
		all, err := zones(ctx, t)
		if err != nil {
			return err
		}
		for _, z := range all {
			if z.Err != nil {
				t.Unknown(z.Name, "%v", z.Err)
				continue
			}
			for _, s := range z.Seats() {
				if s.Err == nil && !slices.Contains(seen, s.Addr) {
					seen = append(seen, s.Addr)
					seats = append(seats, seat{s.Host, s.Addr, z.Parent})
				}
			}
		}
		c, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		return each(ctx, seats, func(ctx context.Context, s seat) error {
			return judgeRecursion(ctx, t, c, s.host, s.addr, s.parent)
		})
	},
}

// judgeRecursion asks for a zone above, which only a server that has it itself may
// know.
func judgeRecursion(ctx context.Context, t *lr.Trial, c *dns.Client, host string, addr netip.Addr, parent string) error {
	for _, strange := range []string{parent, ""} {
		got, err := c.Resolves(ctx, addr, strange)
		if err != nil {
			t.Unknown(host, "%v", err)
			return stops(ctx, err)
		}
		a := got.Answer
		line := fmt.Sprintf("%s. SOA at %s: %s, recursion available %t", strange, addr, a.Outcome(), a.RA)
		switch {
		case got.Open:
			t.Fail(said(append([]string{line}, lines(a)...)...), host, "%s (%s) looks up what it has nothing to do with, for anyone", host, addr)
			return nil
		case a.AA: // it has that zone itself
			continue
		}
		t.Pass(said(line), host, "it does not look up other zones: %s", a.Outcome())
		return nil
	}
	t.Unknown(host, "%s has the zones above as well, so that nothing was found to ask it for", addr)
	return nil
}
