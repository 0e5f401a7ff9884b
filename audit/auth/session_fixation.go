package auth

import (
	"context"
	"net/http"
	"strings"

	lr "github.com/launchready/launchready"
)

var sessionFixation = &lr.Check{
	ID:    "auth/session-fixation",
	Title: "Signing in makes a new session",
	Why: "Where the session id from before the sign-in stays, whoever planted it in the browser, from a subdomain or a shared machine, " +
		"is signed in as the user the moment the user signs in.",
	Fix: "Make a new random session id on every sign-in and throw the one that the client brought away. Frameworks call it `regenerate` or `renew`. " +
		"Name the cookie `__Host-…`, so that no subdomain can set it.",
	Guard:    "",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "384"}, {Source: "ASVS", ID: "v5.0.0-7.2.4"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Run:      runSessionFixation,
}

func runSessionFixation(ctx context.Context, t *lr.Trial) error {
	a := withPassword(t)
	if a == nil {
		t.NotApplicable("no account signs in by a request")
		return nil
	}
	// A body field that asks for a cookie is set where there is one.
	ask := func(r *lr.Request) error {
		if t.Target.SignIn == nil {
			return nil
		}
		if f := field(t.Target.SignIn, "cookie", "usecookie", "setcookie", "usecookies", "session", "rememberme", "remember"); f != "" {
			if sc := t.Target.SignIn.Body.Schema.Properties[f]; sc.Type == "boolean" {
				return with(r, map[string]any{f: true})
			}
		}
		return nil
	}
	_, first, err := signIn(ctx, t, a, a.User, t.Cast.Password(a), ask)
	if err != nil {
		return unasked(ctx, t, application, "signing in", err)
	}
	set := sessionCookies(first)
	if len(set) == 0 {
		t.NotApplicable("signing in sets no cookie")
		return nil
	}
	asked := false
	for _, c := range set {
		sessions, err := fixate(ctx, t, a, c, ask)
		if err != nil {
			return unasked(ctx, t, "cookie "+c.Name, "signing in with a session id of the check's own", err)
		}
		asked = asked || sessions
	}
	if !asked {
		t.NotApplicable("no cookie of the sign-in lets anybody in by itself")
	}
	return nil
}

// sessionCookies lists the cookies of a reply that are long enough to be a
// session's.
func sessionCookies(x *lr.Exchange) []*http.Cookie {
	if x == nil {
		return nil
	}
	var out []*http.Cookie
	for _, c := range (&http.Response{Header: x.Header}).Cookies() {
		n := plainName(c.Name)
		if len(c.Value) >= 16 && c.MaxAge >= 0 && !strings.Contains(n, "csrf") && !strings.Contains(n, "xsrf") {
			out = append(out, c)
		}
	}
	return out
}

// fixate signs in with a session id of the check's own in the cookie, and asks
// who that id is. false where the cookie is not the one that signs in.
func fixate(ctx context.Context, t *lr.Trial, a *lr.Account, c *http.Cookie, ask func(*lr.Request) error) (bool, error) {
	subject := "cookie " + c.Name
	live := lr.Credential{Cookie: map[string]lr.Secret{c.Name: lr.NewSecret(c.Value)}}
	control, hits, err := introduce(ctx, t, a, live, "with the cookie of a sign-in")
	if err != nil {
		return true, err
	}
	if len(hits) == 0 {
		return false, nil
	}
	planted := lookalike(c.Value)
	mine := lr.Credential{Cookie: map[string]lr.Secret{c.Name: lr.NewSecret(planted)}}
	if _, hits, err := introduce(ctx, t, a, mine, "with the planted cookie, before"); err != nil {
		return true, err
	} else if len(hits) > 0 {
		t.Unknown(subject, "a made-up cookie is let in, so nothing can be said about this one")
		return true, nil
	}
	_, in, err := signIn(ctx, t, a, a.User, t.Cast.Password(a), func(r *lr.Request) error {
		r.Credential, r.Note = &mine, "sign in with the planted cookie"
		return ask(r)
	})
	if err != nil {
		return true, err
	}
	after, hits, err := introduce(ctx, t, a, mine, "with the planted cookie, after")
	if err != nil {
		return true, err
	}
	e := xs(control, in, after)
	if len(hits) > 0 {
		e.Witness = hits
		t.Fail(e, subject, "the session id that the client brought is signed in after the sign-in")
		return true, nil
	}
	t.Pass(e, subject, "the session id that the client brought is worth nothing after the sign-in")
	return true, nil
}

// lookalike is another value of the same form: letters and digits replaced by
// their kind.
func lookalike(v string) string {
	b := []byte(v)
	for i, c := range b {
		switch {
		case c >= '0' && c <= '8', c >= 'a' && c <= 'e', c >= 'g' && c <= 'y', c >= 'A' && c <= 'E', c >= 'G' && c <= 'Y':
			b[i] = c + 1
		case c == '9':
			b[i] = '0'
		case c == 'f' || c == 'F':
			b[i] = c - 5
		case c == 'z' || c == 'Z':
			b[i] = c - 19
		}
	}
	return string(b)
}
