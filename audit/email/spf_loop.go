package email

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfLoop = &lr.Check{
	ID:       "email/spf-loop",
	Title:    "No SPF record leads back to itself",
	Why:      "A receiver that follows an include into a circle runs into the limit of lookups and calls the record an error.",
	Fix:      "Delete the include or redirect that leads back.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "4.6.4")},
	Needs:    lr.Domain,
	Run:      lint{codes: []spf.Code{spf.Loop}, right: "no include or redirect leads back"}.run,
}
