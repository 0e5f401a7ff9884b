package limits

import (
	"context"
	"net/http"
	"strconv"
	"time"

	lr "github.com/launchready/launchready"
)

// mostPatience is the longest wait that is tried out.
const mostPatience = 10 * time.Second

var retryAfter = &lr.Check{
	ID:    "limits/retry-after",
	Title: "A refusal says how long to wait, and then holds to it",
	Why: "A client that is not told when to come back comes back at once, and so do all its retries: the limit makes the load it was to keep off. " +
		"One that was told and is refused again is a customer's ticket.",
	Fix:      "Answer 429 with `Retry-After` in seconds (RFC 9110, 10.2.3), or with the `RateLimit` fields, and take the next request once that time is over.",
	Guard:    "limits",
	Severity: lr.Low,
	Refs:     []lr.Ref{consumption, {Source: "RFC", ID: "6585 section 4"}, {Source: "RFC", ID: "9110 section 10.2.3"}},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runRetryAfter,
}

func runRetryAfter(ctx context.Context, t *lr.Trial) error {
	s, err := exhaust(ctx, t)
	if err != nil {
		return undecided(ctx, t, t.Assistant.Skills().Subject, err)
	}
	subject := s.at.Skills().Subject
	wait, told := toldToWait(s.refusal.Header, t.Now())
	switch {
	case !told:
		t.Fail(lr.Seen(s.refusal), subject, "a refusal with %d names no time: neither Retry-After nor a RateLimit field", s.refusal.Status)
		return nil
	case wait > mostPatience:
		t.Pass(lr.Seen(s.refusal), subject, "a refusal names a time of %s, which was not waited for", wait.Round(time.Second))
		return nil
	}
	if err := sleep(ctx, wait+200*time.Millisecond); err != nil {
		return err
	}
	x, good, err := s.ask(ctx, nil)
	switch {
	case err != nil:
		return err
	case x == nil || !good && !refuses(x):
		t.Unknown(subject, "after the %s that the refusal named, the question got no answer", wait)
	case refuses(x):
		t.Fail(lr.Seen(s.refusal, x), subject, "a refusal named %s, and after that time the question was refused again", wait)
	default:
		t.Pass(lr.Seen(s.refusal, x), subject, "a refusal named %s, and after that time the question was taken", wait)
	}
	return nil
}

// toldToWait reads when the next request is welcome: Retry-After (RFC 9110,
// 10.2.3), or the reset of a RateLimit field (draft-ietf-httpapi-ratelimit-headers)
// and of its older names.
func toldToWait(h http.Header, now time.Time) (time.Duration, bool) {
	if v := h.Get("Retry-After"); v != "" {
		if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 && s < 1e6 {
			return time.Duration(s * float64(time.Second)), true
		}
		if at, err := http.ParseTime(v); err == nil {
			return max(at.Sub(now), 0), true
		}
	}
	for _, name := range [...]string{"RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset"} {
		s, err := strconv.ParseFloat(h.Get(name), 64)
		switch {
		case err != nil || s < 0:
		case s < 1e6:
			return time.Duration(s * float64(time.Second)), true
		case s < 1e10: // a moment, in seconds since 1970
			return max(time.Unix(int64(s), 0).Sub(now), 0), true
		}
	}
	if s, ok := parameter(h.Get("RateLimit"), "t"); ok {
		return time.Duration(s) * time.Second, true
	}
	return 0, false
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
