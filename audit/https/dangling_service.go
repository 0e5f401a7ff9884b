package https

import (
	"context"
	"fmt"
	"slices"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var danglingService = &lr.Check{
	ID:    "https/dangling-service",
	Title: "Mail and service records lead to hosts that exist",
	Why: "Mail for the domain goes to the host that its MX record names, and clients sign in at the one of its SRV records. Where that host's domain is free, whoever registers it receives " +
		"password resets and passwords.",
	Fix:      "Delete the MX or SRV record, or point it at the host that does the work today. A domain that takes no mail says so with one record: `MX 0 .` (RFC 7505).",
	Severity: lr.High,
	Refs:     []lr.Ref{cweTakeover, {Source: "RFC", ID: "7505"}, {Source: "RFC", ID: "2782"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		c, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		asks := serviceNames(t.Target.Domain)
		found := make([][]wire.RR, len(asks))
		told := make([]bool, len(asks))
		err = everyOf(ctx, asks, func(ctx context.Context, i int, q serviceQuestion) error {
			a, err := c.Ask(ctx, q.name, q.kind)
			if why := settled(a, err); why != "" {
				t.Unknown(q.name, "%s", why)
				return stops(ctx, err)
			}
			found[i], told[i] = a.Records, true
			return nil
		})
		if err != nil {
			return err
		}
		n := 0
		for i, rrs := range found {
			for _, rr := range rrs {
				if target := leads(rr); target != "" {
					n++
					if err := judgeService(ctx, t, c, asks[i].name, rr, target); err != nil {
						return err
					}
				}
			}
		}
		if n == 0 && !slices.Contains(told, false) {
			t.Pass(lr.Evidence{}, t.Target.Domain.Name, "no MX and no SRV record leads anywhere")
		}
		return nil
	},
}

type serviceQuestion struct {
	name string
	kind uint16
}

// serviceNames are where records that name a host are looked for.
func serviceNames(d *lr.DomainAccess) []serviceQuestion {
	var out []serviceQuestion
	for _, name := range slices.Concat(d.Hosts, d.Parked) {
		out = append(out, serviceQuestion{name, wire.TypeMX})
	}
	for _, l := range usualServices {
		out = append(out, serviceQuestion{l + "." + d.Name, wire.TypeSRV})
	}
	return out
}

// leads is the host that a record names; "" where it says that there is none.
func leads(rr wire.RR) string {
	switch rr := rr.(type) {
	case *wire.MX:
		return dns.Plain(rr.Mx)
	case *wire.SRV:
		return dns.Plain(rr.Target)
	}
	return ""
}

func judgeService(ctx context.Context, t *lr.Trial, c *dns.Client, name string, rr wire.RR, target string) error {
	kind := wire.Type(rr.Header().Rrtype).String()
	subject := fmt.Sprintf("%s %s %s", name, kind, target)
	addrs, gone, err := c.Addresses(ctx, target)
	switch {
	case err != nil:
		t.Unknown(subject, "%v", err)
		return stops(ctx, err)
	case !gone && len(addrs) == 0:
		t.Fail(said(dns.Line(rr), target+". A, AAAA: no such record"), subject, "the %s record of %s leads to %s, which has no address: correct it, or delete it", kind, name, target)
		return nil
	case !gone:
		t.Pass(said(dns.Line(rr)), subject, "%s has an address", target)
		return nil
	}
	domain, is, line, err := free(ctx, c, t, target)
	if err != nil {
		return err
	}
	o := lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: subject, Evidence: said(dns.Line(rr), target+". A: NXDOMAIN, the name does not exist")}
	o.Message = fmt.Sprintf("the %s record of %s leads to %s, which does not exist: correct it, or delete it", kind, name, target)
	if is {
		o.Severity, o.Evidence = lr.Critical, said(append(o.Evidence.Records, line)...)
		o.Message = fmt.Sprintf("the %s record of %s leads to %s, and nobody has registered %s: whoever does receives what is meant for you", kind, name, target, domain)
	}
	t.Report(o)
	return nil
}
