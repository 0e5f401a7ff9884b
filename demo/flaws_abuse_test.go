package demo

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// provider is what the provider's door for developers tells.
func (w *world) provider() (calls, tokens int) {
	w.t.Helper()
	a := w.do(anon, "GET", "/dev/provider", nil, "X-Dev-Token", w.s.devToken).want(200)
	return int(a.get("calls").(float64)), int(a.get("tokens").(float64))
}

// fail makes the provider refuse the next calls, and mend makes it well.
func (w *world) fail(status int) {
	w.t.Helper()
	w.do(anon, "PUT", "/dev/provider/fault", map[string]any{"status": status, "calls": 100}, "X-Dev-Token", w.s.devToken).want(204)
}

func (w *world) mend() {
	w.t.Helper()
	w.do(anon, "DELETE", "/dev/provider/fault", nil, "X-Dev-Token", w.s.devToken).want(204)
}

// atOnce asks each caller's question as often at one time, and counts what was
// answered and what was refused.
func (w *world) atOnce(callers []caller, each int, question string) (answered, refused int) {
	w.t.Helper()
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, c := range callers {
		for range each {
			wait.Go(func() {
				r := w.request(c, "/v1/chat/completions", fmt.Sprintf(`{"messages":[{"role":"user","content":%q}]}`, question))
				res, err := w.c.Do(r)
				if err != nil {
					w.t.Errorf("ask: %v", err)
					return
				}
				defer res.Body.Close()
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					w.t.Errorf("read: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				switch res.StatusCode {
				case http.StatusOK:
					answered++
				case http.StatusTooManyRequests:
					refused++
				}
			})
		}
	}
	wait.Wait()
	return answered, refused
}

const longQuestion = "Repeat the word lantern 400 times"

// slowly holds n requests open, each with the first bytes of its body, until the
// returned function is called.
func (w *world) slowly(n int) (stop func()) {
	w.t.Helper()
	var conns []net.Conn
	for range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.s.URL, "http://"))
		if err != nil {
			w.t.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := io.WriteString(conn, "POST /v1/auth/login HTTP/1.1\r\nHost: harbor\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
			w.t.Fatal(err)
		}
	}
	return func() {
		for _, c := range conns {
			c.Close()
		}
	}
}

