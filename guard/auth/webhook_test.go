package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/auth"
)

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// signed gives the headers of an event by its scheme.
func signed(scheme string, key []byte, id string, at time.Time, body string) []string {
	switch scheme {
	case "standard":
		return []string{"Webhook-Id", id, "Webhook-Timestamp", fmt.Sprint(at.Unix()), "Webhook-Signature", "v1,AAAA v1," + base64.StdEncoding.EncodeToString(mac(key, fmt.Sprintf("%s.%d.%s", id, at.Unix(), body)))}
	case "stripe":
		return []string{"Stripe-Signature", fmt.Sprintf("t=%d,v0=00,v1=%s", at.Unix(), hex.EncodeToString(mac(key, fmt.Sprintf("%d.%s", at.Unix(), body))))}
	}
	return []string{"X-Hub-Signature-256", "sha256=" + hex.EncodeToString(mac(key, body))}
}

func TestWebhooks(t *testing.T) {
	key, next := []byte("0123456789abcdef0123"), []byte("the key that replaces it")
	for _, scheme := range []string{"standard", "stripe", "github"} {
		t.Run(scheme, func(t *testing.T) {
			s := newStand(t)
			path := "/hooks/" + scheme
			build := func() http.Handler {
				return s.guard(&auth.Webhooks{Hooks: []auth.Hook{{Pattern: path, Scheme: scheme, Secrets: [][]byte{key, next, {}}, Window: 5 * time.Minute}}, Replays: &auth.Replays{}, Now: s.clock})
			}
			h := build()
			ask := func(want int, what, body string, headers ...string) {
				t.Helper()
				if got, _ := s.ask(h, "POST", path, body, headers...); got != want {
					t.Errorf("%s: %d, want %d", what, got, want)
				}
			}
			right := signed(scheme, key, "evt1", s.now, "{}")
			ask(200, "right", "{}", right...)
			ask(409, "again", "{}", right...)
			ask(200, "by the next key", `{"n":2}`, signed(scheme, next, "evt2", s.now, `{"n":2}`)...)
			ask(401, "another body", `{"n":1}`, right...)
			ask(401, "unsigned", "{}")
			ask(401, "another key", "{}", signed(scheme, []byte("x"), "evt3", s.now, "{}")...)
			ask(401, "an empty key", "{}", signed(scheme, nil, "evt3", s.now, "{}")...)
			twice := signed(scheme, key, "evt4", s.now, `{"n":4}`)
			ask(401, "a field twice", `{"n":4}`, append(twice, twice[len(twice)-2:]...)...)
			empty := append([]string(nil), right...)
			for i := 1; i < len(empty); i += 2 {
				empty[i] = ""
			}
			ask(401, "empty", "{}", empty...)
			// What the application did not take may come again.
			failing := append(signed(scheme, key, "evt5", s.now, `{"n":5}`), "X-Fail", "1")
			ask(500, "not taken", `{"n":5}`, failing...)
			ask(200, "not taken, again", `{"n":5}`, failing[:len(failing)-2]...)
			ask(200, "an event of another id", `{"n":6}`, signed(scheme, key, "evt6", s.now, `{"n":6}`)...)
			if scheme == "github" {
				return
			}
			for what, at := range map[string]time.Time{"old": s.now.Add(-301 * time.Second), "new": s.now.Add(301 * time.Second)} {
				ask(401, what, "{}", signed(scheme, key, "evt7", at, "{}")...)
			}
			ask(200, "nearly old", "{}", signed(scheme, key, "evt8", s.now.Add(-299*time.Second), "{}")...)
			// Another spelling of the same signature is the same event.
			spelt := signed(scheme, key, "evt9", s.now, `{"n":9}`)
			ask(200, "spelt", `{"n":9}`, spelt...)
			last := len(spelt) - 1
			if scheme == "stripe" {
				at, sig, _ := strings.Cut(spelt[last], ",v1=")
				spelt[last] = at + ",v1=" + strings.ToUpper(sig)
			} else {
				spelt[last] = strings.TrimPrefix(spelt[last], "v1,AAAA ")
			}
			ask(409, "spelt in another way", `{"n":9}`, spelt...)
		})
	}
}

func FuzzWebhook(f *testing.F) {
	f.Add("t=1800000000,v1=00", "id", "1800000000", "v1,AAAA", "sha256=00")
	f.Fuzz(func(t *testing.T, stripe, id, at, standard, github string) {
		s := newStand(t)
		for scheme, headers := range map[string][]string{"stripe": {"Stripe-Signature", stripe}, "standard": {"Webhook-Id", id, "Webhook-Timestamp", at, "Webhook-Signature", standard}, "github": {"X-Hub-Signature-256", github}} {
			h := s.guard(&auth.Webhooks{Hooks: []auth.Hook{{Pattern: "/hooks/" + scheme, Scheme: scheme, Secrets: [][]byte{[]byte("nobody knows")}, Window: time.Minute}}, Replays: &auth.Replays{}, Now: s.clock})
			if got, _ := s.ask(h, "POST", "/hooks/"+scheme, "{}", headers...); got != 401 {
				t.Errorf("%s is taken: %d", scheme, got)
			}
		}
	})
}
