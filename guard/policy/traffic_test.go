package policy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/kill"
	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/policy"
)

const bounded = `version: 1
listen: 127.0.0.1:0
upstream: %s
auth: {issuer: https://id.test, audience: api, jwks: %s/keys, tenant_claim: tid}
limits:
  slots: {per: class, requests: 1000, window: 1m, concurrent: 4}
  all: {per: global, requests: 5000, window: 1m}
routes:
  - {path: /v1/chat, methods: [POST], chat: true, limits: [slots]}
  - {path: /v1/models, public: true, limits: [all]}
  - {path: "/v1/**"}
queue: {depth: 10, per_tenant: 5, wait: 5s}
spend: {prices: {small: {input: 0.15, output: 0.6}}, model: small, max_tokens: 100, user_day: 1, organisation_day: 10, total_day: 100, request: 0.5}
idempotency: {keep: 24h, in_flight: 5m, max_answer: 1000}
kill: {routes: [/v1/chat], tenants: [acme], providers: [openai], tools: [send], webhooks: [stripe]}
retry: {attempts: 3, share: 0.1, backoff: 10ms, longest: 1s}
state: {counters: memory, ledger: memory, lease: 10s}
`

func TestTrafficMistakes(t *testing.T) {
	base := fmt.Sprintf(bounded, "http://127.0.0.1:1", "http://127.0.0.1:1")
	if _, err := policy.Parse("guard.yaml", []byte(base)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"per":               {"per: class", "per: classes", ":6:"},
		"depth":             {"depth: 10,", "depth: 0,", ":12:"},
		"per_tenant":        {"per_tenant: 5", "per_tenant: 50", ":12:"},
		"wait":              {"wait: 5s", "wait: soon", ":12:41: "},
		"no slots":          {", concurrent: 4", "", "no limit has concurrent"},
		"prices":            {"prices: {small: {input: 0.15, output: 0.6}}", "prices: {}", ":13:"},
		"price":             {"input: 0.15, output: 0.6", "input: -1, output: 0.6", "a million tokens"},
		"max_tokens":        {"max_tokens: 100", "max_tokens: 0", "max_tokens is above 0"},
		"no budget":         {"user_day: 1, organisation_day: 10, total_day: 100", "context: 5", "bounds nothing"},
		"a budget of debts": {"total_day: 100", "total_day: -100", "spend.total_day"},
		"no chat":           {"chat: true", "chat: false", "no route says chat"},
		"spend off":         {"chat: true,", "chat: true, modes: {spend: off},", "spend is off"},
		"no ledger":         {", ledger: memory", "", "state.ledger"},
		"keep":              {"keep: 24h", "keep: 1 day", ":14:21: "},
		"max_answer":        {"max_answer: 1000", "max_answer: -1", ":14:"},
		"kill route":        {"kill: {routes: [/v1/chat]", "kill: {routes: [/v1/chart]", ":15:17: "},
		"kill provider":     {"providers: [openai]", "providers: [open-ai]", `:15:57: kill: provider "open-ai"`},
		"kill name":         {"tools: [send]", `tools: [" send"]`, "blanks"},
		"attempts":          {"attempts: 3", "attempts: 30", ":16:"},
		"share":             {"share: 0.1", "share: 0.9", "share"},
		"a password":        {"counters: memory", "counters: \"redis://u:hunter2@h/0\"", ":17:19: "},
		"another password":  {"ledger: memory", "ledger: \"postgres://u:hunter2@h/x\"", "since it holds a password"},
		"lease":             {"lease: 10s", "lease: 1ms", "1s to 1h"},
		"public user":       {"public: true, limits: [all]", "public: true, limits: [all, u]", "u"},
		"unknown key":       {"user_day: 1,", "user_dya: 1,", ":13:"},
		"no auth":           {"auth: {issuer: https://id.test, audience: api, jwks: http://127.0.0.1:1/keys, tenant_claim: tid}\n", "", "idempotency needs auth"},
	} {
		text := strings.Replace(base, c.from, c.to, 1)
		if text == base {
			t.Fatalf("%s changes nothing", name)
		}
		_, err := policy.Parse("guard.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestReferences: a store's address comes by reference, and what is wrong with
// it is said without it.
func TestReferences(t *testing.T) {
	for name, c := range map[string]struct{ counters, ledger, want string }{
		"not set":      {"${env:MISSING}", "memory", "MISSING is not set"},
		"no file":      {"file:missing", "memory", "state.counters"},
		"no Redis":     {"${env:BAD}", "memory", "state.counters"},
		"no Postgres":  {"memory", "${env:BAD}", "state.ledger"},
		"by reference": {"${env:REDIS}", "${env:POSTGRES}", ""},
		"a file":       {"memory", "sqlite:guard.db", ""},
	} {
		text := fmt.Sprintf(bounded, "http://127.0.0.1:1", "http://127.0.0.1:1")
		text = strings.Replace(text, "counters: memory, ledger: memory", fmt.Sprintf("counters: %q, ledger: %q", c.counters, c.ledger), 1)
		p, err := policy.Parse("guard.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		env := map[string]string{"BAD": "https://u:hunter2@h", "REDIS": "redis://u:hunter2@127.0.0.1:1/0", "POSTGRES": "postgres://u:hunter2@127.0.0.1:1/x"}
		s := &policy.State{Folder: t.TempDir(), Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }}
		_, err = p.Build(s)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// public is a policy without sign-in, for what needs none.
const public = `version: 1
listen: 127.0.0.1:0
upstream: %s
limits: {all: {per: global, requests: %d, window: 1h}}
routes:
  - {path: /chat, public: true, chat: true, limits: [all]}
  - {path: /slow, public: true, chat: true, limits: [all]}
  - {path: /free, public: true, limits: [all]}
`

func serve(t testing.TB, s *policy.State, text string, args ...any) *guard.Pipeline {
	t.Helper()
	pipe, err := parsed(t, text, args).Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return pipe
}

// serveModel is the listener of a policy that stands in front of the model.
func serveModel(t testing.TB, s *policy.State, text string, args ...any) *model.Proxy {
	t.Helper()
	proxy, err := parsed(t, text, args).BuildModel(s, environment)
	if err != nil {
		t.Fatal(err)
	}
	return proxy
}

func parsed(t testing.TB, text string, args []any) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("guard.yaml", fmt.Appendf(nil, text, args...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(h http.Handler, path string) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader("{}")))
	return w.Code
}

// TestKillByReload: a switch counts as soon as the file is read again, for the
// old pipeline as well, and is thrown back the same way.
func TestKillByReload(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	s := &policy.State{}
	old := serve(t, s, public, app.URL, 100)
	for _, c := range []struct {
		kill       string
		chat, free int
	}{{"", 200, 200}, {"kill: {routes: [/chat]}", 503, 200}, {"kill: {all: true}", 503, 503}, {"kill: {tools: [send]}", 200, 200}, {"", 200, 200}} {
		now := serve(t, s, public+c.kill+"\n", app.URL, 100)
		for _, h := range []http.Handler{old, now} {
			if chat, free := ask(h, "/chat"), ask(h, "/free"); chat != c.chat || free != c.free {
				t.Errorf("%s: %d %d", c.kill, chat, free)
			}
		}
		if off := s.Memory.Kill.Off(kill.Tool, "send"); off != (strings.Contains(c.kill, "send") || strings.Contains(c.kill, "all")) {
			t.Errorf("%s: the tool is off: %t", c.kill, off)
		}
	}
}

// TestBudgetOnDisk: a budget for one admits one, and a restart gives no other.
func TestBudgetOnDisk(t *testing.T) {
	var asked atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, "{}")
	}))
	defer app.Close()
	folder := t.TempDir()
	// A request is reserved at 2 tokens of prompt and 100 of reply: 202 millionths of a dollar.
	const section = "spend: {prices: {m: {input: 1, output: 2}}, model: m, max_tokens: 100, total_day: 0.000300}\nstate: {ledger: \"sqlite:guard.db\"}\n"
	for restart := range 2 {
		s := &policy.State{Folder: folder}
		h := serve(t, s, public+section, app.URL, 1000)
		var wg sync.WaitGroup
		var in atomic.Int32
		for range 20 {
			wg.Go(func() {
				switch code := ask(h, "/chat"); code {
				case 200:
					in.Add(1)
				case 429:
				default:
					t.Errorf("status %d", code)
				}
			})
		}
		wg.Wait()
		if want := int32(1 - restart); in.Load() != want || asked.Load() != 1 {
			t.Errorf("start %d: %d let in, the application was asked %d times", restart, in.Load(), asked.Load())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if found, err := filepath.Glob(filepath.Join(folder, "guard.db")); err != nil || len(found) != 1 {
		t.Errorf("the ledger does not stand beside the policy: %v %v", found, err)
	}
}

// TestRetried: a read is asked again, and a write is not.
func TestRetried(t *testing.T) {
	var asked atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer app.Close()
	h := serve(t, &policy.State{}, public+"retry: {attempts: 2, backoff: 1ms}\n", app.URL, 100)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/free", nil))
	if w.Code != 200 || asked.Load() != 2 {
		t.Errorf("a read: %d after %d", w.Code, asked.Load())
	}
	asked.Store(0)
	if code := ask(h, "/free"); code != 503 || asked.Load() != 1 {
		t.Errorf("a write: %d after %d", code, asked.Load())
	}
}

// TestIdempotent: through a whole policy, with who asks from a token.
func TestIdempotent(t *testing.T) {
	s := newStand(t)
	ann := s.token(nil)
	if status, _, _, _ := s.do("POST", "/v1/x", ann, `{"a":1}`, "Idempotency-Key", "k"); status != 200 {
		t.Fatal(status)
	}
	if status, _, _, asked := s.do("POST", "/v1/x", ann, `{"a":1}`, "Idempotency-Key", "k"); status != 200 || !asked {
		t.Errorf("without the section: %d, asked %t", status, asked)
	}
	s.more("idempotency: {keep: 1h}\n")
	for i, c := range []struct {
		body   string
		status int
		asked  bool
	}{{`{"a":1}`, 200, true}, {`{"a":1}`, 200, false}, {`{"a":2}`, 422, false}} {
		status, body, h, asked := s.do("POST", "/v1/x", ann, c.body, "Idempotency-Key", "k")
		if status != c.status || asked != c.asked || status == 200 && body != c.body || (h.Get("Idempotency-Replayed") == "true") != (i == 1) {
			t.Errorf("request %d: %d %s, asked %t, %v", i, status, body, asked, h)
		}
		if status == 200 && (h.Get("Server") != "" || h.Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("request %d has not the headers of the policy: %v", i, h)
		}
	}
}
