package email

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/mtasts"
)

var mtaSTSRecord = &lr.Check{
	ID:    "email/mta-sts-record",
	Title: "An MTA-STS policy is announced",
	Why: "STARTTLS alone can be taken away by whoever sits in between: the sender then delivers in clear text. MTA-STS tells senders that your hosts do TLS, and by which names. " +
		"Google and Microsoft obey it.",
	Fix:      "Publish the policy at `https://mta-sts.<domain>/.well-known/mta-sts.txt`, then one TXT record `v=STSv1; id=20260101` at `_mta-sts`, with a new id for each new policy.",
	Severity: lr.Low,
	Refs:     []lr.Ref{rfc("8461", "3.1"), {Source: "CWE", ID: "319"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		s, err := transport(ctx, t)
		if err != nil {
			return err
		}
		x, err := exchangers(ctx, t, t.Target.Domain.Name)
		if err != nil {
			return err
		}
		switch {
		case s.State == mtasts.Unknown:
			t.Unknown(s.Name, "a question had no answer: %v", s.Err)
		case s.State == mtasts.Multiple:
			fail(t, lr.Medium, facts(s.Name+". TXT: more than one record v=STSv1"), s.Name, "there is more than one record, which senders take as none")
		case s.State == mtasts.Absent && x.err == nil && len(x.hosts) == 0:
			t.NotApplicable("the domain takes no mail")
		case s.State == mtasts.Absent:
			t.Fail(facts(s.Name+". TXT: none"), s.Name, "no MTA-STS policy is announced: TLS on the way to you can be taken away")
		case !s.Record.Valid():
			var says []string
			for _, p := range s.Record.Problems {
				says = append(says, p.Text)
			}
			fail(t, lr.Medium, s.shown(t.Target.Domain.Name), s.Name, "senders cannot use the record: %s", joined(says))
		default:
			t.Pass(s.shown(t.Target.Domain.Name), s.Name, "a policy is announced")
		}
		return nil
	},
}
