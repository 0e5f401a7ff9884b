package model_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model"
)

// TestLocked: in a lock-down the listener takes no call but of essential keys, and the
// provider is not asked.
func TestLocked(t *testing.T) {
	down, p := &guard.Lockdown{}, &purse{}
	s := newStand(t, func(o *model.Options) {
		o.Lockdown, o.Meter = down, p
		o.Keys[1].Essential = true
	})
	essential := []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, contextKey, map[string]any{"sub": "ann", "tenant": "acme", "exp": time.Now().Add(time.Minute)})}
	for _, path := range paths() {
		for name, c := range map[string]struct {
			locked bool
			head   []string
			want   int
		}{
			"open":                      {false, nil, 200},
			"locked down":               {true, nil, 503},
			"an essential key":          {true, essential, 200},
			"an essential key, no name": {true, essential[:2], 401},
			"no key of anybody":         {true, []string{"Authorization", "Bearer lrk_nobody"}, 401},
		} {
			down.Lock(c.locked)
			s.fake.says("application/json", completion(path, false, []string{"Hello."}, nil))
			s.fake.forget()
			charged := len(p.asks)
			status, body, h := s.post(path, question(path, false, "x", "Hi"), c.head...)
			if asked := s.fake.last() != ""; status != c.want || asked != (c.want == 200) || asked != (len(p.asks) > charged) {
				t.Errorf("%s %s: %d %s, the provider was asked: %t", path, name, status, body, asked)
			}
			if status == 503 && (h.Get("Retry-After") == "" || hear(t, path, body).Error == "") {
				t.Errorf("%s %s: %s", path, name, body)
			}
		}
	}
}

// TestLockedUnderWay: what is under way ends with the protocol's error, also where the
// provider says nothing, and the provider's request with it; what an essential key
// asked goes on.
func TestLockedUnderWay(t *testing.T) {
	for _, path := range paths() {
		for _, stream := range []bool{false, true} {
			for _, stays := range []bool{false, true} {
				down, p := &guard.Lockdown{}, &purse{done: make(chan struct{})}
				s := newStand(t, func(o *model.Options) {
					o.Lockdown, o.Meter = down, p
					o.Keys[0].Essential = stays
				})
				whole := completion(path, stream, []string{"Hello ", "you."}, nil)
				first, _, _ := strings.Cut(whole, "\n\n")
				s.fake.mu.Lock()
				gone := make(chan struct{})
				s.fake.say = func(w http.ResponseWriter, r *http.Request, _ []byte) {
					w.Header().Set("Content-Type", map[bool]string{true: "text/event-stream", false: "application/json"}[stream])
					if stream {
						_, _ = io.WriteString(w, first+"\n\n")
						_ = http.NewResponseController(w).Flush()
						whole = whole[len(first)+2:]
					}
					down.Lock(true)
					if !stays {
						<-r.Context().Done()
						close(gone)
						return
					}
					_, _ = io.WriteString(w, whole)
				}
				s.fake.mu.Unlock()
				status, body, _ := s.post(path, question(path, stream, "x", "Hi"))
				h := hear(t, path, body)
				if stays {
					if status != 200 || h.Error != "" || h.Text != "Hello you." {
						t.Errorf("%s stream %t: an essential key: %d %+v", path, stream, status, h)
					}
					continue
				}
				<-gone
				<-p.done
				if h.Error == "" || strings.Contains(body, "you.") || !stream && status != 503 || !strings.Contains(body, "locked down") {
					t.Errorf("%s stream %t: %d %+v\n%s", path, stream, status, h, body)
				}
				if p.settled[0].Free || p.settled[0].Known {
					t.Errorf("%s stream %t: what was reserved is given back: %+v", path, stream, p.settled)
				}
			}
		}
	}
}
