package input

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

const hookKey = "whsec_dGhlIGtleSBvZiB0aGlzIHRlc3Q="

// inbox takes signed events rightly. A test replaces what it wants to be wrong.
type inbox struct {
	verify func(h http.Header, body []byte) bool
	twice  bool // keeps each delivery
	blind  bool // shows nothing
	always bool // answers 200 to everything

	mu     sync.Mutex
	events []map[string]any
	seen   map[string]bool
}

func stripe(h http.Header, body []byte) (sig string, at int64, ok bool) {
	for part := range strings.SplitSeq(h.Get("Stripe-Signature"), ",") {
		switch k, v, _ := strings.Cut(part, "="); k {
		case "t":
			at, _ = strconv.ParseInt(v, 10, 64)
		case "v1":
			sig = v
		}
	}
	m := hmac.New(sha256.New, []byte(hookKey))
	m.Write([]byte(strconv.FormatInt(at, 10) + "." + string(body)))
	return sig, at, hmac.Equal([]byte(sig), []byte(hex.EncodeToString(m.Sum(nil))))
}

func fresh(h http.Header, body []byte) bool {
	_, at, ok := stripe(h, body)
	return ok && time.Since(time.Unix(at, 0)).Abs() < 5*time.Minute
}

func (in *inbox) serve(a *hostileApp) {
	in.seen = map[string]bool{}
	if in.verify == nil {
		in.verify = fresh
	}
	a.on(`POST /hooks/crm {"id":"e1","type":"x"}`, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in.mu.Lock()
		defer in.mu.Unlock()
		if !in.verify(r.Header, body) {
			if in.always {
				a.say(w, 200, map[string]any{"ok": true})
				return
			}
			a.say(w, 401, map[string]any{"title": "not signed"})
			return
		}
		var e map[string]any
		if json.Unmarshal(body, &e) != nil {
			a.say(w, 400, map[string]any{"title": "no JSON"})
			return
		}
		id, _ := e["id"].(string)
		if !in.seen[id] || in.twice {
			in.events = append(in.events, e)
		}
		in.seen[id] = true
		a.say(w, 200, map[string]any{"ok": true})
	})
	a.on("GET /events", func(w http.ResponseWriter, r *http.Request) {
		in.mu.Lock()
		defer in.mu.Unlock()
		a.say(w, 200, map[string]any{"data": in.events})
	})
}

func (in *inbox) trial(t *testing.T) *lr.Trial {
	t.Helper()
	a := newHostileApp()
	in.serve(a)
	tr := hostileTrial(t, a)
	hook := lr.Hook{Name: "crm", Request: lr.Request{Method: "POST", Path: "/hooks/crm"}, Secret: lr.NewSecret(hookKey), Scheme: "stripe",
		Body: map[string]any{"id": "$id", "type": "contact.updated"}}
	if !in.blind {
		hook.Read = &lr.Request{Method: "GET", Path: "/events"}
	}
	tr.Target.Webhooks = []lr.Hook{hook}
	return tr
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	const all = "signature body replay timestamp"
	for name, tc := range map[string]struct {
		in                *inbox
		failed, suspected string
		open              string
	}{
		"right":                      {in: &inbox{}},
		"right, and 200 for all":     {in: &inbox{always: true}},
		"no signature":               {in: &inbox{verify: func(h http.Header, b []byte) bool { return h.Get("Stripe-Signature") == "" || fresh(h, b) }}, failed: "signature"},
		"any signature":              {in: &inbox{verify: func(h http.Header, _ []byte) bool { return h.Get("Stripe-Signature") != "" }}, failed: "signature body timestamp"},
		"nothing is looked at":       {in: &inbox{verify: func(http.Header, []byte) bool { return true }}, failed: "signature body timestamp"},
		"no time":                    {in: &inbox{verify: func(h http.Header, b []byte) bool { _, _, ok := stripe(h, b); return ok }}, failed: "timestamp"},
		"twice":                      {in: &inbox{twice: true}, failed: "replay"},
		"blind and right":            {in: &inbox{blind: true}, open: "replay"},
		"blind and 200 for all":      {in: &inbox{blind: true, always: true}, suspected: "signature body timestamp", open: "replay"},
		"another key than ours":      {in: &inbox{verify: func(http.Header, []byte) bool { return false }}, open: all},
		"200 for all, takes nothing": {in: &inbox{always: true, verify: func(http.Header, []byte) bool { return false }}, open: all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := tc.in.trial(t)
			for _, check := range strings.Fields(all) {
				v := putHostile(t, "input/webhook-"+check, tr)
				for what, got := range map[string]struct {
					have []string
					want string
				}{"failed": {v.failed, tc.failed}, "suspected": {v.suspected, tc.suspected}, "open": {v.open, tc.open}} {
					if want := strings.Contains(got.want, check); (len(got.have) > 0) != want {
						t.Errorf("%s: %s is %v, want %t:\n%s", check, what, got.have, want, v.says)
					}
				}
				if strings.Contains(v.says, hookKey) {
					t.Errorf("%s tells the secret", check)
				}
			}
		})
	}
}

