package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfInclude = &lr.Check{
	ID:       "email/spf-include",
	Title:    "Everything that SPF includes has a record",
	Why:      "An include of a domain without an SPF record is an error, and mail of whatever stands behind it fails.",
	Fix:      "Correct the name by the service's instructions, or delete the term where the service is gone.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "5.2"), rfc("7208", "6.1")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachSPF(ctx, t, func(rep *spf.Report) error {
			gone, err := claims(ctx, t, rep)
			if err != nil {
				return err
			}
			lint{codes: []spf.Code{spf.IncludeNone, spf.IncludeMissing}, right: "each include has a record",
				skip: func(p spf.Problem) bool { return gone.term(p.Domain, p.Term) }, // spf-takeover tells what is worse
			}.judge(t, rep)
			return nil
		})
	},
}
