// Package auth asks every route for a credential that is verified, unless the policy
// names it public: a JSON Web Token signed by a key of the identity provider, a token
// that the provider is asked about, a key that guard issued, or a session or a token
// of the application, which is asked about it. Webhooks are verified by their signature. Who asks is told to the
// application in an assertion that guard signs.
package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/launchready/launchready/guard"
)

// Options say whose credentials count. At least one of Keys, Introspect, APIKeys,
// Session and Bearer makes a route reachable that is not public.
type Options struct {
	Issuer, Audience string
	Algorithms       []string // asymmetric ones; none: RS256
	Tenant, Roles    string   // names of claims
	Keys             *Keys
	Introspect       *Introspection
	APIKeys          *APIKeys
	Session          *Session
	Bearer           *Bearer // beside Keys and Introspect in another header only
	Assert           *Assertion
	Presented        bool // a bearer token counts on public routes too: a wrong one is refused
	Now              func() time.Time
	Wall             func() time.Time // the machine's clock, by which others judge what guard signs; nil: Now
}

// later is the later of both clocks: where one was set a moment ago, what has begun by
// either has begun. What ends, ends by Now.
func (o *Options) later(now time.Time) time.Time {
	if w := o.Wall(); w.After(now) {
		return w
	}
	return now
}

// Check verifies the credential and the roles that the route wants.
type Check struct {
	o Options

	mu   sync.Mutex
	seen map[[32]byte]verified
}

type verified struct {
	who         *guard.Principal
	from, until time.Time
}

const (
	remember = 10_000           // verified credentials
	fresh    = 60 * time.Second // how long one is believed without another look
)

