package email

import (
	"context"
	"fmt"
	"net/netip"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/spf"
)

var spfSenders = &lr.Check{
	ID:    "email/spf-senders",
	Title: "SPF passes for every sender that you declare",
	Why:   "A service that sends for you and that SPF does not name has its mail refused or put into spam, as soon as DMARC is taken seriously: password resets, invoices, invitations.",
	Fix: "Add the service's include, or the address, to the record before `all`. Where the service no longer sends for you, take it out of domain.mail.senders. " +
		"A service that has a return path of its own need not be named; it is aligned by DKIM.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "2.3"), googleBulk},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		rep, err := inspection(ctx, t, t.Target.Domain.Name)
		if err != nil || !applies(t, rep) {
			return err
		}
		r, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		if len(t.Target.Domain.Senders) == 0 {
			t.NotApplicable("no sender is declared: name what sends for the domain under domain.mail.senders, and it is tried out")
			return nil
		}
		for _, text := range t.Target.Domain.Senders {
			c := covers(ctx, r, rep, sender(text))
			switch c.verdict {
			case lr.Passed:
				t.Pass(facts(c.facts...), text, "%s", c.why)
			case lr.Failed:
				e := shown(rep, rep.Domain)
				e.Records = append(e.Records, c.facts...)
				t.Fail(e, text, "%s", c.why)
			default:
				t.Unknown(text, "%s", c.why)
			}
		}
		return nil
	},
}

// coverage is whether mail of a sender passes the domain's SPF.
type coverage struct {
	verdict lr.Verdict
	apart   bool // it passes by a return path that is not the domain's
	why     string
	facts   []string
}

// covers tries the sender out.
func covers(ctx context.Context, r mail.Resolver, rep *spf.Report, s declared) coverage {
	switch {
	case s.networks.IsValid():
		return sends(ctx, r, rep.Domain, s.networks)
	case s.service != nil && !s.service.own:
		return coverage{verdict: lr.Passed, apart: true, why: s.service.name + " has a return path of its own, so the domain's SPF is not asked"}
	case s.service != nil:
		return includes(ctx, r, rep, s.service.name, s.service.include)
	case s.domain != "":
		return includes(ctx, r, rep, s.domain, []string{s.domain})
	}
	return coverage{why: fmt.Sprintf("%s is no service that is known: write its address, or the domain that its SPF record stands at", s.text)}
}

// includes reports that the record names one of a service's domains, or passes
// the addresses that they hold.
func includes(ctx context.Context, r mail.Resolver, rep *spf.Report, name string, domains []string) coverage {
	for _, d := range domains {
		if included(rep.Root, d) {
			return coverage{verdict: lr.Passed, why: "the record includes " + d}
		}
	}
	of := spf.Inspect(ctx, r, domains[0])
	switch {
	case len(of.Has(spf.NoRecord)) > 0:
		return coverage{why: domains[0] + " has no SPF record of its own, so it is not known what would have to pass"}
	case len(of.Ranges) == 0:
		return coverage{why: "the addresses of " + name + " could not be asked: " + unasked(of)}
	}
	c := sends(ctx, r, rep.Domain, of.Ranges[0].Prefix)
	if c.verdict == lr.Failed {
		c.why = fmt.Sprintf("%s is declared as a sender, and the record names neither %s nor its addresses", name, domains[0])
	}
	return c
}

// sends evaluates SPF for the first and the last address of a network.
func sends(ctx context.Context, r mail.Resolver, domain string, p netip.Prefix) coverage {
	out := coverage{verdict: lr.Passed}
	for _, ip := range ends(p) {
		o := spf.CheckHost(ctx, r, spf.Request{IP: ip, Domain: domain, Sender: "postmaster@" + domain, HELO: domain})
		out.facts = append(out.facts, fmt.Sprintf("SPF of %s for %s: %s (%s)", domain, ip, o.Result, o.Why))
		switch o.Result {
		case spf.Pass:
			out.why = fmt.Sprintf("SPF passes for %s", p)
		case spf.TempError:
			return coverage{why: "SPF could not be evaluated: " + o.Why}
		case spf.PermError:
			return coverage{why: "the record is an error for everybody: " + o.Why}
		default:
			return coverage{verdict: lr.Failed, why: fmt.Sprintf("%s is declared as a sender, and SPF says %s for it", p, o.Result), facts: out.facts}
		}
	}
	return out
}

// ends are the first and the last address of a network.
func ends(p netip.Prefix) []netip.Addr {
	first := p.Masked().Addr()
	if p.IsSingleIP() {
		return []netip.Addr{first}
	}
	b := first.AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(b)
	return []netip.Addr{first, last}
}
