package edge

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// Checked is what one check said of a domain.
type Checked struct {
	ID      string
	Title   string
	Verdict lr.Verdict
	Message string // of what decided it
}

// Ask puts checks to a domain as a network shows it, several at a time: the real
// one, or one in which a plan was applied. Checks that need more than the domain
// are Unknown.
func Ask(ctx context.Context, checks []*lr.Check, target *lr.Target, n lr.Network, now func() time.Time, log *slog.Logger) []Checked {
	seen := *target
	access := *target.Domain
	access.Network = n
	seen.Domain = &access
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	memo := &lr.Memo{}
	out := make([]Checked, len(checks))
	slots := make(chan struct{}, 8)
	var wait sync.WaitGroup
	for i, c := range checks {
		out[i] = Checked{ID: c.ID, Title: c.Title}
		if c.Needs != lr.Domain || c.Last {
			out[i].Message = "it needs more than the domain"
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			out[i].Verdict, out[i].Message = ask(ctx, c, &lr.Trial{Check: c, Target: &seen, HTTP: noHTTP{}, Log: log, Now: now, Memo: memo})
		})
	}
	wait.Wait()
	return out
}

// ask rolls the outcomes of one check up: a confirmed failure, else what stayed
// open, else that something passed.
func ask(ctx context.Context, c *lr.Check, t *lr.Trial) (lr.Verdict, string) {
	var mu sync.Mutex
	var seen []lr.Outcome
	t.Report = func(o lr.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, o)
	}
	err := run(ctx, c, t)
	mu.Lock()
	defer mu.Unlock()
	verdict, message := lr.Unknown, "nothing was asked"
	passed, open := 0, ""
	for _, o := range seen {
		switch {
		case o.Verdict == lr.Failed && o.Confidence == lr.Confirmed:
			return lr.Failed, o.Subject + ": " + o.Message
		case o.Verdict == lr.Passed:
			passed++
			if passed == 1 {
				message = o.Message
			}
		case o.Verdict == lr.Unknown && open == "":
			open = o.Subject + ": " + o.Message
		case o.Verdict == lr.Skipped && verdict == lr.Unknown && passed == 0:
			verdict, message = lr.Skipped, o.Message
		}
	}
	switch {
	case err != nil:
		return lr.Unknown, err.Error()
	case open != "":
		return lr.Unknown, open
	case passed > 0:
		return lr.Passed, message
	}
	return verdict, message
}

// run is one check; one that breaks on what a plan does not give is Unknown.
func run(ctx context.Context, c *lr.Check, t *lr.Trial) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the check broke: %v", r)
		}
	}()
	return c.Run(ctx, t)
}

// noHTTP is the client of a check that has none: the application is not asked.
type noHTTP struct{}

func (noHTTP) Do(context.Context, *lr.Account, *lr.Request) (*lr.Exchange, error) {
	return nil, fmt.Errorf("%w: a plan asks the domain only", lr.ErrScope)
}

func (noHTTP) Dial(context.Context, *lr.Account, *lr.Request, ...string) (*lr.Exchange, error) {
	return nil, fmt.Errorf("%w: a plan asks the domain only", lr.ErrScope)
}
