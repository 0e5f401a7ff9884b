package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
)

// publicKey is a key that the target publishes, in the forms in which code that
// confuses the algorithms may hold it.
type publicKey struct {
	kid   string
	forms []keyForm
}

type keyForm struct {
	name  string
	bytes []byte
}

// jwk is the part of a JSON Web Key that says what it is (RFC 7517, 4; RFC 7518, 6).
type jwk struct {
	Kty string   `json:"kty"`
	Kid string   `json:"kid"`
	N   string   `json:"n"`
	E   string   `json:"e"`
	Crv string   `json:"crv"`
	X   string   `json:"x"`
	Y   string   `json:"y"`
	X5c []string `json:"x5c"`
}

// keySets are the paths where applications publish their keys.
var keySets = []string{
	"/.well-known/jwks.json", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
	"/jwks.json", "/oauth/jwks", "/oauth2/jwks", "/api/.well-known/jwks.json", "/v1/.well-known/jwks.json", "/auth/jwks", "/keys",
}

// publishedKeys fetches the target's key set, by a declared route or where such
// sets usually are.
func publishedKeys(ctx context.Context, t *lr.Trial) ([]publicKey, error) {
	var paths []string
	for _, rt := range t.Target.Routes {
		p := strings.ToLower(rt.Path)
		if rt.Method == "GET" && !strings.Contains(p, "{") && (strings.Contains(p, "jwks") || strings.HasSuffix(p, "/certs")) {
			paths = append(paths, rt.Path)
		}
	}
	paths = append(paths, keySets...)
	seen := map[string]bool{}
	for i := 0; i < len(paths) && i < 2*len(keySets); i++ {
		p := paths[i]
		if seen[p] {
			continue
		}
		seen[p] = true
		x, err := t.HTTP.Do(ctx, nil, &lr.Request{Method: "GET", Path: p, Note: "published keys"})
		if err := ended(ctx, err); err != nil {
			return nil, err
		}
		if err != nil || !x.OK() {
			continue
		}
		if keys := parseKeySet(x.Body); len(keys) > 0 {
			return keys, nil
		}
		// OpenID Connect Discovery 1.0, 3: the document names the key set. Only
		// one of the target's own hosts is asked; scope sees to that.
		var doc struct {
			Keys string `json:"jwks_uri"`
		}
		if json.Unmarshal(x.Body, &doc) == nil && doc.Keys != "" {
			if u, err := url.Parse(doc.Keys); err == nil && (u.Host == "" || t.Target.Base != nil && u.Host == t.Target.Base.Host) {
				paths = append(paths[:i+1], append([]string{u.RequestURI()}, paths[i+1:]...)...)
			}
		}
	}
	return nil, nil
}

// parseKeySet reads the public keys of a JWK set (RFC 7517, 5). Keys it cannot
// read are passed over.
func parseKeySet(b []byte) []publicKey {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if json.Unmarshal(b, &set) != nil {
		return nil
	}
	var out []publicKey
	for _, k := range set.Keys {
		if pub := k.public(); pub != nil {
			out = append(out, publicKey{kid: k.Kid, forms: formsOf(pub, k.X5c)})
		}
		if len(out) == 4 {
			break
		}
	}
	return out
}

func (k jwk) public() any {
	num := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
		if err != nil || len(b) > 1024 {
			return nil
		}
		return b
	}
	switch k.Kty {
	case "RSA":
		n, e := num(k.N), num(k.E)
		if len(n) < 64 || len(e) == 0 || len(e) > 4 {
			return nil
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	case "EC":
		curve := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}[k.Crv]
		x, y := num(k.X), num(k.Y)
		if curve == nil || len(x) == 0 || len(y) == 0 {
			return nil
		}
		size := (curve.Params().BitSize + 7) / 8
		if len(x) > size || len(y) > size {
			return nil
		}
		point := make([]byte, 1+2*size)
		point[0] = 4 // uncompressed: SEC 1, 2.3.3
		new(big.Int).SetBytes(x).FillBytes(point[1 : 1+size])
		new(big.Int).SetBytes(y).FillBytes(point[1+size:])
		pub, err := ecdsa.ParseUncompressedPublicKey(curve, point)
		if err != nil {
			return nil
		}
		return pub
	case "OKP":
		if x := num(k.X); k.Crv == "Ed25519" && len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	}
	return nil
}

// formsOf lists the bytes that a careless verifier may use as an HMAC secret:
// the PEM file with and without its last line end, and the DER.
func formsOf(pub any, chain []string) []keyForm {
	var out []keyForm
	add := func(kind string, block string, der []byte) {
		p := pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der})
		out = append(out,
			keyForm{kind + " PEM", p},
			keyForm{kind + " PEM without line end", []byte(strings.TrimRight(string(p), "\n"))},
			keyForm{kind + " DER", der},
		)
	}
	if der, err := x509.MarshalPKIXPublicKey(pub); err == nil {
		add("SPKI", "PUBLIC KEY", der)
	}
	if r, ok := pub.(*rsa.PublicKey); ok {
		add("PKCS#1", "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(r))
	}
	if len(chain) > 0 {
		if der, err := base64.StdEncoding.DecodeString(chain[0]); err == nil {
			add("certificate", "CERTIFICATE", der)
		}
	}
	return out
}
