package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/mtasts"
)

var mtaSTSPolicy = &lr.Check{
	ID:       "email/mta-sts-policy",
	Title:    "Senders can fetch the MTA-STS policy that is announced",
	Why:      "A policy behind a bad certificate, a redirect or a page of another type is none: senders go on without, and nobody notices.",
	Fix:      "Serve `/.well-known/mta-sts.txt` from the host `mta-sts` of the domain itself: status 200, `text/plain`, a certificate for that name, no redirect, `version: STSv1` in the first line.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("8461", "3.2"), rfc("8461", "3.3")},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		s, err := transport(ctx, t)
		if err != nil || !s.announced(t) {
			return err
		}
		url := mtasts.URL(t.Target.Domain.Name)
		e := s.shown(t.Target.Domain.Name)
		switch {
		case s.policy != nil && s.policy.Valid():
			t.Pass(e, url, "the policy can be fetched and read")
		case s.policy != nil:
			var says []string
			for _, p := range s.policy.Problems {
				says = append(says, p.Text)
			}
			t.Fail(e, url, "senders cannot use the policy: %s", joined(says))
		case s.err == nil || s.err.Reason == mtasts.Unreached:
			t.Unknown(url, "it could not be asked: %v", s.err)
		case s.err.Reason == mtasts.Status && (s.err.Code == 429 || s.err.Code >= 500): // too many, or a server that is down
			t.Unknown(url, "it could not be asked: %v", s.err)
		default:
			e.Records = append(e.Records, s.err.Error())
			t.Fail(e, url, "the policy cannot be fetched: %s", s.err.Text)
		}
		return nil
	},
}
