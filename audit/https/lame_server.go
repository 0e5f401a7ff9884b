package https

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var lameServer = &lr.Check{
	ID:    "https/lame-server",
	Title: "Every name server of the zone has the zone",
	Why: "A server that is named and does not have the zone answers nobody: a part of the customers waits for seconds or sees no product at all, each time another part. " +
		"At a provider where anyone may add a zone, it is also a place that a stranger can take.",
	Fix:      "Add the zone at that server, or take the server out of the NS records of the zone and of the registrar's list, in that order. Then ask it: `dig @SERVER ZONE SOA +norecurse` has to show the flag aa.",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "RFC", ID: "1912"}, rfcSecondary},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachZone(ctx, t, func(_ context.Context, _ *dns.Client, z *zone) error {
			for _, seat := range z.Seats() {
				subject := fmt.Sprintf("%s at %s", z.Name, seat.Host)
				switch {
				case seat.Authority():
					t.Pass(said(lines(seat.SOA)...), subject, "%s answers with authority", seat.Addr)
				case seat.Lame():
					t.Fail(said(fmt.Sprintf("%s (%s): SOA %s: %s", seat.Host, seat.Addr, z.Name, seat.What())), subject,
						"%s is named as a server of %s and does not have it: it answered %s", seat.Host, z.Name, seat.What())
				default:
					t.Unknown(subject, "%s: %s", seat.Addr, seat.What())
				}
			}
			for _, s := range z.Servers {
				if len(s.Seats) == 0 && !s.Gone {
					t.Unknown(fmt.Sprintf("%s at %s", z.Name, s.Host), "no address of %s is known", s.Host)
				}
			}
			return nil
		})
	},
}
