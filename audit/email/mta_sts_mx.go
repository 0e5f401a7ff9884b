package email

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/mtasts"
)

var mtaSTSMX = &lr.Check{
	ID:       "email/mta-sts-mx",
	Title:    "The MTA-STS policy names every MX host",
	Why:      "Senders deliver nothing to a host that an enforced policy does not name: mail is lost for as long as they keep it.",
	Fix:      "Add an `mx:` line for the host to the policy and set a new `id` in the record, before the MX record changes.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfc("8461", "4.1"), rfc("8461", "8.3")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		s, err := transport(ctx, t)
		if err != nil || !s.readable(t) {
			return err
		}
		x, err := exchangers(ctx, t, t.Target.Domain.Name)
		if err != nil {
			return err
		}
		d := t.Target.Domain.Name
		var hosts []string
		for _, h := range x.hosts {
			hosts = append(hosts, h.name)
		}
		if x.err != nil || len(hosts) == 0 {
			t.Unknown(mtasts.URL(d), "the MX hosts are not known")
			return nil
		}
		e := s.shown(d)
		e.Records = append(e.Records, x.shown().Records...)
		left := s.policy.Uncovered(hosts)
		switch {
		case len(left) > 0 && s.policy.Mode == mtasts.Enforce:
			t.Fail(e, mtasts.URL(d), "the policy does not name %s, so senders deliver nothing there", strings.Join(left, ", "))
		case len(left) > 0:
			fail(t, lr.Medium, e, mtasts.URL(d), "the policy does not name %s", strings.Join(left, ", "))
		default:
			t.Pass(e, mtasts.URL(d), "the policy names every MX host")
		}
		return nil
	},
}
