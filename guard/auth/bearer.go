package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/launchready/launchready/guard"
)

// Bearer is a token that the application issues and judges itself, in a header: one
// signed with a secret of its own, or one that only its database can read. Guard
// verifies the signature where it is given the secret, and asks the application who
// is signed in where it knows whom to ask. It does one of them, or both.
type Bearer struct {
	Header, Scheme string // Authorization and Bearer are the usual ones; a header of the application's own has no scheme
	Secret         []byte // of HS256, HS384 and HS512; nil: the application's judgement alone counts
	Algorithms     []string
	WhoAmI         // no URL: the members are claims of the token
}

// value is what the header holds, which is not to come twice.
func (b *Bearer) value(h http.Header) (value, token string, err error) {
	values := h[b.Header]
	if len(values) == 0 {
		return "", "", errors.New("no credential")
	}
	if b.Scheme == "" {
		token = values[0]
	} else if scheme, rest, ok := strings.Cut(values[0], " "); ok && strings.EqualFold(scheme, b.Scheme) {
		token = rest
	}
	if len(values) != 1 || len(values[0]) > 16<<10 || token == "" || strings.ContainsAny(token, " ,\t") {
		return "", "", errors.New("a credential that cannot be read")
	}
	return values[0], token, nil
}

// there reports that the header comes, whatever it holds.
func (b *Bearer) there(h http.Header) bool { return b != nil && len(h[b.Header]) > 0 }

// shown reports a token, which must hold wherever it is.
func (b *Bearer) shown(h http.Header) bool {
	if b == nil {
		return false
	}
	for _, v := range h[b.Header] {
		scheme, _, _ := strings.Cut(v, " ")
		if b.Scheme == "" || strings.EqualFold(scheme, b.Scheme) {
			return true
		}
	}
	return false
}

// verify gives who it is, and until when that may be believed.
func (b *Bearer) verify(ctx context.Context, value, token string, now time.Time) (*guard.Principal, time.Time, error) {
	no := func(err error) (*guard.Principal, time.Time, error) { return nil, time.Time{}, err }
	until := now.Add(fresh)
	var claims any
	if len(b.Secret) > 0 {
		var err error
		var exp time.Time
		if claims, exp, err = b.signed(token, now); err != nil {
			return no(err)
		}
		if exp.Before(until) {
			until = exp
		}
	}
	if b.URL == "" {
		who, err := b.read(claims)
		return who, until, err
	}
	who, err := b.ask(ctx, b.Header, value)
	if soon := now.Add(b.Cache); soon.Before(until) {
		until = soon
	}
	return who, until, err
}

// signed verifies a JSON Web Token with the shared secret. What the application did
// not write into it, an issuer or an audience, is not asked: nobody else has the secret.
func (b *Bearer) signed(token string, now time.Time) (any, time.Time, error) {
	no := func(reason string) (any, time.Time, error) { return nil, time.Time{}, errors.New(reason) }
	m, err := jws.ParseString(token)
	if err != nil || len(m.Signatures()) != 1 {
		return no("the token cannot be parsed")
	}
	alg, _ := m.Signatures()[0].ProtectedHeaders().Algorithm()
	if !slices.Contains(b.Algorithms, alg.String()) || !slices.Contains(shared(), alg) {
		return no("the token's algorithm is not one of the policy's")
	}
	payload, err := jws.Verify([]byte(token), jws.WithKey(alg, b.Secret))
	if err != nil {
		return no("the signature of the token is wrong")
	}
	claims, err := whole(payload)
	if err != nil {
		return no("the token holds no claims")
	}
	exp, ok := seconds(member(claims, "exp"))
	if !ok || !now.Before(exp) {
		return no("the token has expired, or never does")
	}
	if nbf, ok := seconds(member(claims, "nbf")); ok && now.Before(nbf) {
		return no("the token is not valid yet")
	}
	return claims, exp, nil
}

func shared() []jwa.SignatureAlgorithm {
	return []jwa.SignatureAlgorithm{jwa.HS256(), jwa.HS384(), jwa.HS512()}
}

// seconds reads a NumericDate (RFC 7519 section 2).
func seconds(v any) (time.Time, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := n.Float64()
	if err != nil || f < 0 || f > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0), true
}
