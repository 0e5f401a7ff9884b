package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// known is the token of RFC 7515, A.1: HS256, and its key there.
const known = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
	".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
	".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

const knownKey = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"

func TestParseJWT(t *testing.T) {
	for _, c := range []struct {
		name, token, alg string
		ok               bool
	}{
		{"RFC 7515, A.1", known, "HS256", true},
		{"padded", strings.Replace(known, ".eyJpc3", "=.eyJpc3", 1), "HS256", true},
		{"two parts", "a.b", "", false},
		{"four parts", known + ".x", "", false},
		{"opaque with dots", "v1.9f8a7c.2b3d", "", false},
		{"header without alg", b64([]byte(`{"typ":"JWT"}`)) + "." + b64([]byte(`{}`)) + ".x", "", false},
		{"claims are a list", b64([]byte(`{"alg":"HS256"}`)) + "." + b64([]byte(`[]`)) + ".x", "", false},
		{"claims are null", b64([]byte(`{"alg":"HS256"}`)) + "." + b64([]byte(`null`)) + ".x", "", false},
		{"empty", "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, ok := parseJWT(c.token)
			if ok != c.ok || j.alg() != c.alg {
				t.Errorf("got %v %q, want %v %q", ok, j.alg(), c.ok, c.alg)
			}
		})
	}
}

func TestMACOfRFC7515(t *testing.T) {
	key, err := base64.RawURLEncoding.DecodeString(knownKey)
	if err != nil {
		t.Fatal(err)
	}
	input := known[:strings.LastIndexByte(known, '.')]
	if got := mac("HS256", input, key); got != known {
		t.Errorf("got %s, want %s", got, known)
	}
	if got := mac("HS512", input, key); got == known || len(got) <= len(known) {
		t.Errorf("HS512 gave %s", got)
	}
}

func TestForgeriesKeepWhatTheyMust(t *testing.T) {
	j, _ := parseJWT(known)
	turned, ok := j.turned()
	if !ok || turned == known {
		t.Fatalf("turned: %v %s", ok, turned)
	}
	if !strings.HasPrefix(turned, j.raw[0]+"."+j.raw[1]+".") {
		t.Error("turning changed more than the signature")
	}
	// Decoded, the signatures differ: a change in padding bits alone would not.
	a, _ := base64.RawURLEncoding.DecodeString(j.raw[2])
	b, err := base64.RawURLEncoding.DecodeString(turned[strings.LastIndexByte(turned, '.')+1:])
	if err != nil || slices.Equal(a, b) {
		t.Errorf("decoded signatures are equal, or: %v", err)
	}
	d, ok := j.disguised()
	if k, parsed := parseJWT(d); !ok || !parsed || k.raw[2] != j.raw[2] || k.raw[1] == j.raw[1] || k.claims["iss"] != "joe" {
		t.Errorf("disguised: %s", d)
	}
	if n, ok := parseJWT(j.input(map[string]any{"alg": "none", "typ": nil}) + "."); !ok || n.alg() != "none" || n.header["typ"] != nil || n.raw[1] != j.raw[1] {
		t.Errorf("input: %v", n.header)
	}
	if _, ok := (jwt{raw: [3]string{"a", "b", ""}}).turned(); ok {
		t.Error("an empty signature was turned")
	}
	if exp, ok := j.time("exp"); !ok || exp.Unix() != 1300819380 {
		t.Errorf("exp is %v %v", exp, ok)
	}
	for _, claims := range []string{`{"exp":"soon"}`, `{"exp":1e300}`, `{"exp":-5}`, `{}`} {
		k, _ := parseJWT(b64([]byte(`{"alg":"HS256"}`)) + "." + b64([]byte(claims)) + ".x")
		if at, ok := k.time("exp"); ok {
			t.Errorf("%s: exp is %v", claims, at)
		}
	}
}

func TestGuess(t *testing.T) {
	words := candidates(&lr.Target{Product: "Acme Assist"})
	for _, c := range []struct {
		secret string
		found  bool
	}{
		{"secret", true}, {"your-256-bit-secret", true}, {"keyboard cat", true}, {"", true}, {"acme-assist-secret", true}, {"acmeassist", true},
		{"kq8Zt0v1pQf5w2LxJr7Ns4YbHd9Ga3Ce", false},
	} {
		for _, alg := range []string{"HS256", "HS384", "HS512"} {
			token := mac(alg, b64([]byte(`{"alg":"`+alg+`"}`))+"."+b64([]byte(`{"sub":"1"}`)), []byte(c.secret))
			j, ok := parseJWT(token)
			if !ok {
				t.Fatal(token)
			}
			n := guess(j, words)
			if (n >= 0) != c.found || n >= 0 && words[n] != c.secret {
				t.Errorf("%s with %q: index %d, want found %v", alg, c.secret, n, c.found)
			}
		}
	}
	if len(words) < 200 {
		t.Errorf("only %d words", len(words))
	}
}

