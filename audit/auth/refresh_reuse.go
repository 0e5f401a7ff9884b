package auth

import (
	"context"
	"errors"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var refreshReuse = &lr.Check{
	ID:    "auth/refresh-reuse",
	Title: "A refresh token works once",
	Why:   "A stolen refresh token is access for weeks. Where each works only once, the thief and the owner collide and the theft is noticed; where it works again and again, nobody ever knows.",
	Fix: "Give a new refresh token with each exchange and mark the old one as used. When a used one comes back, end the whole family of tokens and tell the user. " +
		"Forgive at most the token before the last, for a few seconds, for clients that lost a reply.",
	Guard:    "",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "613"}, {Source: "ASVS", ID: "v5.0.0-10.4.5"}, {Source: "RFC", ID: "9700 section 4.14.2"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys, // the family of tokens is ended where this is right
	Run:      runRefreshReuse,
}

func runRefreshReuse(ctx context.Context, t *lr.Trial) error {
	for _, v := range oracle.Victims(t.Target) {
		me, err := t.Cast.Session(ctx, v)
		if err := ended(ctx, err); err != nil {
			return err
		}
		if err != nil || credentialOf(me).Refresh.IsZero() {
			continue
		}
		done, err := spendTwice(ctx, t, me)
		if done || err != nil {
			return err
		}
	}
	t.NotApplicable("signing in gives no refresh token that the audit can exchange")
	return nil
}

// spendTwice exchanges the first token, then its successor, and then the first
// once more. Two exchanges lie between, because careful servers forgive the
// token before the last for a moment.
func spendTwice(ctx context.Context, t *lr.Trial, first *lr.Account) (bool, error) {
	second, _, err := t.Cast.Refresh(ctx, first)
	if errors.Is(err, lr.ErrNoRefresh) {
		return false, nil
	}
	if err != nil {
		return true, unasked(ctx, t, application, "exchanging a fresh refresh token", err)
	}
	kept := credentialOf(second).Refresh.IsZero() || credentialOf(second).Refresh.Reveal() == credentialOf(first).Refresh.Reveal()
	var between *lr.Exchange
	if !kept {
		_, x, err := t.Cast.Refresh(ctx, second)
		if err != nil {
			return true, unasked(ctx, t, application, "exchanging the successor", err)
		}
		between = x
	}
	again, x, err := t.Cast.Refresh(ctx, first)
	if e := ended(ctx, err); e != nil {
		return true, e
	}
	if x == nil {
		t.Unknown(application, "exchanging a used refresh token got no answer: %v", err)
		return true, nil
	}
	evidence := xs(between, x)
	if err == nil && again != nil {
		y, hits, err := introduce(ctx, t, first, credentialOf(again), "with the token of a second exchange")
		if err != nil {
			return true, unasked(ctx, t, application, "asking who the account is", err)
		}
		if evidence = xs(between, x, y); len(hits) > 0 {
			evidence.Witness = hits
			how := "a refresh token that was exchanged, and whose successor was too, still gives tokens that are let in"
			if kept {
				how = "one refresh token gives tokens again and again: it is not replaced when it is used"
			}
			t.Fail(evidence, application, "%s", how)
			return true, nil
		}
	}
	t.Pass(evidence, application, "a used refresh token was answered %d and gave nothing", x.Status)
	return true, nil
}
