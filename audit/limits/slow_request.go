package limits

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// Bounds of requests that are sent slowly.
const (
	drips      = 40              // connections that are held
	drip       = 2 * time.Minute // that a body would take; it is given up long before
	settling   = 500 * time.Millisecond
	companions = 3 // requests that are sent beside them
	inTime     = 3 * time.Second
)

var slowRequest = &lr.Check{
	ID:    "limits/slow-request",
	Title: "Requests that are sent slowly hold nobody else up",
	Why: "A client that sends a byte a second costs nothing to run and holds whatever the server gives a request from its first byte on: a worker, a thread, a connection of the pool. " +
		"A few dozen of them, without an account, and no customer is served.",
	Fix:      "Read requests to their end in front of the application: a proxy that buffers them, with a time limit for header and body. Give a worker to a request only when it has come, and bound connections per address.",
	Guard:    "limits",
	Severity: lr.High,
	Refs:     []lr.Ref{consumption, {Source: "CWE", ID: "400"}, {Source: "CWE", ID: "410"}},
	Needs:    lr.Credentials,
	Effect:   lr.Loads,
	Run:      runSlowRequest,
}

func runSlowRequest(ctx context.Context, t *lr.Trial) error {
	as := ordinary(t)
	plain := &lr.Request{Method: "GET", Path: "/", Note: "an ordinary request", Once: true}
	if as.WhoAmI != nil {
		plain.Method, plain.Path, plain.Route = as.WhoAmI.Method, as.WhoAmI.Path, as.WhoAmI
	}
	subject := plain.Method + " " + plain.Path
	slow, err := t.Cast.SignInRequest(ctx, as, stranger(t, as.User), lr.NewSecret("Lr8!wrong"))
	if err != nil {
		slow = &lr.Request{Method: "POST", Path: "/", Body: []byte(`{}`)}
		slow.SetHeader("Content-Type", "application/json")
	}
	// The body never comes to its end, so that nothing is done by it.
	slow.Body = append(bytes.Repeat([]byte(" "), 4096), slow.Body...)
	slow.Note, slow.Once, slow.Slowly = "sent slowly", true, drip

	before, err := served(ctx, t, as, plain)
	if err != nil {
		return err
	}
	if before.answered < companions {
		t.Unknown(subject, "ordinary requests were not answered before: %d of %d", before.answered, companions)
		return nil
	}
	during, err := beside(ctx, t, as, plain, slow)
	if err != nil {
		return err
	}
	after, err := served(ctx, t, as, plain)
	if err != nil {
		return err
	}
	e := lr.Seen(before.last)
	e.Records = []string{"before: " + before.String(), "beside the slow ones: " + during.String(), "after them: " + after.String()}
	switch {
	case after.answered < companions:
		t.Unknown(subject, "ordinary requests were not answered afterwards either: %d of %d", after.answered, companions)
	case during.answered == 0:
		again, err := beside(ctx, t, as, plain, slow)
		if err != nil {
			return err
		}
		if again.answered > 0 {
			t.Unknown(subject, "ordinary requests went unanswered once beside %d slow ones, and were answered when it was tried again", drips)
			return nil
		}
		t.Fail(e, subject, "while one client without an account held %d requests that it sent slowly, ordinary requests got no answer within %s, twice; before and after they did", drips, inTime)
	case during.answered == companions:
		t.Pass(e, subject, "while one client held %d requests that it sent slowly, ordinary requests were answered (%s at the most, %s before)",
			drips, during.slowest.Round(time.Millisecond), before.slowest.Round(time.Millisecond))
	default:
		t.Unknown(subject, "while one client held %d requests that it sent slowly, %d of %d ordinary ones were answered", drips, during.answered, companions)
	}
	return nil
}

// service is how some ordinary requests fared.
type service struct {
	answered int
	slowest  time.Duration
	last     *lr.Exchange
}

func (s *service) String() string {
	return fmt.Sprintf("%d of %d answered, the slowest in %s", s.answered, companions, s.slowest.Round(time.Millisecond))
}

// served sends ordinary requests at once and gives each some time.
func served(ctx context.Context, t *lr.Trial, as *lr.Account, plain *lr.Request) (*service, error) {
	out := &service{}
	var mu sync.Mutex
	within, cancel := context.WithTimeout(ctx, inTime)
	defer cancel()
	var wait sync.WaitGroup
	for range companions {
		wait.Go(func() {
			x, err := t.HTTP.Do(within, as, plain.Clone())
			if err != nil || x.Status >= 500 || refuses(x) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			out.answered++
			out.slowest, out.last = max(out.slowest, x.Took), x
		})
	}
	wait.Wait()
	return out, ctx.Err()
}

// beside sends them while slow requests are held open, which it gives up then.
func beside(ctx context.Context, t *lr.Trial, as *lr.Account, plain, slow *lr.Request) (*service, error) {
	held, stop := context.WithCancel(ctx)
	var wait sync.WaitGroup
	defer wait.Wait()
	defer stop()
	for range drips {
		wait.Go(func() {
			_, _ = t.HTTP.Do(held, nil, slow.Clone()) // it is given up, or refused: both are answers
		})
	}
	if err := sleep(ctx, settling); err != nil {
		return nil, err
	}
	return served(ctx, t, as, plain)
}
