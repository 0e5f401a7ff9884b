package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
)

// Down says that the identity provider could not be asked.
type Down struct{ err error }

func (d *Down) Error() string { return "ask the identity provider: " + d.err.Error() }
func (d *Down) Unwrap() error { return d.err }

// Keys are the provider's keys, asked for again when one is unknown or they are
// old. They outlive a pipeline.
type Keys struct {
	URL    string // "": as the issuer's configuration says (OpenID Connect Discovery 1.0)
	Issuer string
	Client *http.Client

	mu    sync.Mutex
	set   jwk.Set
	asked time.Time // last try
	got   time.Time // last success
	err   error     // of the last try
	busy  chan struct{}
}

const (
	stale  = 10 * time.Minute
	pause  = 5 * time.Second // between two tries, whoever asks
	maxSet = 1 << 20
)

// find gives the key of that id. A provider that is down leaves the known keys
// in use: a key that is not among them is then no verdict on the token. Nobody
// whose key is known waits for the provider.
func (k *Keys) find(ctx context.Context, kid string, now time.Time) (jwk.Key, error) {
	if kid == "" {
		return nil, errors.New("the token names no key")
	}
	k.mu.Lock()
	key, ok := k.known(kid)
	old := now.Sub(k.got).Abs() > stale // also where the clock was set back
	if (!ok || old) && k.busy == nil && (k.asked.IsZero() || now.Sub(k.asked).Abs() >= pause) {
		k.asked, k.busy = now, make(chan struct{})
		go k.refresh(ctx, now, k.busy)
	}
	busy := k.busy
	k.mu.Unlock()
	if ok {
		return key, nil
	}
	if busy != nil {
		<-busy // it has a deadline of its own
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok = k.known(kid)
	switch {
	case ok:
		return key, nil
	case k.err != nil:
		return nil, &Down{k.err}
	}
	return nil, errors.New("the token names a key that the provider does not have")
}

func (k *Keys) known(kid string) (jwk.Key, bool) {
	if k.set == nil {
		return nil, false
	}
	return k.set.LookupKeyID(kid)
}

func (k *Keys) refresh(ctx context.Context, now time.Time, done chan struct{}) {
	ctx, cancel := outside(ctx)
	defer cancel()
	set, err := k.fetch(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err = err; err == nil {
		k.set, k.got = set, now
	}
	k.busy = nil
	close(done)
}

func (k *Keys) fetch(ctx context.Context) (jwk.Set, error) {
	at := k.URL
	if at == "" {
		d, err := discover(ctx, k.Client, k.Issuer)
		if err != nil {
			return nil, err
		}
		at = d.JWKS
	}
	b, err := get(ctx, k.Client, at)
	if err != nil {
		return nil, err
	}
	set, err := jwk.Parse(b)
	if err != nil || set.Len() == 0 {
		return nil, errors.New("no set of keys")
	}
	return set, nil
}

// discovered is what is read of an issuer's configuration.
type discovered struct {
	Issuer     string `json:"issuer"`
	JWKS       string `json:"jwks_uri"`
	Introspect string `json:"introspection_endpoint"`
}

// discover reads the issuer's configuration, which must be the issuer's own
// (section 4.3), and names addresses no less safe than the issuer's.
func discover(ctx context.Context, c *http.Client, issuer string) (*discovered, error) {
	b, err := get(ctx, c, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w", issuer, err)
	}
	d := &discovered{}
	if err := json.Unmarshal(b, d); err != nil {
		return nil, errors.New("the issuer's configuration is no JSON object")
	}
	if d.Issuer != issuer {
		return nil, errors.New("the issuer's configuration is of another issuer")
	}
	for _, a := range []string{d.JWKS, d.Introspect} {
		if u, err := url.Parse(a); err != nil || a != "" && u.Scheme != "https" && (u.Scheme != "http" || strings.HasPrefix(issuer, "https:")) {
			return nil, errors.New("the issuer's configuration names an address without TLS")
		}
	}
	return d, nil
}

func get(ctx context.Context, c *http.Client, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("the address cannot be asked")
	}
	req.Header.Set("Accept", "application/json")
	return do(c, req)
}

// do gives the body of an answer of 200, or of a status that counts also.
func do(c *http.Client, req *http.Request, also ...int) ([]byte, error) {
	if c == nil {
		c = http.DefaultClient
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && !slices.Contains(also, res.StatusCode) {
		return nil, &status{res.StatusCode}
	}
	return io.ReadAll(io.LimitReader(res.Body, maxSet))
}

type status struct{ code int }

func (s *status) Error() string { return fmt.Sprintf("status %d", s.code) }
