package email

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfUnused = &lr.Check{
	ID:       "email/spf-unused",
	Title:    "Every term of SPF has an effect",
	Why:      "Terms behind `all`, a `redirect` beside it, doubled terms and the withdrawn record type look as if they did something; who relies on them has mail that fails.",
	Fix:      "Move terms before `all`, and delete what is named.",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfc("7208", "5.1"), rfc("7208", "6.1"), rfc("7208", "3.1")},
	Needs:    lr.Domain,
	Extra:    true,
	Run: lint{codes: []spf.Code{spf.AfterAll, spf.RedirectWithAll, spf.Duplicate, spf.OldType}, own: true,
		right: "no term is doubled or without effect"}.run,
}
