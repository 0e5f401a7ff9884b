package draft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	lr "github.com/launchready/launchready"
)

// Post sends a body and returns status and reply.
type Post func(ctx context.Context, path, contentType string, body []byte) (status int, reply []byte, err error)

// ErrNoSignUp says that the description holds no request that makes a user.
var ErrNoSignUp = errors.New("the API's description names no sign-up request that takes a password")

// CanSignUp reports whether the description holds a request that makes a user.
func (f Facts) CanSignUp() bool {
	rt := pick(f.Routes, lr.SignUp)
	return rt != nil && callOf(rt).has("$password")
}

// SignUp makes one user in each of two new tenants. domain is that of their
// addresses; random gives passwords and names that nobody has yet.
func (f Facts) SignUp(ctx context.Context, post Post, domain string, random func() string) ([]Account, error) {
	rt := pick(f.Routes, lr.SignUp)
	if rt == nil || !callOf(rt).has("$password") {
		return nil, ErrNoSignUp
	}
	c := callOf(rt)
	var out []Account
	for _, tenant := range []string{"acme", "globex"} {
		tag := random()
		if len(tag) > 8 {
			tag = tag[:8]
		}
		a := Account{
			Tenant: tenant, Company: "Launch Ready " + tenant + " " + tag,
			User: "launchready-" + tenant + "-" + strings.ToLower(tag) + "@" + domain,
			// Upper, lower, digit and sign, for the rules that passwords must keep.
			Password: lr.NewSecret("Lr1-" + random()),
		}
		body, kind, err := c.body(a)
		if err != nil {
			return out, err
		}
		status, reply, err := post(ctx, rt.Path, kind, body)
		if err != nil {
			return out, fmt.Errorf("sign up %s: %w", tenant, err)
		}
		if status < 200 || status > 299 {
			return out, fmt.Errorf("sign up %s: %s answered %d: %s", tenant, c.Request, status, told(reply, a))
		}
		out = append(out, a)
	}
	return out, nil
}

// told is the start of a reply without the password that was sent.
func told(reply []byte, a Account) string {
	s := strings.ReplaceAll(string(reply), a.Password.Reveal(), "[secret]")
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}

func (c Call) body(a Account) (body []byte, kind string, err error) {
	values := map[string]any{}
	for _, f := range c.Fields {
		switch f.Value {
		case "$user":
			values[f.Name] = a.User
		case "$password":
			values[f.Name] = a.Password.Reveal()
		case "$tenant":
			values[f.Name] = a.Company
		case "$name":
			values[f.Name] = "Launch Ready"
		case "$role":
			values[f.Name] = "owner"
		default:
			var v any
			if err := yaml.Unmarshal([]byte(f.Value), &v); err != nil {
				return nil, "", fmt.Errorf("field %s of %s: %w", f.Name, c.Request, err)
			}
			values[f.Name] = v
		}
	}
	if c.Form {
		return form(values), "application/x-www-form-urlencoded", nil
	}
	b, err := json.Marshal(values)
	if err != nil {
		return nil, "", fmt.Errorf("write the body of %s: %w", c.Request, err)
	}
	return b, "application/json", nil
}
