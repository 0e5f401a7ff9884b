package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dkim"
)

var dkimWildcard = &lr.Check{
	ID:       "email/dkim-wildcard",
	Title:    "A selector that nobody made has no key",
	Why:      "A wildcard below `_domainkey` gives one key to every selector: it cannot be withdrawn or replaced one service at a time, and hides whose it is.",
	Fix:      "Replace the wildcard by a record at each selector that is in use.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("6376", "6.1.2"), rfc("4592", "2.2")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		k, err := keys(ctx, t)
		if err != nil {
			return err
		}
		for _, name := range names(t) {
			subject := "*._domainkey." + name
			c := k.control[name]
			switch {
			case c.State == dkim.Unknown:
				t.Unknown(subject, "a selector that nobody made could not be asked: %v", c.Err)
			case c.State == dkim.Found && c.Key.Has(dkim.Revoked):
				t.Pass(facts(line(c.Name, c.Key.Text)), subject, "every other selector is revoked")
			case c.State == dkim.Found:
				t.Fail(facts(line(c.Name, c.Key.Text)), subject, "a selector that nobody made has a key: a wildcard answers for all")
			case c.State == dkim.Multiple:
				t.Fail(facts(c.Name+". TXT: more than one key"), subject, "a selector that nobody made has keys: a wildcard answers for all")
			default:
				t.Pass(facts(c.Name+". TXT: "+c.State.String()), subject, "a selector that nobody made has no key")
			}
		}
		return nil
	},
}
