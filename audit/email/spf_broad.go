package email

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfBroad = &lr.Check{
	ID:       "email/spf-broad",
	Title:    "SPF names the addresses that send, and not whole networks",
	Why:      "Everybody who rents a machine in the network may send as you: ranges shorter than /16, and /32 with IPv6, belong to providers with many customers.",
	Fix:      "Name the addresses of your own senders, or the include of the service.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "5.6"), spoofing},
	Needs:    lr.Domain,
	Run:      lint{codes: []spf.Code{spf.Broad}, own: true, right: "no range of the domain's own records is wider than /16, or /32 with IPv6"}.run,
}
