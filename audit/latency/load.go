package latency

import (
	"context"
	"errors"
	"sort"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// Sizes of a load by profile, in requests.
const (
	quickSize    = 30
	standardSize = 75
	deepSize     = 600
	warmUps      = 5 // asked before, and not counted: caches, connections, compilers
)

// most is how many requests may be under way; more of them would be a burst.
const most = 64

// load is one measurement under way.
type load struct {
	t        *lr.Trial
	accounts []*lr.Account
	rate     float64
	size     int
	// talks are conversations that the warm-up opened, so that no request of the
	// measurement has to.
	talks []talk

	mu    sync.Mutex
	shots []shot
}

type talk struct {
	as *lr.Account
	id string
}

// shot is one request of the load.
type shot struct {
	due    time.Time // when it should have left
	answer *lr.Answer
	err    error
	ended  time.Time
}

func newLoad(t *lr.Trial) *load {
	l := &load{t: t, rate: t.Target.Normal, size: standardSize}
	if l.rate <= 0 {
		l.rate = normal
	}
	switch t.Profile {
	case lr.Quick:
		l.size = quickSize
	case lr.Deep:
		l.size = deepSize
	case lr.Standard:
	}
	for _, a := range t.Target.Accounts {
		if !a.Spare && a.Role != "viewer" {
			l.accounts = append(l.accounts, a)
		}
	}
	if len(l.accounts) == 0 {
		l.accounts = t.Target.Accounts
	}
	return l
}

func (l *load) subject() string { return l.t.Assistant.Skills().Subject }

// warm asks a few questions one after another.
func (l *load) warm(ctx context.Context) error {
	for i := range warmUps {
		as := l.accounts[i%len(l.accounts)]
		m := question(l.size + i)
		m.Vary, m.Note = nil, "warm-up"
		a, err := l.t.Assistant.Ask(ctx, as, m)
		if err != nil {
			return err
		}
		l.talks = append(l.talks, talk{as, a.Conversation})
	}
	return nil
}

// run sends the load. A request whose turn comes while too many are under way
// waits for one to end; the wait counts, for the target is the cause of it.
func (l *load) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	gap := time.Duration(float64(time.Second) / l.rate)
	slots := make(chan struct{}, most)
	var wait sync.WaitGroup
	start := l.t.Now()
	for i := range l.size {
		due := start.Add(time.Duration(i) * gap)
		if err := until(ctx, due, l.t.Now); err != nil {
			break
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-slots }()
			if err := l.shoot(ctx, i, due); err != nil {
				cancel(err)
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// shoot asks one question. Its error ends the load.
func (l *load) shoot(ctx context.Context, i int, due time.Time) error {
	in := l.talks[i%len(l.talks)]
	m := question(i)
	m.Conversation = in.id
	a, err := l.t.Assistant.Ask(ctx, in.as, m)
	if errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrMoney) || errors.Is(err, lr.ErrLost) || ctx.Err() != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shots = append(l.shots, shot{due: due, answer: a, err: err, ended: l.t.Now()})
	return nil
}

// until waits for a moment.
func until(ctx context.Context, at time.Time, now func() time.Time) error {
	d := at.Sub(now())
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lag is how late one request in twenty left: this machine's fault, not the
// target's.
func (l *load) lag() time.Duration {
	var late []float64
	for _, s := range l.shots {
		if s.answer != nil && len(s.answer.Exchanges) > 0 {
			late = append(late, float64(s.answer.Exchanges[0].Started.Sub(s.due)))
		}
	}
	sort.Float64s(late)
	return time.Duration(quantile(late, 0.95))
}

// slowest is the exchange that took longest, for the report.
func (l *load) slowest() []*lr.Exchange {
	var worst *lr.Exchange
	for _, s := range l.shots {
		if s.answer == nil {
			continue
		}
		if x := s.answer.Last(); x != nil && (worst == nil || x.Took > worst.Took) {
			worst = x
		}
	}
	if worst == nil {
		return nil
	}
	return []*lr.Exchange{worst}
}
