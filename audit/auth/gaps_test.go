package auth_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/auth"
)

// without drops the routes whose path holds the text.
func without(part string) func(*lr.Trial) {
	return func(t *lr.Trial) {
		t.Target.Routes = slices.DeleteFunc(slices.Clone(t.Target.Routes), func(rt *lr.Route) bool { return strings.Contains(rt.Path, part) })
	}
}

// lone is a cast that makes no spare users and signs nobody in twice.
type lone struct{ lr.Cast }

func (lone) Spare(context.Context, string, string) (*lr.Account, error) { return nil, lr.ErrNoSpare }
func (lone) Session(context.Context, *lr.Account) (*lr.Account, error)  { return nil, lr.ErrNoSignIn }
func (lone) Refresh(context.Context, *lr.Account) (*lr.Account, *lr.Exchange, error) {
	return nil, nil, lr.ErrNoRefresh
}
func (lone) Password(*lr.Account) lr.Secret { return lr.Secret{} }
func (lone) SignInRequest(context.Context, *lr.Account, string, lr.Secret) (*lr.Request, error) {
	return nil, lr.ErrNoSignIn
}

func alone(t *lr.Trial) { t.Cast = lone{t.Cast} }

// opaque gives every account a token that is no JWT, and no refresh token.
func opaque(t *lr.Trial) {
	var out []*lr.Account
	for _, a := range t.Target.Accounts {
		b := *a
		b.Credential = lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer opaque-1f3")}, Token: lr.NewSecret("opaque-1f3")}
		out = append(out, &b)
	}
	t.Target.Accounts = out
	alone(t)
}

func nobody(t *lr.Trial) { t.Target.Accounts = nil }

// TestGaps asks where something is missing: what could not be asked is unknown
// with the reason, what does not arise is skipped, and neither is ever passed.
func TestGaps(t *testing.T) {
	for _, c := range []struct {
		check, name string
		change      func(*lr.Trial)
		want, says  string
	}{
		{"auth/no-credential", "no routes", func(t *lr.Trial) { t.Target.Routes = nil }, "unknown", "no declared route"},
		{"auth/no-credential-write", "no accounts", nobody, "unknown", "no account"},
		{"auth/no-credential-write", "no writes", func(t *lr.Trial) {
			t.Target.Routes = slices.DeleteFunc(slices.Clone(t.Target.Routes), func(rt *lr.Route) bool { return !rt.Safe() })
		}, "skipped", "no route changes"},
		{"auth/empty-credential", "no routes", func(t *lr.Trial) { t.Target.Routes = nil }, "unknown", "no declared route"},
		{"auth/path-normalisation", "no accounts", nobody, "unknown", "no account"},
		{"auth/method-override", "no accounts", nobody, "unknown", "no account"},
		{"auth/undeclared-route", "no accounts", nobody, "unknown", "no account"},
		{"auth/token-signature", "no JWT", opaque, "skipped", "not JSON Web Tokens"},
		{"auth/alg-none", "no JWT", opaque, "skipped", "not JSON Web Tokens"},
		{"auth/weak-token-secret", "no JWT", opaque, "skipped", "not JSON Web Tokens"},
		{"auth/token-key-header", "no JWT", opaque, "skipped", "not JSON Web Tokens"},
		{"auth/token-audience", "one token only", opaque, "skipped", "one token only"},
		{"auth/expired-token", "none expires", opaque, "unknown", "expired_token"},
		{"auth/expired-token", "one expires in a minute", func(t *lr.Trial) {
			opaque(t)
			for _, a := range t.Target.Accounts {
				a.Credential.Expires = t.Now().Add(time.Minute)
			}
		}, "unknown", "within 20s"},
		{"auth/token-in-query", "no accounts", nobody, "unknown", "no account"},
		{"auth/token-after-logout", "no sign-out", without("logout"), "skipped", "no sign-out"},
		{"auth/token-after-logout", "no session to end", alone, "unknown", "no session to end"},
		{"auth/disabled-user-token", "no way to disable", without("members"), "skipped", "no route disables"},
		{"auth/disabled-user-token", "no spare user", alone, "unknown", "no way to make a spare"},
		{"auth/refresh-reuse", "no refresh token", alone, "skipped", "no refresh token"},
		{"auth/session-fixation", "no password", alone, "skipped", "no account signs in"},
		{"auth/function-level", "one role", func(t *lr.Trial) {
			t.Target.Accounts = slices.DeleteFunc(slices.Clone(t.Target.Accounts), (*lr.Account).Privileged)
		}, "unknown", "no tenant has both"},
		{"auth/function-level", "nothing for administrators", without("admin"), "skipped", "no route is for administrators"},
		{"auth/function-level-write", "one role", func(t *lr.Trial) {
			t.Target.Accounts = slices.DeleteFunc(slices.Clone(t.Target.Accounts), (*lr.Account).Privileged)
		}, "unknown", "no tenant has both"},
		{"auth/mass-assignment", "no spare user", func(t *lr.Trial) { alone(t); without("signup")(t) }, "unknown", "no way to make a spare"},
		{"auth/mass-assignment", "nothing to update", func(t *lr.Trial) {
			t.Target.Routes = slices.DeleteFunc(slices.Clone(t.Target.Routes), func(rt *lr.Route) bool { return rt.Path == "/me" || rt.Path == "/signup" })
		}, "skipped", "no route lets users"},
		{"auth/api-key-scope", "no keys", without("api-keys"), "skipped", "no route makes API keys"},
		{"auth/password-reset", "no mail catcher", func(t *lr.Trial) { t.Target.Mailbox = nil }, "unknown", "mailbox"},
		{"auth/password-reset", "no reset", without("forgot"), "skipped", "no route sends"},
		{"auth/password-reset", "no spare user", alone, "unknown", "whose password may be changed"},
		{"auth/invitation-token", "no invitations", without("invitations"), "skipped", "no pair of routes"},
		{"auth/user-enumeration", "no password", alone, "skipped", "no account signs in"},
		{"auth/websocket-credential", "none", without("ws"), "skipped", "no WebSocket"},
		{"auth/stream-credential", "none", without("events"), "skipped", "no stream"},
		{"auth/graphql-credential", "none", without("graphql"), "skipped", "no GraphQL"},
		{"auth/graphql-introspection", "none", without("graphql"), "skipped", "no GraphQL"},
		{"auth/graphql-batching", "none", without("graphql"), "skipped", "no GraphQL"},
	} {
		t.Run(strings.TrimPrefix(c.check, "auth/")+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			out := put(t, c.check, newBureau(t, ""), c.change)
			if got := verdict(out); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if !slices.ContainsFunc(out, func(o lr.Outcome) bool { return strings.Contains(o.Message, c.says) }) {
				t.Errorf("no message holds %q", c.says)
			}
			for _, o := range out {
				if o.Verdict == lr.Passed && c.want != "passed" {
					t.Errorf("%s passed: %s", o.Subject, o.Message)
				}
			}
			if t.Failed() {
				tell(t, out)
			}
		})
	}
}

