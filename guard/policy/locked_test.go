package policy_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/policy"
)

// TestLockdownOfBoth: one lock-down closes the front and the model's listener, for who
// comes and for what is under way, but for what the policy calls essential; it outlives a
// reload, and opens both again.
func TestLockdownOfBoth(t *testing.T) {
	to := provider(t)
	text := fmt.Sprintf(`version: 1
listen: 127.0.0.1:0
upstream: %s
routes: [{path: /v1/responses, public: true}, {path: /v1/messages, public: true, essential: true}]
model:
  listen: 127.0.0.1:8081
  providers: {openai: {url: "%s", key: "${env:OPENAI_API_KEY}"}}
  keys: [{name: acme, sha256: "%x", tenant: acme}, {name: status, sha256: "%x", tenant: acme, essential: true}]
  models: [m]
  max_tokens: 100
`, to.URL, to.URL, sha256.Sum256([]byte(virtual)), sha256.Sum256([]byte(ofTenant)))
	s := &policy.State{Lockdown: &guard.Lockdown{}}
	var pipe guard.Handler
	var egress model.Handler
	build := func() {
		p, err := policy.Parse("guard.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		one, err := p.Build(s)
		if err != nil {
			t.Fatal(err)
		}
		pipe.Store(one)
		proxy, err := p.BuildModel(s, environment)
		if err != nil {
			t.Fatal(err)
		}
		egress.Store(proxy)
	}
	build()
	front, second := httptest.NewServer(&pipe), httptest.NewServer(&egress)
	defer front.Close()
	defer second.Close()
	ask := func(to, key, says string, stream bool) *http.Response {
		kind := to[strings.Index(to, "/v1/")+4:]
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, to, strings.NewReader(prompt(kind, says, stream)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+key)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	all := map[string]struct {
		to, key string
		open    bool // in a lock-down
	}{
		"front":                 {front.URL + "/v1/responses", virtual, false},
		"front, essential":      {front.URL + "/v1/messages", virtual, true},
		"model, chat":           {second.URL + "/v1/chat/completions", virtual, false},
		"model, responses":      {second.URL + "/v1/responses", virtual, false},
		"model, essential":      {second.URL + "/v1/chat/completions", ofTenant, true},
		"model, nobody's":       {second.URL + "/v1/chat/completions", "lrk_nobody", false},
		"model, its embeddings": {second.URL + "/v1/embeddings", virtual, false},
	}
	under := map[string]*http.Response{}
	for name, c := range all {
		if !c.open && c.key == virtual && !strings.HasSuffix(c.to, "embeddings") {
			under[name] = ask(c.to, c.key, "hang on this", true)
		}
	}
	s.Lockdown.Lock(true)
	for name, res := range under {
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if told := strings.Contains(string(b), "locked down"); res.StatusCode != 200 || told != strings.HasPrefix(name, "model") || !told && err == nil {
			t.Errorf("%s, under way: %d %s %v", name, res.StatusCode, b, err)
		}
	}
	build()
	for _, locked := range []bool{true, false} {
		s.Lockdown.Lock(locked)
		for name, c := range all {
			want := 200
			switch {
			case c.key == "lrk_nobody":
				want = 401
			case locked && !c.open:
				want = 503
			}
			res := ask(c.to, c.key, "hi", false)
			b, _ := io.ReadAll(res.Body) // it may break off
			_ = res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s, locked down %t: %d %s, want %d", name, locked, res.StatusCode, b, want)
			}
		}
	}
}
