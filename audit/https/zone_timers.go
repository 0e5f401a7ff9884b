package https

import (
	"context"
	"fmt"
	"time"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

// mostNegative is how long resolvers should keep that a name does not exist.
const mostNegative = 24 * time.Hour

var zoneTimers = &lr.Check{
	ID:    "https/zone-timers",
	Title: "The zone's timers let its servers agree, and a new name appear within a day",
	Why: "By the timers of the SOA record the second name server decides when to look for changes and when to give the zone up. Set wrong, it answers with yesterday's addresses, " +
		"or with nothing after the first server was down for a while.",
	Fix: "Set refresh to hours, retry to a part of it, expire to one to four weeks, and the last field, which is how long absence is kept, to an hour: `7200 3600 1209600 3600`. " +
		"Where the servers have different serials for long, look at why the secondary gets no transfer.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "RFC", ID: "1912"}, {Source: "RFC", ID: "2308"}, {Source: "RFC", ID: "1982"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachZone(ctx, t, func(_ context.Context, _ *dns.Client, z *zone) error {
			judgeTimers(t, z)
			return nil
		})
	},
}

func judgeTimers(t *lr.Trial, z *zone) {
	var first *wire.SOA
	var records []string
	serials := map[uint32]bool{}
	for _, seat := range z.Seats() {
		if !seat.Authority() {
			continue
		}
		soa, ok := seat.SOA.Records[0].(*wire.SOA)
		if !ok {
			continue
		}
		if first == nil {
			first = soa
		}
		serials[soa.Serial] = true
		records = append(records, fmt.Sprintf("%s: %s", seat.Host, dns.Line(soa)))
	}
	span := func(n uint32) time.Duration { return time.Duration(n) * time.Second }
	switch {
	case first == nil:
		t.Unknown(z.Name, "none of its servers answers with authority")
	case first.Expire <= first.Refresh || first.Expire-first.Refresh <= first.Retry:
		t.Fail(said(records...), z.Name, "its servers give the zone up after %s, before they have tried to refresh it (after %s, and again after %s)", span(first.Expire), span(first.Refresh), span(first.Retry))
	case first.Retry >= first.Refresh:
		t.Fail(said(records...), z.Name, "a refresh that failed is tried again after %s, which is no sooner than the next one (%s)", span(first.Retry), span(first.Refresh))
	case span(first.Minttl) > mostNegative:
		t.Fail(said(records...), z.Name, "that a name does not exist is kept for %s: a name that is added then stays away for so long", span(first.Minttl))
	case len(serials) > 1:
		t.Suspect(said(records...), z.Name, "its servers have different serials: one is behind, if it stays so for longer than %s", span(first.Refresh))
	default:
		t.Pass(said(records...), z.Name, "refresh %s, retry %s, expire %s, and one serial everywhere", span(first.Refresh), span(first.Retry), span(first.Expire))
	}
}
