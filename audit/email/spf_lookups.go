package email

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

// nearLimit is from where on one more service breaks the record.
const nearLimit = 9

var spfLookups = &lr.Check{
	ID:    "email/spf-lookups",
	Title: "SPF stays within ten lookups",
	Why: "A receiver stops at the eleventh term that asks the DNS and calls the record an error. Includes of services have includes of their own, so the limit is passed without a change of yours, " +
		"and mail of whatever stands last in the record fails.",
	Fix: "Drop includes of services that no longer send; let services that can use a return path below the domain do so (then the domain itself need not include them). " +
		"Replace `a` and `mx` by the addresses that they stand for. Copying the addresses of a service into the record breaks when the service changes them.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("7208", "4.6.4")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachSPF(ctx, t, func(rep *spf.Report) error {
			subject := "SPF of " + rep.Domain
			e := shown(rep, rep.Domain)
			e.Records = append(e.Records, tree(rep.Root, 0)...)
			var says []string
			for _, p := range append(rep.Has(spf.TooManyLookups), rep.Has(spf.TooManyMX)...) {
				says = append(says, p.Text)
			}
			switch {
			case len(says) > 0:
				t.Fail(e, subject, "%s", strings.Join(says, " "))
			case !rep.Complete && len(rep.Has(spf.Loop)) == 0:
				t.Unknown(subject, "%s", unasked(rep))
			case rep.Lookups >= nearLimit:
				t.Pass(e, subject, "it costs %d of %d lookups: the next service may be one too many", rep.Lookups, spf.MostLookups)
			default:
				t.Pass(e, subject, "it costs %d of %d lookups", rep.Lookups, spf.MostLookups)
			}
			return nil
		})
	},
}
