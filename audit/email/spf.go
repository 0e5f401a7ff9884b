package email

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

// inspection is what the SPF of a name comes to, asked once.
func inspection(ctx context.Context, t *lr.Trial, name string) (*spf.Report, error) {
	return lr.Recall(ctx, t.Memo, "email/spf/"+name, func(ctx context.Context) (*spf.Report, error) {
		r, err := resolver(ctx, t)
		if err != nil {
			return nil, err
		}
		rep := spf.Inspect(ctx, r, name)
		return rep, ctx.Err()
	})
}

// lint is a check that reads one record for problems of some kinds.
type lint struct {
	codes []spf.Code
	own   bool   // only in records of the domain itself: others' are theirs to mend
	right string // what is said where there is none
	// skip leaves a problem to another check.
	skip func(spf.Problem) bool
	// severity is that of a problem; nil: the check's.
	severity func(spf.Problem) lr.Severity
}

// eachSPF asks something of each name that has one record to read.
func eachSPF(ctx context.Context, t *lr.Trial, ask func(rep *spf.Report) error) error {
	for _, name := range names(t) {
		rep, err := inspection(ctx, t, name)
		if err != nil {
			return err
		}
		if !applies(t, rep) {
			continue
		}
		if err := ask(rep); err != nil {
			return err
		}
	}
	return nil
}

func (l lint) run(ctx context.Context, t *lr.Trial) error {
	return eachSPF(ctx, t, func(rep *spf.Report) error { l.judge(t, rep); return nil })
}

// judge reports one finding for each record that has such a problem.
func (l lint) judge(t *lr.Trial, rep *spf.Report) {
	name := rep.Domain
	found := map[string][]spf.Problem{}
	var order []string
	for _, code := range l.codes {
		for _, p := range rep.Has(code) {
			if l.own && registrable(p.Domain) != registrable(name) || l.skip != nil && l.skip(p) {
				continue
			}
			if found[p.Domain] == nil {
				order = append(order, p.Domain)
			}
			found[p.Domain] = append(found[p.Domain], p)
		}
	}
	for _, domain := range order {
		var says []string
		e := shown(rep, domain)
		worst := lr.Severity(0)
		for _, p := range found[domain] {
			says = append(says, p.Text)
			if p.Term != "" {
				e.Records = append(e.Records, fmt.Sprintf("%s at byte %d of the record of %s: %s", p.Term, p.At, p.Domain, p.Clause))
			}
			if l.severity != nil {
				worst = max(worst, l.severity(p))
			}
		}
		fail(t, worst, e, "SPF of "+domain, "%s", strings.Join(says, " "))
	}
	switch {
	case len(order) > 0:
	case !rep.Complete:
		t.Unknown("SPF of "+name, "%s", unasked(rep))
	default:
		t.Pass(shown(rep, name), "SPF of "+name, "%s", l.right)
	}
}

// applies reports whether there is one record to read, and else why not.
func applies(t *lr.Trial, rep *spf.Report) bool {
	switch {
	case rep.Root != nil:
		return true
	case len(rep.Has(spf.NoRecord)) > 0:
		t.NotApplicable("%s has no SPF record", rep.Domain)
	case len(rep.Records) > 1:
		t.NotApplicable("%s has more than one SPF record, of which receivers read none", rep.Domain)
	default:
		t.Unknown("SPF of "+rep.Domain, "%s", unasked(rep))
	}
	return false
}

// unasked is the first question that had no answer.
func unasked(rep *spf.Report) string {
	for _, p := range rep.Has(spf.Unasked) {
		return "a question had no answer: " + p.Text
	}
	return "not everything could be asked"
}

// shown are the records of a report as evidence: that of a domain, or the
// domain's own.
func shown(rep *spf.Report, domain string) lr.Evidence {
	var e lr.Evidence
	if n := node(rep.Root, domain); n != nil && n.Record != "" {
		e.Records = append(e.Records, line(domain, n.Record))
		return e
	}
	for _, r := range rep.Records {
		e.Records = append(e.Records, line(rep.Domain, r))
	}
	return e
}

// node is the record of a domain in the tree.
func node(n *spf.Node, domain string) *spf.Node {
	if n == nil || n.Domain == domain && !n.Again {
		return n
	}
	for _, c := range n.Costs {
		if found := node(c.Below, domain); found != nil {
			return found
		}
	}
	return nil
}

// within reports a name at or below a domain.
func within(name, domain string) bool { return name == domain || strings.HasSuffix(name, "."+domain) }

// tree draws the costs of a record, a line for each term that asks.
func tree(n *spf.Node, depth int) []string {
	if n == nil || depth > 10 {
		return nil
	}
	var out []string
	for _, c := range n.Costs {
		if !c.Reached || !c.Term.Costs() {
			continue
		}
		out = append(out, fmt.Sprintf("%s%s costs %d", strings.Repeat("  ", depth), c.Term.Text, c.Lookups))
		if len(out) > 60 {
			return append(out, "…")
		}
		out = append(out, tree(c.Below, depth+1)...)
	}
	return out
}

// included reports whether the records of the tree include or redirect to a domain.
func included(n *spf.Node, domain string) bool {
	if n == nil {
		return false
	}
	for _, c := range n.Costs {
		if (c.Term.Kind == spf.Include || c.Term.Kind == spf.Redirect) && c.Reached && (c.Target == domain || included(c.Below, domain)) {
			return true
		}
	}
	return false
}