func TestSpoiled(t *testing.T) {
	bearer := lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer abc")}, Token: lr.NewSecret("abc")}
	given := lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Token abc"), "X-Key": lr.NewSecret("k")}, Cookie: map[string]lr.Secret{"sid": lr.NewSecret("s")}}
	for _, c := range []struct {
		name, place, got, want string
	}{
		{"known token", "Authorization", spoiled(bearer, "null").Header["Authorization"].Reveal(), "Bearer null"},
		{"empty", "Authorization", spoiled(bearer, "").Header["Authorization"].Reveal(), "Bearer "},
		{"whole header with a scheme", "Authorization", spoiled(given, "x").Header["Authorization"].Reveal(), "Token x"},
		{"whole header", "X-Key", spoiled(given, "x").Header["X-Key"].Reveal(), "x"},
		{"cookie", "sid", spoiled(given, "x").Cookie["sid"].Reveal(), "x"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.name, c.place, c.got, c.want)
		}
	}
	if given.Cookie["sid"].Reveal() != "s" || bearer.Header["Authorization"].Reveal() != "Bearer abc" {
		t.Error("the credential itself was changed")
	}
}

func TestParseKeySet(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // made to be read, not to sign
	if err != nil {
		t.Fatal(err)
	}
	own, err := json.Marshal(publicJWK(&key.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	// RFC 7517, A.1 and RFC 8037, A.2.
	ec := `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}`
	okp := `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	for _, c := range []struct {
		name, set string
		forms     []int // of each key
	}{
		{"RSA in two encodings", `{"keys":[` + string(own) + `]}`, []int{6}},
		{"EC and OKP", `{"keys":[` + ec + `,` + okp + `]}`, []int{3, 3}},
		{"a point off the curve", `{"keys":[` + strings.Replace(ec, `"x":"MK`, `"x":"MQ`, 1) + `]}`, nil},
		{"symmetric", `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`, nil},
		{"short modulus", `{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`, nil},
		{"not a set", `{"kty":"RSA"}`, nil},
		{"html", `<html>`, nil},
		{"empty", ``, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys := parseKeySet([]byte(c.set))
			var got []int
			for _, k := range keys {
				got = append(got, len(k.forms))
				for _, f := range k.forms {
					if len(f.bytes) == 0 {
						t.Errorf("form %s is empty", f.name)
					}
				}
			}
			if !slices.Equal(got, c.forms) {
				t.Errorf("got forms %v, want %v", got, c.forms)
			}
		})
	}
}

func TestExpiredTokensAreFound(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	token := func(exp string) lr.Secret {
		return lr.NewSecret(b64([]byte(`{"alg":"RS256"}`)) + "." + b64([]byte(`{"exp":`+exp+`}`)) + ".c2ln")
	}
	for _, c := range []struct {
		name    string
		expired lr.Secret
		since   time.Duration
		why     string
	}{
		{"an hour ago", token("1799996400"), time.Hour, ""},
		{"a second ago", token("1799999999"), time.Second, ""},
		{"not yet", token("1800000060"), 0, "has not expired"},
		{"opaque", lr.NewSecret("opaque-token"), leeway, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &lr.Account{Identity: lr.Identity{Name: "acme_member", Tenant: "acme"}, Expired: c.expired,
				Credential: lr.Credential{Header: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer t")}, Token: lr.NewSecret("t")}}
			e, why, err := findExpired(t.Context(), &lr.Trial{Target: &lr.Target{Accounts: []*lr.Account{a}}, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			if c.why != "" {
				if e != nil || !strings.Contains(why, c.why) {
					t.Errorf("got %v %q, want %q", e, why, c.why)
				}
				return
			}
			if e == nil || e.since != c.since {
				t.Fatalf("got %+v, want since %v", e, c.since)
			}
			if got := e.credential.Header["Authorization"].Reveal(); got != "Bearer "+c.expired.Reveal() {
				t.Error("the expired token is not in the credential's place")
			}
		})
	}
}

func FuzzParseJWT(f *testing.F) {
	f.Add(known)
	f.Add("a.b.c")
	f.Add(shapedNonsense)
	f.Add("..")
	f.Fuzz(func(t *testing.T, s string) {
		j, ok := parseJWT(s)
		if !ok {
			return
		}
		if strings.Join(j.raw[:], ".") != s {
			t.Errorf("%q was changed", s)
		}
		if strings.Count(j.input(map[string]any{"alg": "none"}), ".") != 1 {
			t.Errorf("the signing input of %q has not two parts", s)
		}
		j.turned()
		j.disguised()
		j.time("exp")
		guess(j, []string{"a"})
	})
}

func FuzzParseKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"MKBC","y":"4Etl"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qY"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, k := range parseKeySet(b) {
			if len(k.forms) == 0 {
				t.Error("a key without a form")
			}
		}
	})
}
