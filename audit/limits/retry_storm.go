package limits

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// Bounds of a failing provider.
const (
	failing    = 3                      // questions that are asked meanwhile
	mostEnough = 5                      // calls of one question: the first, and the retries that clients of providers make
	failBound  = 500                    // calls after which it is well again by itself
	failFor    = 8 * time.Second        // that the questions may take
	afterwards = 500 * time.Millisecond // in which work that goes on behind an answer shows
)

var retryStorm = &lr.Check{
	ID:    "limits/retry-storm",
	Title: "When the model provider fails, the product does not make it worse",
	Why: "A provider that is overloaded answers 429 or 500. A product that asks again at once, from several layers that each retry, turns one question into dozens of calls just when there is no room: " +
		"the outage lasts longer, the provider locks the key, and what comes through is billed many times.",
	Fix: "Retry in one place only, two or three times, with growing pauses and chance in them, and wait as long as `Retry-After` says. After several failures in a row stop asking for a while, and tell users so. " +
		"Turn the retries of the provider's own client off where yours does them.",
	Guard:    "model",
	Severity: lr.Medium,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, {Source: "RFC", ID: "9110 section 10.2.3"}, {Source: "CWE", ID: "400"}},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Extra:    true,
	Run:      runRetryStorm,
}

func runRetryStorm(ctx context.Context, t *lr.Trial) error {
	subject := t.Assistant.Skills().Subject
	p := t.Target.Provider
	if p == nil || p.Fail.Method == "" {
		t.Unknown(subject, "nobody told how the model provider is made to fail and how its calls are counted: configure provider, with a stand-in that can do both")
		return nil
	}
	calls := meter{"the provider", func(ctx context.Context) (int, error) { return counted(ctx, t, p, p.Calls) }}
	idle, err := calls.read(ctx)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	before, err := calls.settled(ctx, 2*time.Second)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	if before != idle {
		t.Unknown(subject, "others ask the provider meanwhile: its calls rose from %d to %d while the audit asked nothing", idle, before)
		return nil
	}
	k, err := open(ctx, t.Assistant, ordinary(t))
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	after, err := calls.read(ctx)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	usual := after - before
	if usual < 1 {
		t.Unknown(subject, "a question that was answered made no call of the provider that %s counts: it is another one's", p.Traffic.Path)
		return nil
	}
	var worst float64
	var lines []string
	e := lr.Evidence{}
	for _, status := range [...]int{http.StatusTooManyRequests, http.StatusInternalServerError} {
		n, x, err := storm(ctx, t, p, &calls, k, status)
		if err != nil {
			return undecided(ctx, t, subject, err)
		}
		each := float64(n) / float64(failing*usual)
		worst = max(worst, each)
		lines = append(lines, fmt.Sprintf("%d questions while it answers %d: %d calls, %.3g for one of a question's %d", failing, status, n, each, usual))
		if x != nil {
			e.Exchanges = append(e.Exchanges, x)
		}
	}
	e.Records = lines
	if err := k.mended(ctx); err != nil {
		return err
	}
	switch {
	case worst == 0:
		t.Unknown(subject, "while the provider was failing, no question reached it: %s", strings.Join(lines, "; "))
	case worst > mostEnough:
		t.Fail(e, subject, "one question calls a provider that fails up to %.3g times: %s", worst, strings.Join(lines, "; "))
	default:
		t.Pass(e, subject, "one question calls a provider that fails at most %.3g times: %s", worst, strings.Join(lines, "; "))
	}
	return nil
}

// mended waits until a question is answered again: whoever stops asking a provider that
// fails goes on so for a while, and what is asked meanwhile says nothing of the product.
func (k *talk) mended(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < mostPatience; {
		x, good, err := k.ask(ctx, nil)
		if err != nil || good || x != nil && x.Status == http.StatusTooManyRequests {
			return err
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

// storm makes the provider fail, asks, and counts the calls until the product
// gives up. The provider is made well again whatever happens.
func storm(ctx context.Context, t *lr.Trial, p *lr.Provider, calls *meter, k *talk, status int) (n int, x *lr.Exchange, err error) {
	before, err := calls.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	r, err := p.Failing(status, failBound)
	if err != nil {
		return 0, nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		y, merr := t.HTTP.Do(ctx, nil, p.Mend.Clone())
		if merr == nil && !y.OK() {
			merr = fmt.Errorf("%s was answered %d", p.Mend.Path, y.Status)
		}
		if merr != nil && err == nil {
			err = fmt.Errorf("make the provider well again, which has to be done by hand now: %w", merr)
		}
	}()
	y, err := t.HTTP.Do(ctx, nil, r)
	if err != nil {
		return 0, nil, err
	}
	if !y.OK() {
		return 0, y, fmt.Errorf("%s was answered %d", r.Path, y.Status)
	}
	within, cancel := context.WithTimeout(ctx, failFor)
	defer cancel()
	b, err := volley(within, failing, failing, func(within context.Context, i int) (*lr.Exchange, bool, error) {
		one := *k
		one.end = k.end + i
		x, good, err := one.ask(within, nil)
		if err != nil && ctx.Err() == nil && within.Err() != nil {
			return nil, false, nil // it goes on longer than it is watched
		}
		return x, good, err
	})
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		err = nil
	}
	if err != nil {
		return 0, nil, err
	}
	if err := sleep(ctx, afterwards); err != nil {
		return 0, nil, err
	}
	after, err := calls.read(ctx)
	x = b.last
	if x == nil {
		x = b.broke
	}
	return after - before, x, err
}
