package auth_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/auth"
)

// cases are what each check must say of the bureau with a fault, and of the
// bureau that is right but refuses in an unusual way.
var cases = []struct {
	check  string
	name   string
	style  string
	faults []string
	want   string
	where  string // a subject that must have failed
	says   string // what a message of the failure must hold
	never  string // what no message may hold
}{
	{check: "auth/no-credential", name: "right", want: "passed"},
	{check: "auth/no-credential", name: "one read open", faults: []string{"open GET /notes/{note_id}"}, want: "failed", where: "GET /notes/{note_id}"},
	{check: "auth/no-credential", name: "one list open", faults: []string{"open GET /notes"}, want: "failed", where: "GET /notes"},
	{check: "auth/no-credential", name: "whoami open", faults: []string{"open GET /me"}, want: "failed", where: "GET /me"},
	{check: "auth/no-credential", name: "data in the body of a redirect", faults: []string{"leak-in-redirect"}, want: "failed", where: "GET /notes", says: "answered 302"},
	{check: "auth/no-credential", name: "passwords in a public directory", faults: []string{"passwords"}, want: "failed", where: "GET /directory", says: "password or secret", never: "pw-acme"},
	{check: "auth/no-credential", name: "addresses in a directory that is public by the specification", faults: []string{"public-directory"}, want: "suspected", where: "GET /directory", says: "access.public"},
	{check: "auth/no-credential", name: "refuses with 200", style: "soft", want: "passed"},
	{check: "auth/no-credential", name: "refuses with a redirect", style: "redirect", want: "passed"},
	{check: "auth/no-credential", name: "refuses with a body", style: "echo", want: "passed"},
	{check: "auth/no-credential", name: "breaks", style: "broken", want: "unknown"},
	{check: "auth/no-credential", name: "busy", style: "busy", want: "unknown"},

	{check: "auth/no-credential-write", name: "right", want: "passed"},
	{check: "auth/no-credential-write", name: "refuses with 200", style: "soft", want: "passed"},
	{check: "auth/no-credential-write", name: "open update", faults: []string{"open PATCH /notes/{note_id}"}, want: "failed", where: "PATCH /notes/{note_id}"},
	{check: "auth/no-credential-write", name: "open deletion", faults: []string{"open DELETE /notes/{note_id}"}, want: "failed", where: "DELETE /notes/{note_id}"},
	{check: "auth/no-credential-write", name: "open action", faults: []string{"open POST /notes/{note_id}/pin"}, want: "failed", where: "POST /notes/{note_id}/pin"},
	{check: "auth/no-credential-write", name: "open creation", faults: []string{"open POST /notes"}, want: "failed", where: "POST /notes"},

	{check: "auth/empty-credential", name: "right", want: "passed"},
	{check: "auth/empty-credential", name: "falls back to a user", faults: []string{"empty"}, want: "failed", where: "application"},
	{check: "auth/empty-credential", name: "takes any text on a route, which is another check's", faults: []string{"garbage"}, want: "passed"},
	{check: "auth/empty-credential", name: "refuses with 200", style: "soft", want: "passed"},
	{check: "auth/empty-credential", name: "breaks", style: "broken", want: "passed"},
	{check: "auth/empty-credential", name: "echoes", style: "echo", want: "passed"},
	{check: "auth/empty-credential", name: "busy", style: "busy", want: "unknown"},

	{check: "auth/garbage-credential", name: "right", want: "passed"},
	{check: "auth/garbage-credential", name: "goes on after a parse error", faults: []string{"garbage"}, want: "failed", where: "GET /usage"},
	{check: "auth/garbage-credential", name: "open anyway, which is another check's", faults: []string{"open GET /notes/{note_id}"}, want: "passed"},
	{check: "auth/garbage-credential", name: "refuses with a redirect", style: "redirect", want: "passed"},

	{check: "auth/path-normalisation", name: "right", want: "passed"},
	{check: "auth/path-normalisation", name: "two slashes get past the guard", faults: []string{"raw-path"}, want: "failed", says: "two slashes in front"},
	{check: "auth/path-normalisation", name: "X-Original-URL gets past the guard", faults: []string{"original-url"}, want: "failed", says: "X-Original-URL"},
	{check: "auth/path-normalisation", name: "refuses with 200", style: "soft", want: "passed"},
	{check: "auth/path-normalisation", name: "a credential is optional on some routes", faults: []string{"optional notes"}, want: "passed"},
	{check: "auth/path-normalisation", name: "a credential is optional everywhere", faults: []string{"optional"}, want: "passed"},

	{check: "auth/method-override", name: "right", want: "passed"},
	{check: "auth/method-override", name: "honoured after the role", faults: []string{"override"}, want: "failed", says: "in a header"},

	{check: "auth/undeclared-route", name: "right", want: "passed"},
	{check: "auth/undeclared-route", name: "debug route", faults: []string{"debug"}, want: "failed", where: "GET /debug/users"},
	{check: "auth/undeclared-route", name: "any method gets past the guard", faults: []string{"any-method"}, want: "failed", says: "method LAUNCHREADY"},
	{check: "auth/undeclared-route", name: "descriptions of the API with an account's address as example", faults: []string{"described"}, want: "passed"},

	{check: "auth/token-signature", name: "right", want: "passed"},
	{check: "auth/token-signature", name: "right with a shared secret", faults: []string{"symmetric"}, want: "passed"},
	{check: "auth/token-signature", name: "not verified", faults: []string{"signature"}, want: "failed", where: "application"},
	{check: "auth/token-signature", name: "echoes the token's claims", style: "echo", want: "passed"},
	{check: "auth/token-signature", name: "breaks on it", style: "broken", want: "passed"},
	{check: "auth/token-signature", name: "a credential is optional on some routes", faults: []string{"optional notes"}, want: "passed"},

	{check: "auth/alg-none", name: "right", want: "passed"},
	{check: "auth/alg-none", name: "honoured", faults: []string{"none"}, want: "failed", where: "application", says: "alg nOnE"},
	{check: "auth/alg-none", name: "filtered by its usual spelling", faults: []string{"none", "none-filtered"}, want: "failed", says: "alg None"},
	{check: "auth/alg-none", name: "no signature is looked at, which is another check's", faults: []string{"signature"}, want: "skipped"},
	{check: "auth/alg-none", name: "echoes the token's claims", style: "echo", want: "passed"},

	{check: "auth/alg-confusion", name: "right", want: "passed"},
	{check: "auth/alg-confusion", name: "public key as secret", faults: []string{"confusion"}, want: "failed", says: "SPKI PEM"},
	{check: "auth/alg-confusion", name: "no public key", faults: []string{"symmetric"}, want: "skipped"},
	{check: "auth/alg-confusion", name: "no signature is looked at, which is another check's", faults: []string{"signature"}, want: "skipped"},

	{check: "auth/weak-token-secret", name: "private key", want: "passed"},
	{check: "auth/weak-token-secret", name: "random secret", faults: []string{"symmetric"}, want: "passed"},
	{check: "auth/weak-token-secret", name: "dictionary word", faults: []string{"weak"}, want: "failed", where: "application", says: "was accepted by"},

	{check: "auth/token-key-header", name: "right", want: "passed", where: "jku"}, // who asks that finding again gets an answer
	{check: "auth/token-key-header", name: "jwk", faults: []string{"jwk"}, want: "failed", says: "jwk"},
	{check: "auth/token-key-header", name: "jku", faults: []string{"jku"}, want: "failed", where: "jku"},
	{check: "auth/token-key-header", name: "kid is a path", faults: []string{"kid-path"}, want: "failed", says: "/dev/null"},
	{check: "auth/token-key-header", name: "no signature is looked at, which is another check's", faults: []string{"signature"}, want: "skipped"},

	{check: "auth/token-audience", name: "right", want: "passed"},
	{check: "auth/token-audience", name: "refresh token opens the API", faults: []string{"audience"}, want: "failed", where: "application", says: "refresh token"},

	{check: "auth/expired-token", name: "right", faults: []string{"given-expired"}, want: "passed"},
	{check: "auth/expired-token", name: "exp is not looked at", faults: []string{"given-expired", "expired"}, want: "failed", where: "application"},

	{check: "auth/token-in-query", name: "right", want: "passed"},
	{check: "auth/token-in-query", name: "taken from the query", faults: []string{"query"}, want: "failed", says: "?access_token="},

	{check: "auth/token-after-logout", name: "right", want: "passed"},
	{check: "auth/token-after-logout", name: "session stays", faults: []string{"logout"}, want: "failed", where: "POST /logout", says: "refresh token"},

	{check: "auth/disabled-user-token", name: "right", want: "passed"},
	{check: "auth/disabled-user-token", name: "status is not looked at", faults: []string{"disabled"}, want: "failed", where: "PATCH /members/{member_id}"},

	{check: "auth/refresh-reuse", name: "right", want: "passed"},
	{check: "auth/refresh-reuse", name: "not consumed", faults: []string{"reuse"}, want: "failed", where: "application"},

	{check: "auth/session-fixation", name: "right", want: "passed"},
	{check: "auth/session-fixation", name: "a cookie that signs nobody in", faults: []string{"visitor"}, want: "skipped"},
	{check: "auth/session-fixation", name: "keeps what the client brought", faults: []string{"fixation"}, want: "failed", where: "cookie bureau"},

	{check: "auth/function-level", name: "right", want: "passed"},
	{check: "auth/function-level", name: "no role asked for", faults: []string{"no-role GET /admin/users"}, want: "failed", where: "GET /admin/users"},
	{check: "auth/function-level", name: "refuses with 200", style: "soft-role", want: "passed"},

	{check: "auth/function-level-write", name: "right", want: "passed"},
	{check: "auth/function-level-write", name: "no role asked for", faults: []string{"no-role DELETE /invitations/{invitation_id}"}, want: "failed", where: "DELETE /invitations/{invitation_id}", says: "only administrators may make"},

	{check: "auth/mass-assignment", name: "echoes but does not store", want: "passed"},
	{check: "auth/mass-assignment", name: "binds the role", faults: []string{"mass"}, want: "failed", where: "PATCH /me", says: "role admin"},
	{check: "auth/mass-assignment", name: "sign-up binds the role", faults: []string{"signup-role"}, want: "failed", where: "POST /signup", says: "role admin"},
	{check: "auth/mass-assignment", name: "sign-up of which nothing is required binds the role", faults: []string{"signup-role", "loose-signup"}, want: "failed", where: "POST /signup", says: "role admin"},
	{check: "auth/mass-assignment", name: "sign-up inside an object binds the role", faults: []string{"signup-role", "nested-signup"}, want: "failed", where: "POST /signup", says: "role admin"},
	{check: "auth/mass-assignment", name: "sign-up inside an object is right", faults: []string{"nested-signup"}, want: "passed"},
	{check: "auth/mass-assignment", name: "anyone gives anyone a role", faults: []string{"grant", "no-role PUT /update_role"}, want: "failed", where: "PUT /update_role", says: "role admin"},
	{check: "auth/mass-assignment", name: "administrators give roles", faults: []string{"grant"}, want: "passed"},
	{check: "auth/mass-assignment", name: "one role breaks the account, another is taken", faults: []string{"fragile"}, want: "failed", where: "PATCH /me", says: "role manager"},
	{check: "auth/mass-assignment", name: "one role breaks the account, none is taken", faults: []string{"fragile", "no-manager"}, want: "unknown"},

	{check: "auth/api-key-scope", name: "right", want: "passed"},
	{check: "auth/api-key-scope", name: "scopes are not looked at", faults: []string{"scopes"}, want: "failed", says: "notes:read"},

	{check: "auth/password-reset", name: "right", want: "passed"},
	{check: "auth/password-reset", name: "works again", faults: []string{"reset-again"}, want: "failed", where: "POST /reset"},
	{check: "auth/password-reset", name: "token in the reply", faults: []string{"token-in-reply"}, want: "failed", where: "POST /forgot"},

	{check: "auth/invitation-token", name: "right", want: "passed"},
	{check: "auth/invitation-token", name: "works again", faults: []string{"accept-again"}, want: "failed", where: "POST /invitations/accept"},
	{check: "auth/invitation-token", name: "gives the role that the body asks for", faults: []string{"accept-role"}, want: "failed", says: "role admin"},

	{check: "auth/user-enumeration", name: "right", want: "passed"},
	{check: "auth/user-enumeration", name: "sign-in tells", faults: []string{"enumerate"}, want: "failed", where: "POST /login"},
	{check: "auth/user-enumeration", name: "asking for a reset tells", faults: []string{"enumerate-forgot"}, want: "failed", where: "POST /forgot"},
	{check: "auth/user-enumeration", name: "a reset refuses what the audit sends", faults: []string{"forgot-strict"}, want: "unknown"},

	{check: "auth/websocket-credential", name: "right", want: "passed"},
	{check: "auth/websocket-credential", name: "open", faults: []string{"open GET /ws"}, want: "failed", where: "GET /ws"},
	{check: "auth/websocket-credential", name: "refuses with 200", style: "soft", want: "passed"},

	{check: "auth/stream-credential", name: "right", want: "passed"},
	{check: "auth/stream-credential", name: "open", faults: []string{"open GET /notes/{note_id}/events"}, want: "failed", where: "GET /notes/{note_id}/events"},

	{check: "auth/graphql-credential", name: "right", want: "passed"},
	{check: "auth/graphql-credential", name: "resolvers answer nobody", faults: []string{"open POST /graphql", "graph-open"}, want: "failed", where: "POST /graphql"},
	{check: "auth/graphql-credential", name: "resolvers refuse nobody", faults: []string{"open POST /graphql"}, want: "passed"},

	{check: "auth/graphql-introspection", name: "right", want: "passed"},
	{check: "auth/graphql-introspection", name: "open", faults: []string{"open POST /graphql", "introspection"}, want: "failed", where: "POST /graphql"},

	{check: "auth/graphql-batching", name: "right", want: "passed"},
	{check: "auth/graphql-batching", name: "array of operations", faults: []string{"batch"}, want: "failed", says: "an array"},
	{check: "auth/graphql-batching", name: "aliases", faults: []string{"aliases"}, want: "failed", says: "aliases"},
}

