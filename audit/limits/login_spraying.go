package limits

import (
	"context"

	lr "github.com/launchready/launchready"
)

// sprayed is how many accounts one address tries, a guess each.
const sprayed = 150

var loginSpraying = &lr.Check{
	ID:       "limits/login-spraying",
	Title:    "One address cannot try one password on every account",
	Why:      "A limit for each account does not see the attack that tries one common password on a thousand of them. The address that asks is the only thing those guesses share.",
	Fix:      "Count failed sign-ins by address as well, over all accounts, and answer 429 above what an office behind one address needs. Watch the rate of failures over all addresses.",
	Guard:    "limits",
	Severity: lr.Medium,
	Refs:     []lr.Ref{brokenAuth, cwe307, {Source: "ASVS", ID: "v5.0.0-6.3.1"}},
	Needs:    lr.Credentials,
	Effect:   lr.Loads,
	Run:      runLoginSpraying,
}

func runLoginSpraying(ctx context.Context, t *lr.Trial) error {
	subject := signInSubject(t)
	var as *lr.Account
	for _, a := range t.Target.Accounts {
		if !t.Cast.Password(a).IsZero() {
			as = a
			break
		}
	}
	if as == nil {
		t.NotApplicable("no account signs in with a password")
		return nil
	}
	first, _, err := guess(ctx, t, as, stranger(t, as.User), nil)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	if first.OK() || first.Status >= 500 {
		t.Unknown(subject, "a wrong password of nobody was answered %d", first.Status)
		return nil
	}
	b, err := unbroken(ctx, sprayed, func(ctx context.Context, _ int) (*lr.Exchange, bool, error) {
		return guess(ctx, t, as, stranger(t, as.User), first)
	})
	if err != nil {
		return err
	}
	if refuses(first) {
		b.refused++
	}
	switch {
	case b.limited():
		t.Pass(b.evidence(), subject, "%d accounts tried from one address met a limit: %s", sprayed, b)
	case b.taken < sprayed*9/10:
		t.Pass(b.evidence(), subject, "after some accounts the sign-in answered this address otherwise: %s", b)
	default:
		t.Fail(b.evidence(), subject, "one address tried %d accounts, and each try was answered %d", b.sent, first.Status)
	}
	return nil
}
