package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/launchready/launchready/guard"
)

// verify tells why a token is refused in words that hold nothing of it, and until
// when one that is right may be believed.
func (c *Check) verify(ctx context.Context, token string, now time.Time) (*guard.Principal, time.Time, error) {
	no := func(err error) (*guard.Principal, time.Time, error) { return nil, time.Time{}, err }
	m, err := jws.ParseString(token)
	if err != nil || len(m.Signatures()) != 1 {
		return no(errors.New("the token cannot be parsed"))
	}
	h := m.Signatures()[0].ProtectedHeaders()
	alg, _ := h.Algorithm()
	if !slices.Contains(c.o.Algorithms, alg.String()) {
		return no(errors.New("the token's algorithm is not one of the policy's"))
	}
	kid, _ := h.KeyID()
	key, err := c.o.Keys.find(ctx, kid, now)
	if err != nil {
		return no(err)
	}
	if of, ok := key.Algorithm(); ok && of.String() != alg.String() {
		return no(errors.New("the key is for another algorithm"))
	}
	t, err := jwt.ParseString(token, jwt.WithKey(alg, key), jwt.WithValidate(true), jwt.WithIssuer(c.o.Issuer), jwt.WithAudience(c.o.Audience),
		jwt.WithRequiredClaim("exp"), jwt.WithRequiredClaim("sub"), jwt.WithClock(jwt.ClockFunc(c.o.Now)), jwt.WithResetValidators(true), jwt.WithValidator(jwt.IsExpirationValid()), jwt.WithValidator(begun(c.o.later(now))))
	if err != nil {
		return no(errors.New("the signature, the expiry, the issuer or the audience of the token is wrong"))
	}
	who := &guard.Principal{Tenant: text(t, c.o.Tenant), Roles: list(t, c.o.Roles)}
	if who.Subject, _ = t.Subject(); who.Subject == "" { // limits, budgets and keys of callers without a name would be one
		return no(errors.New("the token is nobody's"))
	}
	until, _ := t.Expiration()
	return who, until, nil
}

// begun wants a token that is not of a time to come (nbf and iat of RFC 7519).
func begun(now time.Time) jwt.Validator {
	return jwt.ValidatorFunc(func(_ context.Context, t jwt.Token) error {
		now := now.Truncate(time.Second)
		nbf, _ := t.NotBefore()
		iat, _ := t.IssuedAt()
		if nbf.After(now) || iat.After(now) {
			return errors.New("the token is of a time to come")
		}
		return nil
	})
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
	return listed(v)
}

// listed reads a claim that holds words: a list, or one text with blanks.
func listed(v any) []string {
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
