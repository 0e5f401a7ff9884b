package auth

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var userEnumeration = &lr.Check{
	ID:    "auth/user-enumeration",
	Title: "Refusals do not tell who has an account",
	Why: "A different answer for known and unknown addresses lets anyone check a list of them. It shows who your customers are, " +
		"and tells an attacker which accounts are worth a guess or a phishing mail.",
	Fix: "Answer an unknown user and a wrong password with the same status, body and work (compare with a dummy hash), " +
		"and a request for a reset with the same 202 for everyone.",
	Guard:    "",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "204"}, {Source: "ASVS", ID: "v5.0.0-6.3.8"}},
	Needs:    lr.Credentials,
	Effect:   lr.Destroys, // wrong passwords may lock the user, so a spare one is asked about where there is one
	Run:      runUserEnumeration,
}

// repeats is how often each side is asked: few enough to lock nobody out.
const repeats = 3

func runUserEnumeration(ctx context.Context, t *lr.Trial) error {
	known, err := spare(ctx, t)
	if err := ended(ctx, err); err != nil {
		return err
	}
	if err != nil {
		if known = withPassword(t); known == nil {
			t.NotApplicable("no account signs in with a password")
			return nil
		}
	}
	wrong := lr.NewSecret("Lr8!wrong-" + t.Stage.Canary(known.Tenant)[4:])
	subject := "sign-in"
	if t.Target.SignIn != nil {
		subject = t.Target.SignIn.String()
	}
	err = tellsApart(ctx, t, subject, known.User, true, func(ctx context.Context, user string) (*lr.Exchange, error) {
		r, err := t.Cast.SignInRequest(ctx, known, user, wrong)
		if err != nil {
			return nil, err
		}
		r.Note = "sign in with a wrong password"
		return t.HTTP.Do(ctx, nil, r)
	})
	if err != nil {
		return err
	}
	ask, _ := resetRoutes(t.Target)
	if ask == nil {
		return nil
	}
	login := resetLogin(ask, known)
	if login == "" {
		t.Unknown(ask.String(), "it asks for an e-mail address, and the target does not tell the account's")
		return nil
	}
	return tellsApart(ctx, t, ask.String(), login, false, func(ctx context.Context, user string) (*lr.Exchange, error) {
		return forgot(ctx, t, ask, user)
	})
}

// tellsApart asks about a known and an unknown user in turn, and compares what
// is said when everything that differs by itself is taken out. Where a refusal is
// no answer to the question (a reset answers everyone alike), two of them say
// only that the request was wrong.
func tellsApart(ctx context.Context, t *lr.Trial, subject, known string, refusals bool, ask func(context.Context, string) (*lr.Exchange, error)) error {
	var ofKnown, ofUnknown []string
	var a, b *lr.Exchange
	for range repeats {
		stranger := unknownUser(t, known)
		x, err := ask(ctx, known)
		if err != nil {
			return unasked(ctx, t, subject, "asking about a known user", err)
		}
		y, err := ask(ctx, stranger)
		if err != nil {
			return unasked(ctx, t, subject, "asking about an unknown user", err)
		}
		if x.Status == 429 || y.Status == 429 || x.Status >= 500 || y.Status >= 500 {
			t.Unknown(subject, "the target was busy: answered %d and %d", x.Status, y.Status)
			return nil
		}
		ofKnown, ofUnknown = append(ofKnown, normal(x, known)), append(ofUnknown, normal(y, stranger))
		a, b = x, y
	}
	e := xs(a, b)
	switch {
	case !same(ofKnown) || !same(ofUnknown):
		if same(append(statuses(ofKnown), statuses(ofUnknown)...)) {
			t.Pass(e, subject, "answers differ from one time to the next, for known and unknown users alike")
			return nil
		}
		t.Unknown(subject, "answers about one and the same user differ from one time to the next")
	case ofKnown[0] == ofUnknown[0] && !refusals && (a.Status == 400 || a.Status == 422):
		t.Unknown(subject, "the request was refused as not valid with %d, for known and unknown users alike, so nothing was asked", a.Status)
	case ofKnown[0] == ofUnknown[0]:
		t.Pass(e, subject, "known and unknown users are answered alike, with %d", a.Status)
	default:
		e.Records = []string{"known user: " + clip(ofKnown[0]), "unknown user: " + clip(ofUnknown[0])}
		t.Fail(e, subject, "a known user is answered %d and an unknown one %d, %s in %d of %d tries each",
			a.Status, b.Status, "each time the same and never alike", repeats, repeats)
	}
	return nil
}

// unknownUser is a login of the same form as a known one that nobody has.
func unknownUser(t *lr.Trial, known string) string {
	c := t.Stage.Canary("")
	local := "lr" + c[len(c)-16:]
	if _, domain, ok := strings.Cut(known, "@"); ok {
		return local + "@" + domain
	}
	return local
}

// changing is what differs from reply to reply by itself: times, random ids,
// numbers.
var changing = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ][0-9:.]+(Z|[+-]\d\d:?\d\d)?|[A-Za-z]{0,6}_?[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\b[A-Za-z]{1,6}_[A-Za-z0-9]{8,}\b|\b[0-9a-fA-F]{12,}\b|\b\d{5,}\b`)

// normal is what a refusal says, without what differs by itself.
func normal(x *lr.Exchange, user string) string {
	body := strings.ReplaceAll(string(x.Body), user, "{user}")
	body = strings.ReplaceAll(body, strings.ToLower(user), "{user}")
	body = changing.ReplaceAllString(body, "{…}")
	return fmt.Sprintf("%d %s\n%s\n%s", x.Status, oracle.Shape(x), x.Header.Get("Location"), body)
}

func statuses(list []string) []string {
	var out []string
	for _, s := range list {
		status, _, _ := strings.Cut(s, "\n")
		out = append(out, status)
	}
	return out
}

func same(list []string) bool {
	for _, s := range list {
		if s != list[0] {
			return false
		}
	}
	return true
}

func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		return s[:300] + "…"
	}
	return s
}
