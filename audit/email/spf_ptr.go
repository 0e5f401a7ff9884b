package email

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfPtr = &lr.Check{
	ID:       "email/spf-ptr",
	Title:    "SPF uses no ptr",
	Why:      "`ptr` is slow and unreliable; some large receivers skip it or give up, and mail that should pass does not.",
	Fix:      "Replace `ptr` by `ip4:` and `ip6:` with the addresses that send.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("7208", "5.5")},
	Needs:    lr.Domain,
	Run:      lint{codes: []spf.Code{spf.Deprecated}, own: true, right: "the domain's own records use no ptr"}.run,
}
