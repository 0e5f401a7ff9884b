package email

import (
	"context"
	"fmt"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

var spfTakeover = &lr.Check{
	ID:    "email/spf-takeover",
	Title: "Nobody can buy a domain that SPF trusts",
	Why: "Whoever registers a domain that the record still names may send mail as you that passes SPF, and with it DMARC: " +
		"the perfect phishing mail to your customers, for the price of a domain.",
	Fix:      "Delete the term. Where the service still sends for you under another name, take the name from its present instructions.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{rfc("7208", "11.1"), spoofing, {Source: "CWE", ID: "672"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachSPF(ctx, t, func(rep *spf.Report) error {
			c, err := claims(ctx, t, rep)
			if err != nil {
				return err
			}
			for _, n := range c.names {
				switch {
				case n.err != nil:
					if err := spent(n.err); err != nil {
						return err
					}
					t.Unknown(n.target, "whether it is registered could not be asked: %v", n.err)
				case n.free:
					t.Fail(facts(line(n.domain, n.record), n.bought+". NS: NXDOMAIN"), n.target,
						"the record of %s trusts %s by %s, and nobody has registered %s: whoever does may send as this domain", n.domain, n.target, n.term, n.bought)
				default:
					t.Pass(facts(n.bought+". is registered"), n.target, "%s is somebody's", n.bought)
				}
			}
			if len(c.names) == 0 {
				if !rep.Complete {
					t.Unknown("SPF of "+rep.Domain, "%s", unasked(rep))
					return nil
				}
				t.Pass(shown(rep, rep.Domain), "SPF of "+rep.Domain, "the record names no domain of others")
			}
			return nil
		})
	},
}

// claim is a name of another's domain that a term trusts.
type claim struct {
	domain, record, term, target string
	bought                       string
	free                         bool
	err                          error
}

type claimed struct{ names []claim }

// term reports that what a term trusts can be bought.
func (c *claimed) term(domain, term string) bool {
	for _, n := range c.names {
		if n.free && n.domain == domain && n.term == term {
			return true
		}
	}
	return false
}

// claims asks who has the domains that the record and its includes trust.
func claims(ctx context.Context, t *lr.Trial, rep *spf.Report) (*claimed, error) {
	return lr.Recall(ctx, t.Memo, "email/spf-claims/"+rep.Domain, func(ctx context.Context) (*claimed, error) {
		r, err := resolver(ctx, t)
		if err != nil {
			return nil, err
		}
		out := &claimed{}
		seen := map[string]bool{}
		gather(rep.Root, rep.Domain, seen, out)
		var mu sync.Mutex
		each(len(out.names), func(i int) {
			bought, yes, err := free(ctx, r, rep.Domain, out.names[i].target)
			mu.Lock()
			defer mu.Unlock()
			out.names[i].bought, out.names[i].free, out.names[i].err = bought, yes, err
		})
		return out, ctx.Err()
	})
}

// mostClaims bounds what one run asks.
const mostClaims = 200

func gather(n *spf.Node, own string, seen map[string]bool, out *claimed) {
	if n == nil {
		return
	}
	for _, c := range n.Costs {
		if c.Reached && c.Target != "" && c.Term.Qualifier == spf.QPass && !within(c.Target, own) {
			key := fmt.Sprint(n.Domain, " ", c.Term.Text)
			if !seen[key] && len(out.names) < mostClaims {
				seen[key] = true
				out.names = append(out.names, claim{domain: n.Domain, record: n.Record, term: c.Term.Text, target: c.Target})
			}
		}
		gather(c.Below, own, seen, out)
	}
}
