package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	lr "github.com/launchready/launchready"
)

var expiredToken = &lr.Check{
	ID:    "auth/expired-token",
	Title: "An expired token is refused",
	Why:   "Tokens leak: into logs, browser histories, support tickets. Their short life is what bounds the damage, and a verifier that does not look at `exp` makes each of them good for ever.",
	Fix: "Verify `exp` on every request, with a leeway of a minute at most, and require the claim to be there. " +
		"Give the audit an `expired_token` for one identity, so that this is asked on every run without waiting.",
	Guard:    "authenticate",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "613"}, {Source: "ASVS", ID: "v5.0.0-9.2.1"}, {Source: "RFC", ID: "7519 section 4.1.4"}},
	Needs:    lr.Routes | lr.Credentials,
	Extra:    true, // not every target lets the audit have an expired token
	Run:      runExpiredToken,
}

const (
	leeway   = 5 * time.Minute  // RFC 7519, 4.1.4: "usually no more than a few minutes"
	patience = 20 * time.Second // that the check waits for a token to expire
	settle   = 2 * time.Second  // after the expiry, for clocks that differ a little
)

// expired is a token whose time is over.
type expired struct {
	holder     *lr.Account
	credential lr.Credential
	since      time.Duration // how long it has been over
	origin     string
}

func runExpiredToken(ctx context.Context, t *lr.Trial) error {
	e, why, err := findExpired(ctx, t)
	if err != nil {
		return err
	}
	if e == nil {
		t.Unknown(application, "%s", why)
		return nil
	}
	probes, err := guarded(ctx, t, e.holder, fewHeads)
	if err != nil {
		return err
	}
	if len(probes) == 0 {
		t.Unknown(application, noGuard)
		return nil
	}
	f := forgery{how: e.origin, credential: e.credential}
	if j, ok := tokenOf(e.credential); ok {
		f.says = j.says()
	}
	y, err := try(ctx, t, probes, []forgery{f})
	if err != nil {
		return err
	}
	if e.since < leeway {
		y.doubt(fmt.Sprintf("; it expired only %s ago, which a generous leeway would forgive: give the audit an expired_token to be sure", e.since.Round(time.Second)))
	}
	y.report(t, 1, "An expired token is accepted")
	return nil
}

// doubt makes suspicions of the confirmed findings.
func (y *tally) doubt(reason string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, e := range y.kept {
		if weight(e.j) == 4 {
			e.j.Confidence = lr.Suspected
			e.j.Reason += reason
		}
	}
}

func findExpired(ctx context.Context, t *lr.Trial) (*expired, string, error) {
	for _, a := range t.Target.Accounts {
		if a.Expired.IsZero() {
			continue
		}
		e := &expired{holder: a, credential: spoiled(credentialOf(a), a.Expired.Reveal()), since: leeway, origin: "expired_token of " + a.Name}
		if j, ok := parseJWT(a.Expired.Reveal()); ok {
			if exp, ok := j.time("exp"); ok {
				if e.since = t.Now().Sub(exp); e.since <= 0 {
					return nil, fmt.Sprintf("the expired_token of %s has not expired", a.Name), nil
				}
			}
		}
		return e, "", nil
	}
	if e, err := shortLived(ctx, t); e != nil || err != nil {
		return e, "", err
	}
	for _, a := range t.Target.Accounts {
		c := credentialOf(a)
		left := c.Expires.Sub(t.Now())
		if c.Expires.IsZero() || left > patience-settle {
			continue
		}
		if err := wait(ctx, left+settle); err != nil {
			return nil, "", err
		}
		return &expired{holder: a, credential: c, since: settle, origin: "token of " + a.Name + " after its expiry"}, "", nil
	}
	return nil, fmt.Sprintf("no token expires within %s, and the sign-in lets nobody choose a short life: give one identity an expired_token", patience), nil
}

// shortLived signs in for a token that lives for a second, where the sign-in
// lets the caller choose.
func shortLived(ctx context.Context, t *lr.Trial) (*expired, error) {
	a := withPassword(t)
	if a == nil || t.Target.SignIn == nil {
		return nil, nil
	}
	name := field(t.Target.SignIn, "expiresin", "ttl", "lifetime", "expiry", "expires", "tokenttl", "sessionttl", "duration", "maxage")
	if name == "" {
		return nil, nil
	}
	b, _, err := signIn(ctx, t, a, a.User, t.Cast.Password(a), func(r *lr.Request) error { return with(r, map[string]any{name: 1}) })
	if err != nil {
		return nil, ended(ctx, err)
	}
	if b == nil {
		return nil, nil
	}
	j, ok := tokenOf(credentialOf(b))
	if !ok {
		return nil, nil
	}
	exp, ok := j.time("exp")
	if !ok {
		return nil, nil
	}
	left := exp.Sub(t.Now())
	if left > patience-settle {
		return nil, nil
	}
	if err := wait(ctx, left+settle); err != nil {
		return nil, err
	}
	return &expired{holder: a, credential: credentialOf(b), since: settle, origin: "token signed in for with " + name + " 1"}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// time reads a claim of seconds since 1970 (RFC 7519, 2: NumericDate).
func (j jwt) time(claim string) (time.Time, bool) {
	n, ok := j.claims[claim].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := n.Float64()
	if err != nil || f < 1e8 || f > 1e11 {
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0), true
}
