package email

import (
	"context"
	"errors"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/mtasts"
)

// sts is what MTA-STS says, asked once.
type sts struct {
	*mtasts.Announcement
	policy *mtasts.Policy // nil where there is none to be had
	err    *mtasts.FetchError
}

func transport(ctx context.Context, t *lr.Trial) (*sts, error) {
	return lr.Recall(ctx, t.Memo, "email/mta-sts", func(ctx context.Context) (*sts, error) {
		r, err := resolver(ctx, t)
		if err != nil {
			return nil, err
		}
		d := t.Target.Domain
		out := &sts{Announcement: mtasts.Ask(ctx, r, d.Name)}
		if err := spent(out.Err); err != nil {
			return nil, err
		}
		if out.State != mtasts.Found {
			return out, ctx.Err()
		}
		f := mtasts.Fetcher{Dial: d.Network.Dial, Roots: d.Network.Roots(), Now: t.Now}
		out.policy, err = f.Fetch(ctx, d.Name)
		if err := spent(err); err != nil {
			return nil, err
		}
		errors.As(err, &out.err)
		return out, ctx.Err()
	})
}

// announced reports whether senders look for a policy, and else why not.
func (s *sts) announced(t *lr.Trial) bool {
	switch s.State {
	case mtasts.Found:
		return true
	case mtasts.Unknown:
		t.Unknown(s.Name, "a question had no answer: %v", s.Err)
	default:
		t.NotApplicable("no MTA-STS policy is announced")
	}
	return false
}

// readable reports whether there is a policy, and else why not.
func (s *sts) readable(t *lr.Trial) bool {
	switch {
	case !s.announced(t):
		return false
	case s.policy != nil && s.policy.Mode != "":
		return true
	case s.err != nil && s.err.Reason == mtasts.Unreached:
		t.Unknown(mtasts.URL(t.Target.Domain.Name), "it could not be asked: %v", s.err)
	default:
		t.NotApplicable("there is no MTA-STS policy that can be read")
	}
	return false
}

// shown is the policy as evidence.
func (s *sts) shown(domain string) lr.Evidence {
	var e lr.Evidence
	if s.Record != nil {
		e.Records = append(e.Records, line(s.Name, s.Record.Text))
	}
	if s.policy != nil {
		e.Records = append(e.Records, mtasts.URL(domain)+": "+clip(s.policy.Text))
	}
	return e
}
