package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var tokenAfterLogout = &lr.Check{
	ID:    "auth/token-after-logout",
	Title: "Signing out ends the session",
	Why:   "Who signs out on a shared or stolen machine believes that the door is closed. A token that still works keeps it open, and support has no way to close it.",
	Fix: "Keep the session's id in the token (`sid`), mark the session as ended on sign-out, and ask for that mark on every request; a cache of a few seconds is enough. " +
		"End the refresh token with it.",
	Guard:    "",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "613"}, {Source: "ASVS", ID: "v5.0.0-7.4.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Run:      runTokenAfterLogout,
}

func runTokenAfterLogout(ctx context.Context, t *lr.Trial) error {
	var out *lr.Route
	for _, rt := range ofKind(t.Target, lr.SignOut) {
		if len(rt.PathParams()) == 0 && (out == nil || hasSegment(out.Path, "all")) {
			out = rt
		}
	}
	if out == nil {
		t.NotApplicable("the target has no sign-out route")
		return nil
	}
	victims := oracle.Victims(t.Target)
	for i, v := range victims {
		me, err := t.Cast.Session(ctx, v)
		if err != nil {
			if err := ended(ctx, err); err != nil {
				return err
			}
			if i == len(victims)-1 {
				t.Unknown(out.String(), "no session to end: %v", err)
			}
			continue
		}
		return endSession(ctx, t, out, me)
	}
	return nil
}

// short is the life of a token that bounds by itself what signing out left open.
const short = 15 * time.Minute

// remaining is how long the credential is good for, as far as it is known.
func remaining(t *lr.Trial, c lr.Credential) (time.Duration, bool) {
	exp := c.Expires
	if j, ok := tokenOf(c); ok {
		if at, ok := j.time("exp"); ok {
			exp = at
		}
	}
	return exp.Sub(t.Now()), !exp.IsZero()
}

// endSession signs out a session of the check's own and tries what it left.
func endSession(ctx context.Context, t *lr.Trial, out *lr.Route, me *lr.Account) error {
	c := credentialOf(me)
	before, hits, err := introduce(ctx, t, me, c, "before signing out")
	if err != nil {
		return unasked(ctx, t, out.String(), "asking who the account is", err)
	}
	if len(hits) == 0 {
		t.Unknown(out.String(), "a fresh session was not let in (answered %d), so a refusal after signing out would prove nothing", before.Status)
		return nil
	}
	r, err := t.Stage.Request(ctx, out, nil, me)
	if err != nil {
		return unasked(ctx, t, out.String(), "building the request", err)
	}
	if name := field(out, "refresh*"); name != "" && !c.Refresh.IsZero() {
		if err := with(r, map[string]any{name: c.Refresh.Reveal()}); err != nil {
			return err
		}
	}
	r.Credential, r.Note = &c, "signing out"
	bye, err := t.HTTP.Do(ctx, me, r)
	if err != nil {
		return unasked(ctx, t, out.String(), "signing out", err)
	}
	if bye.Status >= 400 {
		t.Unknown(out.String(), "signing out was answered %d", bye.Status)
		return nil
	}
	var left []string
	refreshed := false
	evidence := xs(before, bye)
	after, hits, err := introduce(ctx, t, me, c, "after signing out")
	if err != nil {
		return unasked(ctx, t, out.String(), "asking who the account is", err)
	}
	evidence.Exchanges = append(evidence.Exchanges, after)
	if len(hits) > 0 {
		left = append(left, "the access token still works")
		evidence.Witness = hits
	}
	if !c.Refresh.IsZero() {
		again, x, err := t.Cast.Refresh(ctx, me)
		if e := ended(ctx, err); e != nil {
			return e
		}
		if err == nil && again != nil {
			y, hits, err := introduce(ctx, t, me, credentialOf(again), "with a token refreshed after signing out")
			if err != nil {
				return unasked(ctx, t, out.String(), "asking who the account is", err)
			}
			if len(hits) > 0 {
				refreshed = true
				left = append(left, "the refresh token still gives new ones")
				evidence.Exchanges = append(evidence.Exchanges, x, y)
				evidence.Witness = hits
			}
		} else if err != nil && !errors.Is(err, lr.ErrNoRefresh) && x != nil {
			evidence.Exchanges = append(evidence.Exchanges, x)
		}
	}
	if len(left) > 0 {
		o := lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: out.String(), Message: "after signing out " + strings.Join(left, " and "), Evidence: evidence}
		if life, ok := remaining(t, c); ok && !refreshed && life <= short {
			o.Severity = lr.Medium
			o.Message += fmt.Sprintf(", though for no more than %s: it expires then, and no refresh token that the audit has gives another", life.Round(time.Second))
		}
		t.Report(o)
		return nil
	}
	t.Pass(evidence, out.String(), "after signing out neither token is let in")
	return nil
}
