package auth

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

var passwordReset = &lr.Check{
	ID:    "auth/password-reset",
	Title: "A reset token reaches only the mailbox and works once",
	Why: "Whoever holds a reset token is the user. One that stands in the reply takes over any account whose address is known; " +
		"one that works again takes it over from an old mail, a forwarded thread or a log.",
	Fix: "Answer the same empty 202 to everyone and send the token by mail only. Make it of 128 random bits, store its hash, let it live for an hour, " +
		"and delete it in the transaction that changes the password, together with the user's other tokens and sessions.",
	Guard:    "",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "640"}, {Source: "ASVS", ID: "v5.0.0-6.4.1"}, {Source: "ASVS", ID: "v5.0.0-6.4.3"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Extra:    true, // needs a mail catcher
	Run:      runPasswordReset,
}

// resetRoutes finds the route that sends a token and the one that takes it.
func resetRoutes(t *lr.Target) (ask, use *lr.Route) {
	for _, rt := range t.Routes {
		if !rt.Declared || rt.Safe() || len(rt.PathParams()) > 0 {
			continue
		}
		token, password := field(rt, "token", "code", "resettoken", "resetcode", "token*", "key"), field(rt, "password", "newpassword", "password*")
		login := field(rt, "email", "username", "login", "user", "email*")
		switch {
		case rt.Kind != lr.Password && !hasSegment(rt.Path, "forgot", "reset", "recover", "recovery"):
		case token != "" && password != "" && use == nil:
			use = rt
		case token == "" && password == "" && login != "" && ask == nil:
			ask = rt
		}
	}
	return ask, use
}

func runPasswordReset(ctx context.Context, t *lr.Trial) error {
	ask, use := resetRoutes(t.Target)
	if ask == nil {
		t.NotApplicable("no route sends a token for a forgotten password")
		return nil
	}
	me, err := spare(ctx, t)
	if err != nil {
		return unasked(ctx, t, ask.String(), "making a user whose password may be changed", err)
	}
	login := resetLogin(ask, me)
	if login == "" {
		t.Unknown(ask.String(), "it asks for an e-mail address, and the target does not tell the account's")
		return nil
	}
	asked, err := forgot(ctx, t, ask, login)
	if err != nil {
		return unasked(ctx, t, ask.String(), "asking for a reset", err)
	}
	if !asked.OK() {
		t.Unknown(ask.String(), "asking for a reset was answered %d", asked.Status)
		return nil
	}
	if use == nil {
		t.Unknown(ask.String(), "no route takes the token, so it could not be tried")
		return nil
	}
	if done, err := tokenInReply(ctx, t, ask, use, me, asked); done || err != nil {
		return err
	}
	if t.Target.Mailbox == nil {
		t.Unknown(use.String(), "the token goes by mail: name the target's mail catcher as mailbox to have it tried")
		return nil
	}
	tokens, box, err := mail(ctx, t, cmp.Or(address(me), me.User), nil)
	if err != nil {
		return unasked(ctx, t, use.String(), "reading the mail catcher", err)
	}
	for _, token := range tokens {
		opened, err := reset(ctx, t, use, me, token, "first")
		if err != nil {
			return unasked(ctx, t, use.String(), "resetting the password", err)
		}
		if !opened.in {
			continue
		}
		return resetAgain(ctx, t, use, me, token, opened)
	}
	t.Unknown(use.String(), "no mail with a token that changes the password arrived (the mail catcher answered %d)", status(box))
	return nil
}

// resetAgain uses a token that has changed the password once more.
func resetAgain(ctx context.Context, t *lr.Trial, use *lr.Route, me *lr.Account, token string, first opening) error {
	second, err := reset(ctx, t, use, me, token, "second")
	if err != nil {
		return unasked(ctx, t, use.String(), "resetting the password again", err)
	}
	e := xs(first.sent, second.sent, second.proof)
	if second.in {
		t.Fail(e, use.String(), "a token that has changed the password changes it again: the second password signs in")
		return nil
	}
	t.Pass(e, use.String(), "a used token was answered %d and changed nothing", status(second.sent))
	return nil
}

// tokenInReply tries what the reply to a request for a reset holds.
func tokenInReply(ctx context.Context, t *lr.Trial, ask, use *lr.Route, me *lr.Account, asked *lr.Exchange) (bool, error) {
	for _, token := range tokenCandidates(mailText(asked)) {
		opened, err := reset(ctx, t, use, me, token, "from the reply")
		if err != nil {
			return true, unasked(ctx, t, ask.String(), "resetting the password", err)
		}
		if opened.in {
			t.Fail(xs(asked, opened.sent, opened.proof), ask.String(), "the reply to anyone who asks for a reset holds the token: it changed the password of the user it was asked for")
			return true, nil
		}
	}
	return false, nil
}

// loginField is the field by which a route takes who somebody is.
func loginField(rt *lr.Route) string {
	return field(rt, "email", "username", "login", "user", "email*")
}

// resetLogin is what the account writes there: its address where an address is
// asked for, whatever it signs in with.
func resetLogin(ask *lr.Route, a *lr.Account) string {
	if strings.Contains(plainName(loginField(ask)), "mail") {
		return address(a)
	}
	return a.User
}

func forgot(ctx context.Context, t *lr.Trial, ask *lr.Route, login string) (*lr.Exchange, error) {
	r, err := t.Stage.Request(ctx, ask, nil, nil)
	if err != nil {
		return nil, err
	}
	if err := with(r, map[string]any{loginField(ask): login}); err != nil {
		return nil, err
	}
	r.Note = "ask for a reset"
	return t.HTTP.Do(ctx, nil, r)
}

// opening is what came of using a token: whether the password it set signs in.
type opening struct {
	in          bool
	sent, proof *lr.Exchange
}

func reset(ctx context.Context, t *lr.Trial, use *lr.Route, me *lr.Account, token, which string) (opening, error) {
	r, err := t.Stage.Request(ctx, use, nil, nil)
	if err != nil {
		return opening{}, err
	}
	password := fmt.Sprintf("Lr9!%s-%s", plainName(which), t.Stage.Canary(me.Tenant)[len("lr1-"):])
	if len(password) > 40 {
		password = password[:8] + password[len(password)-28:]
	}
	fields := fieldsOf(r)
	fields[field(use, "token", "code", "resettoken", "resetcode", "token*", "key")] = token
	for k := range fields {
		if n := plainName(k); n == "password" || n == "newpassword" || n == "passwordconfirmation" || n == "confirmpassword" || n == "passwordconfirm" {
			fields[k] = password
		}
	}
	fields[field(use, "password", "newpassword", "password*")] = password
	if login := field(use, "email", "username", "login"); login != "" {
		fields[login] = me.User
		if strings.Contains(plainName(login), "mail") {
			fields[login] = address(me)
		}
	}
	if err := setFields(r, fields); err != nil {
		return opening{}, err
	}
	r.Note = "reset with the token, " + which + " time"
	var o opening
	if o.sent, err = t.HTTP.Do(ctx, nil, r); err != nil {
		return o, err
	}
	o.proof, o.in, err = opens(ctx, t, me, lr.NewSecret(password))
	return o, err
}
