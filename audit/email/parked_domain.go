package email

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dmarc"
	"github.com/launchready/launchready/mail/spf"
)

var parkedDomain = &lr.Check{
	ID:    "email/parked-domain",
	Title: "Domains that send no mail say so",
	Why:   "Your other domains carry your name too. One without records is what a forger takes when the main one is protected.",
	Fix: "Publish for each: TXT `v=spf1 -all`, TXT `v=DMARC1; p=reject` at `_dmarc`, and MX `0 .`. " +
		"`v=DKIM1; p=` at `*._domainkey` is welcome.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("7208", "10.1.2"), rfc("9989", "4.7"), rfc("7505", "3"), {Source: "M3AAWG", ID: "parked-domains-2022"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		r, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		if len(t.Target.Domain.Parked) == 0 {
			t.NotApplicable("no parked domain is named under domain.parked")
			return nil
		}
		for _, d := range t.Target.Domain.Parked {
			lacks, e, err := silent(ctx, r, d)
			switch {
			case len(lacks) > 0:
				t.Fail(e, d, "%s is said to send no mail, and: %s", d, joined(lacks))
			case err != nil:
				if err := spent(err); err != nil {
					return err
				}
				t.Unknown(d, "a question had no answer: %v", err)
			default:
				t.Pass(e, d, "it says that it sends no mail")
			}
		}
		return nil
	},
}

// silent tells what a domain lacks that sends no mail. The error is a question
// without answer.
func silent(ctx context.Context, r mail.Resolver, domain string) (lacks []string, e lr.Evidence, err error) {
	rep := spf.Inspect(ctx, r, domain)
	for _, text := range rep.Records {
		e.Records = append(e.Records, line(domain, text))
	}
	switch {
	case len(rep.Has(spf.NoRecord)) > 0:
		lacks = append(lacks, "it has no SPF record.")
		e.Records = append(e.Records, domain+". TXT: no text begins with v=spf1")
	case len(rep.Records) > 1:
		lacks = append(lacks, "it has more than one SPF record.")
	case rep.Root == nil || !rep.Complete:
		err = fmt.Errorf("SPF: %s", unasked(rep))
	case len(rep.Ranges) > 0 || !refuses(rep.Root):
		lacks = append(lacks, "its SPF record is not v=spf1 -all.")
	}
	p := dmarc.Discover(ctx, r, domain, dmarc.RFC9989)
	if p.Record != nil {
		e.Records = append(e.Records, line(dmarcSubject(p.At), p.Record.Text))
	}
	switch {
	case p.Err != nil:
		err = fmt.Errorf("DMARC: %w", p.Err)
	case p.Policy != dmarc.Reject:
		lacks = append(lacks, "its DMARC policy is not reject.")
		e.Records = append(e.Records, p.Why)
	}
	mx, failed := mail.Ask(ctx, r, domain, mail.MX)
	switch {
	case failed != nil:
		err = fmt.Errorf("MX: %w", failed)
	case len(mx.Records) != 1 || mx.Records[0].Host != "":
		for _, m := range mx.Records {
			e.Records = append(e.Records, fmt.Sprintf("%s. MX %d %s.", domain, m.Preference, m.Host))
		}
		if len(mx.Records) > 0 || !mx.Missing() {
			lacks = append(lacks, "it has no null MX.")
		}
	}
	return lacks, e, err
}

// refuses reports a record that ends in -all, or is redirected to one.
func refuses(n *spf.Node) bool {
	for _, c := range n.Costs {
		switch {
		case c.Term.Kind == spf.All && !c.Term.Modifier:
			return c.Term.Qualifier == spf.QFail
		case c.Term.Kind == spf.Redirect && c.Term.Modifier && c.Below != nil:
			return refuses(c.Below)
		}
	}
	return false
}
