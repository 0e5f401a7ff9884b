package launchready_test

import (
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

func TestWaiverCovers(t *testing.T) {
	for _, c := range []struct {
		name, waived, subject string
		want                  bool
	}{
		{"everything", "", "GET /v1/chats", true},
		{"the same", "GET /v1/chats/{id}", "GET /v1/chats/{id}", true},
		{"case of the letters", "get /V1/Chats", "GET /v1/chats", true},
		{"another name of the key", "GET /v1/chats/{id}", "GET /v1/chats/{chat_id}", true},
		{"a key is no literal", "GET /v1/chats/{id}", "GET /v1/chats/count", false},
		{"a literal is no key", "GET /v1/chats/count", "GET /v1/chats/{id}", false},
		{"another method", "GET /v1/chats", "POST /v1/chats", false},
		{"any method", "/v1/chats", "POST /v1/chats", true},
		{"one segment", "GET /v1/*", "GET /v1/chats", true},
		{"a segment and no more", "GET /v1/*", "GET /v1/chats/{id}", false},
		{"any rest", "/v1/admin/**", "DELETE /v1/admin/users/{id}", true},
		{"elsewhere", "/v1/admin/**", "GET /v1/chats", false},
		{"below is not it", "GET /v1/chats", "GET /v1/chats/{id}", false},
		{"with an identity", "GET /v1/me", "GET /v1/me as acme_viewer", true},
		{"the whole application", "application", "application", true},
		{"a pattern is no application", "/**", "application", false},
		{"another word", "cookie sid", "cookie sid2", false},
		{"a broken pattern", "GET /v1/[", "GET /v1/x", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := lr.Waiver{Check: "auth/a", Subject: c.waived}
			if got := w.Covers("auth/a", c.subject); got != c.want {
				t.Errorf("%q of %q: got %t", c.waived, c.subject, got)
			}
			if w.Covers("auth/b", c.subject) {
				t.Error("it covers another check")
			}
		})
	}
}

func TestWaiverHolds(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for until, want := range map[string]bool{"2026-12-31": true, "2026-11-23": true, "2026-11-22": false, "2020-01-01": false, "": false, "soon": false} {
		if got := (lr.Waiver{Until: until}).Holds(now); got != want {
			t.Errorf("until %q: got %t", until, got)
		}
	}
}
