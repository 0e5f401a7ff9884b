package demo

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

const victimMail = "admin@globex.test"

// reads reports whether the credential reads the profile of the user.
func (w *world) reads(c caller, email string) bool {
	a := w.do(c, "GET", "/v1/me", nil)
	return a.Status == 200 && strings.Contains(a.Body, email)
}

func bearer(token string) caller { return caller{header: "Authorization", value: "Bearer " + token} }

func (c caller) token() string { return strings.TrimPrefix(c.value, "Bearer ") }

func part(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// victimClaims are the caller's own claims with the victim's identity laid over.
func (w *world) victimClaims(c caller) map[string]any {
	w.t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(c.token(), ".")[1])
	if err != nil {
		w.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(b, &claims); err != nil {
		w.t.Fatal(err)
	}
	v := w.as(victimMail)
	claims["sub"], claims["tid"] = v.ID, v.TenantID
	return claims
}

// forged signs the victim's claims with a key of the attacker's.
func (w *world) forged(claims any, alg jwa.SignatureAlgorithm, key any, header map[string]any) string {
	w.t.Helper()
	b, err := json.Marshal(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	h := jws.NewHeaders()
	for k, v := range header {
		if err := h.Set(k, v); err != nil {
			w.t.Fatal(err)
		}
	}
	out, err := jws.Sign(b, jws.WithKey(alg, key, jws.WithProtectedHeaders(h)))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(out)
}

func (w *world) attackerKey() (*rsa.PrivateKey, jwk.Key) {
	w.t.Helper()
	priv, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		w.t.Fatal(err)
	}
	pub, err := jwk.Import(&priv.PublicKey)
	if err != nil {
		w.t.Fatal(err)
	}
	return priv, pub
}

var tokenFlaws = map[string]symptom{
	"auth/expired-token": func(w *world) bool {
		a := w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": "member@acme.test", "password": w.s.Password("member@acme.test"), "expires_in": 1}).want(200)
		c := bearer(a.str("access_token"))
		if !w.reads(c, "member@acme.test") {
			w.t.Error("a token that has not expired is refused")
		}
		w.forward(2 * time.Second)
		return w.reads(c, "member@acme.test")
	},
	"auth/token-signature": func(w *world) bool {
		c := w.as("member@acme.test")
		parts := strings.Split(c.token(), ".")
		parts[1] = part(w.t, w.victimClaims(c))
		if w.reads(bearer(strings.Join(parts, ".")), victimMail) {
			w.t.Error("the current key verifies anything")
		}
		parts[0] = part(w.t, map[string]any{"alg": "RS256", "typ": "JWT", "kid": "rotated"})
		return w.reads(bearer(strings.Join(parts, ".")), victimMail)
	},
	"auth/alg-none": func(w *world) bool {
		c := w.as("member@acme.test")
		hits := 0
		for _, alg := range []string{"none", "None", "NONE", "nOnE"} {
			if w.reads(bearer(part(w.t, map[string]any{"alg": alg, "typ": "JWT"})+"."+part(w.t, w.victimClaims(c))+"."), victimMail) {
				hits++
			}
		}
		return hits == 4
	},
	"auth/alg-confusion": func(w *world) bool {
		c := w.as("member@acme.test")
		set, err := jwk.Parse([]byte(w.do(anon, "GET", "/.well-known/jwks.json", nil).want(200).Body))
		if err != nil {
			w.t.Fatal(err)
		}
		pem, err := jwk.Pem(set)
		if err != nil {
			w.t.Fatal(err)
		}
		return w.reads(bearer(w.forged(w.victimClaims(c), jwa.HS256(), pem, nil)), victimMail)
	},
	"auth/weak-token-secret": func(w *world) bool {
		c := w.as("member@acme.test")
		_, err := jws.Verify([]byte(c.token()), jws.WithKey(jwa.HS256(), []byte("secret")))
		read := w.reads(bearer(w.forged(w.victimClaims(c), jwa.HS256(), []byte("secret"), nil)), victimMail)
		if read != (err == nil) {
			w.t.Errorf("own token cracks: %v, forged token reads: %v", err == nil, read)
		}
		return read
	},
	"auth/token-key-header": func(w *world) bool {
		c := w.as("member@acme.test")
		priv, pub := w.attackerKey()
		inside := w.reads(bearer(w.forged(w.victimClaims(c), jwa.RS256(), priv, map[string]any{"jwk": pub})), victimMail)
		set := jwk.NewSet()
		if err := set.AddKey(pub); err != nil {
			w.t.Fatal(err)
		}
		hits := 0
		own := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			hits++
			json.NewEncoder(rw).Encode(set) //nolint:errcheck // the test fails by its verdict
		}))
		defer own.Close()
		behind := w.reads(bearer(w.forged(w.victimClaims(c), jwa.RS256(), priv, map[string]any{"jku": own.URL})), victimMail)
		if inside != behind || behind != (hits > 0) {
			w.t.Errorf("jwk accepted: %v, jku accepted: %v after %d fetches", inside, behind, hits)
		}
		return inside && behind
	},
	"auth/token-audience": func(w *world) bool {
		return w.reads(bearer(w.as("member@acme.test").Refresh), "member@acme.test")
	},
}

// TestTokensOfOthers has what no verifier, however flawed, may take: tokens
// with keys and issuers that no switch speaks of.
func TestTokensOfOthers(t *testing.T) {
	w := start(t)
	c := w.as("member@acme.test")
	priv, _ := w.attackerKey()
	own := w.victimClaims(c)
	foreign := map[string]any{}
	for k, v := range own {
		foreign[k] = v
	}
	foreign["iss"] = "https://elsewhere.test"
	sign := func(claims any) string {
		return w.forged(claims, jwa.RS256(), w.s.tokens.key, map[string]any{"kid": w.s.tokens.kid})
	}
	if !w.reads(bearer(sign(own)), victimMail) {
		t.Fatal("a token signed with the server's key is refused: the cases below would prove nothing")
	}
	for name, token := range map[string]string{
		"another issuer":     sign(foreign),
		"another key":        w.forged(own, jwa.RS256(), priv, map[string]any{"kid": w.s.tokens.kid}),
		"an unknown kid":     w.forged(own, jwa.RS256(), w.s.tokens.key, map[string]any{"kid": "other"}),
		"another algorithm":  w.forged(own, jwa.RS512(), w.s.tokens.key, map[string]any{"kid": w.s.tokens.kid}),
		"claims of a list":   sign([]string{"sub"}),
		"two parts":          strings.Join(strings.Split(c.token(), ".")[:2], "."),
		"no base64":          "%%%.%%%.%%%",
		"an unknown session": sign(map[string]any{"iss": issuer, "aud": audienceAPI, "sub": own["sub"], "tid": own["tid"], "sid": "ses_none", "exp": own["exp"]}),
	} {
		t.Run(name, func(t *testing.T) {
			w.do(bearer(token), "GET", "/v1/me", nil).want(401).lacks("globex")
		})
	}
}
