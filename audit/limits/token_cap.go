package limits

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// Sizes of a heavy question in bytes, the largest first: the first one that is
// taken is asked with. And how many of them are asked.
var heavy = [...]int{12_000, 4_000, 1_500}

const mostHeavy = 8

var tokenCap = &lr.Check{
	ID:    "limits/token-cap",
	Title: "What questions hold is counted, not only how many there are",
	Why: "The provider bills tokens. Where questions alone are counted, a user pastes a book into each of them and costs a hundred times what the limit was made for; the number of questions looks ordinary all the while. " +
		"A buyer asks what one account can cost at the most.",
	Fix: "Count tokens by user and by organisation beside the questions: what the prompt holds before the model is called, what the answer took when it has ended. Refuse with 429 when a budget is used up, " +
		"and alert its owner before.",
	Guard:    "limits",
	Severity: lr.Medium,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, cwe770},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runTokenCap,
}

func runTokenCap(ctx context.Context, t *lr.Trial) error {
	at := t.Assistant
	subject := at.Skills().Subject
	one, err := alone(ctx, t)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	n := mostHeavy
	if one.limited() {
		n = min(n, one.taken*4/5) // fewer than one user may ask
	}
	if n < 4 { // heavy questions are asked one after another too
		if one, err = inTurn(ctx, t); err != nil {
			return undecided(ctx, t, subject, err)
		}
		n = min(mostHeavy, one.taken*4/5)
	}
	if n < 4 {
		t.Unknown(subject, "one user may ask %d questions, which is too few to tell a limit of tokens from one of questions", one.taken)
		return nil
	}
	as, fresh, err := newcomer(ctx, t)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	k, err := open(ctx, at, as)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	h, size, first, err := heaviest(ctx, t, k)
	switch {
	case err != nil:
		return undecided(ctx, t, subject, err)
	case h == nil && refuses(first):
		t.Pass(lr.Seen(first), subject, "a question of %d bytes was refused with %d, while short ones are taken", size, first.Status)
		return nil
	case h == nil:
		t.Unknown(subject, "no question of %d bytes or more was taken (the last was answered %d)", heavy[len(heavy)-1], first.Status)
		return nil
	}
	b := &tally{}
	b.add(first, true)
	for b.sent < n && !b.limited() {
		x, good, err := h(ctx)
		if err != nil {
			return err
		}
		b.add(x, good)
	}
	tokens := b.taken * size / 4
	e := b.evidence()
	e.Records = append(e.Records, fmt.Sprintf("%d questions of %d bytes: about %d tokens", b.sent, size, tokens))
	switch {
	case b.limited() && !fresh:
		x, good, err := k.ask(ctx, nil)
		if err != nil {
			return err
		}
		if !good {
			t.Unknown(subject, "after %d heavy questions every question was refused, and the account had asked before: it does not show what was counted", b.taken)
			return nil
		}
		e.Exchanges = append(e.Exchanges, x)
		fallthrough
	case b.limited():
		t.Report(lr.Outcome{Verdict: lr.Passed, Confidence: lr.Confirmed, Subject: subject, Evidence: e, Allowance: b.allowance(t, lr.AllowancePrompt, size/4),
			Message: fmt.Sprintf("questions of %d bytes met a limit after %d of them (about %d tokens), where short ones are taken more often", size, b.taken, tokens)})
	case b.taken*10 < b.sent*9:
		t.Unknown(subject, "heavy questions met no refusal, and not every one was answered: %s", b)
	default:
		t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: subject, Evidence: e, Allowance: b.allowance(t, lr.AllowancePrompt, size/4),
			Message: fmt.Sprintf("one user asked %d questions of %d bytes, about %d tokens, and met no limit of what they hold", b.sent, size, tokens)})
	}
	return nil
}

// heaviest finds the largest question that is taken, and how to ask it again.
func heaviest(ctx context.Context, t *lr.Trial, k *talk) (ask func(context.Context) (*lr.Exchange, bool, error), size int, x *lr.Exchange, err error) {
	random := t.Random()
	for _, size = range heavy {
		n := 0
		try := func(ctx context.Context) (*lr.Exchange, bool, error) {
			n++
			return k.say(ctx, filler(random.IntN, size)+fmt.Sprintf(" Say hello. (%d)", n), "a heavy question", nil)
		}
		var good bool
		if x, good, err = try(ctx); err != nil {
			return nil, size, nil, err
		}
		if good {
			return try, size, x, nil
		}
		if x == nil {
			return nil, size, nil, fmt.Errorf("a question of %d bytes got no answer", size)
		}
		if refuses(x) {
			return nil, size, x, nil
		}
	}
	return nil, size, x, nil
}

// filler is a text of about so many bytes that says nothing and never twice the
// same, so that no cache of the provider answers it.
func filler(draw func(int) int, size int) string {
	words := [...]string{"the", "order", "of", "our", "customer", "was", "sent", "on", "monday", "and", "then", "again", "with", "a", "note", "about", "delivery"}
	var b strings.Builder
	b.WriteString("For context, this is our log: ")
	for b.Len() < size {
		b.WriteString(words[draw(len(words))])
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String()) + "."
}