func TestChecks(t *testing.T) {
	for _, c := range cases {
		t.Run(strings.TrimPrefix(c.check, "auth/")+"/"+c.name, func(t *testing.T) {
			t.Parallel()
			out := put(t, c.check, newBureau(t, c.style, c.faults...))
			if got := verdict(out); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			var subjects, messages []string
			for _, o := range out {
				if o.Verdict == lr.Passed && c.want == "passed" {
					subjects = append(subjects, o.Subject)
				}
				if o.Verdict == lr.Failed {
					subjects, messages = append(subjects, o.Subject), append(messages, o.Message)
					if len(o.Evidence.Exchanges)+len(o.Evidence.Records) == 0 {
						t.Errorf("%s failed without evidence", o.Subject)
					}
				}
				if c.never != "" && strings.Contains(o.Message+strings.Join(o.Evidence.Witness, " "), c.never) {
					t.Errorf("a message or witness of %s holds %q", o.Subject, c.never)
				}
			}
			if c.where != "" && !slices.Contains(subjects, c.where) {
				t.Errorf("subjects are %q, want %q", subjects, c.where)
			}
			if !strings.Contains(strings.Join(messages, "\n"), c.says) {
				t.Errorf("messages do not hold %q", c.says)
			}
			if t.Failed() {
				tell(t, out)
			}
		})
	}
}

