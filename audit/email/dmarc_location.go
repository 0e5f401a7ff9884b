package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcLocation = &lr.Check{
	ID:       "email/dmarc-location",
	Title:    "DMARC records stand where they are read",
	Why:      "Receivers look at `_dmarc` and nowhere else. A record at the domain itself, or at `dmarc` without the underscore, is believed to protect and does not.",
	Fix:      "Move the record to `_dmarc` of the domain, and delete it where it stands now. Some forms add the domain to the name by themselves: `_dmarc.example.com` then becomes `_dmarc.example.com.example.com`.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("9989", "4.1")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		r, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		name := t.Target.Domain.Name
		for _, at := range []string{name, "dmarc." + name, "_dmarc." + name + "." + name} {
			if !mail.Fits(at) {
				continue
			}
			a, err := mail.Ask(ctx, r, at, mail.TXT)
			if err != nil {
				if err := spent(err); err != nil {
					return err
				}
				t.Unknown(at, "the name could not be asked: %v", err)
				continue
			}
			misplaced := ""
			for _, txt := range a.Texts() {
				if dmarc.IsRecord(txt) {
					misplaced = txt
				}
			}
			if misplaced != "" {
				t.Fail(facts(line(at, misplaced)), at, "a DMARC record stands at %s, where nobody reads it", at)
				continue
			}
			t.Pass(facts(at+". TXT: no DMARC record"), at, "no DMARC record stands here")
		}
		return nil
	},
}
