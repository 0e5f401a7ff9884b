package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
)

var mxResolves = &lr.Check{
	ID:       "email/mx-resolves",
	Title:    "Every MX host has an address",
	Why:      "Senders that try the dead host first wait, and some give up. A name that is gone is a server that was taken down, or a typing error.",
	Fix:      "Delete the MX record, or give the host its address back.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("5321", "5.1")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return hostCheck(ctx, t, func(_ context.Context, _ mail.Resolver, x *reception, h *exchanger) error {
			switch {
			case h.literal(): // mx-address tells
			case h.err != nil:
				if err := spent(h.err); err != nil {
					return err
				}
				t.Unknown(h.name, "its addresses could not be asked: %v", h.err)
			case len(h.addresses()) == 0:
				e := x.shown()
				why := "has no address"
				if h.a.Missing() {
					why = "does not exist"
				}
				e.Records = append(e.Records, h.name+". A, AAAA: "+h.a.Code.String())
				t.Fail(e, h.name, "the MX host %s %s", h.name, why)
			default:
				t.Pass(lr.Evidence{}, h.name, "it has the address %s", h.addresses()[0])
			}
			return nil
		})
	},
}
