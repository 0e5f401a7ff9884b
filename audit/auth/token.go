package auth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// jwt is a JSON Web Token in compact form (RFC 7515, 3.1), taken apart.
type jwt struct {
	raw    [3]string
	header map[string]any
	claims map[string]any
}

// parseJWT takes a signed compact token apart. It verifies nothing.
func parseJWT(s string) (jwt, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return jwt{}, false
	}
	j := jwt{raw: [3]string(parts)}
	if !decodePart(parts[0], &j.header) || !decodePart(parts[1], &j.claims) || j.alg() == "" {
		return jwt{}, false
	}
	return j, true
}

func decodePart(s string, into *map[string]any) bool {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(into) == nil && *into != nil
}

func (j jwt) alg() string { a, _ := j.header["alg"].(string); return a }

// symmetric reports whether one secret both signs and verifies.
func (j jwt) symmetric() bool { return strings.HasPrefix(strings.ToUpper(j.alg()), "HS") }

// says is all text in the token, decoded.
func (j jwt) says() string {
	h, _ := json.Marshal(j.header)
	c, _ := json.Marshal(j.claims)
	return string(h) + "\n" + string(c)
}

// input is what a signature covers, with header fields changed; nil removes one.
func (j jwt) input(change map[string]any) string {
	h := make(map[string]any, len(j.header)+len(change))
	for k, v := range j.header {
		h[k] = v
	}
	for k, v := range change {
		if v == nil {
			delete(h, k)
		} else {
			h[k] = v
		}
	}
	b, err := json.Marshal(h)
	if err != nil {
		return j.raw[0] + "." + j.raw[1]
	}
	return b64(b) + "." + j.raw[1]
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// turned is the token with one bit of its signature turned. It turns a bit of
// the first byte: the last character of base64url has padding bits, which a
// lenient decoder ignores.
func (j jwt) turned() (string, bool) {
	sig, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(j.raw[2], "="))
	if err != nil || len(sig) == 0 {
		return "", false
	}
	sig[0] ^= 1
	return j.raw[0] + "." + j.raw[1] + "." + b64(sig), true
}

func hashOf(alg string) (func() hash.Hash, bool) {
	switch strings.ToUpper(alg) {
	case "HS256":
		return sha256.New, true
	case "HS384":
		return sha512.New384, true
	case "HS512":
		return sha512.New, true
	}
	return nil, false
}

// mac signs the input with a shared secret (RFC 7518, 3.2).
func mac(alg, input string, key []byte) string {
	h, ok := hashOf(alg)
	if !ok {
		h = sha256.New
	}
	m := hmac.New(h, key)
	m.Write([]byte(input))
	return input + "." + b64(m.Sum(nil))
}

// rs256 signs the input with an RSA key (RFC 7518, 3.3).
func rs256(input string, key *rsa.PrivateKey) (string, error) {
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return input + "." + b64(sig), nil
}

// holder finds an account whose token is a JWT, and a session of its own for it
// where there is a way.
func holder(ctx context.Context, t *lr.Trial) (victim, me *lr.Account, own jwt, err error) {
	for _, v := range oracle.Victims(t.Target) {
		if _, ok := tokenOf(credentialOf(v)); !ok {
			continue
		}
		me, err := session(ctx, t, v)
		if err != nil {
			return nil, nil, jwt{}, err
		}
		if j, ok := tokenOf(credentialOf(me)); ok {
			return v, me, j, nil
		}
	}
	return nil, nil, jwt{}, nil
}

// session signs the account in once more, or else answers the account itself.
func session(ctx context.Context, t *lr.Trial, a *lr.Account) (*lr.Account, error) {
	s, err := t.Cast.Session(ctx, a)
	if err != nil {
		return a, ended(ctx, err)
	}
	return s, nil
}

// tokenOf is the JWT that a credential carries, if it does.
func tokenOf(c lr.Credential) (jwt, bool) {
	if !c.Token.IsZero() {
		return parseJWT(c.Token.Reveal())
	}
	for _, m := range []map[string]lr.Secret{c.Header, c.Cookie, c.Query} {
		for _, s := range m {
			v := s.Reveal()
			if i := strings.LastIndexByte(v, ' '); i >= 0 {
				v = v[i+1:]
			}
			if j, ok := parseJWT(v); ok {
				return j, true
			}
		}
	}
	return jwt{}, false
}

const (
	noJWT    = "the accounts' credentials are not JSON Web Tokens"
	noGuard  = "no route shows its caller something telling and refuses everyone else, so a forged token could not be told from a right one"
	fewHeads = 6 // routes that a forged token is tried on: verifiers are shared
)

// tamper asks a bounded set of guarded routes with forged tokens. forge makes
// them from an account's own token; without any it says why.
func tamper(ctx context.Context, t *lr.Trial, fault string, forge func(me *lr.Account, own jwt) (forgeries []forgery, why string, err error)) error {
	_, err := tampered(ctx, t, fault, forge)
	return err
}

// tampered also reports whether the forgeries were judged.
func tampered(ctx context.Context, t *lr.Trial, fault string, forge func(me *lr.Account, own jwt) (forgeries []forgery, why string, err error)) (decided bool, err error) {
	victim, me, own, err := holder(ctx, t)
	if err != nil {
		return false, err
	}
	if victim == nil {
		t.NotApplicable(noJWT)
		return false, nil
	}
	forgeries, why, err := forge(me, own)
	if err != nil {
		return false, err
	}
	if len(forgeries) == 0 {
		t.Unknown(application, "%s", why)
		return false, nil
	}
	probes, err := guarded(ctx, t, victim, fewHeads)
	if err != nil {
		return false, err
	}
	if len(probes) == 0 {
		t.Unknown(application, noGuard)
		return false, nil
	}
	// A dead token is refused however it is forged.
	live := credentialOf(me)
	j, err := offer(ctx, t, probes[0], forgery{how: "live token", credential: live})
	if err != nil {
		return false, err
	}
	if j.Verdict != lr.Failed {
		t.Unknown(application, "the account's own token was not accepted by %s just now (%s), so a refusal of a forged one would prove nothing", probes[0].Route, j.Reason)
		return false, nil
	}
	for i := range forgeries {
		forgeries[i].decides = "auth/token-signature"
	}
	y, err := try(ctx, t, probes, forgeries)
	if err != nil {
		return false, err
	}
	if y.all(lr.Skipped) {
		t.NotApplicable("tokens are accepted without the trick as well, so no signature is looked at: see auth/token-signature")
		return false, nil
	}
	y.report(t, 1, fault)
	return true, nil
}

// forged is a forgery of the account's credential.
func forged(me *lr.Account, own jwt, how, token string) forgery {
	return forgery{how: how, credential: spoiled(credentialOf(me), token), says: own.says()}
}
