package email

import (
	"context"

	lr "github.com/launchready/launchready"
)

var mxPresent = &lr.Check{
	ID:       "email/mx-present",
	Title:    "The domain says where its mail goes",
	Why:      "Bounces, replies of customers and reports of abuse go to the domain that sends. Without an MX record they are tried at the web server, and lost; some receivers refuse mail from such a domain.",
	Fix:      "Publish MX records of the service that takes your mail. A domain that neither sends nor takes any publishes `MX 0 .`.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("5321", "5.1"), rfc("7505", "3")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		for _, name := range names(t) {
			x, err := exchangers(ctx, t, name)
			if err != nil {
				return err
			}
			switch {
			case x.err != nil:
				t.Unknown("MX of "+name, "the MX records could not be asked: %v", x.err)
			case len(x.answer.Records) > 0:
				t.Pass(x.shown(), "MX of "+name, "there are %d MX records", len(x.answer.Records))
			default:
				t.Fail(x.shown(), "MX of "+name, "the domain has no MX record")
			}
		}
		return nil
	},
}
