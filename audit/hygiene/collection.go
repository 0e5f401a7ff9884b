package hygiene

import (
	"context"
	"errors"
	"sort"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// collection holds the errors that a run provoked. The first check that needs
// them asks; the others read. It belongs to one row value and keeps one run.
type collection struct {
	mu    sync.Mutex
	stage lr.Stage
	got   *provoked
	err   error
}

// provoked is what came of the provocations of one run.
type provoked struct {
	replies []*reply
	works   map[string]bool // subjects of which a well-formed request is known to work
	pages   map[string]bool // subjects that answer a well-formed request with a page
	missing map[string]bool // subjects that answer 5xx to an object that does not exist
	headers []*lr.Exchange  // one exchange for each different set of telling headers
}

// of returns the errors of the trial's run, provoking them when nobody has.
func (c *collection) of(ctx context.Context, t *lr.Trial) (*provoked, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage == nil || c.stage != t.Stage {
		c.stage = t.Stage
		c.got, c.err = provoke(ctx, t)
	}
	return c.got, c.err
}

// keep bounds the memory of a run: beyond it, replies are cut short.
const keep = 48 << 20

// provoke sends the provocations, eight at once, and keeps what failed.
func provoke(ctx context.Context, t *lr.Trial) (*provoked, error) {
	g := gathering{out: &provoked{works: map[string]bool{}, pages: map[string]bool{}, missing: map[string]bool{}}, seen: map[string]bool{}, families: families()}
	err := oracle.Each(ctx, provocations(ctx, t), func(ctx context.Context, p *provocation) error {
		x, err := p.send(ctx, t)
		if err != nil {
			return ended(ctx, err)
		}
		if x == nil {
			return nil
		}
		if x.OK() && p.route != nil && !p.route.Safe() {
			t.Stage.Adopt(ctx, p.route, p.as, x)
		}
		g.add(p, x)
		return nil
	})
	sort.SliceStable(g.out.replies, func(i, j int) bool {
		a, b := g.out.replies[i], g.out.replies[j]
		if a.subject != b.subject {
			return a.subject < b.subject
		}
		return a.input < b.input
	})
	return g.out, err
}

type gathering struct {
	mu       sync.Mutex
	out      *provoked
	held     int
	seen     map[string]bool // sets of headers
	families []family
}

func (g *gathering) add(p *provocation, x *lr.Exchange) {
	r := &reply{x: x, request: p.request, route: p.route, subject: p.subject, as: p.as, input: p.input, malformed: p.malformed, mark: p.mark, secret: p.secret}
	r.classify(g.families)
	failed := r.failed()
	g.mu.Lock()
	defer g.mu.Unlock()
	if k := versions(x); k != "" && !g.seen[k] {
		g.seen[k] = true
		g.out.headers = append(g.out.headers, x)
	}
	if p.works != nil && p.works(x) {
		g.out.works[p.subject] = true
	}
	if p.input == ownRequest && x.OK() && isHTML(x.Body) {
		g.out.pages[p.subject] = true
	}
	if p.input == missingObject && x.Status >= 500 {
		g.out.missing[p.subject] = true
	}
	if !failed && r.check == "" {
		// What was answered is no error; only that it was answered counts.
		r.x = withheld(x, "")
		r.x.Sent = nil
		g.out.replies = append(g.out.replies, r)
		return
	}
	limit := most
	if g.held > keep {
		limit = 2 << 10
	}
	if len(x.Body) > limit {
		y := *x
		y.Body, y.Truncated = append([]byte(nil), x.Body[:limit]...), true
		r.x = &y
	}
	g.held += len(r.x.Body)
	g.out.replies = append(g.out.replies, r)
}

// ended returns the error when the check cannot go on: the run is over, the
// budget is spent, the target is gone. Any other error only leaves its subject
// unasked.
func ended(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil, errors.Is(err, lr.ErrBudget), errors.Is(err, lr.ErrLost), errors.Is(err, lr.ErrScope):
		return err
	}
	return nil
}

// judge tells, for each subject that answered with an error, whether one of its
// errors belongs to the check.
func (c *collection) judge(ctx context.Context, t *lr.Trial, severity func(*reply) lr.Severity, say string) error {
	got, err := c.of(ctx, t)
	if err != nil {
		return err
	}
	return got.each(t, func(r *reply) (string, string) {
		if r.check != t.Check.ID {
			return "", ""
		}
		return r.hit, say + " " + r.name + ", after " + r.input
	}, severity)
}

// each reports one outcome for each subject: the first reply that find knows, or
// that none of its errors is one. find returns the witness and what to say.
func (p *provoked) each(t *lr.Trial, find func(*reply) (witness, say string), severity func(*reply) lr.Severity) error {
	type outcome struct {
		bad, good *reply
		witness   string
		say       string
		n         int
	}
	bySubject := map[string]*outcome{}
	var order []string
	for _, r := range p.replies {
		o := bySubject[r.subject]
		if o == nil {
			o = &outcome{}
			bySubject[r.subject] = o
			order = append(order, r.subject)
		}
		w, say := find(r)
		if r.failed() || w != "" {
			o.n++
			if o.good == nil {
				o.good = r
			}
		}
		if w == "" || o.bad != nil && (severity == nil || severity(r) <= severity(o.bad)) {
			continue
		}
		o.bad, o.witness, o.say = r, w, say
	}
	asked := false
	for _, subject := range order {
		o := bySubject[subject]
		switch {
		case o.bad != nil:
			e := lr.Seen(o.bad.x)
			e.Witness = []string{o.witness}
			out := lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: subject, Message: o.say, Evidence: e}
			if severity != nil {
				out.Severity = severity(o.bad)
			}
			t.Report(out)
		case o.good != nil:
			t.Pass(lr.Seen(o.good.x), subject, "%d errors read", o.n)
		default:
			continue
		}
		asked = true
	}
	if !asked {
		t.Unknown(application, "no request could be made to fail")
	}
	return nil
}
