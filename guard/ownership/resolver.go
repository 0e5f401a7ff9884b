package ownership

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/launchready/launchready/guard/model/span"
)

// Resolver asks the application whose an object is. An answer that does not come
// in time is an error; only 404 and 410 mean that it is nobody's.
type Resolver struct {
	URL       string // with {kind} and {id}
	Names     Path   // where the answer says it
	Timeout   time.Duration
	Keep      time.Duration // how long an answer is believed
	TokenFile string        // holds a bearer token; "": none is sent
	Client    *http.Client  // nil: one that follows no redirect
	Now       func() time.Time

	group singleflight.Group
	busy  chan struct{}
	once  sync.Once

	mu   sync.Mutex
	kept map[Object]resolved
}

type resolved struct {
	tenant string
	until  time.Time
}

const (
	keptMost = 10_000
	keptNone = 2 * time.Second // what is nobody's may be somebody's soon
	atOnce   = 16              // questions under way
)

// Tenant of an object; "" where the application has none.
func (r *Resolver) Tenant(ctx context.Context, o Object) (string, error) {
	r.once.Do(func() {
		r.busy = make(chan struct{}, atOnce)
		r.kept = map[Object]resolved{}
		if r.Now == nil {
			r.Now = time.Now
		}
		if r.Client == nil {
			r.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		}
	})
	now := r.Now()
	r.mu.Lock()
	had, ok := r.kept[o]
	r.mu.Unlock()
	if ok && now.Before(had.until) {
		return had.tenant, nil
	}
	v, err, _ := r.group.Do(o.Kind+"\x00"+o.ID, func() (any, error) {
		// Others wait for the answer too: the caller that leaves does not end it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Timeout)
		defer cancel()
		select {
		case r.busy <- struct{}{}:
			defer func() { <-r.busy }()
		case <-ctx.Done():
			return "", fmt.Errorf("ask whose a %s is: too many questions are under way", o.Kind)
		}
		tenant, err := r.ask(ctx, o)
		if err == nil {
			r.keep(now, o, tenant)
		}
		return tenant, err
	})
	if err != nil {
		return "", err
	}
	return v.(string), nil //nolint:errcheck // the function above gives nothing else
}

func (r *Resolver) keep(now time.Time, o Object, tenant string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) >= keptMost {
		for k, v := range r.kept {
			if !now.Before(v.until) {
				delete(r.kept, k)
			}
		}
		if len(r.kept) >= keptMost {
			clear(r.kept) // they are asked again
		}
	}
	until := now.Add(r.Keep)
	if soon := now.Add(keptNone); tenant == "" && soon.Before(until) {
		until = soon
	}
	r.kept[o] = resolved{tenant, until}
}

func (r *Resolver) ask(ctx context.Context, o Object) (string, error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("ask whose a %s is: %w", o.Kind, err) }
	at := strings.NewReplacer("{kind}", url.QueryEscape(o.Kind), "{id}", url.QueryEscape(o.ID)).Replace(r.URL)
	if path, query, _ := strings.Cut(r.URL, "?"); strings.Contains(path, "{") {
		at = strings.NewReplacer("{kind}", url.PathEscape(o.Kind), "{id}", url.PathEscape(o.ID)).Replace(path)
		if query != "" {
			at += "?" + strings.NewReplacer("{kind}", url.QueryEscape(o.Kind), "{id}", url.QueryEscape(o.ID)).Replace(query)
		}
		if o.ID == "." || o.ID == ".." {
			return "", nil // names another address, and no object
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return fail(errors.New("the address cannot be made"))
	}
	if r.TokenFile != "" {
		b, err := os.ReadFile(r.TokenFile)
		if err != nil {
			return fail(fmt.Errorf("read the resolver's token: %w", err))
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(b)))
	}
	res, err := r.Client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address holds the id
		}
		return fail(err)
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return "", nil
	default:
		return fail(fmt.Errorf("the resolver answered %d", res.StatusCode))
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return fail(err)
	}
	d := newDocument()
	if read(d, b) != nil {
		return fail(errors.New("the resolver's answer is no JSON"))
	}
	tenant, n := "", 0
	r.Names.find(d, d.Root(), func(i span.Node) {
		if text, ok := name(d, i); ok {
			tenant = string(text)
			n++
		}
	})
	if n != 1 || tenant == "" {
		return fail(fmt.Errorf("the resolver's answer names %d tenants", n))
	}
	return tenant, nil
}
