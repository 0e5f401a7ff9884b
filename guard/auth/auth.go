// Package auth asks every route for a verified token, unless the policy names it
// public: a JSON Web Token signed by a key of the identity provider, with pinned
// algorithms, issuer, audience and expiry.
package auth

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/launchready/launchready/guard"
)

// Options say whose tokens count.
type Options struct {
	Issuer, Audience string
	Algorithms       []string // asymmetric ones; none: RS256
	Tenant, Roles    string   // names of claims
	Keys             *Keys
	Presented        bool // a bearer token counts on public routes too: a wrong one is refused
	Now              func() time.Time
}

// Check verifies the token and the roles that the route wants.
type Check struct {
	o Options

	mu   sync.Mutex
	seen map[[32]byte]verified
}

type verified struct {
	who   *guard.Principal
	until time.Time
}

const (
	remember = 10_000           // verified tokens
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
	values := x.Request.Header.Values("Authorization")
	if x.Route.Public && (!c.o.Presented || !shown(values)) {
		return nil
	}
	token, ok := bearer(values)
	if !ok {
		return deny(http.StatusUnauthorized, "no bearer token")
	}
	who, err := c.verify(x, token)
	var down *Down
	switch {
	case errors.As(err, &down): // neither a refusal of the caller nor a way in
		d := deny(http.StatusServiceUnavailable, "the identity provider does not answer")
		d.Retry = 5 * time.Second
		return d
	case err != nil:
		return deny(http.StatusUnauthorized, err.Error())
	}
	x.Who = who
	if len(x.Route.Roles) > 0 && !slices.ContainsFunc(who.Roles, func(r string) bool { return slices.Contains(x.Route.Roles, r) }) {
		return deny(http.StatusForbidden, "the caller has none of the route's roles")
	}
	return nil
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

const shortest = 12 // of keys that somebody might issue

// bearer takes one token: two headers are two readings.
func bearer(values []string) (string, bool) {
	if len(values) != 1 || len(values[0]) > 16<<10 {
		return "", false
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != "" && !strings.ContainsAny(token, " ,\t")
}

// verify tells why a token is refused in words that hold nothing of it.
func (c *Check) verify(x *guard.Exchange, token string) (*guard.Principal, error) {
	sum, now := sha256.Sum256([]byte(token)), c.o.Now()
	c.mu.Lock()
	v, ok := c.seen[sum]
	c.mu.Unlock()
	if ok && now.Before(v.until) {
		return v.who, nil
	}
	m, err := jws.ParseString(token)
	if err != nil || len(m.Signatures()) != 1 {
		return nil, errors.New("the token cannot be parsed")
	}
	h := m.Signatures()[0].ProtectedHeaders()
	alg, _ := h.Algorithm()
	if !slices.Contains(c.o.Algorithms, alg.String()) {
		return nil, errors.New("the token's algorithm is not one of the policy's")
	}
	kid, _ := h.KeyID()
	key, err := c.o.Keys.find(x.Request.Context(), kid, now)
	if err != nil {
		return nil, err
	}
	if of, ok := key.Algorithm(); ok && of.String() != alg.String() {
		return nil, errors.New("the key is for another algorithm")
	}
	t, err := jwt.ParseString(token, jwt.WithKey(alg, key), jwt.WithValidate(true), jwt.WithIssuer(c.o.Issuer), jwt.WithAudience(c.o.Audience),
		jwt.WithRequiredClaim("exp"), jwt.WithRequiredClaim("sub"), jwt.WithClock(jwt.ClockFunc(c.o.Now)))
	if err != nil {
		return nil, errors.New("the signature, the expiry, the issuer or the audience of the token is wrong")
	}
	who := &guard.Principal{Tenant: text(t, c.o.Tenant), Roles: list(t, c.o.Roles)}
	who.Subject, _ = t.Subject()
	until, _ := t.Expiration()
	if soon := now.Add(fresh); soon.Before(until) {
		until = soon
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) >= remember {
		clear(c.seen)
	}
	c.seen[sum] = verified{who, until}
	return who, nil
}

func text(t jwt.Token, claim string) string {
	var s string
	if claim == "" || t.Get(claim, &s) != nil {
		return ""
	}
	return s
}

func list(t jwt.Token, claim string) []string {
	var v any
	if claim == "" || t.Get(claim, &v) != nil {
		return nil
	}
	switch v := v.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}
