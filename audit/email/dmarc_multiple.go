package email

import (
	"context"

	lr "github.com/launchready/launchready"
)

var dmarcMultiple = &lr.Check{
	ID:       "email/dmarc-multiple",
	Title:    "There is no more than one DMARC record",
	Why:      "Receivers that find two discard both: the domain is as unprotected as without any.",
	Fix:      "Keep one TXT record that begins with `v=DMARC1` at the name, and delete the others. Several report addresses go into one `rua`, separated by commas.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("9989", "4.10")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		for _, name := range names(t) {
			p, err := policy(ctx, t, name)
			if err != nil {
				return err
			}
			subject := dmarcSubject(name)
			for _, domain := range p.walk.Conflicts() {
				t.Fail(p.shown(), dmarcSubject(domain), "there is more than one DMARC record, and receivers discard them all")
			}
			switch {
			case len(p.walk.Conflicts()) > 0:
			case p.walk.Err != nil:
				t.Unknown(subject, "a question had no answer: %v", p.walk.Err)
			case p.walk.Record == nil:
				t.NotApplicable("%s has no DMARC record", name)
			default:
				t.Pass(p.shown(), subject, "there is one record")
			}
		}
		return nil
	},
}
