package audit

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	lr "github.com/launchready/launchready"
)

// result is what a check came to.
type result struct {
	check    *lr.Check
	outcomes []lr.Outcome
	reason   string // why it could not be asked at all
	took     time.Duration
}

// checks runs the selected checks, those that only read first and those that
// destroy last, and in the rows' order within that. Rows that read, or ask the
// assistant, run side by side, as most of a check's time is waiting. Checks that
// change things run one after the other, because what changed is laid to whoever
// asked for it; so do those that send bursts, each of which would be another one's
// load.
func (r *run) checks(ctx context.Context) {
	r.results, r.ears = map[string]*result{}, map[string]*ear{}
	total := 0
	for _, row := range r.rows {
		total += len(row.Checks)
	}
	t := &tally{total: total}
	for turn := lr.Reads; turn <= last; turn++ {
		if turn == lr.Loads { // after what must be asked, before bursts wear it out
			r.utility(ctx)
		}
		abreast := 1
		if turn == lr.Reads || turn == lr.Spends || turn == last {
			abreast = rowsAbreast
		}
		var alone []*lr.Check
		var side errgroup.Group
		var waits sync.WaitGroup // of those beside, which take no row's place
		side.SetLimit(abreast)
		for _, row := range r.rows {
			inRow, beside, after := dealt(row, turn)
			if abreast == 1 {
				inRow, beside = slices.Concat(inRow, beside), nil
			}
			for _, c := range beside {
				waits.Go(func() { r.ask(ctx, row.ID, c, t) })
			}
			side.Go(func() error {
				for _, c := range inRow {
					r.ask(ctx, row.ID, c, t)
				}
				return nil
			})
			alone = append(alone, after...)
		}
		_ = side.Wait() // a check's error is its result
		waits.Wait()
		for _, c := range alone {
			r.ask(ctx, c.RowID(), c, t)
		}
	}
}

// dealt are the checks of a row that have their turn: those that are asked one after
// the other, those beside them, and those that come after every row's.
func dealt(row lr.Row, turn lr.Effect) (inRow, beside, alone []*lr.Check) {
	for _, c := range row.Checks {
		switch {
		case turnOf(c) != turn:
		case c.Alone:
			alone = append(alone, c)
		case c.Beside:
			beside = append(beside, c)
		default:
			inRow = append(inRow, c)
		}
	}
	return inRow, beside, alone
}

// rowsAbreast bounds how many rows are asked at once.
const rowsAbreast = 6

// tally counts the checks that are done.
type tally struct {
	mu    sync.Mutex
	done  int
	total int
}

// ask runs one check of a row and tells of it.
func (r *run) ask(ctx context.Context, row string, c *lr.Check, t *tally) {
	t.mu.Lock()
	r.Progress(Event{Phase: "check", Row: row, Check: c.ID, Done: t.done, Total: t.total, Requests: r.Client.Requests()})
	t.mu.Unlock()
	res := r.check(ctx, c)
	r.mu.Lock()
	r.results[c.ID] = res
	r.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
	r.Progress(Event{Phase: "checked", Row: row, Check: c.ID, Verdict: res.verdict(), Findings: len(res.failed()), Done: t.done, Total: t.total, Requests: r.Client.Requests()})
}

// last is the turn of the checks that judge what all others were answered.
const last = lr.Loads + 1

func turnOf(c *lr.Check) lr.Effect {
	if c.Last {
		return last
	}
	return c.Effect
}

