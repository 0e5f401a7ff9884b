package signin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	lr "github.com/launchready/launchready"
)

// session is an identity and the state of its being signed in.
type session struct {
	id      Identity
	m       *Method
	account *lr.Account

	turn chan struct{} // held while signing in; a channel, so that waiting ends with ctx

	// guarded by turn
	cred    lr.Credential
	cookies map[string]string // what the sign-in set, for refreshes that travel in a cookie
	reply   any               // the sign-in's decoded reply, for identities without whoami
	at      time.Time         // when cred was given
	seen    time.Time         // when whoami was last asked and knew cred
	fails   int
	failed  time.Time
	dead    error
}

const (
	margin   = 30 * time.Second // renewed this long before expiry
	settled  = time.Minute      // without whoami, a credential this young is not doubted
	giveUp   = 3                // refused sign-ins in a row, lest the account be locked
	breather = 5 * time.Second  // between refused sign-ins
)

func (c *Cast) newSession(id Identity) (*session, error) {
	m, err := c.plan(id)
	if err != nil {
		return nil, err
	}
	s := &session{id: id, m: m, turn: make(chan struct{}, 1)}
	s.account = &lr.Account{Identity: id.Identity, TenantID: id.TenantID, UserID: id.UserID, Spare: id.Spare, Expired: id.Expired}
	who := id.WhoAmI
	if who == "" {
		who = c.o.WhoAmI
	}
	if who != "" {
		if s.account.WhoAmI, err = route(who, lr.WhoAmI); err != nil {
			return nil, fmt.Errorf("identity %s: whoami: %w", id.Name, err)
		}
	}
	c.o.HTTP.Mask(id.Password, id.Token, id.Refresh, id.ClientSecret, id.Expired)
	if m.OAuth != nil {
		c.o.HTTP.Mask(m.OAuth.ClientSecret)
	}
	for _, set := range []map[string]lr.Secret{id.Header, id.Cookie, id.Query} {
		for _, v := range set {
			c.o.HTTP.Mask(v, lr.NewSecret(bare(v.Reveal())))
		}
	}
	return s, nil
}

func (s *session) lock(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *session) unlock() { <-s.turn }

// signsIn reports whether a new session can be had by signing in.
func (s *session) signsIn() bool {
	return s.m.Kind == Template || s.m.Kind == Form || s.m.Kind == OAuth2
}

// renewable reports whether a new credential can be had.
func (s *session) renewable() bool {
	return s.signsIn() || (s.m.Kind == Given && s.m.Refresh != nil && !s.id.Refresh.IsZero())
}

// Credential implements [probe.Sessions].
func (c *Cast) Credential(ctx context.Context, a *lr.Account) (lr.Credential, error) {
	s := c.kept(a)
	if s == nil {
		return a.Credential, nil
	}
	if err := s.lock(ctx); err != nil {
		return lr.Credential{}, err
	}
	defer s.unlock()
	switch {
	case s.dead != nil:
		return lr.Credential{}, s.dead
	case s.at.IsZero():
		if err := c.renew(ctx, s); err != nil {
			return lr.Credential{}, err
		}
	case s.renewable() && s.expiring(c.o.Now()):
		if err := c.renew(ctx, s); err != nil {
			if !c.o.Now().Before(s.cred.Expires) {
				return lr.Credential{}, err
			}
			c.o.Log.Warn("early renewal", "identity", s.id.Name, "error", err)
		}
	}
	return s.cred, nil
}

// expiring reports that the end is near, measured by the credential's own
// lifetime where that is short.
func (s *session) expiring(now time.Time) bool {
	if s.cred.Expires.IsZero() {
		return false
	}
	return !now.Add(min(margin, s.cred.Expires.Sub(s.at)/4)).Before(s.cred.Expires)
}

