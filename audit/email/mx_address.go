package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
)

var mxAddress = &lr.Check{
	ID:       "email/mx-address",
	Title:    "MX records name hosts and not addresses",
	Why:      "An address in an MX record is looked up as a name, which does not exist: mail that comes to it is lost.",
	Fix:      "Give the host a name with an A or AAAA record, and write the name.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("1035", "3.3.9"), rfc("5321", "5.1")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return hostCheck(ctx, t, func(_ context.Context, _ mail.Resolver, x *reception, h *exchanger) error {
			if h.literal() {
				t.Fail(x.shown(), h.name, "the MX record has the address %s in the place of a name", h.name)
				return nil
			}
			t.Pass(lr.Evidence{}, h.name, "it is a name")
			return nil
		})
	},
}
