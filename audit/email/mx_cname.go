package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
)

var mxCname = &lr.Check{
	ID:       "email/mx-cname",
	Title:    "No MX host is an alias",
	Why:      "The name of an MX record must have an address itself. Some servers refuse to deliver to an alias, others loop, and its certificate seldom fits.",
	Fix:      "Let the MX record name the host that the CNAME leads to.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("2181", "10.3"), rfc("5321", "5.1")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return hostCheck(ctx, t, func(_ context.Context, _ mail.Resolver, x *reception, h *exchanger) error {
			switch {
			case h.literal():
			case h.err != nil:
				t.Unknown(h.name, "it could not be asked: %v", h.err)
			case h.alias() != "":
				e := x.shown()
				e.Records = append(e.Records, h.name+". CNAME "+h.alias()+".")
				t.Fail(e, h.name, "the MX host %s is an alias of %s", h.name, h.alias())
			default:
				t.Pass(lr.Evidence{}, h.name, "it is no alias")
			}
			return nil
		})
	},
}
