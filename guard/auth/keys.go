package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	URL    string
	Client *http.Client

	mu    sync.Mutex
	set   jwk.Set
	asked time.Time // last try
	got   time.Time // last success
	err   error     // of the last try
}

const (
	stale  = 10 * time.Minute
	pause  = 5 * time.Second // between two tries, whoever asks
	maxSet = 1 << 20
)

// find gives the key of that id. A provider that is down leaves the known keys
// in use: a key that is not among them is then no verdict on the token.
func (k *Keys) find(ctx context.Context, kid string, now time.Time) (jwk.Key, error) {
	if kid == "" {
		return nil, errors.New("the token names no key")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.known(kid)
	if (!ok || now.Sub(k.got) > stale) && (k.asked.IsZero() || now.Sub(k.asked) >= pause) {
		k.asked = now
		k.err = k.fetch(ctx)
		if k.err == nil {
			k.got = now
		}
		key, ok = k.known(kid)
	}
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

func (k *Keys) fetch(ctx context.Context) error {
	// A caller that leaves must not make the provider look down to the next one.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.URL, nil)
	if err != nil {
		return err
	}
	c := k.Client
	if c == nil {
		c = http.DefaultClient
	}
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxSet))
	if err != nil {
		return err
	}
	set, err := jwk.Parse(b)
	if err != nil || set.Len() == 0 {
		return errors.New("no set of keys")
	}
	k.set = set
	return nil
}
