package latency

import (
	"context"
	"errors"
	"fmt"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

// limit is what the scorecard asks of the 95th percentile.
const limit = 500 * time.Millisecond

// normal is the rate where the owner tells none, in requests a second.
const normal = 5

// mostLag is how late this machine may send one request in twenty before it is
// too busy to measure another one.
const mostLag = 50 * time.Millisecond

var p95 = &lr.Check{
	ID:    "latency/p95",
	Title: "95 of 100 normal chat requests are answered within 500 ms",
	Why: "A chat that waits feels broken, and a buyer's trial shows it in the first minute. The mean hides it: the slow one in twenty is what each user meets every day. " +
		"Timed are the first byte of a reply that streams and the whole of one that does not, less the model provider's share where `Server-Timing` tells it.",
	Fix: "Look at which part is slow: connecting, the product, or the provider. Stream the reply; take work that the answer does not need (titles, statistics, logging) out of the request; " +
		"keep connections to the provider open; send `Server-Timing: model;dur=…` so that the provider's share is told apart.",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API4:2023"}},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Spends,
	Alone:    true,
	Run:      runP95,
}

func runP95(ctx context.Context, t *lr.Trial) error { return measure(ctx, t, mostLag) }

// measure times the assistant, unless this machine itself is later than the lag.
func measure(ctx context.Context, t *lr.Trial, lag time.Duration) error {
	l := newLoad(t)
	if err := l.warm(ctx); err != nil {
		if ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost) || errors.Is(err, lr.ErrMoney) {
			return err
		}
		t.Unknown(l.subject(), "the assistant did not answer the questions before the measurement: %v", err)
		return nil
	}
	if err := l.run(ctx); err != nil {
		return err
	}
	m := l.measured()
	if l.lag() > lag {
		t.Unknown(l.subject(), "this machine sent one request in twenty %d ms late, so it is too busy to time another: run it where less is running", l.lag().Milliseconds())
		return nil
	}
	what := "the whole reply"
	if m.Streams {
		what = "the first byte"
	}
	if m.Provider.P50 > 0 {
		what += ", less the model provider's share,"
	}
	out := lr.Outcome{Verdict: lr.Passed, Confidence: lr.Confirmed, Subject: l.subject(), Latency: m, Evidence: lr.Evidence{Records: lines(m), Exchanges: l.slowest()}}
	switch ms := limit.Milliseconds(); {
	case m.Errors*20 > m.N:
		out.Verdict = lr.Failed
		out.Message = fmt.Sprintf("%d of %d requests at %s got no answer: at the rate of an ordinary day, more than one user in twenty waits for nothing", m.Errors, m.N, perSecond(m.PerSecond))
	case m.Decisive.P95 >= float64(ms):
		out.Verdict = lr.Failed
		out.Message = fmt.Sprintf("p95 to %s is %.0f ms%s at %s (%d requests); the limit is %d ms", what, m.Decisive.P95, m.Decisive.Interval(), perSecond(m.PerSecond), m.N, ms)
	default:
		out.Message = fmt.Sprintf("p95 to %s is %.0f ms%s at %s (%d requests)", what, m.Decisive.P95, m.Decisive.Interval(), perSecond(m.PerSecond), m.N)
	}
	t.Report(out)
	return nil
}

// question is a normal one: short, about the product, and never the same twice,
// so that no cache answers it.
func question(i int) lr.Message {
	topics := [...]string{"billing", "exports", "sharing", "sign-in", "notifications", "roles", "uploads", "search"}
	return lr.Message{
		Text: fmt.Sprintf("How do I change the settings for %s? (question %d)", topics[i%len(topics)], i+1),
		Note: "a normal question",
		Vary: func(r *lr.Request) { r.Once = true },
	}
}

// answered reports whether an answer is one: the endpoint took the question and
// said something.
func answered(a *lr.Answer, err error) bool {
	if a == nil || a.Last() == nil || err != nil && !errors.Is(err, chat.ErrNoAnswer) {
		return false
	}
	s := a.Last().Status
	return (s >= 200 && s < 300 || s == 101) && a.Failure == "" && a.Text != ""
}

func perSecond(r float64) string {
	if r == 1 {
		return "1 request a second"
	}
	return fmt.Sprintf("%.3g requests a second", r)
}