// check runs one check, unless something it needs is missing.
func (r *run) check(ctx context.Context, c *lr.Check) (res *result) {
	res = &result{check: c}
	if why := r.halted(); why != "" {
		res.reason = why
		return res
	}
	if why := r.lacks(c); why != "" {
		res.reason = why
		return res
	}
	var mu sync.Mutex
	hears := r.Listener
	if hears != nil {
		e := &ear{Listener: r.Listener, now: r.Now}
		r.mu.Lock()
		r.ears[c.ID] = e
		r.mu.Unlock()
		defer e.end()
		hears = e
	}
	t := &lr.Trial{
		Check: c, Target: r.Target, HTTP: r.watched, Cast: r.Cast, Stage: r.stage, Log: r.Log.With("check", c.ID), Now: r.Now,
		Memo: &r.memo, Seen: r.seen.Seen, Browser: r.Browser, Assistant: r.assistant, Listener: hears, Profile: r.Profile, Seed: r.Seed,
		Report: func(o lr.Outcome) {
			if o.Verdict != lr.Failed {
				o.Evidence = lr.Evidence{} // the report shows that of findings; what passed would hold every reply to the end
			}
			r.mu.Lock()
			r.Outcome(c.ID, o)
			r.mu.Unlock()
			mu.Lock()
			defer mu.Unlock()
			res.outcomes = append(res.outcomes, o)
		},
	}
	started := r.Now()
	defer func() {
		res.took = r.Now().Sub(started)
		if p := recover(); p != nil {
			r.Log.Error("a check broke", "check", c.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			res.reason = fmt.Sprintf("the check itself broke (%v); please report it", p)
		}
	}()
	if err := c.Run(lr.Asking(ctx, c.ID), t); err != nil {
		if r.stopped(ctx, err) {
			res.reason = r.halted()
		} else {
			res.reason = err.Error()
		}
	}
	mu.Lock()
	defer mu.Unlock()
	return res
}

// lacks tells what a check needs and the run does not have.
func (r *run) lacks(c *lr.Check) string {
	t := r.Target
	if why := r.consent(c); why != "" {
		return why
	}
	switch {
	case r.Brief && c.Extra && c.Effect == lr.Loads && !slices.Contains(r.Only, c.ID):
		return "a first look leaves it out, as it waits long and the scorecard does not ask it: use --profile standard, or name it in --only"
	case c.Needs&lr.Routes != 0 && len(t.Routes) == 0:
		return "no route is known: give target.spec"
	case c.Needs&lr.Credentials != 0 && len(t.Accounts) == 0:
		return "no identity is configured"
	case c.Needs&lr.TwoTenants != 0 && len(t.Tenants()) < 2:
		return "it needs identities in two tenants"
	case c.Needs&lr.TwoRoles != 0 && !twoRoles(t):
		return "it needs a privileged and an ordinary identity in one tenant"
	case c.Needs&lr.Chat != 0 && r.assistant == nil && !r.expected:
		return r.mute
	case c.Needs&lr.Callback != 0 && r.Listener == nil:
		return r.Deaf
	case c.Needs&lr.Repository != 0 && t.Material.Repository == "":
		return "no repository is known: give source.repository"
	case c.Needs&lr.Logs != 0 && len(t.Material.Logs) == 0:
		return "no log file is known: give source.logs"
	case c.Needs&lr.Database != 0 && t.Database == nil:
		return "no database is known: give database.url"
	case c.Needs&lr.Domain != 0 && t.Domain == nil:
		return "no domain is known: give domain.name"
	}
	return ""
}

// consent tells which consent a check needs and was not given.
func (r *run) consent(c *lr.Check) string { return Consent(c, r.Target) }

// Consent tells which consent a check needs that was not given for the target,
// or "".
func Consent(c *lr.Check, t *lr.Target) string {
	switch {
	case c.Effect >= lr.Writes && c.Effect <= lr.Destroys && !t.Mutate:
		return "it " + c.Effect.String() + ", which needs consent: give --mutate"
	case c.Needs&lr.Changes != 0 && !t.Mutate:
		return "it may change what the assistant can change, which needs consent: give --mutate"
	case c.Effect == lr.Spends && !t.Spend:
		return "it asks the model, which spends money: raise budget.usd, or give --spend USD"
	case c.Effect == lr.Loads && !t.Load:
		return "it sends bursts, which needs consent: give --load"
	}
	return ""
}

func twoRoles(t *lr.Target) bool {
	high, low := map[string]bool{}, map[string]bool{}
	for _, a := range t.Accounts {
		if a.Privileged() {
			high[a.Tenant] = true
		} else {
			low[a.Tenant] = true
		}
	}
	for tenant := range high {
		if low[tenant] {
			return true
		}
	}
	return false
}
