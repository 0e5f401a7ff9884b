package https

import (
	"context"
	"fmt"
	"time"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var ttl = &lr.Check{
	ID:    "https/ttl",
	Title: "Records are kept for minutes to a day",
	Why: "A record that resolvers may keep for seconds makes the product depend on the name servers at every request: their short outage is yours. " +
		"One that is kept for weeks cannot be changed when a host has to move today.",
	Fix:      "Set the time to live of addresses and aliases to between 5 minutes and a day, and that of NS and MX records to an hour or more. Lower it a day before a move, and raise it after.",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "RFC", ID: "1912"}, rfcClarify},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		all, err := zones(ctx, t)
		if err != nil {
			return err
		}
		return eachHost(ctx, t, func(ctx context.Context, c *dns.Client, h *host) error {
			z := zoneOf(all, h.Name)
			if z == nil || z.Err != nil || z.Missing || h.Missing() && h.Alias() == "" {
				return nil
			}
			at, err := z.Server()
			if err != nil {
				t.Unknown(h.Name, "%v", err)
				return nil
			}
			kinds := []uint16{wire.TypeA, wire.TypeAAAA}
			if h.Name == z.Name {
				kinds = append(kinds, wire.TypeNS, wire.TypeMX)
			}
			return judgeTTL(ctx, t, h, at.String(), func(kind uint16) (*dns.Answer, error) { return c.At(ctx, at, h.Name, kind) }, kinds)
		})
	},
}

// kept are the bounds of how long a record is kept, in seconds.
func kept(kind uint16) (least, most uint32) {
	if kind == wire.TypeNS || kind == wire.TypeMX {
		return 300, 7 * 86400
	}
	return 30, 2 * 86400
}

func judgeTTL(ctx context.Context, t *lr.Trial, h *host, server string, ask func(uint16) (*dns.Answer, error), kinds []uint16) error {
	asked := false
	for _, kind := range kinds {
		a, err := ask(kind)
		if err != nil {
			t.Unknown(h.Name, "%v", err)
			return stops(ctx, err)
		}
		rrs := a.Records
		if len(a.Chain) > 0 {
			rrs = []wire.RR{a.Chain[0]}
		}
		for _, rr := range rrs {
			asked = true
			n := rr.Header().Ttl
			least, most := kept(rr.Header().Rrtype)
			if n >= least && n <= most {
				continue
			}
			span := time.Duration(n) * time.Second
			word := "only"
			if n > most {
				word = "as much as"
			}
			t.Fail(said(fmt.Sprintf("%s (TTL %d, at %s)", dns.Line(rr), n, server)), h.Name, "its %s record is kept for %s %s", wire.Type(rr.Header().Rrtype), word, span)
			return nil
		}
	}
	if asked {
		t.Pass(lr.Evidence{}, h.Name, "its records are kept for minutes to a day")
	}
	return nil
}
