package signin

import (
	"context"
	"errors"
	"fmt"

	lr "github.com/launchready/launchready"
)

// ErrNoSignOut says that the configuration names no request that signs out.
var ErrNoSignOut = errors.New("no sign_out request is configured")

// refresh sends the refresh request with the credential's refresh token.
func (c *Cast) refresh(ctx context.Context, s *session, cred lr.Credential) (granted, *lr.Exchange, error) {
	var r *lr.Request
	call := s.m.Refresh
	switch {
	case call != nil && (!cred.Refresh.IsZero() || !call.uses("$refresh")):
		var err error
		if r, err = call.request(s.vars(cred.Refresh, cred.Token)); err != nil {
			return granted{}, nil, err
		}
		if !call.uses("$refresh") { // the token travels in a cookie, or the old credential renews itself
			with := cred
			if len(s.cookies) > 0 {
				with.Cookie = map[string]lr.Secret{}
				for k, v := range s.cookies {
					with.Cookie[k] = lr.NewSecret(v)
				}
			}
			r.Credential = &with
		}
	case call == nil && s.m.Kind == OAuth2 && !cred.Refresh.IsZero():
		r = s.tokenRequest(&cred.Refresh)
	default:
		return granted{}, nil, fmt.Errorf("identity %s: %w", s.id.Name, lr.ErrNoRefresh)
	}
	for k, v := range s.id.Extra {
		r.SetHeader(k, v)
	}
	r.Note = "refresh " + s.id.Name
	r.Route = &lr.Route{Method: r.Method, Path: plain(r.Path), Kind: lr.Refresh, Source: "configuration"}
	x, err := c.o.HTTP.Private(ctx, s.account, r)
	if err != nil {
		return granted{}, nil, err
	}
	if !x.OK() {
		return granted{}, x, nil
	}
	m := *s.m
	t, err := m.read(x, c.o.Now(), nil)
	if err != nil { // a refresh may answer in another shape than the sign-in
		m.Token, m.RefreshToken, m.Expires = "", "", ""
		if t, err = m.read(x, c.o.Now(), nil); err != nil {
			return granted{}, x, c.refusal(x, err.Error())
		}
	}
	if t.refresh == "" { // RFC 6749, 6: the old one stays when no new one comes
		t.refresh = cred.Refresh.Reveal()
	}
	return c.grant(s, x, t), x, nil
}

// Refresh implements [lr.Cast]. The exchange has its secrets masked. When the
// target answers and grants nothing the account is nil and the error too.
func (c *Cast) Refresh(ctx context.Context, a *lr.Account) (*lr.Account, *lr.Exchange, error) {
	s := c.find(a)
	if s == nil {
		return nil, nil, fmt.Errorf("identity %s: %w", a.Name, lr.ErrNoRefresh)
	}
	kept := c.kept(a) != nil
	cred := a.Credential
	if kept {
		if err := s.lock(ctx); err != nil {
			return nil, nil, err
		}
		defer s.unlock()
		cred = s.cred
	}
	got, x, err := c.refresh(ctx, s, cred)
	if x != nil {
		x = c.o.HTTP.RedactExchange(x)
	}
	if errors.Is(err, errRefused) {
		err = nil
	}
	if err != nil || got.cred.IsZero() {
		return nil, x, err
	}
	if kept {
		s.take(got, c.o.Now())
	}
	return c.copyOf(a, s, got.cred), x, nil
}

// SignOut ends the account's session with the configured request.
func (c *Cast) SignOut(ctx context.Context, a *lr.Account) (*lr.Exchange, error) {
	s := c.find(a)
	if s == nil || s.m.SignOut == nil {
		return nil, fmt.Errorf("identity %s: %w", a.Name, ErrNoSignOut)
	}
	r, err := s.m.SignOut.request(s.vars(a.Credential.Refresh, a.Credential.Token))
	if err != nil {
		return nil, err
	}
	cred := a.Credential
	r.Credential, r.Note = &cred, "sign out "+s.id.Name
	r.Route = &lr.Route{Method: r.Method, Path: plain(r.Path), Kind: lr.SignOut, Source: "configuration"}
	return c.o.HTTP.Do(ctx, a, r)
}

// copyOf is an account like a with another credential, which nothing renews: a
// check that ends its session must see it ended.
func (c *Cast) copyOf(a *lr.Account, s *session, cred lr.Credential) *lr.Account {
	b := *a
	b.Credential = cred
	c.remember(&b, s)
	return &b
}

// Session implements [lr.Cast]. The copy is not renewed: a check that ends its
// session sees it ended.
func (c *Cast) Session(ctx context.Context, a *lr.Account) (*lr.Account, error) {
	s := c.find(a)
	if s == nil || !s.signsIn() {
		return nil, fmt.Errorf("identity %s: another session: %w", a.Name, lr.ErrNoSignIn)
	}
	got, err := c.login(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("identity %s: another session: %w", a.Name, err)
	}
	return c.copyOf(a, s, got.cred), nil
}

// SignInRequest implements [lr.Cast]. An empty user and a zero password stand
// for the account's own.
func (c *Cast) SignInRequest(ctx context.Context, a *lr.Account, user string, password lr.Secret) (*lr.Request, error) {
	s := c.find(a)
	if s == nil || (s.m.Kind == OAuth2 && s.m.OAuth.Grant != "password") {
		return nil, fmt.Errorf("identity %s: %w", a.Name, lr.ErrNoSignIn)
	}
	if user == "" {
		user = s.id.User
	}
	if password.IsZero() {
		password = s.id.Password
	}
	r, err := c.signInRequest(ctx, s, user, password)
	if err != nil {
		return nil, err
	}
	if r.Credential == nil {
		r.Credential = &lr.Credential{}
	}
	return r, nil
}

// Accept implements [lr.Cast].
func (c *Cast) Accept(a *lr.Account, x *lr.Exchange) (*lr.Account, error) {
	s := c.find(a)
	if s == nil {
		return nil, fmt.Errorf("identity %s: %w", a.Name, lr.ErrNoSignIn)
	}
	got, err := c.accept(s, x, nil)
	if err != nil {
		return nil, fmt.Errorf("identity %s: %w", a.Name, err)
	}
	return c.copyOf(a, s, got.cred), nil
}
