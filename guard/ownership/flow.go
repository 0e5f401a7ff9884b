package ownership

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/launchready/launchready/guard"
)

// flow counts the messages of each user over all connections: a limit of one
// connection is none for who opens many (GCRA, as package limits counts requests).
type flow struct {
	mu   sync.Mutex
	next map[string]time.Time // when the bucket is empty again
}

const flowMost = 100_000 // users; a table that is full of such as count takes no more

// take counts one message, or reports that it is too much.
func (f *flow) take(key string, n int, window time.Duration, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next == nil {
		f.next = map[string]time.Time{}
	}
	if _, ok := f.next[key]; !ok && len(f.next) >= flowMost {
		for k, t := range f.next {
			if !t.After(now) {
				delete(f.next, k)
			}
		}
		if len(f.next) >= flowMost {
			return false
		}
	}
	each := window / time.Duration(n)
	t := f.next[key]
	if t.Before(now) {
		t = now
	}
	if t = t.Add(each); t.Sub(now) > each*time.Duration(n) {
		return false
	}
	f.next[key] = t
	return true
}

// refusal is what a caller gets for a message that is too much.
const refusal = `{"type":"error","status":429,"title":"Too Many Requests"}`

// patience is how many refusals in a row a connection gets before it is closed.
const patience = 100

// abroad reports that a page of another origin opens the connection: a browser
// sends the user's cookies along, and no rule for reading across origins holds
// for a WebSocket (RFC 6455 section 10.2). Who is no browser sends no Origin.
func abroad(x *guard.Exchange, allowed []string) bool {
	said := x.Request.Header.Values("Origin")
	if len(said) == 0 {
		return false
	}
	u, err := url.Parse(said[0])
	if len(said) > 1 || err != nil || u.Host == "" {
		return true
	}
	return !strings.EqualFold(u.Host, x.Request.Host) && !slices.Contains(allowed, strings.ToLower(said[0]))
}

func upgrades(r *http.Request) bool { return r.Header.Get("Upgrade") != "" }
