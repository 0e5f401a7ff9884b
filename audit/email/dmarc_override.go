package email

import (
	"context"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dmarc"
)

var dmarcOverride = &lr.Check{
	ID:       "email/dmarc-override",
	Title:    "No host of the product has a weaker DMARC record of its own",
	Why:      "A record below the domain takes the place of the domain's for that name: `p=none` at `_dmarc.app` lets strangers send as app.example.com.",
	Fix:      "Delete the record, so that the domain's holds, or make it as strict.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("9989", "4.10.1"), spoofing},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		p, rec, err := record(ctx, t, t.Target.Domain.Name)
		if err != nil || rec == nil {
			return err
		}
		if rec.Policy == dmarc.NoPolicy {
			t.NotApplicable("the record has no policy that can be read")
			return nil
		}
		r, err := resolver(ctx, t)
		if err != nil {
			return err
		}
		hosts := t.Target.Domain.Hosts
		found := make([]*dmarc.Discovery, len(hosts))
		var mu sync.Mutex
		each(len(hosts), func(i int) {
			d := dmarc.Discover(ctx, r, hosts[i], dmarc.RFC9989)
			mu.Lock()
			defer mu.Unlock()
			found[i] = d
		})
		for i, d := range found {
			switch {
			case hosts[i] == p.walk.At:
			case d.Err != nil:
				if err := spent(d.Err); err != nil {
					return err
				}
				t.Unknown(dmarcSubject(hosts[i]), "a question had no answer: %v", d.Err)
			case d.At == hosts[i] && rec.Policy.Stricter(d.Policy):
				t.Fail(facts(line(dmarcSubject(d.At), d.Record.Text)), dmarcSubject(d.At), "its own policy is %s, and that of %s is %s", d.Policy, p.walk.At, rec.Policy)
			default:
				t.Pass(facts(d.Why), dmarcSubject(hosts[i]), "no weaker record stands here")
			}
		}
		if len(hosts) < 2 {
			t.Pass(lr.Evidence{}, dmarcSubject(t.Target.Domain.Name), "the product has no further host")
		}
		return nil
	},
}
