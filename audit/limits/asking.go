package limits

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
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

	told func(in, out int) // is told the tokens of an answer, where it tells them; nil: nobody asks
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
	return k.say(ctx, fmt.Sprintf("Say hello. (%d)", k.end), "one of a burst", vary)
}

// say puts a question, at once and without a retry.
func (k *talk) say(ctx context.Context, text, note string, vary func(*lr.Request)) (*lr.Exchange, bool, error) {
	a, err := k.at.Ask(ctx, k.as, lr.Message{
		Text: text, Conversation: k.in, Note: note,
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
	if k.told != nil && a.InTokens+a.OutTokens > 0 {
		k.told(a.InTokens, a.OutTokens)
	}
	return x, x.OK() && a.Failure == "" || x.Status == 101 && a.Text != "", nil
}

// burst puts n of them.
func (k *talk) burst(ctx context.Context, n int) (*tally, error) {
	var m counter
	b, err := burst(ctx, n, func(ctx context.Context, i int) (*lr.Exchange, bool, error) {
		one := *k
		one.end, one.told = k.end+i, m.add
		return one.ask(ctx, nil)
	})
	m.into(b)
	return b, err
}

// counter adds up the tokens of answers.
type counter struct {
	mu             sync.Mutex
	asked, in, out int
}

func (m *counter) add(in, out int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked, m.in, m.out = m.asked+1, m.in+in, m.out+out
}

func (m *counter) into(b *tally) { b.asked, b.in, b.out = m.asked, m.in, m.out }

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

// until asks one after another, n times or until it is refused.
func (k *talk) until(ctx context.Context, n int) (*tally, error) {
	b := &tally{}
	for b.sent < n && !b.limited() {
		x, good, err := k.ask(ctx, nil)
		if err != nil {
			return b, err
		}
		b.add(x, good)
	}
	return b, nil
}

// endpoints are the ways to the model that take a question a request, the usual
// one first.
func endpoints(t *lr.Trial) []lr.Assistant {
	return slices.DeleteFunc(append([]lr.Assistant{t.Assistant}, t.Assistant.Twins()...), socket)
}

// socket reports a way that is a WebSocket, which takes many questions by one
// request.
func socket(at lr.Assistant) bool {
	rt := at.Skills().Route
	return rt != nil && rt.Kind == lr.WebSocket
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

// exhaust is a newcomer who has just met a limit: the same one in every check, so
// that the run signs up no more users than it needs.
func exhaust(ctx context.Context, t *lr.Trial) (*spent, error) {
	fresh := false
	s, err := lr.Recall(ctx, t.Memo, "limits/exhausted", func(ctx context.Context) (*spent, error) {
		fresh = true
		return newlySpent(ctx, t)
	})
	if err != nil || fresh {
		return s, err
	}
	// The limit may have opened since.
	b, err := s.burst(ctx, size(t))
	if err != nil {
		return nil, err
	}
	if !b.limited() {
		return nil, errNoLimit
	}
	one := *s.talk
	return &spent{&one, b}, nil
}

// newlySpent asks as a newcomer until a limit shows, at one endpoint after another.
func newlySpent(ctx context.Context, t *lr.Trial) (*spent, error) {
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

// ordinary is a user of the configuration who asks as users do.
func ordinary(t *lr.Trial) *lr.Account {
	for _, a := range t.Target.Accounts {
		if a.Tenant == home(t) && !a.Spare && !a.Privileged() && a.Role != "viewer" {
			return a
		}
	}
	return t.Target.Accounts[0]
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
