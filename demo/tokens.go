package demo

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

const (
	issuer          = "https://harbor.test"
	audienceAPI     = "harbor-api"
	audienceRefresh = "harbor-refresh"
	accessLife      = 15 * time.Minute
	refreshLife     = 30 * 24 * time.Hour
)

// claims is what a token says. Tenant and session are Harbor's own.
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	Tenant   string `json:"tid"`
	Role     string `json:"role,omitempty"`
	Session  string `json:"sid"`
	ID       string `json:"jti"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// Why a token is refused. A caller learns only that it was.
var (
	errMalformed = errors.New("token cannot be parsed")
	errAlgorithm = errors.New("token has an algorithm that is not ours")
	errKey       = errors.New("token brings a key that is not ours")
	errRotated   = errors.New("token names a key that is not ours any more")
	errSignature = errors.New("token has a wrong signature")
	errClaims    = errors.New("token is for another issuer or audience")
	errExpired   = errors.New("token has expired")
)

// tokens signs and verifies JSON Web Tokens with RS256.
type tokens struct {
	flaws  flawSet
	now    func() time.Time
	key    *rsa.PrivateKey
	kid    string
	public []byte // the JWK set
	pem    []byte

	mu   sync.Mutex
	seen map[[32]byte]claims // tokens whose signature was verified; all else is asked each time
}

func newTokens(key *rsa.PrivateKey, flaws flawSet, now func() time.Time) (*tokens, error) {
	t := &tokens{key: key, flaws: flaws, now: now, seen: map[[32]byte]claims{}}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	t.pem = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	sum := sha256.Sum256(der)
	t.kid = base64.RawURLEncoding.EncodeToString(sum[:9])
	pub, err := jwk.Import(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("encode public key: %w", err)
	}
	set := jwk.NewSet()
	for name, v := range map[string]any{jwk.KeyIDKey: t.kid, jwk.AlgorithmKey: jwa.RS256(), jwk.KeyUsageKey: "sig"} {
		if err := pub.Set(name, v); err != nil {
			return nil, fmt.Errorf("describe public key: %w", err)
		}
	}
	if err := set.AddKey(pub); err != nil {
		return nil, fmt.Errorf("describe public key: %w", err)
	}
	t.public, err = json.Marshal(set)
	return t, err
}

// sign issues a token.
func (t *tokens) sign(c claims) (string, error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	h := jws.NewHeaders()
	if err := errors.Join(h.Set(jws.TypeKey, "JWT"), h.Set(jws.KeyIDKey, t.kid)); err != nil {
		return "", err
	}
	var alg jwa.SignatureAlgorithm = jwa.RS256()
	var key any = t.key
	if t.flaws.Has("auth/weak-token-secret") {
		alg, key = jwa.HS256(), []byte("secret")
	}
	b, err := jws.Sign(payload, jws.WithKey(alg, key, jws.WithProtectedHeaders(h)))
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return string(b), nil
}

// verify reads a token that is signed by us, for us, and has not expired.
func (t *tokens) verify(token, audience string) (claims, error) {
	c, err := t.open(token)
	if err != nil {
		return claims{}, err
	}
	if c.Issuer != issuer {
		return claims{}, errClaims
	}
	if c.Audience != audience && !t.flaws.Has("auth/token-audience") {
		return claims{}, errClaims
	}
	if t.now().Unix() >= c.Expires && !t.flaws.Has("auth/expired-token") {
		return claims{}, errExpired
	}
	return c, nil
}

// open checks the signature and decodes the claims.
func (t *tokens) open(token string) (claims, error) {
	sum := sha256.Sum256([]byte(token))
	t.mu.Lock()
	c, ok := t.seen[sum]
	t.mu.Unlock()
	if ok {
		return c, nil
	}
	payload, err := t.payload([]byte(token))
	if err != nil {
		return claims{}, err
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return claims{}, errMalformed
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.seen) >= 4096 {
		clear(t.seen)
	}
	t.seen[sum] = c
	return c, nil
}

// tokenHeader is the part of a token's header that chooses the key.
type tokenHeader struct {
	Alg string          `json:"alg"`
	Kid string          `json:"kid"`
	JWK json.RawMessage `json:"jwk"`
	JKU string          `json:"jku"`
}

func (t *tokens) payload(token []byte) ([]byte, error) {
	parts := bytes.Split(token, []byte("."))
	if len(parts) != 3 {
		return nil, errMalformed
	}
	var h tokenHeader
	raw, err := base64.RawURLEncoding.DecodeString(string(parts[0]))
	if err != nil || json.Unmarshal(raw, &h) != nil {
		return nil, errMalformed
	}
	body, err := base64.RawURLEncoding.DecodeString(string(parts[1]))
	if err != nil {
		return nil, errMalformed
	}
	if strings.EqualFold(h.Alg, "none") && t.flaws.Has("auth/alg-none") {
		return body, nil
	}
	alg, keys, err := t.keysFor(h)
	if errors.Is(err, errRotated) && t.flaws.Has("auth/token-signature") {
		return body, nil // valid tokens of the old key are around for an hour
	}
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if _, err := jws.Verify(token, jws.WithKey(alg, key)); err == nil {
			return body, nil
		}
	}
	return nil, errSignature
}

// keysFor chooses algorithm and keys. Ours decide, never the token's (RFC 8725, 3.1).
func (t *tokens) keysFor(h tokenHeader) (jwa.SignatureAlgorithm, []any, error) {
	if len(h.JWK) > 0 || h.JKU != "" {
		if t.flaws.Has("auth/token-key-header") {
			alg, key, err := t.broughtKey(h)
			return alg, []any{key}, err
		}
		return jwa.RS256(), nil, errKey
	}
	if h.Kid != t.kid && h.Kid != "" {
		return jwa.RS256(), nil, errRotated
	}
	if h.Alg == "HS256" {
		if secrets := t.secrets(); len(secrets) > 0 {
			return jwa.HS256(), secrets, nil
		}
	}
	switch {
	case h.Alg != "RS256":
		return jwa.RS256(), nil, errAlgorithm
	case h.Kid != t.kid:
		return jwa.RS256(), nil, errRotated
	}
	return jwa.RS256(), []any{&t.key.PublicKey}, nil
}

// secrets are the shared secrets that HS256 is verified with.
func (t *tokens) secrets() []any {
	var out []any
	if t.flaws.Has("auth/weak-token-secret") {
		out = append(out, []byte("secret"))
	}
	if t.flaws.Has("auth/alg-confusion") {
		out = append(out, t.pem)
	}
	return out
}
