package policy_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/demo/postgres/pgtest"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/guard/state"
	"github.com/launchready/launchready/store/ledger"
)

// paid is a policy whose model's listener counts: a token of a prompt costs a millionth
// of a dollar, one of a completion two, and a completion has 100 at the most.
const paid = `version: 1
listen: 127.0.0.1:0
upstream: %s
routes: [{path: /healthz, public: true}]
model:
  listen: 127.0.0.1:8081
  providers:
    openai: {url: "%s", key: "${env:OPENAI_API_KEY}"}
    anthropic: {url: "%s", key: "${env:OPENAI_API_KEY}"}
  keys: [{name: app, sha256: "%x", signed: true}, {name: acme, sha256: "%x", tenant: acme}]
  context: {key: "${env:GUARD_CONTEXT_KEY}"}
  models: ["m*", other]
  max_tokens: 100
  spend: {prices: {m: {input: 1, output: 2}, "m-*": {input: 10, output: 20}}, %s}
state: {ledger: "%s"}
`

const ofTenant = "lrk_of-the-tenant"

// provider answers in each protocol what its prompt says.
func provider(t testing.TB) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		says := func(word string) bool { return bytes.Contains(b, []byte(word)) }
		kind := strings.TrimPrefix(r.URL.Path, "/v1/")
		switch {
		case says("refuse this"):
			w.WriteHeader(http.StatusBadRequest)
			return
		case says("break on this"):
			w.WriteHeader(http.StatusInternalServerError)
			return
		case !says(`"stream":true`):
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, wholeAnswer(kind, usageOf(kind, says)))
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		say := func(s string) {
			_, _ = io.WriteString(w, s)
			_ = http.NewResponseController(w).Flush()
		}
		say(piece(kind, "Hello there, "))
		switch {
		case says("die on this"):
			panic(http.ErrAbortHandler)
		case says("never end"):
			for r.Context().Err() == nil {
				say(piece(kind, "and so on, and so on "))
			}
		case says("hang on this"):
			if kind != "responses" { // which tells at its end only
				say(early(kind))
			}
			<-r.Context().Done()
		}
		usage := usageOf(kind, says)
		if kind == "chat/completions" && !says(`"include_usage":true`) {
			usage = ""
		}
		say(lastPiece(kind, usage))
		if says("stay open") {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// usageOf is 7 tokens of a prompt and 11 of a completion, two of them of a cache at Anthropic.
func usageOf(kind string, says func(string) bool) string {
	switch {
	case says("tell nothing"):
		return ""
	case says("tell zero"):
		return `"usage":{"prompt_tokens":0,"completion_tokens":0,"input_tokens":0,"output_tokens":0}`
	case kind == "embeddings":
		return `"usage":{"prompt_tokens":7,"total_tokens":7}`
	case kind == "messages":
		return `"usage":{"input_tokens":4,"cache_creation_input_tokens":1,"cache_read_input_tokens":2,"output_tokens":11}`
	case kind == "responses":
		return `"usage":{"input_tokens":7,"output_tokens":11,"total_tokens":18}`
	}
	return `"usage":{"prompt_tokens":7,"completion_tokens":11,"total_tokens":18}`
}

func with(member string) string {
	if member == "" {
		return ""
	}
	return "," + member
}

func wholeAnswer(kind, usage string) string {
	switch kind {
	case "embeddings":
		return `{"data":[{"index":0,"embedding":[0.1]}]` + with(usage) + "}"
	case "messages":
		return `{"type":"message","role":"assistant","content":[{"type":"text","text":"Hello there."}],"stop_reason":"end_turn"` + with(usage) + "}"
	case "responses":
		return `{"id":"r","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Hello there."}]}]` + with(usage) + "}"
	}
	return `{"choices":[{"index":0,"message":{"role":"assistant","content":"Hello there."},"finish_reason":"stop"}]` + with(usage) + "}"
}

func piece(kind, text string) string {
	switch kind {
	case "messages":
		return `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + text + `"}}` + "\n\n"
	case "responses":
		return `data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"` + text + `"}` + "\n\n"
	}
	return `data: {"choices":[{"index":0,"delta":{"content":"` + text + `"},"finish_reason":null}]}` + "\n\n"
}

// early tells a usage in the middle, as some servers do.
func early(kind string) string {
	if kind == "messages" {
		return `data: {"type":"message_delta","delta":{},"usage":{"input_tokens":7,"output_tokens":1}}` + "\n\n"
	}
	return `data: {"choices":[{"index":0,"delta":{},"finish_reason":null}],"usage":{"prompt_tokens":7,"completion_tokens":1}}` + "\n\n"
}

func lastPiece(kind, usage string) string {
	switch kind {
	case "messages":
		return `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}` + with(usage) + "}\n\ndata: {\"type\":\"message_stop\"}\n\n"
	case "responses":
		return `data: {"type":"response.completed","response":{"id":"r","output":[]` + with(usage) + "}}\n\n"
	}
	end := `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	if usage != "" {
		end += `data: {"choices":[],` + usage + "}\n\n"
	}
	return end + "data: [DONE]\n\n"
}

// prompt asks in a protocol.
func prompt(kind, text string, stream bool) string {
	s := ""
	if stream {
		s = `,"stream":true`
	}
	switch kind {
	case "embeddings":
		return `{"model":"m","input":"` + text + `"}`
	case "responses":
		return `{"model":"m","input":"` + text + `"` + s + "}"
	case "messages":
		return `{"model":"m","max_tokens":100,"messages":[{"role":"user","content":"` + text + `"}]` + s + "}"
	}
	return `{"model":"m","messages":[{"role":"user","content":"` + text + `"}]` + s + "}"
}

// header signs for whom the application asks, as guard's front does.
func header(tenant, user string) string {
	part := base64.RawURLEncoding.EncodeToString
	text := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(fmt.Appendf(nil, `{"iss":"launchready-guard","sub":%q,"tenant":%q,"exp":%d}`, user, tenant, time.Now().Add(30*time.Second).Unix()))
	key, _ := environment("GUARD_CONTEXT_KEY")
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return text + "." + part(m.Sum(nil))
}

// till is the model's listener with its ledger.
type till struct {
	t    testing.TB
	url  string
	over chan struct{} // one comes for each request that is over
	book *ledger.Store
	log  *lines
}

type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newTill serves with these budgets; the ledger is a file, or what the variable names.
func newTill(t testing.TB, to, budgets, postgresURL string) *till {
	t.Helper()
	s := &till{t: t, over: make(chan struct{}, 1000), log: &lines{}}
	at, file := "sqlite:guard.db", filepath.Join(t.TempDir(), "guard.db")
	open := func() (*ledger.Store, error) { return ledger.SQLite(file) }
	if postgresURL != "" {
		at = "${env:LEDGER}"
		open = func() (*ledger.Store, error) { return ledger.Postgres(postgresURL) }
	}
	st := &policy.State{Folder: filepath.Dir(file), Log: slog.New(slog.NewJSONHandler(s.log, nil)), Env: func(string) (string, bool) { return postgresURL, true }}
	proxy := serveModel(t, st, paid, to, to, to, sha256.Sum256([]byte(virtual)), sha256.Sum256([]byte(ofTenant)), budgets, at)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxy.ServeHTTP(w, r)
		s.over <- struct{}{}
	}))
	var err error
	if s.book, err = open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		front.Close()
		if err := s.book.Close(); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	s.url = front.URL
	return s
}

// ask posts as ann of acme, or with the key of the tenant where user is "". It leaves
// when it has read what it is told to; "" is all.
func (s *till) ask(kind, user, body, leave string) (int, string, http.Header) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/"+kind, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+ofTenant)
	if user != "" {
		r.Header.Set("Authorization", "Bearer "+virtual)
		r.Header.Set("X-Guard-Assertion", header("acme", user))
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", nil
	}
	defer res.Body.Close()
	if leave != "" {
		var got []byte
		for b := make([]byte, 512); !bytes.Contains(got, []byte(leave)); {
			n, err := res.Body.Read(b)
			if got = append(got, b[:n]...); err != nil {
				s.t.Errorf("%s: %v after %s", kind, err, got)
				break
			}
		}
		return res.StatusCode, string(got), res.Header
	}
	b, _ := io.ReadAll(res.Body) // it may break off
	return res.StatusCode, string(b), res.Header
}

// used is what an account has come to today, in millionths of a dollar or tokens.
func (s *till) used(account string) int64 {
	s.t.Helper()
	what, who, _ := strings.Cut(account, "/")
	if who != "" {
		who = "/" + who
	}
	m, err := s.book.Used(context.Background(), what+"/"+time.Now().UTC().Format(time.DateOnly)+who)
	if err != nil {
		s.t.Fatal(err)
	}
	if !strings.HasPrefix(account, "tokens of ") {
		m /= 1e6
	}
	return int64(m)
}

var ann = state.Key{Tenant: "acme", User: "ann"}.String()

// TestEgressSettles: what each ending costs, in each protocol. Nothing but a refusal
// is free, and whoever leaves has paid.
func TestEgressSettles(t *testing.T) {
	const day = "key_day: 1, user_day: 1, organisation_day: 1, total_day: 1, tokens: {key_day: 100000, user_day: 100000, organisation_day: 100000, total_day: 100000}"
	to := provider(t)
	s := newTill(t, to.URL, day, "")
	accounts := []string{"key/app", "user/" + ann, "organisation/acme", "total"}
	before := map[string]int64{}
	for _, kind := range []string{"chat/completions", "responses", "messages", "embeddings"} {
		for _, c := range []struct {
			says   string
			stream bool
			leave  string
			status int
			told   int64 // tokens of the answer; -1: what was reserved, 0: free
		}{
			{"hi", false, "", 200, 11},
			{"hi", true, "", 200, 11},
			{"tell nothing", false, "", 200, -1},
			{"tell nothing", true, "", 200, -1},
			{"tell zero", false, "", 200, -1},
			{"tell zero", true, "", 200, -1},
			{"refuse this", false, "", 400, 0},
			{"break on this", false, "", 500, -1},
			{"die on this", true, "", 200, -1},
			{"hang on this", true, map[string]string{"chat/completions": "completion_tokens", "responses": "there", "messages": "output_tokens"}[kind], 200, -1},
			{"stay open", true, map[string]string{"chat/completions": "[DONE]", "responses": "response.completed", "messages": "message_stop"}[kind], 200, 11},
		} {
			if kind == "embeddings" && (c.stream || c.says == "tell zero") {
				continue
			}
			body := prompt(kind, c.says, c.stream)
			status, answer, _ := s.ask(kind, "ann", body, c.leave)
			<-s.over
			if status != c.status {
				t.Errorf("%s %q: %d %s", kind, c.says, status, answer)
			}
			if strings.Contains(answer, "usage") && c.says == "hi" && c.stream && kind == "chat/completions" {
				t.Errorf("the application gets the usage that guard asked for: %s", answer)
			}
			in, out := int64(len(body)), int64(100)
			if kind == "embeddings" {
				out = 0
			}
			switch {
			case c.told > 0 && kind == "embeddings":
				in = 7
			case c.told > 0:
				in, out = 7, c.told
			case c.told == 0:
				in, out = 0, 0
			}
			for _, a := range accounts {
				for _, kindOf := range []string{"", "tokens of "} {
					want := in + 2*out
					if kindOf != "" {
						want = in + out
					}
					now := s.used(kindOf + a)
					if got := now - before[kindOf+a]; got != want {
						t.Errorf("%s %q stream %t: %s%s: %d, want %d", kind, c.says, c.stream, kindOf, a, got, want)
					}
					before[kindOf+a] = now
				}
			}
		}
	}
}

// TestEgressStops: a stream that does not end is ended by counting when the budget is
// used up, whether of dollars or of tokens, and has cost the budget and no more.
func TestEgressStops(t *testing.T) {
	to := provider(t)
	for budgets, most := range map[string]int64{
		"organisation_day: 0.002":              2000,
		"tokens: {organisation_day: 1000}":     1000,
		"total_day: 1, request: 0.0015":        4500, // 1500 in each protocol
		"key_day: 0.002, tokens: {key_day: 9}": 0,
	} {
		t.Run(budgets, func(t *testing.T) {
			s := newTill(t, to.URL, budgets, "")
			for _, kind := range []string{"chat/completions", "responses", "messages"} {
				status, body, _ := s.ask(kind, "ann", prompt(kind, "never end", true), "")
				<-s.over
				switch {
				case most == 0 && status != 429:
					t.Errorf("%s: %d %s", kind, status, body)
				case status == 200 && (!strings.Contains(body, `"error"`) || len(body) > 200_000):
					t.Errorf("%s: %d bytes: %s", kind, len(body), body[max(0, len(body)-300):])
				case status != 200 && status != 429:
					t.Errorf("%s: %d %s", kind, status, body)
				}
			}
			spent := max(s.used("organisation/acme"), s.used("tokens of organisation/acme"), s.used("key/app"), s.used("total"))
			if spent > most {
				t.Errorf("%d of %d was spent", spent, most)
			}
		})
	}
}

// TestEgressRefuses: what has no price, no bound to its cost or no budget is not sent,
// and the refusal is in the provider's words.
func TestEgressRefuses(t *testing.T) {
	to := provider(t)
	s := newTill(t, to.URL, "key_day: 0.01, user_day: 0.0004, request: 0.003", "")
	picture := `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"%s"}}]}]}`
	for _, c := range []struct {
		name, user, body string
		status           int
		code             string
	}{
		{"no price", "ann", strings.Replace(prompt("chat/completions", "hi", false), `"m"`, `"other"`, 1), 403, "model_without_price"},
		{"too dear for one", "ann", strings.Replace(prompt("chat/completions", strings.Repeat("a", 1200), false), `"m"`, `"m-big"`, 1), 403, "request_too_dear"},
		{"a picture elsewhere", "ann", fmt.Sprintf(picture, "https://pictures.test/1.png"), 403, "cost_unknown"},
		{"a picture that is there", "", fmt.Sprintf(picture, "data:image/png;base64,AAAA"), 200, ""},
		{"the first of a user", "ann", prompt("chat/completions", "tell nothing", false), 200, ""},
		{"the second", "ann", prompt("chat/completions", "tell nothing", false), 429, "budget_exceeded"},
		{"another's", "bob", prompt("chat/completions", "hi", false), 200, ""},
		{"the tenant's own", "", prompt("chat/completions", "hi", false), 200, ""},
	} {
		status, body, h := s.ask("chat/completions", c.user, c.body, "")
		if status != c.status || c.code != "" && !strings.Contains(body, `"code":"`+c.code+`"`) {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
		if status == 429 && (h.Get("Retry-After") == "" || h.Get("X-Should-Retry") != "false") {
			t.Errorf("%s: %v", c.name, h)
		}
	}
	if got := s.used("user/" + ann); got > 400 {
		t.Errorf("%d was spent", got)
	}
}

// TestEgressObserves: nothing is refused, ended or changed; the log says what would
// have been.
func TestEgressObserves(t *testing.T) {
	to := provider(t)
	s := newTill(t, to.URL, "mode: observe, user_day: 0.0004, total_day: 1", "")
	for i, kind := range []string{"chat/completions", "messages", "chat/completions"} {
		if status, body, _ := s.ask(kind, "ann", prompt(kind, "tell nothing", i == 2), ""); status != 200 || strings.Contains(body, "error") {
			t.Errorf("%s: %d %s", kind, status, body)
		}
		<-s.over
	}
	if status, _, _ := s.ask("chat/completions", "ann", strings.Replace(prompt("chat/completions", "hi", false), `"m"`, `"other"`, 1), ""); status != 200 {
		t.Errorf("without a price: %d", status)
	}
	log := s.log.String()
	if strings.Count(log, `"msg":"observed"`) != 3 || !strings.Contains(log, `"reason":"budget_exceeded: the budget of the day is spent: user"`) || !strings.Contains(log, "no price in the policy") {
		t.Error(log)
	}
	if got := s.used("user/" + ann); got > 400 || got < 200 {
		t.Errorf("%d was spent", got)
	}
}

// TestEgressOnPostgres: the same on the ledger of several replicas, and 503 without it.
func TestEgressOnPostgres(t *testing.T) {
	to := provider(t)
	s := newTill(t, to.URL, "total_day: 1", "postgres://guard:hunter2@127.0.0.1:1/x")
	if status, body, _ := s.ask("messages", "ann", prompt("messages", "hi", true), ""); status != 503 || strings.Contains(body, "hunter2") || strings.Contains(body, "127.0.0.1") {
		t.Errorf("without its ledger: %d %s", status, body)
	}
	d := pgtest.New(t)
	s = newTill(t, to.URL, "total_day: 1, tokens: {total_day: 1000}", d.URL)
	var want int64
	for _, kind := range []string{"chat/completions", "responses", "messages"} {
		body := prompt(kind, "tell nothing", true)
		if status, _, _ := s.ask(kind, "ann", body, ""); status != 200 {
			t.Errorf("%s: %d", kind, status)
		}
		<-s.over
		want += int64(len(body))
	}
	if got, tokens := s.used("total"), s.used("tokens of total"); got != want+600 || tokens != want+300 {
		t.Errorf("spent %d and %d, want %d and %d", got, tokens, want+600, want+300)
	}
}

func TestEgressMistakes(t *testing.T) {
	const budgets = "key_day: 1, user_day: 1, tokens: {total_day: 5}"
	base := fmt.Sprintf(paid, "http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1", sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b")), budgets, "memory")
	if _, err := policy.Parse("guard.yaml", []byte(base)); err != nil {
		t.Fatal(err)
	}
	const chat = "routes: [{path: /healthz, public: true}, {path: /chat, public: true, chat: true, limits: [l]}]\nlimits: {l: {per: ip, requests: 5}}\nspend: {prices: {m: {input: 1, output: 2}}, max_tokens: 5, total_day: 3}\n"
	const silent = "routes: [{path: /chat, public: true, chat: true, limits: [l], modes: {spend: off}}]\nlimits: {l: {per: ip, requests: 5}}\nspend: {prices: {m: {input: 1, output: 2}}, max_tokens: 5, total_day: 3}\n"
	const routes = "routes: [{path: /healthz, public: true}]\n"
	for name, c := range map[string]struct{ from, to, want string }{
		"a mode":                {budgets, budgets + ", mode: maybe", `:14:134: model.spend.mode "maybe"`},
		"a price":               {"{input: 1, output: 2}", "{input: -1, output: 2}", ":14:23: model.spend.prices"},
		"a budget of debts":     {"user_day: 1", "user_day: -1", ":14:101: model.spend.user_day"},
		"tokens of debts":       {"total_day: 5", "total_day: -5", ":14:124: model.spend.tokens.total_day"},
		"no budget":             {budgets, "request: 1", ":14:10: model.spend bounds nothing"},
		"no prices":             {`prices: {m: {input: 1, output: 2}, "m-*": {input: 10, output: 20}}, `, "", "model.spend needs prices"},
		"bytes":                 {budgets, budgets + ", bytes_per_token: 9", "model.spend.bytes_per_token"},
		"references":            {budgets, budgets + ", tokens_per_reference: -1", "model.spend.tokens_per_reference"},
		"no bound":              {"  max_tokens: 100\n", "", "model.spend needs model.max_tokens"},
		"a key without":         {budgets, "user_day: 1", `:10:113: key "acme" names no user`},
		"no ledger":             {`state: {ledger: "memory"}`, "", ":14:10: model.spend needs state.ledger"},
		"an unknown word":       {budgets, "user_dya: 1", ":14:79: "},
		"charged twice":         {routes, chat, `:4:42: /chat is charged by spend, and once more by model.spend`},
		"charged on the second": {routes, silent, ""},
		"charged twice, said":   {routes, chat + "unsafe: [charged at the front /chat]\n", ""},
		"as in spend":           {budgets, "key_day: 1", ""},
	} {
		text := strings.Replace(base, c.from, c.to, 1)
		if text == base {
			t.Fatalf("%s changes nothing", name)
		}
		_, err := policy.Parse("guard.yaml", []byte(text))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// askModel asks as the tenant for an answer that costs what was reserved.
func askModel(proxy http.Handler) int {
	r := httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(prompt("chat/completions", "tell nothing", false)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+ofTenant)
	w := httptest.NewRecorder()
	proxy.ServeHTTP(w, r)
	return w.Code
}

// TestEgressAsFront: what the section leaves out is as in spend, and users have one
// account wherever they spend.
func TestEgressAsFront(t *testing.T) {
	to := provider(t)
	text := fmt.Sprintf(paid, to.URL, to.URL, to.URL, sha256.Sum256([]byte(virtual)), sha256.Sum256([]byte(ofTenant)), "", "memory")
	text = strings.Replace(text, `spend: {prices: {m: {input: 1, output: 2}, "m-*": {input: 10, output: 20}}, }`, "spend: {}", 1)
	text = strings.Replace(text, "routes: [{path: /healthz, public: true}]\n", `routes: [{path: /chat, public: true, chat: true, limits: [l]}]
limits: {l: {per: ip, requests: 50}}
spend: {prices: {m: {input: 1, output: 2}}, model: m, max_tokens: 100, total_day: 0.0004}
unsafe: [charged at the front /chat]
`, 1)
	s := &policy.State{}
	front := serve(t, s, "%s", text)
	proxy := serveModel(t, s, "%s", text)
	if got := fmt.Sprint(ask(front, "/chat"), askModel(proxy), ask(front, "/chat"), askModel(proxy)); got != "200 200 429 429" {
		t.Errorf("front and listener in turn: %s", got)
	}
}
