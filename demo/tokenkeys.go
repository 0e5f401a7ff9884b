package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

// broughtKey takes the key from the token's own header: in it, or behind the
// address it names. It serves partners who sign with keys of their own.
func (t *tokens) broughtKey(h tokenHeader) (jwa.SignatureAlgorithm, any, error) {
	alg, ok := jwa.LookupSignatureAlgorithm(h.Alg)
	if !ok {
		return jwa.RS256(), nil, errAlgorithm
	}
	raw := []byte(h.JWK)
	if len(raw) == 0 {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		var err error
		if raw, err = fetchKeys(ctx, h.JKU); err != nil {
			return alg, nil, fmt.Errorf("%w: %w", errKey, err)
		}
	}
	set, err := jwk.Parse(raw)
	if err != nil {
		return alg, nil, errKey
	}
	key, ok := set.LookupKeyID(h.Kid)
	if !ok {
		key, ok = set.Key(0)
	}
	if !ok {
		return alg, nil, errKey
	}
	return alg, key, nil
}

// fetchKeys reads a key set. It calls loopback only: this is a demo.
func fetchKeys(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("key set %s is not on loopback", u.Host)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(io.LimitReader(res.Body, 64<<10))
}