// TestOptionalIsNotGuarded holds that a route which shows nobody what it refuses to
// a wrong token is not among those on which ways past a guard are tried.
func TestOptionalIsNotGuarded(t *testing.T) {
	for fault, want := range map[string]bool{"optional notes": false, "": true} {
		found := false
		for _, o := range put(t, "auth/path-normalisation", newBureau(t, "", fault)) {
			found = found || strings.Contains(o.Subject, "/notes")
		}
		if found != want {
			t.Errorf("%q: notes tried %v, want %v", fault, found, want)
		}
	}
}

// founder is a cast whose spare users have tenants of their own: there is a
// sign-up and no route that makes members.
type founder struct{ lr.Cast }

func (f founder) Spare(ctx context.Context, tenant, role string) (*lr.Account, error) {
	if tenant != "" {
		return nil, lr.ErrNoSpare
	}
	return f.Cast.Spare(ctx, "", role)
}

func TestSpareBySignUp(t *testing.T) {
	found := func(t *lr.Trial) { t.Cast = founder{t.Cast} }
	for fault, want := range map[string]string{"mass": "failed", "": "passed"} {
		out := put(t, "auth/mass-assignment", newBureau(t, "", fault), found)
		if got := verdict(out); got != want {
			t.Errorf("%q: got %s, want %s", fault, got, want)
			tell(t, out)
		}
	}
}

// TestLogoutSeverity holds a session that outlives its end for minutes against
// one that does for longer, or gets new tokens.
func TestLogoutSeverity(t *testing.T) {
	for _, c := range []struct {
		name   string
		faults []string
		want   lr.Severity // 0: the check's own
		says   string
	}{
		{"ten minutes", []string{"logout-access", "short"}, lr.Medium, "for no more than"},
		{"an hour", []string{"logout-access"}, 0, "the access token still works"},
		{"ten minutes, again and again", []string{"logout", "short"}, 0, "the refresh token still gives new ones"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := put(t, "auth/token-after-logout", newBureau(t, "", c.faults...))
			if len(out) != 1 || out[0].Verdict != lr.Failed || out[0].Severity != c.want || !strings.Contains(out[0].Message, c.says) {
				t.Errorf("got %+v, want severity %v and %q", out, c.want, c.says)
			}
		})
	}
}

// TestPublicOnPurpose lists what is open under access.public: no finding.
func TestPublicOnPurpose(t *testing.T) {
	public := func(patterns ...string) func(*lr.Trial) {
		return func(t *lr.Trial) { t.Target.Access.Public = patterns }
	}
	for _, c := range []struct {
		check, fault, pattern string
	}{
		{"auth/no-credential", "open GET /notes/{note_id}", "GET /notes/*"},
		{"auth/no-credential", "public-directory", "GET /directory"},
		{"auth/websocket-credential", "open GET /ws", "/ws"},
		{"auth/stream-credential", "open GET /notes/{note_id}/events", "GET /notes/*/events"},
		{"auth/graphql-introspection", "introspection", "/graphql"},
		{"auth/undeclared-route", "debug", "/debug/**"},
	} {
		t.Run(c.check+" "+c.pattern, func(t *testing.T) {
			t.Parallel()
			out := put(t, c.check, newBureau(t, "", c.fault, "open POST /graphql"), public(c.pattern))
			if got := verdict(out); got == "failed" || got == "suspected" {
				t.Errorf("got %s", got)
				tell(t, out)
			}
		})
	}
}

// TestRequests bounds what a check costs. The checks that ask every read grow by
// a few requests a route; those that tamper with tokens do not grow at all.
func TestRequests(t *testing.T) {
	const more = 40
	cost := func(t *testing.T, id, wide string) int {
		b := newBureau(t, "", wide, "given-expired")
		before := 0
		put(t, id, b, func(*lr.Trial) { before = b.asked() })
		return b.asked() - before
	}
	// Most are controls, which a whole run sends once: each account of the others,
	// the owners, nobody.
	most := map[string]int{"auth/no-credential": 6, "auth/empty-credential": 7, "auth/garbage-credential": 7}
	for _, c := range auth.Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			few, many := cost(t, c.ID, "wide 2"), cost(t, c.ID, "wide 42")
			if many-few > more*most[c.ID]+8 {
				t.Errorf("%d more routes cost %d more requests (%d, then %d), want at most %d a route", more, many-few, few, many, most[c.ID])
			}
			if few > 700 {
				t.Errorf("a small application costs %d requests", few)
			}
		})
	}
}
