package auth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

var tokenKeyHeader = &lr.Check{
	ID:    "auth/token-key-header",
	Title: "The key comes from the application, not from the token",
	Why: "A token may carry a key (`jwk`), the address of one (`jku`) or a path to one (`kid`). A verifier that takes it lets anyone sign for any user of any customer, " +
		"and one that fetches the address can be sent to servers inside your network.",
	Fix: "Choose the key from your own set by `kid`, compared as plain text, and refuse what is not in it. Ignore `jwk`, `jku`, `x5c` and `x5u`, " +
		"and never build a file name, a query or an address from a token's header.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "347"}, {Source: "CWE", ID: "918"}, {Source: "ASVS", ID: "v5.0.0-9.1.3"}, {Source: "RFC", ID: "8725 section 3.10"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runTokenKeyHeader,
}

func runTokenKeyHeader(ctx context.Context, t *lr.Trial) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	host, err := hostKey(ctx, t, key)
	if err != nil {
		return err
	}
	defer host.close()
	decided, err := tampered(ctx, t, "A token is verified with a key that it brings along", func(me *lr.Account, own jwt) ([]forgery, string, error) {
		fs, err := broughtKeys(me, own, key, host.address)
		return fs, "", err
	})
	switch {
	case err != nil || host.address == "":
	case !host.asked() && decided: // also for who asks this finding again
		t.Pass(lr.Evidence{Records: []string{"nobody fetched " + host.address}}, "jku", "the target does not fetch the address that a token's header names")
	case host.asked():
		t.Fail(lr.Evidence{Records: []string{"the target fetched " + host.address + ", which only the header jku of a forged token named"}}, "jku",
			"the target fetches the address that a token's header names, before it knows who sent the token")
	}
	return err
}

// broughtKeys signs the own claims with keys that the token brings along.
func broughtKeys(me *lr.Account, own jwt, key *rsa.PrivateKey, address string) ([]forgery, error) {
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	var out []forgery
	for _, b := range []struct {
		how    string
		header map[string]any
	}{
		{"key in the header jwk", map[string]any{"kid": keyID, "jwk": publicJWK(&key.PublicKey)}},
		{"key in the header jwk, under the application's key id", map[string]any{"jwk": publicJWK(&key.PublicKey)}},
		{"key at the address in the header jku", map[string]any{"kid": keyID, "jku": address}},
		{"key at the address in the header jku, under the application's key id", map[string]any{"jku": address}},
	} {
		if b.header["jku"] == "" {
			continue
		}
		b.header["alg"] = "RS256"
		s, err := rs256(own.input(b.header), key)
		if err != nil {
			return nil, err
		}
		// Where the same is accepted without the key, no signature is looked at.
		without, err := rs256(own.input(map[string]any{"alg": "RS256", "kid": orOwn(b.header["kid"], own)}), key)
		if err != nil {
			return nil, err
		}
		f, twin := forged(me, own, b.how, s), spoiled(credentialOf(me), without)
		f.twin = &twin
		out = append(out, f)
	}
	for _, path := range []string{"../../../../../../dev/null", "/dev/null"} {
		input := own.input(map[string]any{"alg": "HS256", "kid": path})
		twin := spoiled(credentialOf(me), mac("HS256", input, random))
		for _, secret := range [][]byte{nil, {0}} {
			f := forged(me, own, fmt.Sprintf("kid %s and the empty file as secret", path), mac("HS256", input, secret))
			f.twin = &twin
			out = append(out, f)
		}
	}
	return out, nil
}

const keyID = "launchready"

// orOwn is the key id, or the own token's where there is none.
func orOwn(kid any, own jwt) any {
	if kid == nil {
		return own.header["kid"]
	}
	return kid
}

func publicJWK(k *rsa.PublicKey) map[string]any {
	return map[string]any{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
}

// keyHost publishes the audit's own key on loopback, for targets that can reach
// it there.
type keyHost struct {
	address string // "" where the target is elsewhere
	server  *http.Server
	mu      sync.Mutex
	hits    int
	served  sync.WaitGroup
}

func hostKey(ctx context.Context, t *lr.Trial, key *rsa.PrivateKey) (*keyHost, error) {
	h := &keyHost{}
	if t.Target.Base == nil || !loopback(t.Target.Base.Hostname()) {
		return h, nil
	}
	set, err := json.Marshal(map[string]any{"keys": []any{publicJWK(&key.PublicKey)}})
	if err != nil {
		return nil, fmt.Errorf("describe a key: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the target's request for a key: %w", err)
	}
	h.address = "http://" + l.Addr().String() + "/jwks.json"
	h.server = &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.mu.Lock()
		h.hits++
		h.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.Write(set) //nolint:errcheck // the target has gone
	})}
	h.served.Go(func() { h.server.Serve(l) }) //nolint:errcheck // ends with close
	return h, nil
}

func (h *keyHost) asked() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hits > 0
}

func (h *keyHost) close() {
	if h.server != nil {
		h.server.Close() //nolint:errcheck // nothing is left to lose
		h.served.Wait()
	}
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