// TestEveryCheckIsTried holds the table against the row: each check has a case
// where it passes and one where it fails.
func TestEveryCheckIsTried(t *testing.T) {
	passes, fails := map[string]bool{}, map[string]bool{}
	for _, c := range cases {
		passes[c.check] = passes[c.check] || c.want == "passed"
		fails[c.check] = fails[c.check] || c.want == "failed"
	}
	for _, c := range auth.Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		if !passes[c.ID] || !fails[c.ID] {
			t.Errorf("%s: tried where it passes %v, where it fails %v", c.ID, passes[c.ID], fails[c.ID])
		}
	}
}

func TestRow(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range auth.Row().Checks {
		if c.Needs&lr.Repository != 0 {
			continue // it asks the source, and no application
		}
		if seen[c.ID] || !strings.HasPrefix(c.ID, "auth/") {
			t.Errorf("%s: twice, or not of this row", c.ID)
		}
		seen[c.ID] = true
		file := strings.ReplaceAll(strings.TrimPrefix(c.ID, "auth/"), "-", "_") + ".go"
		b, err := os.ReadFile(filepath.Clean(file))
		if err != nil || !strings.Contains(string(b), `"`+c.ID+`"`) {
			t.Errorf("%s is not in %s", c.ID, file)
		}
		if c.Title == "" || c.Why == "" || c.Fix == "" || c.Severity == 0 || len(c.Refs) == 0 || c.Run == nil {
			t.Errorf("%s: a field is empty", c.ID)
		}
	}
}
