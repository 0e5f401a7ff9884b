package auth

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"github.com/launchready/launchready/guard"
)

// assertionHeader tells the application who asks. A caller's own is always taken away.
const assertionHeader = "X-Guard-Assertion"

// lasts is how long an assertion is valid: as long as a request may take to arrive.
const lasts = 30 * time.Second

// Assertion signs who asks, as a JSON Web Token. Secret is for HS256, Key for EdDSA;
// one of the two is set.
type Assertion struct {
	Audience string
	Secret   []byte
	Key      ed25519.PrivateKey
}

// sign writes the token by hand: it is made for every request.
func (a *Assertion) sign(who *guard.Principal, id string, now time.Time) string {
	alg := "HS256"
	if a.Key != nil {
		alg = "EdDSA"
	}
	b := make([]byte, 0, 512)
	b = base64.RawURLEncoding.AppendEncode(b, []byte(`{"alg":"`+alg+`","typ":"JWT"}`))
	b = append(b, '.')
	c := make([]byte, 0, 256)
	c = append(c, `{"iss":"launchready-guard","aud":`...)
	c = quoted(c, a.Audience)
	c = append(c, `,"sub":`...)
	c = quoted(c, who.Subject)
	c = append(c, `,"tenant":`...)
	c = quoted(c, who.Tenant)
	c = append(c, `,"roles":[`...)
	for i, r := range who.Roles {
		if i > 0 {
			c = append(c, ',')
		}
		c = quoted(c, r)
	}
	c = append(c, `],"jti":`...)
	c = quoted(c, id)
	c = append(c, `,"iat":`...)
	c = strconv.AppendInt(c, now.Unix(), 10)
	c = append(c, `,"exp":`...)
	c = strconv.AppendInt(c, now.Add(lasts).Unix(), 10)
	c = append(c, '}')
	b = base64.RawURLEncoding.AppendEncode(b, c)
	var sig []byte
	if a.Key != nil {
		sig = ed25519.Sign(a.Key, b)
	} else {
		m := hmac.New(sha256.New, a.Secret)
		m.Write(b)
		sig = m.Sum(nil)
	}
	b = append(b, '.')
	return string(base64.RawURLEncoding.AppendEncode(b, sig))
}

func quoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			j, err := json.Marshal(s)
			if err != nil {
				j = []byte(`""`)
			}
			return append(b, j...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
