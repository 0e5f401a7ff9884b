package launchready

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Errors by which a check decides that it could not ask.
var (
	ErrNoSpare      = errors.New("no way to make a spare identity: name one in the configuration, or a sign_up request")
	ErrNoRefresh    = errors.New("the account has no refresh token")
	ErrNoSignIn     = errors.New("the account signs in by no request")
	ErrNotCreatable = errors.New("no route creates such an object")
	ErrBudget       = errors.New("the budget is spent")
	ErrScope        = errors.New("outside the target's scope")
	ErrLost         = errors.New("the target no longer answers")
	ErrMoney        = errors.New("the money budget is spent: raise budget.usd, or give --spend")
)

// Trial is one run of one check. A check talks to the target through it and
// reports outcomes to it.
type Trial struct {
	Check  *Check
	Target *Target
	HTTP   Client
	Cast   Cast
	Stage  Stage
	Log    *slog.Logger
	Now    func() time.Time
	Report func(Outcome) // safe for concurrent use
	// Memo is the run's: what one check asked, another may use. Nil keeps nothing.
	Memo *Memo
	// Seen lists one of each answer that the run got so far; whole is false where
	// it was too much to keep.
	Seen func() (answers iter.Seq[*Exchange], whole bool)
	// Browser is nil where there is none.
	Browser Browser
	// Assistant is nil where none answers; a check that Needs Chat has one.
	Assistant Assistant
	// Listener is nil where the target can reach none; a check that Needs
	// Callback has one.
	Listener Listener
	Profile  Profile
	Seed     int64
}

// Random is the check's own source of chance: the same seed gives the same
// questions in every run. It is not safe for concurrent use.
func (t *Trial) Random() *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(t.Check.ID))
	return rand.New(rand.NewPCG(uint64(t.Seed), h.Sum64())) //nolint:gosec // reproducible chance is the point
}

// Tries is how often a question whose answer is left to chance is put.
func (t *Trial) Tries() int { return t.Profile.Tries(t.Check.Severity) }

// Pass reports that the subject was asked and is right.
func (t *Trial) Pass(e Evidence, subject, format string, args ...any) {
	t.Report(Outcome{Verdict: Passed, Confidence: Confirmed, Subject: subject, Message: fmt.Sprintf(format, args...), Evidence: e})
}

// Fail reports a confirmed finding.
func (t *Trial) Fail(e Evidence, subject, format string, args ...any) {
	t.Report(Outcome{Verdict: Failed, Confidence: Confirmed, Subject: subject, Message: fmt.Sprintf(format, args...), Evidence: e})
}

// Suspect reports a finding by shape only; it fails no gate.
func (t *Trial) Suspect(e Evidence, subject, format string, args ...any) {
	t.Report(Outcome{Verdict: Failed, Confidence: Suspected, Subject: subject, Message: fmt.Sprintf(format, args...), Evidence: e})
}

// PassRate reports that the subject was asked so many times and was right each
// time, or no oftener wrong than its control.
func (t *Trial) PassRate(r Rate, e Evidence, subject, format string, args ...any) {
	t.Report(Outcome{Verdict: Passed, Confidence: Confirmed, Subject: subject, Message: fmt.Sprintf(format, args...), Evidence: e, Rate: &r})
}

// FailRate reports a confirmed finding that shows in so many of the tries.
func (t *Trial) FailRate(r Rate, e Evidence, subject, format string, args ...any) {
	t.Report(Outcome{Verdict: Failed, Confidence: Confirmed, Subject: subject, Message: fmt.Sprintf(format, args...), Evidence: e, Rate: &r})
}

// Unknown reports that the subject could not be asked, and why.
func (t *Trial) Unknown(subject, format string, args ...any) {
	t.Report(Outcome{Verdict: Unknown, Subject: subject, Message: fmt.Sprintf(format, args...)})
}

// NotApplicable reports that the question does not arise, and why: the target
// has no such thing.
func (t *Trial) NotApplicable(format string, args ...any) {
	t.Report(Outcome{Verdict: Skipped, Message: fmt.Sprintf(format, args...)})
}

// Send builds the route's request for the object and sends it as the account.
func (t *Trial) Send(ctx context.Context, as *Account, rt *Route, o *Object, note string) (*Exchange, error) {
	r, err := t.Stage.Request(ctx, rt, o, as)
	if err != nil {
		return nil, err
	}
	r.Note = note
	return t.HTTP.Do(ctx, as, r)
}
