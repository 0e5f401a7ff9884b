package auth

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// newcomer is a user whom the check signed up.
type newcomer struct {
	account   *lr.Account
	made, who *lr.Exchange
}

// signUp signs a user up and in. nil with the reason where that does not work.
func signUp(ctx context.Context, t *lr.Trial, rt *lr.Route, fields map[string]any) (*newcomer, string, error) {
	template := withPassword(t)
	if template == nil || template.WhoAmI == nil {
		return nil, "no account signs in with a password, so a new user cannot either", nil
	}
	r, err := t.Stage.Request(ctx, rt, nil, nil)
	if err != nil {
		return nil, "the sign-up could not be built: " + err.Error(), ended(ctx, err)
	}
	body, p, err := registration(ctx, t, rt, template, fieldsOf(r))
	if err != nil {
		return nil, "the sign-up could not be built: " + err.Error(), ended(ctx, err)
	}
	user := p.user(template)
	if user == "" || p.password == "" {
		return nil, "the sign-up's body names no user or password", nil
	}
	for k, v := range fields {
		inside(body)[k] = v
	}
	if err := setFields(r, body); err != nil {
		return nil, "", err
	}
	r.Note = "sign-up"
	made, err := t.HTTP.Do(ctx, nil, r)
	if err != nil {
		return nil, "the sign-up got no answer: " + err.Error(), ended(ctx, err)
	}
	if !made.OK() {
		return nil, fmt.Sprintf("the sign-up was answered %d", made.Status), nil
	}
	t.Stage.Adopt(ctx, rt, nil, made)
	stranger := *template
	stranger.User, stranger.UserID, stranger.TenantID, stranger.Known = user, "", "", nil
	in, x, err := signIn(ctx, t, &stranger, user, lr.NewSecret(p.password), nil)
	if err != nil || in == nil {
		if err != nil {
			return nil, "the new user could not sign in: " + err.Error(), ended(ctx, err)
		}
		return nil, fmt.Sprintf("the new user's sign-in was answered %d", x.Status), nil
	}
	who, hits, err := introduce(ctx, t, &stranger, credentialOf(in), "the new user")
	if err != nil || len(hits) == 0 {
		return nil, "the new user is not told who they are", ended(ctx, err)
	}
	return &newcomer{in, made, who}, "", nil
}

// registrant is what somebody signs up with.
type registrant struct{ email, login, password string }

// user is the one of the names that signs in, as an account that does shows.
func (p registrant) user(like *lr.Account) string {
	if p.email != "" && (strings.Contains(like.User, "@") || p.login == "") {
		return p.email
	}
	return p.login
}

// newRegistrant makes up somebody of whom there is no second.
func newRegistrant(t *lr.Trial, like *lr.Account) registrant {
	c := t.Stage.Canary("")
	local, domain := "lr"+c[len(c)-16:], "example.com"
	if _, d, ok := strings.Cut(like.User, "@"); ok {
		domain = d
	}
	return registrant{email: local + "@" + domain, login: local, password: "Lr8!" + c[len(c)-20:]}
}

// registration is the body of a sign-up: what the stage built, and besides a
// user name, an address and a password wherever the schema has one, since many
// specifications say of none that it is required. Without a schema, the body is
// that of the sign-in, which takes the same words.
func registration(ctx context.Context, t *lr.Trial, rt *lr.Route, like *lr.Account, body map[string]any) (map[string]any, registrant, error) {
	p := newRegistrant(t, like)
	if rt.Body != nil && rt.Body.Schema != nil && len(rt.Body.Schema.Properties) > 0 {
		complete(rt.Body.Schema, body, p, 0)
		return body, registrantIn(body), nil
	}
	in, err := t.Cast.SignInRequest(ctx, like, p.user(like), lr.NewSecret(p.password))
	if err != nil {
		return nil, registrant{}, err
	}
	body = fieldsOf(in)
	inner := inside(body)
	for _, name := range []string{"username", "email"} {
		if fieldOf(inner, name) == "" {
			inner[name] = map[string]string{"username": p.login, "email": p.email}[name]
		}
	}
	return body, registrantIn(body), nil
}

// complete fills the fields of the schema that name a person, nested ones too,
// where the body does not.
func complete(sc *lr.Schema, body map[string]any, p registrant, depth int) {
	for name, prop := range sc.Properties {
		if len(prop.Properties) > 0 && depth < 3 {
			inner, ok := body[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
			}
			if complete(prop, inner, p, depth+1); len(inner) > 0 {
				body[name] = inner
			}
			continue
		}
		means := personal(name)
		// Addresses below a reserved name (RFC 2606) are often refused: the accounts'
		// own domain is one that the target takes.
		if v, ok := body[name].(string); ok && v != "" && means != "email" || prop.ReadOnly {
			continue
		}
		switch means {
		case "email":
			body[name] = p.email
		case "login":
			body[name] = p.login
		case "password":
			body[name] = p.password
		}
	}
}

// registrantIn reads from a body whom it names. A password that is asked for twice
// is made the same.
func registrantIn(body map[string]any) registrant {
	var p registrant
	objects(body, func(m map[string]any) {
		for k, v := range m {
			s, ok := v.(string)
			if !ok || s == "" {
				continue
			}
			switch personal(k) {
			case "email":
				p.email = s
			case "login":
				p.login = s
			case "password":
				if p.password == "" {
					p.password = s
				}
				m[k] = p.password
			}
		}
	})
	return p
}

// personal tells which of the three a field's name means, "" for none.
func personal(name string) string {
	switch n := plainName(name); {
	case strings.Contains(n, "password"), n == "passwd", n == "pwd", n == "pass", n == "secret":
		return "password"
	case strings.HasSuffix(n, "email"), n == "mail", n == "emailaddress":
		return "email"
	case n == "username", n == "login", n == "user", n == "handle", n == "nickname", n == "loginname":
		return "login"
	}
	return ""
}

// inside is where the fields of a body about a user stand: in the object that
// wraps them all, {"user": {…}}, or in the body itself.
func inside(body map[string]any) map[string]any {
	if len(body) != 1 {
		return body
	}
	for name, v := range body {
		m, ok := v.(map[string]any)
		if !ok {
			return body
		}
		switch plainName(name) {
		case "user", "account", "profile", "me", "member", "data", "attributes", "person", "customer", "employee", "registration", "input", "payload":
			return inside(m)
		}
	}
	return body
}
