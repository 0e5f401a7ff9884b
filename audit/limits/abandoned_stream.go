package limits

import (
	"context"
	"fmt"
	"time"

	lr "github.com/launchready/launchready"
)

// Bounds of an answer that is given up.
const (
	readOf   = 200 // bytes that are read of it
	leastOf  = 150 // tokens that the whole one has
	mostWait = 5 * time.Second
)

var abandonedStream = &lr.Check{
	ID:    "limits/abandoned-stream",
	Title: "An answer that nobody reads any more is not written on",
	Why: "A page that is closed, a script that hangs up after the first word: where the model writes on, each of them costs a whole answer and holds a place of the provider's quota. " +
		"A client that opens and drops streams costs you much and itself nothing.",
	Fix: "Pass the request's own context, or its abort signal, on to the call of the provider, and stop reading when a write to the client fails. " +
		"Where an answer is finished on purpose, for a user who comes back, count it against that user's limits and bound how many there are.",
	Severity: lr.Low,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, {Source: "CWE", ID: "772"}},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Extra:    true,
	Run:      runAbandonedStream,
}

func runAbandonedStream(ctx context.Context, t *lr.Trial) error {
	at := streaming(t)
	subject := at.Skills().Subject
	if !at.Skills().Streams {
		t.NotApplicable("no answer comes in pieces, so none can be given up on the way")
		return nil
	}
	as := ordinary(t)
	m := tokensWritten(t, as)
	if m == nil {
		t.Unknown(subject, "nothing tells what was written after the reader had gone: configure provider.tokens, or offer a route that tells what was used")
		return nil
	}
	_, question := repeated(t, longWords)
	cost := func(note string, enough func([]byte) bool, wait time.Duration) (int, *lr.Exchange, error) {
		before, err := m.settled(ctx, mostWait)
		if err != nil {
			return 0, nil, err
		}
		a, err := at.Ask(ctx, as, lr.Message{Text: question, Note: note, Vary: func(r *lr.Request) {
			r.Once = true
			if enough != nil {
				r.Enough = enough
			}
		}})
		if err != nil && ends(ctx, err) {
			return 0, nil, err
		}
		if x := a.Last(); !x.OK() {
			return 0, x, fmt.Errorf("a long answer did not come")
		}
		if err := sleep(ctx, wait); err != nil {
			return 0, nil, err
		}
		after, err := m.settled(ctx, mostWait)
		return after - before, a.Last(), err
	}
	whole, x, err := cost("a long answer, read to its end", nil, 0)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	if whole < leastOf || x.Took < tooShort {
		t.Unknown(subject, "a long answer took %d tokens by %s and ended after %s: too little to tell whether it goes on", whole, m.what, x.Took.Round(time.Millisecond))
		return nil
	}
	part, y, err := cost("a long answer, given up", func(b []byte) bool { return len(b) >= readOf }, min(x.Took+200*time.Millisecond, mostWait))
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	e := lr.Seen(x, y)
	e.Records = []string{fmt.Sprintf("by %s: %d tokens read to the end in %s, %d tokens given up after %s", m.what, whole, x.Took.Round(time.Millisecond), part, y.Took.Round(time.Millisecond))}
	switch {
	case (y.Took-y.FirstByte)*2 > x.Took-x.FirstByte: // what comes before the first byte is waiting
		t.Unknown(subject, "most of the answer had come before it could be given up")
	case part*100 >= whole*85:
		t.Fail(e, subject, "an answer that was given up after %d bytes was written to its end: %d tokens by %s, and %d when it is read", readOf, part, m.what, whole)
	case part*100 <= whole*60:
		t.Pass(e, subject, "an answer that was given up ended: %d tokens by %s, and %d when it is read", part, m.what, whole)
	default:
		t.Unknown(subject, "given up, an answer took %d tokens by %s, and %d when it is read: something else asks the provider meanwhile", part, m.what, whole)
	}
	return nil
}