// served reports whether an ordinary request is answered within a moment.
func (w *world) served(c caller) bool {
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", w.s.URL+"/v1/me", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set(c.header, c.value)
	res, err := w.c.Do(r)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// abuseFlaws are the faults of what one caller may take.
var abuseFlaws = map[string]symptom{
	"limits/client-max-tokens": func(w *world) bool {
		a := w.do(w.as("member@acme.test"), "POST", "/v1/chat/completions", map[string]any{"max_tokens": 4000,
			"messages": []any{map[string]any{"role": "user", "content": "Repeat the word lantern 4000 times"}}}).want(200)
		return strings.Count(a.Body, "lantern") > 1000
	},
	"limits/concurrent-runs": func(w *world) bool {
		c, _, _ := w.spare("member")
		answered, refused := w.atOnce([]caller{c}, 16, longQuestion)
		return answered == 16 && refused == 0
	},
	"limits/concurrent-organisation": func(w *world) bool {
		var cs []caller
		for range 3 {
			c, _, _ := w.spare("member")
			cs = append(cs, c)
		}
		answered, refused := w.atOnce(cs, 8, longQuestion)
		return answered == 24 && refused == 0
	},
	"limits/token-cap": func(w *world) bool {
		c, _, _ := w.spare("member")
		book := strings.Repeat("the order was sent. ", 1500)
		return refusedOf(4, func(i int) *answer {
			return w.do(c, "POST", "/v1/chat/completions", map[string]any{"messages": []any{map[string]any{"role": "user", "content": book + fmt.Sprintf("Say hello. (%d)", i)}}})
		}) == 0
	},
	"limits/socket-messages": func(w *world) bool {
		c, _, _ := w.spare("member")
		chat := w.aChat(c, "limits")
		conn, _ := w.dial(c)
		for range 22 {
			w.tell(conn, fmt.Sprintf(`{"type":"message","chat_id":%q,"content":"hello"}`, chat))
		}
		for range 22 {
			if strings.Contains(w.hear(conn, "done"), "too many questions") {
				return false
			}
		}
		return true
	},
	"limits/abandoned-stream": func(w *world) bool {
		c := w.as("member@acme.test")
		_, before := w.provider()
		ctx, cancel := context.WithCancel(w.t.Context())
		r := w.request(c, "/v1/chat/completions", fmt.Sprintf(`{"stream":true,"messages":[{"role":"user","content":%q}]}`, longQuestion)).WithContext(ctx)
		res, err := w.c.Do(r)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := io.ReadFull(res.Body, make([]byte, 200)); err != nil {
			w.t.Fatal(err)
		}
		cancel()
		res.Body.Close()
		// The provider writes on for a while or stops: its count comes to rest.
		last := -1
		for tries := 0; tries < 100; tries++ {
			_, now := w.provider()
			if now-before >= 750 {
				return true
			}
			if now == last && tries > 20 {
				return false
			}
			last = now
			<-time.After(60 * time.Millisecond)
		}
		return false
	},
	"limits/page-size": func(w *world) bool {
		return w.do(w.as("member@acme.test"), "GET", "/v1/tickets?limit=100000", nil).Status == 200
	},
	"limits/slow-request": func(w *world) bool {
		c := w.as("member@acme.test")
		stop := w.slowly(40)
		defer stop()
		for range 20 { // the heads arrive one by one
			if !w.served(c) {
				return true
			}
		}
		return false
	},
	"limits/retry-storm": func(w *world) bool {
		c := w.as("member@acme.test")
		w.fail(500)
		defer w.mend()
		before, _ := w.provider()
		w.do(c, "POST", "/v1/chat/completions", map[string]any{"messages": []any{map[string]any{"role": "user", "content": "hello"}}}).want(400, 502)
		after, _ := w.provider()
		return after-before > 5
	},
}

// abuseTraps are the traps in what one caller may take.
var abuseTraps = map[string]func(w *world){
	"short-wait": func(w *world) {
		c, _, _ := w.spare("member")
		if answered, refused := w.atOnce([]caller{c}, 16, "Say hello."); answered != 16 || refused != 0 {
			w.t.Errorf("got %d answered and %d refused of 16 short questions at once", answered, refused)
		}
	},
	"one-retry": func(w *world) {
		c := w.as("member@acme.test")
		for status, want := range map[int]int{429: 1, 500: 2} { // a 429 names a second, which is longer than a user waits
			w.fail(status)
			before, _ := w.provider()
			w.do(c, "POST", "/v1/chat/completions", map[string]any{"messages": []any{map[string]any{"role": "user", "content": "hello"}}}).want(502).lacks("Rate limit").lacks("server had an error")
			if after, _ := w.provider(); after-before != want {
				w.t.Errorf("a provider that answers %d was called %d times, want %d", status, after-before, want)
			}
			w.mend()
		}
		w.do(c, "POST", "/v1/chat/completions", map[string]any{"messages": []any{map[string]any{"role": "user", "content": "hello"}}}).want(200)
	},
	"lower-bound": func(w *world) {
		a := w.do(w.as("member@acme.test"), "POST", "/v1/chat/completions", map[string]any{"max_tokens": 10,
			"messages": []any{map[string]any{"role": "user", "content": longQuestion}}}).want(200)
		if n := strings.Count(a.Body, "lantern"); n == 0 || n > 6 {
			w.t.Errorf("got the word %d times for 10 tokens", n)
		}
	},
	"patient-reader": func(w *world) {
		stop := w.slowly(40)
		defer stop()
		if !w.served(w.as("member@acme.test")) {
			w.t.Error("forty slow requests held up an ordinary one")
		}
	},
}

// The provider's door is for developers alone.
func TestProviderDoor(t *testing.T) {
	w := start(t)
	for _, r := range []struct{ method, path string }{{"GET", "/dev/provider"}, {"PUT", "/dev/provider/fault"}, {"DELETE", "/dev/provider/fault"}} {
		w.do(w.as("admin@acme.test"), r.method, r.path, map[string]any{"status": 500}).want(401).lacks("calls")
		w.do(anon, r.method, r.path, map[string]any{"status": 500}, "X-Dev-Token", "guess").want(401).lacks("calls")
	}
	w.do(anon, "PUT", "/dev/provider/fault", map[string]any{"status": 200}, "X-Dev-Token", w.s.devToken).want(422)
	w.do(w.as("member@acme.test"), "POST", "/v1/chat/completions", map[string]any{"messages": []any{map[string]any{"role": "user", "content": "hello"}}}).want(200)
}
