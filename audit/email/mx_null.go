package email

import (
	"context"

	lr "github.com/launchready/launchready"
)

var mxNull = &lr.Check{
	ID:       "email/mx-null",
	Title:    "A domain that sends mail does not say that it takes none",
	Why:      "`MX 0 .` says that nobody can answer. Receivers refuse mail from such a domain, and beside other MX records it makes senders disagree.",
	Fix:      "Delete the null MX of a domain that sends, and publish the hosts that take its mail.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("7505", "3"), rfc("7505", "4.2")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		for _, name := range names(t) {
			x, err := exchangers(ctx, t, name)
			if err != nil {
				return err
			}
			rep, err := inspection(ctx, t, name)
			if err != nil {
				return err
			}
			subject := "MX of " + name
			sends := name == t.Target.Domain.Name && len(t.Target.Domain.Senders) > 0 || len(rep.Ranges) > 0
			switch {
			case x.err != nil:
				t.Unknown(subject, "the MX records could not be asked: %v", x.err)
			case x.null && len(x.hosts) > 0:
				t.Fail(x.shown(), subject, "a null MX stands beside other MX records")
			case x.null && sends:
				t.Fail(x.shown(), subject, "the domain sends mail and says that it takes none")
			case x.null && !rep.Complete:
				t.Unknown(subject, "the domain takes no mail; whether it sends any could not be asked: %s", unasked(rep))
			case x.null:
				t.Pass(x.shown(), subject, "the domain neither sends nor takes mail, and says so")
			default:
				t.Pass(x.shown(), subject, "there is no null MX")
			}
		}
		return nil
	},
}
