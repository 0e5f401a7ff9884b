package limits

import (
	"context"

	lr "github.com/launchready/launchready"
)

var loginGuessing = &lr.Check{
	ID:       "limits/login-guessing",
	Title:    "Passwords of one account cannot be guessed without limit",
	Why:      "A sign-in that answers every guess lets a list of leaked passwords be tried against each of your customers' accounts in an afternoon.",
	Fix:      "Count wrong passwords by account and by address, and after some of them answer 429 with `Retry-After`, more slowly each time. Do not lock the account for good: that lets anyone lock anyone out.",
	Guard:    "limits",
	Severity: lr.High,
	Refs:     []lr.Ref{brokenAuth, cwe307, {Source: "ASVS", ID: "v5.0.0-6.3.1"}},
	Needs:    lr.Credentials,
	Effect:   lr.Loads,
	Run:      runLoginGuessing,
}

func runLoginGuessing(ctx context.Context, t *lr.Trial) error {
	as, fresh, err := newcomer(ctx, t)
	if err != nil {
		return undecided(ctx, t, signInSubject(t), err)
	}
	if !fresh {
		t.Unknown(signInSubject(t), "it may lock the account it guesses at, so it takes one that the run may lose: configure a spare identity, or a route that makes members")
		return nil
	}
	first, err := firstGuess(ctx, t, as)
	if err != nil {
		return undecided(ctx, t, signInSubject(t), err)
	}
	if first.OK() || first.Status >= 500 || refuses(first) {
		t.Unknown(signInSubject(t), "the first wrong password was answered %d", first.Status)
		return nil
	}
	b, err := burst(ctx, guesses, func(ctx context.Context, _ int) (*lr.Exchange, bool, error) {
		return guess(ctx, t, as, as.User, first)
	})
	if err != nil {
		return err
	}
	switch {
	case b.limited():
		t.Pass(b.evidence(), signInSubject(t), "%d wrong passwords of one account met a limit: %s", guesses, b)
	case b.taken < guesses*9/10:
		t.Pass(b.evidence(), signInSubject(t), "after some wrong passwords of one account the sign-in answered otherwise: %s", b)
	default:
		t.Fail(b.evidence(), signInSubject(t), "%d wrong passwords of one account were all answered %d: nothing slows a guess", b.sent, first.Status)
	}
	return nil
}
