package email

import (
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dmarc"
)

// policies are how both kinds of readers find the domain's DMARC policy.
type policies struct {
	walk *dmarc.Discovery // by RFC 9989
	old  *dmarc.Discovery // by RFC 7489
}

// policy asks for those of a name once.
func policy(ctx context.Context, t *lr.Trial, name string) (*policies, error) {
	return lr.Recall(ctx, t.Memo, "email/dmarc/"+name, func(ctx context.Context) (*policies, error) {
		r, err := resolver(ctx, t)
		if err != nil {
			return nil, err
		}
		p := &policies{walk: dmarc.Discover(ctx, r, name, dmarc.RFC9989), old: dmarc.Discover(ctx, r, name, dmarc.RFC7489)}
		if err := spent(p.walk.Err); err != nil {
			return nil, err
		}
		return p, ctx.Err()
	})
}

// subject is a stable name for findings about the policy of a domain.
func dmarcSubject(domain string) string { return "_dmarc." + domain }

// shown is what was found on the way, as evidence.
func (p *policies) shown() lr.Evidence {
	var out []string
	for _, q := range p.walk.Queries {
		name := "_dmarc." + q.Domain
		switch {
		case q.Err != nil:
			out = append(out, fmt.Sprintf("%s. TXT: %v", name, q.Err))
		case q.Record != nil:
			out = append(out, line(name, q.Record.Text))
		case q.Found > 1:
			out = append(out, fmt.Sprintf("%s. TXT: %d DMARC records", name, q.Found))
		case q.Other > 0:
			out = append(out, fmt.Sprintf("%s. TXT: %d records, none of which begins with v=DMARC1", name, q.Other))
		default:
			out = append(out, name+". TXT: none")
		}
	}
	return facts(out...)
}

// eachRecord asks something of each DMARC record that applies to a name that
// mail is sent from, once.
func eachRecord(ctx context.Context, t *lr.Trial, ask func(p *policies, rec *dmarc.Record) error) error {
	seen := map[string]bool{}
	for _, n := range names(t) {
		p, rec, err := record(ctx, t, n)
		if err != nil {
			return err
		}
		if rec == nil || seen[p.walk.At] {
			continue
		}
		seen[p.walk.At] = true
		if err := ask(p, rec); err != nil {
			return err
		}
	}
	return nil
}

// record is the one that applies, or nil once it was told why there is none.
func record(ctx context.Context, t *lr.Trial, name string) (*policies, *dmarc.Record, error) {
	p, err := policy(ctx, t, name)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case p.walk.Err != nil:
		t.Unknown(dmarcSubject(name), "a question had no answer: %v", p.walk.Err)
		return p, nil, nil
	case p.walk.Record == nil && len(p.walk.Conflicts()) > 0:
		t.NotApplicable("%s has more than one DMARC record, of which receivers read none", name)
		return p, nil, nil
	case p.walk.Record == nil:
		t.NotApplicable("%s has no DMARC record", name)
		return p, nil, nil
	}
	return p, p.walk.Record, nil
}

// problems says what is wrong by some codes.
func problems(rec *dmarc.Record, codes ...dmarc.Code) []string {
	var out []string
	for _, p := range rec.Problems {
		if slices.Contains(codes, p.Code) {
			out = append(out, p.Text)
		}
	}
	return out
}

// takes asks whether mail to a host can arrive: it has an MX record, or an
// address where it has none (RFC 5321 section 5.1).
func takes(ctx context.Context, r mail.Resolver, host string) (bool, string, error) {
	a, err := mail.Ask(ctx, r, host, mail.MX)
	switch {
	case err != nil:
		return false, "", err
	case a.Missing():
		return false, host + ". MX: NXDOMAIN", nil
	case len(a.Records) == 1 && a.Records[0].Host == "":
		return false, host + ". MX 0 . (takes no mail, RFC 7505)", nil
	case len(a.Records) > 0:
		return true, fmt.Sprintf("%s. MX %d %s.", host, a.Records[0].Preference, a.Records[0].Host), nil
	}
	for _, kind := range []mail.Type{mail.A, mail.AAAA} {
		a, err := mail.Ask(ctx, r, host, kind)
		if err != nil {
			return false, "", err
		}
		if len(a.Records) > 0 {
			return true, fmt.Sprintf("%s. %s %s", host, kind, a.Records[0].Addr), nil
		}
	}
	return false, host + ". has neither MX nor address", nil
}

// joined is several sentences.
func joined(says []string) string { return strings.Join(says, " ") }