// TestWebhookWithoutSecret: what the description tells of is tried unsigned, and
// the rest stays open.
func TestWebhookWithoutSecret(t *testing.T) {
	t.Parallel()
	in := &inbox{verify: func(http.Header, []byte) bool { return true }}
	tr := in.trial(t)
	tr.Target.Webhooks = nil
	for _, rt := range tr.Target.Routes {
		if rt.Path == "/hooks/crm" {
			rt.Kind = lr.Webhook
		}
	}
	v := putHostile(t, "input/webhook-signature", tr)
	if len(v.suspected) != 1 || len(v.failed) > 0 || len(v.open) != 1 {
		t.Errorf("want a suspicion and the rest open:\n%s", v.says)
	}
	for _, rt := range tr.Target.Routes {
		if rt.Path == "/hooks/crm" {
			rt.Kind = lr.OtherKind
		}
	}
	if v := putHostile(t, "input/webhook-body", tr); len(v.skipped) != 1 || len(v.failed)+len(v.passed)+len(v.open) > 0 {
		t.Errorf("want that it does not apply:\n%s", v.says)
	}
}

// TestSchemes holds each scheme against a signature computed here.
func TestSchemes(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0)
	mac := func(key []byte, text string) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hookKey, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	for scheme, want := range map[string]map[string]string{
		"stripe":   {"Stripe-Signature": "t=1700000000,v1=" + hex.EncodeToString(mac([]byte(hookKey), "1700000000.{}"))},
		"github":   {"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac([]byte(hookKey), "{}"))},
		"slack":    {"X-Slack-Request-Timestamp": "1700000000", "X-Slack-Signature": "v0=" + hex.EncodeToString(mac([]byte(hookKey), "v0:1700000000:{}"))},
		"standard": {"Webhook-Id": "e7", "Webhook-Timestamp": "1700000000", "Webhook-Signature": "v1," + base64.StdEncoding.EncodeToString(mac(raw, "e7.1700000000.{}"))},
		"hex":      {"X-Signature": hex.EncodeToString(mac([]byte(hookKey), "{}"))},
		"base64":   {"X-Signature": base64.StdEncoding.EncodeToString(mac([]byte(hookKey), "{}"))},
	} {
		e := &event{hook: &lr.Hook{Scheme: scheme}, id: "e7", body: []byte("{}"), header: http.Header{}}
		e.sign(hookKey, at)
		if len(e.header) != len(want) {
			t.Errorf("%s: sets %v", scheme, e.header)
		}
		for k, v := range want {
			if got := e.header.Get(k); got != v {
				t.Errorf("%s: %s is %q, want %q", scheme, k, got, v)
			}
		}
		e = &event{hook: &lr.Hook{Scheme: scheme, Header: "X-Own"}, id: "e7", body: []byte("{}"), header: http.Header{}}
		if e.sign(hookKey, at); e.header.Get("X-Own") == "" {
			t.Errorf("%s: ignores the header's name", scheme)
		}
	}
}
