package limits

import (
	"context"
	"errors"
	"fmt"
	"time"

	lr "github.com/launchready/launchready"
)

// talk is a user at an endpoint of the assistant, with a conversation that is
// open, so that each question of a burst is one request.
type talk struct {
	at  lr.Assistant
	as  *lr.Account
	in  string
	end int // questions asked so far
}

// mostAgain is how often an ordinary question that is refused is put again.
const mostAgain = 4

// open asks one ordinary question first: where that is not answered, a burst
// says nothing.
func open(ctx context.Context, at lr.Assistant, as *lr.Account) (*talk, error) {
	k := &talk{at: at, as: as}
	x, good, err := k.patiently(ctx)
	switch {
	case err != nil:
		return nil, err
	case x == nil:
		return nil, errors.New("an ordinary question got no answer")
	case refuses(x):
		return nil, fmt.Errorf("an ordinary question was refused with %d", x.Status)
	case !good:
		return nil, fmt.Errorf("an ordinary question was answered %d", x.Status)
	}
	return k, nil
}

// patiently asks again where it is refused. It is no retry of the client's: what
// this row's own bursts have used up says nothing of the pace that the target
// bears, and must not slow the run down.
func (k *talk) patiently(ctx context.Context) (x *lr.Exchange, good bool, err error) {
	for n, waited := 0, time.Duration(0); ; n++ {
		x, good, err = k.ask(ctx, nil)
		if err != nil || x == nil || !refuses(x) || n == mostAgain {
			return x, good, err
		}
		wait := 250 * time.Millisecond << n
		if told, ok := toldToWait(x.Header, time.Now()); ok {
			wait = told
		}
		if waited += wait; waited > mostPatience {
			return x, good, err
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, false, err
		}
	}
}

// ask puts one short question, at once and without a retry.
func (k *talk) ask(ctx context.Context, vary func(*lr.Request)) (*lr.Exchange, bool, error) {
	k.end++
	a, err := k.at.Ask(ctx, k.as, lr.Message{
		Text: fmt.Sprintf("Say hello. (%d)", k.end), Conversation: k.in, Note: "one of a burst",
		Vary: func(r *lr.Request) {
			r.Once = true
			if vary != nil {
				vary(r)
			}
		},
	})
	if err != nil && ends(ctx, err) {
		return nil, false, err
	}
	x := a.Last()
	if x == nil {
		return nil, false, nil
	}
	if k.in == "" {
		k.in = a.Conversation
	}
	return x, x.OK() && a.Failure == "" || x.Status == 101 && a.Text != "", nil
}

// burst puts n of them.
func (k *talk) burst(ctx context.Context, n int) (*tally, error) {
	return burst(ctx, n, func(ctx context.Context, _ int) (*lr.Exchange, bool, error) {
		one := *k // the count of questions is each its own: they only must not be cached
		return one.ask(ctx, nil)
	})
}

// row asks n times, one after another.
func (k *talk) row(ctx context.Context, n int, vary func(i int, r *lr.Request)) (*tally, error) {
	b := &tally{}
	for i := range n {
		x, good, err := k.ask(ctx, func(r *lr.Request) {
			if vary != nil {
				vary(i, r)
			}
		})
		if err != nil {
			return b, err
		}
		b.add(x, good)
	}
	return b, nil
}

// endpoints are the ways to the model, the usual one first.
func endpoints(t *lr.Trial) []lr.Assistant {
	return append([]lr.Assistant{t.Assistant}, t.Assistant.Twins()...)
}

// newcomer is a user of this run's own who may be locked out: with an
// organisation of its own where one can be signed up, so that what another check
// used up counts for nobody else, or else a new member of the home tenant, or an
// ordinary user of the configuration. fresh tells that it is the run's own.
func newcomer(ctx context.Context, t *lr.Trial) (as *lr.Account, fresh bool, err error) {
	s, err := t.Cast.Spare(ctx, "", "")
	switch {
	case err == nil:
		return s, true, nil
	case ends(ctx, err):
		return nil, false, err
	}
	return colleague(ctx, t, home(t))
}

// colleague is a new member of the tenant, or else an ordinary one of the
// configuration.
func colleague(ctx context.Context, t *lr.Trial, tenant string) (as *lr.Account, fresh bool, err error) {
	for _, a := range t.Target.Accounts {
		if a.Tenant == tenant && !a.Spare && !a.Privileged() && a.Role != "viewer" {
			as = a
			break
		}
	}
	if as == nil {
		return nil, false, errors.New("there is no ordinary account to ask as")
	}
	s, err := t.Cast.Spare(ctx, tenant, as.Role)
	switch {
	case err == nil:
		return s, true, nil
	case ends(ctx, err):
		return nil, false, err
	}
	return as, false, nil
}

// spent is a user who has just met a limit, and where.
type spent struct {
	*talk
	*tally
}

// errNoLimit says that no endpoint refused anything.
var errNoLimit = errors.New("no limit showed at any endpoint, so there is none to pass by")

// exhaust asks as a newcomer until a limit shows, at one endpoint after another.
func exhaust(ctx context.Context, t *lr.Trial) (*spent, error) {
	as, _, err := newcomer(ctx, t)
	if err != nil {
		return nil, err
	}
	var why error
	for _, at := range endpoints(t) {
		k, err := open(ctx, at, as)
		if err != nil {
			if ends(ctx, err) {
				return nil, err
			}
			why = err
			continue
		}
		b, err := k.burst(ctx, size(t))
		if err != nil {
			return nil, err
		}
		if b.limited() {
			return &spent{k, b}, nil
		}
		why = errNoLimit
	}
	return nil, why
}

// home is the tenant whose users send the bursts.
func home(t *lr.Trial) string {
	for _, a := range t.Target.Accounts {
		if !a.Spare && !a.Privileged() && a.Role != "viewer" && a.Tenant != "" {
			return a.Tenant
		}
	}
	return ""
}

// undecided reports an error as an open subject, unless the run ends by it.
func undecided(ctx context.Context, t *lr.Trial, subject string, err error) error {
	if ends(ctx, err) {
		return err
	}
	t.Unknown(subject, "%v", err)
	return nil
}
