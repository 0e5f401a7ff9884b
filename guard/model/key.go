package model

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"

	lr "github.com/launchready/launchready"
)

// Key is a virtual key: what the application holds in place of a provider's. Only
// its hash is known here.
type Key struct {
	Name   string
	Hash   [sha256.Size]byte
	Tenant string   // of all requests with it; empty where Signed
	Roles  []string // likewise
	Signed bool     // who asks is told by the signed header, which must be there

	Essential bool // it is served in a lock-down as well
}

// Context is the header by which an application that serves many tenants says for
// whom it asks: the short assertion that guard's front signed for it (a JSON Web Token
// with HS256), which it passes on as it came.
type Context struct {
	Header   string // default X-Guard-Assertion
	Audience string // that the assertion must be for; "": any
	Key      lr.Secret
}

// DefaultContextHeader carries the assertion, and contextIssuer wrote it.
const (
	DefaultContextHeader = "X-Guard-Assertion"
	contextIssuer        = "launchready-guard"
)

// longestContext is how far from now an assertion may end, on either side: it is of one
// request, is signed for the seconds in which that arrives, and the application may ask
// the model until it has answered.
const longestContext = 10 * time.Minute

// Caller is for whom a request is made.
type Caller struct {
	Key     string // the name of the virtual key
	Tenant  string
	Subject string
	Roles   []string
	Signed  bool   // a signed header told the tenant, the subject and the roles
	Request string // at guard's front, that the header was signed for; "" where it names none

	essential bool
}

// has reports one of the roles; an empty list asks for none.
func (c *Caller) has(roles []string) bool {
	return len(roles) == 0 || slices.ContainsFunc(c.Roles, func(r string) bool { return slices.Contains(roles, r) })
}

var errKey = errors.New("no key, or more than one")

// presented is the one key of a request: in Authorization, or in x-api-key as
// Anthropic's libraries send it.
func presented(h http.Header) (string, error) {
	auth, own := h.Values("Authorization"), h.Values("X-Api-Key")
	switch {
	case len(auth)+len(own) != 1:
		return "", errKey
	case len(own) == 1:
		return own[0], nil
	}
	scheme, key, ok := strings.Cut(auth[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || key == "" {
		return "", errKey
	}
	return key, nil
}

// requestID is an id as guard's front makes them. What is named otherwise is none of
// its requests.
var requestID = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// caller tells who asks, or why nobody does. Who it is comes from the key and the
// signed header alone, never from a body.
func (o *Options) caller(h http.Header, now time.Time) (*Caller, *Denial) {
	refused := deny(http.StatusUnauthorized, "invalid_api_key", "The key is not one that guard has issued. The application must use its virtual key, not a provider's.")
	key, err := presented(h)
	if err != nil {
		return nil, refused.because(err.Error())
	}
	k, ok := o.keys[sha256.Sum256([]byte(key))] // of a hash: how long it takes tells nothing of the key
	if !ok {
		return nil, refused.because("unknown virtual key")
	}
	c := &Caller{Key: k.Name, Tenant: k.Tenant, Roles: k.Roles, essential: k.Essential}
	if !k.Signed {
		return c, nil
	}
	refused = deny(http.StatusUnauthorized, "invalid_context", "The request must carry the signed header "+o.Context.Header+" as the application got it from guard.")
	values := h.Values(o.Context.Header)
	if len(values) != 1 || o.Context.Key.IsZero() {
		return nil, refused.because("no signed header, or more than one")
	}
	options := []jwt.ParseOption{jwt.WithKey(jwa.HS256(), []byte(o.Context.Key.Reveal())), jwt.WithValidate(true), jwt.WithRequiredClaim("exp"), jwt.WithIssuer(contextIssuer),
		jwt.WithAcceptableSkew(longestContext), jwt.WithClock(jwt.ClockFunc(func() time.Time { return now }))}
	if o.Context.Audience != "" {
		options = append(options, jwt.WithAudience(o.Context.Audience))
	}
	t, err := jwt.ParseString(values[0], options...)
	if err != nil {
		return nil, refused.because("the signed header does not hold")
	}
	if exp, _ := t.Expiration(); exp.Sub(now) > longestContext {
		return nil, refused.because("the signed header is good for longer than one request takes")
	}
	c.Signed = true
	c.Subject, _ = t.Subject()
	if id, _ := t.JwtID(); requestID.MatchString(id) {
		c.Request = id
	}
	if t.Get("tenant", &c.Tenant) != nil || c.Tenant == "" {
		return nil, refused.because("the signed header names no tenant")
	}
	c.Roles = nil
	var list []any
	if t.Has("roles") {
		if t.Get("roles", &list) != nil {
			return nil, refused.because("the roles of the signed header are no list")
		}
		for _, v := range list {
			if s, ok := v.(string); ok {
				c.Roles = append(c.Roles, s)
			}
		}
	}
	return c, nil
}
