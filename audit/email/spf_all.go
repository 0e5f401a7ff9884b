package email

import (
	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfAll = &lr.Check{
	ID:    "email/spf-all",
	Title: "SPF refuses everybody whom it does not name",
	Why: "`+all` lets every machine of the world send as you, with a pass. `?all`, or no `all` at all, says nothing of strangers: " +
		"the record then protects nobody.",
	Fix:      "End the record with `-all`, or with `~all` where DMARC decides what happens.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "5.1"), rfc("7208", "8.2"), spoofing},
	Needs:    lr.Domain,
	Run: lint{codes: []spf.Code{spf.PlusAll, spf.NeutralAll, spf.NoAll}, right: "it ends in -all or ~all",
		severity: func(p spf.Problem) lr.Severity {
			if p.Code == spf.PlusAll {
				return lr.Critical
			}
			return lr.Medium
		}}.run,
}
