package https

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var zoneTransfer = &lr.Check{
	ID:    "https/zone-transfer",
	Title: "No name server gives the whole zone to strangers",
	Why: "The zone lists every host there is: staging, administration, the names of customers. With it nobody has to guess what to attack first, " +
		"and a reviewer who gets it stops reading the rest.",
	Fix: "Allow transfers (AXFR, IXFR) to the addresses of the secondary servers alone, signed by TSIG: in BIND `allow-transfer { key …; };`, in NSD `provide-xfr:`, in PowerDNS `allow-axfr-ips=`. " +
		"At a provider, switch zone transfer off.",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "RFC", ID: "5936"}, cweExposed},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachZone(ctx, t, func(ctx context.Context, c *dns.Client, z *zone) error {
			for _, seat := range z.Seats() {
				if !seat.Authority() {
					continue // it has no zone to give
				}
				subject := fmt.Sprintf("%s at %s", z.Name, seat.Host)
				got, err := c.Transfer(ctx, seat.Addr, z.Name)
				switch {
				case err != nil && stops(ctx, err) != nil:
					return err
				case err != nil:
					t.Unknown(subject, "%v", err)
				case got.Open():
					t.Fail(said(got.Sample...), subject, "%s (%s) gives the zone to anyone: %d records were read", seat.Host, seat.Addr, got.Records)
				case got.Closed:
					t.Pass(said(fmt.Sprintf("%s AXFR at %s: the connection was closed", z.Name, seat.Addr)), subject, "it hangs up on a stranger who asks for the zone")
				default:
					t.Pass(said(fmt.Sprintf("%s AXFR at %s: %s", z.Name, seat.Addr, dns.Code(got.Code))), subject, "it refuses the zone to a stranger: %s", strings.ToLower(dns.Code(got.Code)))
				}
			}
			return nil
		})
	},
}
