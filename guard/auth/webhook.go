package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/launchready/launchready/guard"
)

// Hook is where another system tells of events, and how it signs them.
type Hook struct {
	Pattern string   // of the route
	Scheme  string   // "standard" (Standard Webhooks), "stripe", "github"
	Secrets [][]byte // any of which may have signed; two while one is being replaced
	Window  time.Duration
}

// DefaultWindow is how far a timestamp may be off.
const DefaultWindow = 5 * time.Minute

// Replays remembers what was taken. It outlives a pipeline.
type Replays struct {
	mu   sync.Mutex
	seen map[[32]byte]time.Time // until when
}

const (
	mostReplays = 100_000
	undated     = 24 * time.Hour // how long an event without a time is remembered
)

// take claims a message: a second one is a replay, also while the first is under way.
func (r *Replays) take(key [32]byte, now, until time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[[32]byte]time.Time{}
	}
	if t, ok := r.seen[key]; ok && now.Before(t) {
		return errReplayed
	}
	if len(r.seen) >= mostReplays {
		for k, t := range r.seen {
			if !now.Before(t) {
				delete(r.seen, k)
			}
		}
		if len(r.seen) >= mostReplays {
			return errFull
		}
	}
	r.seen[key] = until
	return nil
}

func (r *Replays) forget(key [32]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, key)
}

var (
	errReplayed = errors.New("the event came before")
	errFull     = errors.New("too many events are remembered")
)

// Webhooks verifies events by their signature over the raw body.
type Webhooks struct {
	Hooks   []Hook
	Replays *Replays
	Now     func() time.Time
	Wall    func() time.Time // the machine's clock, which the sender's is like; nil: Now
}

// Name is the protection's.
func (*Webhooks) Name() string { return "webhooks" }

// Needs the body as it came.
func (*Webhooks) Needs() guard.Need { return guard.NeedRoute | guard.NeedBody }

// Gives nothing: an event is of no user.
func (*Webhooks) Gives() guard.Need { return 0 }

// Check answers 401 to what is not signed, too old or too new, and 409 to what came
// before. What the application did not take may come again.
func (w *Webhooks) Check(x *guard.Exchange) *guard.Denial {
	var h *Hook
	for i := range w.Hooks {
		if w.Hooks[i].Pattern == x.Route.Pattern {
			h = &w.Hooks[i]
		}
	}
	if h == nil {
		return nil
	}
	if x.Request.Body == nil {
		return deny(http.StatusUnauthorized, "an event without a body")
	}
	b, d := x.Body()
	if d != nil {
		return d
	}
	now := time.Now()
	if w.Now != nil {
		now = w.Now()
	}
	wall := now
	if w.Wall != nil { // one of both is what the sender has, where the machine's was set a moment ago
		wall = w.Wall()
	}
	key, at, err := h.verify(x.Request.Header, b)
	if err != nil {
		return deny(http.StatusUnauthorized, err.Error())
	}
	until := now.Add(undated)
	if !at.IsZero() {
		if min(now.Sub(at).Abs(), wall.Sub(at).Abs()) > h.Window {
			return deny(http.StatusUnauthorized, "the event is of another time")
		}
		for _, t := range []time.Time{now, wall} { // remembered until it is too old by either
			if t.After(at) {
				at = t
			}
		}
		until = at.Add(h.Window + time.Second)
	}
	switch err := w.Replays.take(key, now, until); {
	case errors.Is(err, errReplayed):
		return deny(http.StatusConflict, err.Error())
	case err != nil:
		return &guard.Denial{Status: http.StatusServiceUnavailable, Reason: err.Error(), Retry: time.Minute}
	}
	x.Finally(func(status int) {
		if status < 200 || status > 299 {
			w.Replays.forget(key)
		}
	})
	return nil
}

var errUnsigned = errors.New("the event is not signed, or by another key")

// verify gives a key that is the message's own, and the time that it was signed at;
// zero when the scheme has none.
func (h *Hook) verify(head http.Header, body []byte) ([32]byte, time.Time, error) {
	var (
		at     time.Time
		sigs   []string
		signed [][]byte // the parts that are signed, joined by dots
		decode = hex.DecodeString
	)
	one := func(name string) string {
		if v := head[name]; len(v) == 1 {
			return v[0]
		}
		return ""
	}
	seconds := func(s string) bool {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n <= 0 || n > 1<<40 {
			return false
		}
		at = time.Unix(n, 0)
		return true
	}
	switch h.Scheme {
	case "standard":
		id, stamp := one("Webhook-Id"), one("Webhook-Timestamp")
		if id == "" || strings.Contains(id, ".") || !seconds(stamp) {
			return [32]byte{}, at, errUnsigned
		}
		for s := range strings.FieldsSeq(one("Webhook-Signature")) {
			if v, ok := strings.CutPrefix(s, "v1,"); ok {
				sigs = append(sigs, v)
			}
		}
		signed = [][]byte{[]byte(id), []byte(stamp), body}
		decode = base64.StdEncoding.DecodeString
	case "stripe":
		stamp := ""
		for part := range strings.SplitSeq(one("Stripe-Signature"), ",") {
			switch k, v, _ := strings.Cut(strings.TrimSpace(part), "="); {
			case k == "t" && stamp != "":
				return [32]byte{}, at, errUnsigned
			case k == "t":
				stamp = v
			case k == "v1":
				sigs = append(sigs, v)
			}
		}
		if !seconds(stamp) {
			return [32]byte{}, at, errUnsigned
		}
		signed = [][]byte{[]byte(stamp), body}
	case "github":
		if v, ok := strings.CutPrefix(one("X-Hub-Signature-256"), "sha256="); ok {
			sigs = []string{v}
		}
		signed = [][]byte{body}
	}
	if len(sigs) > 8 {
		return [32]byte{}, at, errUnsigned
	}
	for _, secret := range h.Secrets {
		if len(secret) == 0 {
			continue // an empty key is everybody's
		}
		m := hmac.New(sha256.New, secret)
		for i, p := range signed {
			if i > 0 {
				m.Write([]byte{'.'})
			}
			m.Write(p)
		}
		sum := m.Sum(nil)
		for _, s := range sigs {
			if got, err := decode(s); err == nil && hmac.Equal(got, sum) {
				// The message, not the sender's spelling of the signature, which others could vary.
				return sha256.Sum256(append([]byte(h.Pattern+"\x00"), sum...)), at, nil
			}
		}
	}
	return [32]byte{}, at, errUnsigned
}
