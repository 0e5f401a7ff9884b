package demo

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// refusedOf counts how many of n requests are refused for being too many.
func refusedOf(n int, ask func(i int) *answer) int {
	refused := 0
	for i := range n {
		if ask(i).Status == http.StatusTooManyRequests {
			refused++
		}
	}
	return refused
}

// chats asks n times at the endpoint for OpenAI clients.
func (w *world) chats(c caller, n int, headers ...string) int {
	return refusedOf(n, func(i int) *answer {
		return w.do(c, "POST", "/v1/chat/completions", map[string]any{"messages": []any{map[string]any{"role": "user", "content": fmt.Sprintf("Say hello. (%d)", i)}}}, headers...)
	})
}

// asksKnowledge asks n times at the knowledge base.
func (w *world) asksKnowledge(c caller, n int, path string, headers ...string) int {
	return refusedOf(n, func(i int) *answer {
		return w.do(c, "POST", path, map[string]any{"question": fmt.Sprintf("Say hello. (%d)", i)}, headers...)
	})
}

// says puts n messages into a conversation, each by the path that of gives.
func (w *world) says(c caller, n int, of func(chat string, i int) (path string, headers []string)) int {
	chat := w.aChat(c, "limits")
	return refusedOf(n, func(i int) *answer {
		path, headers := of(chat, i)
		return w.do(c, "POST", path, map[string]any{"content": "hello"}, headers...)
	})
}

func asItIs(chat string, _ int) (string, []string) { return "/v1/chats/" + chat + "/messages", nil }

// limitFlaws are the faults of what may be asked how often, and how fast.
var limitFlaws = map[string]symptom{
	"limits/output-length": func(w *world) bool {
		return strings.Count(w.asks(w.as("member@acme.test"), "Repeat the word lantern 3000 times"), "lantern") == 3000
	},
	"limits/idempotency-key": func(w *world) bool {
		c := w.as("member@acme.test")
		make := func() string {
			return w.do(c, "POST", "/v1/chats", map[string]any{"title": "once"}, "Idempotency-Key", "k-1").want(201).str("id")
		}
		a := make()
		return make() != a
	},
	"limits/chat-burst": func(w *world) bool {
		c, _, _ := w.spare("member")
		return w.chats(c, 30) == 0
	},
	"limits/organisation": func(w *world) bool {
		refused := 0
		for range 4 {
			c, _, _ := w.spare("member")
			refused += w.says(c, 16, asItIs)
		}
		return refused == 0
	},
	"limits/retry-after": func(w *world) bool {
		c, _, _ := w.spare("member")
		chat := w.aChat(c, "limits")
		for range 40 {
			if a := w.do(c, "POST", "/v1/chats/"+chat+"/messages", map[string]any{"content": "hello"}); a.Status == http.StatusTooManyRequests {
				return a.Header.Get("Retry-After") == ""
			}
		}
		w.t.Error("no limit showed")
		return false
	},
	"limits/forwarded-header": func(w *world) bool {
		c, _, _ := w.spare("member")
		return w.says(c, 30, func(chat string, i int) (string, []string) {
			return "/v1/chats/" + chat + "/messages", []string{"X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i)}
		}) == 0
	},
	"limits/route-spelling": func(w *world) bool {
		c, _, _ := w.spare("member")
		return w.says(c, 30, func(chat string, i int) (string, []string) {
			return fmt.Sprintf("/v1/chats/%s/messages?n=%d", chat, i), nil
		}) == 0
	},
	"limits/other-endpoint": func(w *world) bool {
		c, _, _ := w.spare("member")
		return w.asksKnowledge(c, 30, "/v1/ask") == 0
	},
	"limits/neighbour": func(w *world) bool {
		c, _, _ := w.spare("member")
		if w.says(c, 30, asItIs) == 0 {
			w.t.Error("no limit showed")
		}
		return w.says(w.as("member@globex.test"), 1, asItIs) == 1
	},
	"limits/reset-flood": func(w *world) bool {
		_, email, _ := w.spare("member")
		for range 12 {
			w.do(anon, "POST", "/v1/auth/password/forgot", map[string]any{"email": email}).want(202)
		}
		got := w.do(anon, "GET", "/dev/outbox?to="+email, nil, "X-Dev-Token", w.s.devToken).want(200)
		return strings.Count(got.Body, "Reset your Harbor password") > 8
	},
	"limits/login-guessing": func(w *world) bool {
		return refusedOf(attemptsAllowed+5, func(int) *answer {
			return w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": "viewer@acme.test", "password": "wrong"})
		}) == 0
	},
	"limits/login-spraying": func(w *world) bool {
		return refusedOf(failuresAllowed+5, func(i int) *answer {
			return w.do(anon, "POST", "/v1/auth/login", map[string]any{"email": fmt.Sprintf("nobody%d@acme.test", i), "password": "wrong"})
		}) == 0
	},
	"latency/p95": func(w *world) bool {
		c, slow := w.as("member@acme.test"), 0
		for begun := time.Now(); time.Since(begun) < 4*time.Second && slow == 0; {
			at := time.Now()
			w.chats(c, 1)
			if time.Since(at) > 500*time.Millisecond {
				slow++
			}
		}
		return slow > 0
	},
}
