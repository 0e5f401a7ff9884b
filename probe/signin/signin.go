// Package signin signs identities in to the target and keeps them signed in. A
// [Cast] knows how each identity becomes a credential: by a request template, a
// form with its CSRF field, OAuth 2.0, HTTP basic, or a credential that the
// owner gave. It notices credentials that die during a run and renews each once,
// however many requests found out.
package signin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

// ErrSignedOut says that an identity's credential is dead and that it could not
// be signed in again. What it was asked for is unknown; the target is not lost.
var ErrSignedOut = errors.New("the identity is no longer signed in")

// HTTP is what a Cast sends with; a *probe.Client is one.
type HTTP interface {
	lr.Client
	// Private sends a request whose reply holds credentials.
	Private(ctx context.Context, as *lr.Account, r *lr.Request) (*lr.Exchange, error)
	// Mask keeps secrets out of records.
	Mask(secrets ...lr.Secret)
	// Redact replaces known secrets in text.
	Redact(s string) string
	// RedactExchange is a copy with known secrets replaced everywhere.
	RedactExchange(x *lr.Exchange) *lr.Exchange
	// Base is the URL that paths are below.
	Base() *url.URL
}

var _ HTTP = (*probe.Client)(nil)

// SpareMaker makes a user of the application with the name, role, user and
// password wanted, in the tenant wanted, as an account of that tenant can. It
// returns the identity as it came to be; an error wrapping lr.ErrNoSpare when
// the application has no such route.
type SpareMaker func(ctx context.Context, want Identity) (Identity, error)

// Options configure a Cast. HTTP and Identities are needed.
type Options struct {
	HTTP       HTTP
	Method     *Method // how identities without a method of their own sign in
	Identities []Identity
	WhoAmI     string // "GET /me", for identities that name none
	SignUp     *Call  // makes a new tenant with its first user
	Members    SpareMaker
	Planned    time.Duration // how long the run is meant to last
	Run        string        // id of the run, in the names of spare identities
	MailDomain string        // of spare users; "" means example.com, which RFC 2606 keeps free

	Now    func() time.Time // nil means time.Now
	Random func() string    // 128 bits as text; nil means crypto/rand
	Log    *slog.Logger
}

// Cast implements [lr.Cast] and [probe.Sessions]. It is safe for concurrent use.
type Cast struct {
	o     Options
	order []*session

	mu      sync.Mutex
	of      map[*lr.Account]*session // kept alive: the accounts of the configuration
	known   map[*lr.Account]*session // and the copies and spares, which are not
	taken   map[string]bool          // declared spares that were given away
	spares  int
	witness Witness // of sign-ups; nil: nobody records them
}

var (
	_ lr.Cast        = (*Cast)(nil)
	_ probe.Sessions = (*Cast)(nil)
)

// New makes a cast. It checks that every identity can sign in as far as the
// configuration tells, and sends nothing.
func New(o Options) (*Cast, error) {
	if o.HTTP == nil {
		return nil, errors.New("signin: no client to sign in with")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = random
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MailDomain == "" {
		o.MailDomain = "example.com"
	}
	c := &Cast{o: o, of: map[*lr.Account]*session{}, known: map[*lr.Account]*session{}, taken: map[string]bool{}}
	seen := map[string]bool{}
	for _, id := range o.Identities {
		if id.Name == "" || seen[id.Name] {
			return nil, fmt.Errorf("signin: identity %q: names must be given and differ", id.Name)
		}
		seen[id.Name] = true
		if id.Spare {
			if _, err := c.plan(id); err != nil {
				return nil, err
			}
			continue
		}
		s, err := c.newSession(id)
		if err != nil {
			return nil, err
		}
		c.order = append(c.order, s)
		c.of[s.account], c.known[s.account] = s, s
	}
	if o.SignUp != nil {
		if err := o.SignUp.check(); err != nil {
			return nil, fmt.Errorf("signin: sign_up: %w", err)
		}
	}
	return c, nil
}

// SetMembers gives the way to make members, which comes from the target's
// surface and so after the cast.
func (c *Cast) SetMembers(m SpareMaker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.o.Members = m
}

// SetWhoAmI gives the route that tells who the caller is to the identities that
// name none. It comes before the accounts sign in.
func (c *Cast) SetWhoAmI(request string) error {
	rt, err := route(request, lr.WhoAmI)
	if err != nil {
		return err
	}
	c.o.WhoAmI = request
	for _, s := range c.order {
		if s.account.WhoAmI == nil {
			s.account.WhoAmI = rt
		}
	}
	return nil
}

// Accounts are the declared identities in order, spares left out. Their
// credentials are there after Preflight.
func (c *Cast) Accounts() []*lr.Account {
	out := make([]*lr.Account, len(c.order))
	for i, s := range c.order {
		out[i] = s.account
	}
	return out
}

// Password implements [lr.Cast].
func (c *Cast) Password(a *lr.Account) lr.Secret {
	if s := c.find(a); s != nil {
		return s.id.Password
	}
	return lr.Secret{}
}

// find is the session of an account, or of a copy of it, by name.
func (c *Cast) find(a *lr.Account) *session {
	if a == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.known[a]; s != nil {
		return s
	}
	for known, s := range c.known {
		if known.Name == a.Name {
			return s
		}
	}
	return nil
}

// kept is the session that keeps exactly this account signed in, or nil.
func (c *Cast) kept(a *lr.Account) *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[a]
}

func (c *Cast) remember(a *lr.Account, s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[a] = s
}

// route reads "GET /me".
func route(request string, kind lr.Kind) (*lr.Route, error) {
	method, path, err := splitRequest(request)
	if err != nil {
		return nil, err
	}
	return &lr.Route{Method: method, Path: path, Kind: kind, Source: "configuration"}, nil
}

func splitRequest(s string) (method, path string, err error) {
	method, path, ok := strings.Cut(strings.TrimSpace(s), " ")
	path = strings.TrimSpace(path)
	if !ok || path == "" || strings.ToUpper(method) != method || strings.ContainsAny(path, " \t") ||
		!(strings.HasPrefix(path, "/") || strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://")) {
		return "", "", fmt.Errorf("request %q is not like \"POST /path\"", s)
	}
	return method, path, nil
}
