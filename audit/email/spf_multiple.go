package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfMultiple = &lr.Check{
	ID:       "email/spf-multiple",
	Title:    "The domain has no more than one SPF record",
	Why:      "A receiver that finds two gives up with an error, and none of your mail passes. It happens when a second service is set up by its own instructions.",
	Fix:      "Merge them into one record: the terms of both, one `v=spf1`, one `all` at the end; and delete the other.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "4.5")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		for _, name := range names(t) {
			rep, err := inspection(ctx, t, name)
			if err != nil {
				return err
			}
			switch {
			case len(rep.Records) > 1:
				t.Fail(shown(rep, ""), "SPF of "+name, "%s has %d SPF records, and receivers read none of them", name, len(rep.Records))
			case len(rep.Records) == 1:
				t.Pass(shown(rep, name), "SPF of "+name, "there is one SPF record")
			case len(rep.Has(spf.NoRecord)) > 0:
				t.NotApplicable("%s has no SPF record", name)
			default:
				t.Unknown("SPF of "+name, "%s", unasked(rep))
			}
		}
		return nil
	},
}