// New makes the check.
func New(o Options) *Check {
	if len(o.Algorithms) == 0 {
		o.Algorithms = []string{"RS256"}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wall == nil {
		o.Wall = o.Now
	}
	return &Check{o: o, seen: map[[32]byte]verified{}}
}

// Name is the protection's.
func (*Check) Name() string { return "auth" }

// Needs the route, which says whether it is public.
func (*Check) Needs() guard.Need { return guard.NeedRoute }

// Gives who asks.
func (*Check) Gives() guard.Need { return guard.NeedClaims }

func deny(status int, reason string) *guard.Denial {
	return &guard.Denial{Status: status, Reason: reason}
}

// Check denies by default.
func (c *Check) Check(x *guard.Exchange) *guard.Denial {
	h := x.Request.Header
	values := h[authorization]
	session := ""
	if c.o.Session != nil {
		var ok bool
		if session, ok = c.o.Session.cookie(h); !ok {
			return deny(http.StatusUnauthorized, "the session's cookie comes twice")
		}
		// A stranger's page makes the browser send the cookie to public routes, too.
		if session != "" && !c.o.Session.ownPage(x.Request) {
			return deny(http.StatusForbidden, "a page of another origin uses the session")
		}
	}
	if x.Route.Public && (!c.o.Presented || !shown(values) && !c.o.Bearer.shown(h)) {
		c.o.APIKeys.hide(h)
		return nil
	}
	who, err := c.who(x, values, session)
	if err != nil {
		return refused(err)
	}
	x.Who = who
	if len(x.Route.Roles) > 0 && !slices.ContainsFunc(who.Roles, func(r string) bool { return slices.Contains(x.Route.Roles, r) }) {
		return deny(http.StatusForbidden, "the caller has none of the route's roles")
	}
	if c.o.Assert != nil {
		h[assertionHeader] = []string{c.o.Assert.sign(who, x.ID, c.o.Wall())}
	}
	return nil
}

func refused(err error) *guard.Denial {
	var down *Down
	if errors.As(err, &down) { // neither a refusal of the caller nor a way in
		d := deny(http.StatusServiceUnavailable, "the identity provider does not answer")
		d.Retry = 5 * time.Second
		return d
	}
	return deny(http.StatusUnauthorized, err.Error())
}

// who verifies the one credential that counts, and takes away what the application
// could read as another.
func (c *Check) who(x *guard.Exchange, values []string, session string) (*guard.Principal, error) {
	h := x.Request.Header
	if k := c.o.APIKeys; k != nil {
		if keys := h[k.Header]; len(keys) > 0 {
			if len(keys) > 1 || len(values) > 0 || c.o.Bearer.there(h) {
				return nil, errors.New("two credentials")
			}
			delete(h, k.Header) // it is guard's, and nobody else is to see it
			c.o.Session.remove(h)
			return k.find(keys[0], c.o.Now())
		}
	}
	if b := c.o.Bearer; b.there(h) && (b.Header != authorization || !c.issued(values)) {
		if b.Header != authorization && len(values) > 0 {
			return nil, errors.New("two credentials")
		}
		value, token, err := b.value(h)
		if err != nil {
			return nil, err
		}
		c.o.Session.remove(h)
		return c.cached('b', value, fresh, func(now time.Time) (*guard.Principal, time.Time, error) {
			return b.verify(x.Request.Context(), value, token, now)
		})
	}
	if len(values) == 0 && session != "" {
		return c.cached('s', session, c.o.Session.Cache, func(now time.Time) (*guard.Principal, time.Time, error) {
			who, err := c.o.Session.ask(x.Request.Context(), "Cookie", c.o.Session.Cookie+"="+session)
			return who, now.Add(c.o.Session.Cache), err
		})
	}
	token, ok := bearer(values)
	if !ok {
		return nil, errors.New("no credential, or one that cannot be read")
	}
	c.o.Session.remove(h)
	switch {
	case c.issued(values):
		delete(h, authorization)
		return c.o.APIKeys.find(token, c.o.Now())
	case c.o.Keys != nil && (c.o.Introspect == nil || strings.Count(token, ".") == 2):
		return c.cached('j', token, fresh, func(now time.Time) (*guard.Principal, time.Time, error) {
			return c.verify(x.Request.Context(), token, now)
		})
	case c.o.Introspect != nil:
		return c.cached('o', token, c.o.Introspect.Cache, func(now time.Time) (*guard.Principal, time.Time, error) {
			return c.o.Introspect.ask(x.Request.Context(), token, &c.o, now)
		})
	}
	return nil, errors.New("a kind of token that the policy does not take")
}

// cached believes what was verified for a while, and never longer than it may be.
// What was refused is not remembered.
func (c *Check) cached(kind byte, credential string, most time.Duration, look func(now time.Time) (*guard.Principal, time.Time, error)) (*guard.Principal, error) {
	var room [1 << 10]byte // which most tokens fit in
	sum, now := sha256.Sum256(append(append(room[:0], kind, 0), credential...)), c.o.Now()
	c.mu.Lock()
	v, ok := c.seen[sum]
	c.mu.Unlock()
	if ok && now.Before(v.until) && !now.Before(v.from) { // a clock that was set back verifies again
		return v.who, nil
	}
	who, until, err := look(now)
	if err != nil {
		return nil, err
	}
	if soon := now.Add(most); soon.Before(until) {
		until = soon
	}
	if !now.Before(until) {
		return who, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) >= remember {
		clear(c.seen)
	}
	c.seen[sum] = verified{who, now, until}
	return who, nil
}

// shown reports a credential that must hold wherever it is: a JSON Web Token, or
// what is too short to be any. Others, as an application's own keys, are for the
// application to judge.
func shown(values []string) bool {
	if len(values) > 1 {
		return true
	}
	for _, v := range values {
		scheme, token, _ := strings.Cut(strings.TrimSpace(v), " ")
		if strings.EqualFold(scheme, "Bearer") && (len(token) < shortest || strings.Count(token, ".") >= 2) {
			return true
		}
	}
	return false
}

const (
	shortest      = 12 // of keys that somebody might issue
	authorization = "Authorization"
)

// issued reports a key that guard issued, which may come as a bearer token too.
func (c *Check) issued(values []string) bool {
	token, ok := bearer(values)
	return ok && c.o.APIKeys != nil && strings.HasPrefix(token, KeyPrefix)
}

// bearer takes one token: two headers are two readings.
func bearer(values []string) (string, bool) {
	if len(values) != 1 || len(values[0]) > 16<<10 {
		return "", false
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != "" && !strings.ContainsAny(token, " ,\t")
}

// outside is the context of a question to somebody else. A caller that leaves must
// not make the other look down to the next one.
func outside(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}