// Renew implements [probe.Sessions]. Requests that find out at once wait for
// the first of them and take what it got.
func (c *Cast) Renew(ctx context.Context, a *lr.Account, used lr.Credential) (lr.Credential, error) {
	s := c.kept(a)
	if s == nil {
		return used, nil
	}
	since := c.o.Now()
	if err := s.lock(ctx); err != nil {
		return lr.Credential{}, err
	}
	defer s.unlock()
	if s.dead != nil {
		return lr.Credential{}, s.dead
	}
	if !same(s.cred, used) {
		return s.cred, nil
	}
	alive, why, err := c.alive(ctx, s, since)
	if err != nil || alive {
		return used, err
	}
	if !s.renewable() {
		s.dead = fmt.Errorf("identity %s: %w: %s, and a credential that the configuration gives cannot be renewed: give a fresh one", s.id.Name, ErrSignedOut, why)
		return lr.Credential{}, s.dead
	}
	if err := c.renew(ctx, s); err != nil {
		return lr.Credential{}, err
	}
	return s.cred, nil
}

// alive asks whoami about the credential, unless another request did since.
// Without whoami it judges by age.
func (c *Cast) alive(ctx context.Context, s *session, since time.Time) (alive bool, why string, err error) {
	now := c.o.Now()
	if s.account.WhoAmI == nil {
		if !s.cred.Expires.IsZero() && !now.Before(s.cred.Expires) {
			return false, "it has expired", nil
		}
		return now.Sub(s.at) < settled || !s.renewable(), "it was refused", nil
	}
	if s.seen.After(since) {
		return true, "", nil
	}
	x, err := c.whoami(ctx, s, s.cred)
	if err != nil {
		return false, "", err
	}
	if !x.OK() && !x.Denied() && x.Status != 419 && x.Status != 440 {
		return true, "", nil // 429 and 5xx say nothing of the credential
	}
	if !s.knows(x) {
		return false, fmt.Sprintf("%s answered %d", s.account.WhoAmI, x.Status), nil
	}
	s.seen = now
	return true, "", nil
}

// renew gets a new credential: by the refresh token, or else by signing in.
func (c *Cast) renew(ctx context.Context, s *session) error {
	if s.fails > 0 && c.o.Now().Sub(s.failed) < breather {
		return fmt.Errorf("identity %s: %w: its last sign-in failed moments ago", s.id.Name, ErrSignedOut)
	}
	if !s.at.IsZero() && (s.m.Refresh != nil || s.m.Kind == OAuth2 && !s.cred.Refresh.IsZero()) {
		got, x, err := c.refresh(ctx, s, s.cred)
		if err == nil && x.OK() && !got.cred.IsZero() {
			s.take(got, c.o.Now())
			return nil
		}
		if err != nil && !errors.Is(err, lr.ErrNoRefresh) && !errors.Is(err, errRefused) {
			return err
		}
	}
	if !s.signsIn() && !s.at.IsZero() { // what was given is dead, and so is its refresh token
		s.dead = fmt.Errorf("identity %s: %w: the configuration's token is dead and its refresh token was refused: give fresh ones", s.id.Name, ErrSignedOut)
		return s.dead
	}
	got, err := c.login(ctx, s)
	if err == nil {
		s.take(got, c.o.Now())
		return nil
	}
	if !errors.Is(err, errRefused) {
		return fmt.Errorf("identity %s: %w", s.id.Name, err)
	}
	s.fails++
	s.failed = c.o.Now()
	err = fmt.Errorf("identity %s: %w: %w", s.id.Name, ErrSignedOut, err)
	if s.fails >= giveUp {
		s.dead = err
	}
	return err
}

func (s *session) take(g granted, now time.Time) {
	s.cred, s.at, s.fails, s.seen = g.cred, now, 0, time.Time{}
	if len(g.cookies) > 0 {
		s.cookies = g.cookies
	}
	if g.reply != nil {
		s.reply = g.reply
	}
}

func same(a, b lr.Credential) bool {
	return maps.Equal(a.Header, b.Header) && maps.Equal(a.Cookie, b.Cookie) && maps.Equal(a.Query, b.Query)
}
