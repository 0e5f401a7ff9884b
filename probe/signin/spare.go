package signin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

// Spare implements [lr.Cast]. It takes a declared spare identity, or makes a
// member of the tenant, or, when no tenant is asked for, signs a new one up.
func (c *Cast) Spare(ctx context.Context, tenant, role string) (*lr.Account, error) {
	if id, ok := c.declared(tenant, role); ok {
		return c.spare(ctx, id, nil)
	}
	c.mu.Lock()
	members := c.o.Members
	c.mu.Unlock()
	if tenant != "" && members != nil {
		id, err := members(ctx, c.fresh(tenant, role))
		if err == nil {
			return c.spare(ctx, id, nil)
		}
		if !errors.Is(err, lr.ErrNoSpare) {
			return nil, fmt.Errorf("make a member of %s: %w", tenant, err)
		}
	}
	if tenant == "" && c.o.SignUp != nil {
		return c.signUp(ctx, role)
	}
	return nil, lr.ErrNoSpare
}

// declared takes the first spare identity of the configuration that fits and
// was not given away.
func (c *Cast) declared(tenant, role string) (Identity, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range c.o.Identities {
		if id.Spare && !c.taken[id.Name] && (tenant == "" || id.Tenant == tenant) && (role == "" || strings.EqualFold(id.Role, role)) {
			c.taken[id.Name] = true
			return id, true
		}
	}
	return Identity{}, false
}

// fresh is an identity that does not exist yet, with what others of the tenant
// send beside their credential.
func (c *Cast) fresh(tenant, role string) Identity {
	c.mu.Lock()
	c.spares++
	n := c.spares
	c.mu.Unlock()
	tag := strings.ToLower(c.o.Random())
	name := "lr-" + strconv.Itoa(n) + "-" + tag[:min(10, len(tag))]
	id := Identity{
		Identity: lr.Identity{Name: name, Tenant: tenant, Role: role, User: name + "@" + c.o.MailDomain},
		Password: lr.NewSecret("Aa1!" + c.o.Random()), // every usual rule of classes is met
		Spare:    true,
	}
	for _, s := range c.order {
		if s.signsIn() && (tenant == "" || s.id.Tenant == tenant) {
			id.Method, id.WhoAmI = s.id.Method, s.id.WhoAmI
			if tenant != "" {
				id.Vars, id.Extra = s.id.Vars, s.id.Extra
			}
			break
		}
	}
	login := strings.ReplaceAll(name, "-", "")
	email := login + "@" + c.o.MailDomain
	if c.plainLogins() {
		id.User = login
	} else {
		email = id.User
	}
	vars := map[string]string{"login": login, "email": email, "phone": "+1555" + digits(tag, 7)}
	maps.Copy(vars, id.Vars)
	id.Vars = vars
	c.o.HTTP.Mask(id.Password)
	return id
}

// plainLogins reports whether the declared identities sign in with names that
// are no addresses: new users must then have such a name too.
func (c *Cast) plainLogins() bool {
	named := false
	for _, s := range c.order {
		if strings.Contains(s.id.User, "@") {
			return false
		}
		named = named || s.id.User != ""
	}
	return named
}

// digits is n decimal digits drawn from a random text: numbers must often be unique.
func digits(random string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0'
		if i < len(random) {
			b[i] += random[i] % 10
		}
	}
	return string(b)
}

// spare signs an identity in, or takes what its sign-up already gave.
func (c *Cast) spare(ctx context.Context, id Identity, got *granted) (*lr.Account, error) {
	id.Spare = true
	s, err := c.newSession(id)
	if err != nil {
		return nil, fmt.Errorf("spare: %w", err)
	}
	if got == nil {
		g, err := c.login(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("spare %s: %w", id.Name, err)
		}
		got = &g
	}
	s.take(*got, c.o.Now())
	s.account.Credential = s.cred
	var who any
	if s.account.WhoAmI != nil {
		x, err := c.whoami(ctx, s, s.cred)
		if err != nil {
			return nil, err
		}
		if !x.OK() {
			return nil, fmt.Errorf("spare %s: %s answered %d to its fresh credential", id.Name, s.account.WhoAmI, x.Status)
		}
		who, _ = decode(x.Body)
	}
	s.learn(who)
	c.remember(s.account, s)
	return s.account, nil
}

// Witness is told of a sign-up before it is sent, and by what it returns
// whether a user was made. An error stops the sign-up.
type Witness func(ctx context.Context, login, request string) (after func(ctx context.Context, made bool) error, err error)

// SetWitness gives who records sign-ups; it comes before the first spare.
func (c *Cast) SetWitness(w Witness) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.witness = w
}

func (c *Cast) signingUp(ctx context.Context, login string, r *lr.Request) (func(context.Context, bool) error, error) {
	c.mu.Lock()
	w := c.witness
	c.mu.Unlock()
	if w == nil {
		return func(context.Context, bool) error { return nil }, nil
	}
	return w(ctx, login, r.Route.String())
}

// signUp makes a tenant with its first user.
func (c *Cast) signUp(ctx context.Context, role string) (*lr.Account, error) {
	id := c.fresh("", role)
	id.Tenant = id.Name
	s, err := c.newSession(id)
	if err != nil {
		return nil, fmt.Errorf("sign up: %w", err)
	}
	r, err := c.o.SignUp.request(s.vars(lr.Secret{}, lr.Secret{}))
	if err != nil {
		return nil, fmt.Errorf("sign up: %w", err)
	}
	r.Note = "sign up " + id.Name
	r.Route = &lr.Route{Method: r.Method, Path: plain(r.Path), Kind: lr.SignUp, Source: "configuration"}
	after, err := c.signingUp(ctx, id.User, r)
	if err != nil {
		return nil, fmt.Errorf("sign up: %w", err)
	}
	x, err := c.o.HTTP.Private(ctx, s.account, r)
	if err != nil {
		return nil, fmt.Errorf("sign up: %w", err)
	}
	// The answer stands whatever became of the run meanwhile.
	if err := after(context.WithoutCancel(ctx), x.OK()); err != nil {
		return nil, fmt.Errorf("sign up: %w", err)
	}
	if !x.OK() {
		return nil, fmt.Errorf("sign up: %w", c.refusal(x, ""))
	}
	if s.m.Kind == Template { // many sign-ups sign in at once
		if g, err := c.accept(s, x, nil); err == nil && !g.cred.Token.IsZero() {
			if a, err := c.spare(ctx, id, &g); err == nil {
				return withAddress(a, r, id.Vars["email"]), nil
			}
		}
	}
	a, err := c.spare(ctx, id, nil)
	if err != nil {
		return nil, err
	}
	return withAddress(a, r, id.Vars["email"]), nil
}

// withAddress adds the address that the account signed up with to what is known
// of it, where the target does not tell it back.
func withAddress(a *lr.Account, r *lr.Request, email string) *lr.Account {
	sent := bytes.Contains(r.Body, []byte(email)) || bytes.Contains(r.Body, []byte(url.QueryEscape(email))) // in JSON or a form
	if _, told := a.Known["email"]; !told && a.Known != nil && sent {
		a.Known["email"] = email
	}
	return a
}
