package model_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/model/screen"
	"github.com/launchready/launchready/secretscan"
)

// Keys of nobody.
const (
	virtual     = "lrk_virtual-of-acme"
	signed      = "lrk_virtual-of-the-app"
	providerKey = "provider-key-that-stays"
	contextKey  = "a-key-of-the-front-of-at-least-32-bytes"
	canaryAcme  = "Larkspur-7Q2XK9PLMA"
	canaryOther = "Marigold-5T8WN3RBQC"
	canaryOwn   = "Foxglove-2H6YD4VJZE"
)

// fake is a provider that records what reached it and says what it is told to.
type fake struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	heads  []http.Header
	paths  []string
	say    func(w http.ResponseWriter, r *http.Request, body []byte)
}

func newFake(t testing.TB) *fake {
	t.Helper()
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		f.bodies, f.heads, f.paths = append(f.bodies, string(b)), append(f.heads, r.Header.Clone()), append(f.paths, r.URL.Path)
		say := f.say
		f.mu.Unlock()
		if say != nil {
			say(w, r, b)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"c1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}`)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) says(kind, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.say = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	}
}

// last is what reached the provider last; "" when nothing did.
func (f *fake) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.bodies) == 0 {
		return ""
	}
	return f.bodies[len(f.bodies)-1]
}

func (f *fake) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bodies, f.heads, f.paths = nil, nil, nil
}

// stand is guard between a test and a fake provider.
type stand struct {
	t     testing.TB
	fake  *fake
	guard *httptest.Server
	log   *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// scanner is made once: it is safe for concurrent use, and compiling it takes longest.
var scanner = sync.OnceValues(func() (*secretscan.Scanner, error) { return secretscan.New(secretscan.Options{}) })

func options(t testing.TB, to string) model.Options {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	s, err := scanner()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := model.Schema(map[string]any{"type": "object", "required": []any{"to"}, "additionalProperties": false,
		"properties": map[string]any{"to": map[string]any{"type": "string"}, "text": map[string]any{"type": "string", "maxLength": 500}}})
	if err != nil {
		t.Fatal(err)
	}
	when, err := model.Expression(`size(args.to) < 60 && (!('count' in args) || args.count <= 3)`)
	if err != nil {
		t.Fatal(err)
	}
	to2 := model.Provider{URL: u, Key: lr.NewSecret(providerKey)}
	return model.Options{
		Providers: map[string]model.Provider{"openai": to2, "anthropic": to2},
		Keys: []model.Key{
			{Name: "acme", Hash: sha256.Sum256([]byte(virtual)), Tenant: "acme", Roles: []string{"agent"}},
			{Name: "app", Hash: sha256.Sum256([]byte(signed)), Signed: true},
		},
		Context:   model.Context{Audience: "app", Key: lr.NewSecret(contextKey)},
		Models:    []string{"small", "large-*"},
		MaxTokens: 500,
		MaxBody:   64 << 10,
		Tools: []model.Tool{
			{Name: "search"},
			{Name: "lookup", Trusted: true},
			{Name: "send_mail", Roles: []string{"agent"}, Schema: schema, When: when},
			{Name: "delete", Tenants: []string{"other"}},
			{Name: "open_url", Provenance: model.Confirm},
			{Name: "note", Provenance: model.ProvenanceOff},
		},
		Provenance:  model.Refuse,
		Vouched:     []string{"acme.test", "*.acme.test"},
		Prompts:     screen.Rules{Secrets: &secretscan.Filter{Scanner: s, KeepAddresses: true}, Personal: screen.Personal{Cards: true}},
		Completions: screen.Rules{Secrets: &secretscan.Filter{Scanner: s}, Links: true, Hosts: screen.Hosts{"docs.acme.test"}},
		Canaries:    []model.Canary{{Name: "kb", Tenant: "acme", Value: lr.NewSecret(canaryAcme)}, {Name: "kb", Tenant: "other", Value: lr.NewSecret(canaryOther)}, {Name: "prompt", Value: lr.NewSecret(canaryOwn)}},
	}
}

func newStand(t testing.TB, change func(*model.Options)) *stand {
	t.Helper()
	s := &stand{t: t, fake: newFake(t), log: &lockedBuffer{}}
	o := options(t, s.fake.URL)
	o.Log = slog.New(slog.NewJSONHandler(s.log, nil))
	if change != nil {
		change(&o)
	}
	p, err := model.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.guard = httptest.NewServer(p)
	t.Cleanup(s.guard.Close)
	return s
}

func (s *stand) post(path, body string, head ...string) (int, string, http.Header) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.guard.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+virtual)
	for i := 0; i+1 < len(head); i += 2 {
		if r.Header.Del(head[i]); head[i+1] != "" {
			r.Header.Set(head[i], head[i+1])
		}
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

const hello = `{"model":"small","messages":[{"role":"user","content":"Hello"}]}`

func assertion(t testing.TB, key string, claims map[string]any) string {
	t.Helper()
	tok := jwt.New()
	_ = tok.Set("iss", "launchready-guard")
	_ = tok.Set("aud", "app")
	for k, v := range claims {
		if err := tok.Set(k, v); err != nil {
			t.Fatal(err)
		}
	}
	b, err := jwt.Sign(tok, jwt.WithKey(jwa.HS256(), []byte(key)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestKeys(t *testing.T) {
	s := newStand(t, nil)
	soon := time.Now().Add(time.Minute)
	good := assertion(t, contextKey, map[string]any{"sub": "ann", "tenant": "other", "roles": []string{"agent"}, "exp": soon})
	for _, c := range []struct {
		name string
		head []string
		want int
	}{
		{"a virtual key", nil, 200},
		{"a virtual key as Anthropic sends it", []string{"Authorization", "", "X-Api-Key", virtual}, 200},
		{"no key", []string{"Authorization", ""}, 401},
		{"an unknown key", []string{"Authorization", "Bearer lrk_nobody"}, 401},
		{"the provider's key", []string{"Authorization", "Bearer " + providerKey}, 401},
		{"two keys", []string{"X-Api-Key", virtual}, 401},
		{"another scheme", []string{"Authorization", "Basic " + virtual}, 401},
		{"the app's key without the header", []string{"Authorization", "Bearer " + signed}, 401},
		{"the app's key", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, good}, 200},
		{"a header of another key", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, "another-key-of-at-least-32-bytes-x", map[string]any{"tenant": "other", "exp": soon})}, 401},
		{"a header that ran out", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, contextKey, map[string]any{"tenant": "other", "exp": time.Now().Add(-time.Hour)})}, 401},
		{"a header of a request that takes a while", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, contextKey, map[string]any{"tenant": "other", "exp": time.Now().Add(-2 * time.Minute)})}, 200},
		{"a header that another wrote", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, contextKey, map[string]any{"iss": "app", "tenant": "other", "exp": soon})}, 401},
		{"a header for another", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, contextKey, map[string]any{"aud": "billing", "tenant": "other", "exp": soon})}, 401},
		{"a header for a year", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, contextKey, map[string]any{"tenant": "other", "exp": time.Now().Add(9000 * time.Hour)})}, 401},
		{"a header for ever", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, contextKey, map[string]any{"tenant": "other"})}, 401},
		{"a header without a tenant", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, assertion(t, contextKey, map[string]any{"sub": "ann", "exp": soon})}, 401},
		{"a header that is not signed", []string{"Authorization", "Bearer " + signed, model.DefaultContextHeader, "eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOiJvdGhlciJ9."}, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.fake.forget()
			status, body, _ := s.post("/v1/chat/completions", hello, c.head...)
			if status != c.want {
				t.Errorf("status %d: %s", status, body)
			}
			if reached := s.fake.last() != ""; reached != (c.want == 200) {
				t.Errorf("reached the provider: %t", reached)
			}
			if strings.Contains(body, providerKey) || strings.Contains(body, virtual) {
				t.Errorf("a key is in the body: %s", body)
			}
		})
	}
	s.fake.mu.Lock()
	defer s.fake.mu.Unlock()
	for _, h := range s.fake.heads {
		if strings.Contains(fmt.Sprint(h), virtual) || strings.Contains(fmt.Sprint(h), signed) {
			t.Error("a virtual key reached the provider")
		}
		if h.Get("Authorization") != "Bearer "+providerKey {
			t.Error("the provider did not get its own key")
		}
	}
	if log := s.log.String(); strings.Contains(log, virtual) || strings.Contains(log, providerKey) || strings.Contains(log, "eyJ") {
		t.Error("a credential is in the log")
	}
}

// TestHeaders: what the application sends of itself does not reach the provider, and
// what the provider sets of cookies not the application.
func TestHeaders(t *testing.T) {
	s := newStand(t, nil)
	s.fake.say = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Openai-Organization", "org-of-the-owner")
		w.Header().Set("X-Ratelimit-Remaining-Requests", "7")
		_, _ = io.WriteString(w, `{"type":"message","content":[{"type":"text","text":"Hi"}]}`)
	}
	_, _, h := s.post("/v1/messages", `{"model":"small","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}`, "Cookie", "sid=1", "X-Forwarded-For", "10.0.0.1", "Anthropic-Version", "2023-06-01")
	if h.Get("Set-Cookie") != "" || h.Get("Openai-Organization") != "" || h.Get("X-Ratelimit-Remaining-Requests") != "7" {
		t.Errorf("answer: %v", h)
	}
	got := s.fake.heads[0]
	if got.Get("Cookie") != "" || got.Get("X-Forwarded-For") != "" || got.Get("Authorization") != "" || got.Get("X-Api-Key") != providerKey || got.Get("Anthropic-Version") != "2023-06-01" {
		t.Errorf("request: %v", got)
	}
	if s.fake.paths[0] != "/v1/messages" {
		t.Errorf("path %s", s.fake.paths[0])
	}
}

func TestRequests(t *testing.T) {
	s := newStand(t, nil)
	tool := func(name string) string { return `{"type":"function","function":{"name":"` + name + `"}}` }
	msgs := `"messages":[{"role":"user","content":"Hello"}]`
	secret := "sk-" + "proj-" + strings.Repeat("q8ZrT2mVx7Lp", 3)
	for _, c := range []struct {
		name, path, body string
		status           int
		has, hasNot      string // of what reached the provider, or of the refusal
	}{
		{"bytes stay", "/v1/chat/completions", `{"x_unknown": 1.0,  "model":"small","max_tokens":5,"temperature":1e0, ` + msgs + `}`, 200, `{"x_unknown": 1.0,  "model":"small","max_tokens":5,"temperature":1e0, `, ""},
		{"a model by its beginning", "/v1/chat/completions", `{"model":"large-2","max_tokens":5,` + msgs + `}`, 200, `"large-2"`, ""},
		{"another model", "/v1/chat/completions", `{"model":"huge",` + msgs + `}`, 403, "model_not_allowed", "huge"},
		{"no model", "/v1/chat/completions", `{` + msgs + `}`, 403, "model_not_allowed", ""},
		{"a model twice", "/v1/chat/completions", `{"model":"small","model":"huge",` + msgs + `}`, 400, "invalid_request", ""},
		{"too many tokens", "/v1/chat/completions", `{"model":"small","max_tokens":9000,` + msgs + `}`, 200, `"max_tokens":500`, "9000"},
		{"no bound", "/v1/chat/completions", `{"model":"small",` + msgs + `}`, 200, `"max_completion_tokens":500`, ""},
		{"a bound that is null", "/v1/chat/completions", `{"model":"small","max_completion_tokens":null,` + msgs + `}`, 200, `"max_completion_tokens":500`, "null"},
		{"a bound below 0", "/v1/chat/completions", `{"model":"small","max_tokens":-1,` + msgs + `}`, 400, "max_tokens", ""},
		{"a bound in words", "/v1/chat/completions", `{"model":"small","max_tokens":"9000",` + msgs + `}`, 400, "max_tokens", ""},
		{"many choices", "/v1/chat/completions", `{"model":"small","n":50,` + msgs + `}`, 200, `"n":1`, `"n":50`},
		{"responses' bound", "/v1/responses", `{"model":"small","input":"Hello","max_output_tokens":501}`, 200, `"max_output_tokens":500`, "501"},
		{"messages' bound", "/v1/messages", `{"model":"small","max_tokens":501,` + msgs + `}`, 200, `"max_tokens":500`, "501"},
		{"thinking", "/v1/messages", `{"model":"small","max_tokens":400,"thinking":{"type":"enabled","budget_tokens":400},` + msgs + `}`, 400, "budget_tokens", ""},
		{"embeddings", "/v1/embeddings", `{"model":"small","input":["a b"]}`, 200, `"input":["a b"]`, "max_"},
		{"a tool that is allowed", "/v1/chat/completions", `{"model":"small",` + msgs + `,"tools":[` + tool("search") + `]}`, 200, `"search"`, ""},
		{"one that is not", "/v1/chat/completions", `{"model":"small",` + msgs + `,"tools":[` + tool("shell") + `,` + tool("search") + `]}`, 200, `"tools":[` + tool("search") + `]`, "shell"},
		{"one of another tenant", "/v1/chat/completions", `{"model":"small",` + msgs + `,"tools":[` + tool("delete") + `],"tool_choice":"auto"}`, 200, `"model":"small"`, "tool"},
		{"one that must be used", "/v1/chat/completions", `{"model":"small",` + msgs + `,"tools":[` + tool("search") + `,` + tool("shell") + `],"tool_choice":{"type":"function","function":{"name":"shell"}}}`, 403, "tool_not_allowed", ""},
		{"the provider's own tool", "/v1/responses", `{"model":"small","input":"x","tools":[{"type":"web_search"},{"type":"function","name":"search"}]}`, 200, `"search"`, "web_search"},
		{"a server of tools", "/v1/responses", `{"model":"small","input":"x","tools":[{"type":"mcp","server_label":"search","server_url":"https://evil.test"}]}`, 200, `"input":"x"`, "evil"},
		{"Anthropic's", "/v1/messages", `{"model":"small","max_tokens":5,` + msgs + `,"tools":[{"name":"shell","input_schema":{}},{"name":"search","input_schema":{}}]}`, 200, `"search"`, "shell"},
		{"search by an option", "/v1/chat/completions", `{"model":"small","web_search_options":{},` + msgs + `}`, 403, "tool_not_allowed", ""},
		{"old functions", "/v1/chat/completions", `{"model":"small","functions":[{"name":"shell"}],` + msgs + `}`, 400, "use tools", ""},
		{"a response that is kept", "/v1/responses", `{"model":"small","input":"x","previous_response_id":"resp_of_another"}`, 400, "send the turns", "resp_of_another"},
		{"a server of tools at Anthropic", "/v1/messages", `{"model":"small","max_tokens":5,"mcp_servers":[{"url":"https://evil.test"}],` + msgs + `}`, 400, "mcp_servers", "evil"},
		{"log probabilities", "/v1/chat/completions", `{"model":"small","logprobs":true,` + msgs + `}`, 400, "Log probabilities", ""},
		{"speech", "/v1/chat/completions", `{"model":"small","modalities":["text","audio"],` + msgs + `}`, 400, "Only text", ""},
		{"a secret in the prompt", "/v1/chat/completions", `{"model":"small","messages":[{"role":"tool","tool_call_id":"c","content":"key ` + secret + ` and card 4111 1111 1111 1111"}]}`, 200, "[key] and card [card]", secret},
		{"a secret in a part", "/v1/messages", `{"model":"small","max_tokens":5,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"key ` + secret + ` x"}]}]}]}`, 200, "[key] x", secret},
		{"its own canary", "/v1/chat/completions", `{"model":"small","messages":[{"role":"user","content":"` + canaryAcme + ` ` + canaryOwn + `"}]}`, 200, canaryAcme, ""},
		{"a foreign canary", "/v1/chat/completions", `{"model":"small","messages":[{"role":"system","content":"Sources: ` + strings.ToLower(canaryOther) + `"}]}`, 403, "foreign_content", "arigold"},
		{"a foreign canary in a tool's result", "/v1/responses", `{"model":"small","input":[{"type":"function_call_output","call_id":"c","output":"{\"a\":\"TWFyaWdvbGQtNVQ4V04zUkJRQw==\"}"}]}`, 403, "foreign_content", "TWFy"},
		{"a foreign canary as a name", "/v1/messages", `{"model":"small","max_tokens":5,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"search","input":{"` + canaryOther + `":1}}]}]}`, 403, "an alert was raised", "arigold"},
		{"a name in another case", "/v1/chat/completions", `{"model":"small","Model":"huge",` + msgs + `}`, 400, "another case", "huge"},
		{"tools in another case", "/v1/chat/completions", `{"model":"small","tool\u017f":[` + tool("shell") + `],` + msgs + `}`, 400, "another case", "shell"},
		{"what is refused, in another case", "/v1/messages", `{"model":"small","max_tokens":5,"MCP_servers":[{"url":"https://evil.test"}],` + msgs + `}`, 400, "another case", "evil"},
		{"another name in another case", "/v1/chat/completions", `{"model":"small","X-Trace":1,` + msgs + `}`, 200, "X-Trace", ""},
		{"tools that are no list", "/v1/chat/completions", `{"model":"small","tools":{"0":` + tool("shell") + `},` + msgs + `}`, 400, "no list", "shell"},
		{"another model besides", "/v1/chat/completions", `{"model":"small","models":["huge"],` + msgs + `}`, 400, "name one model", "huge"},
		{"another model instead", "/v1/chat/completions", `{"model":"small","fallbacks":["huge"],` + msgs + `}`, 400, "name one model", "huge"},
		{"an item that is kept", "/v1/responses", `{"model":"small","input":[{"type":"item_reference","id":"msg_of_another"}]}`, 400, "send the turns", "msg_of"},
		{"an item that is kept, by its number alone", "/v1/responses", `{"model":"small","input":[{"role":"user","content":"x"},{"id":"msg_of_another"}]}`, 400, "send the turns", "msg_of"},
		{"an item that comes again", "/v1/responses", `{"model":"small","input":[{"id":"msg_1","role":"assistant","type":"message","content":[{"type":"output_text","text":"x"}]}]}`, 200, "msg_1", ""},
		{"speech that is kept", "/v1/chat/completions", `{"model":"small","messages":[{"role":"assistant","audio":{"id":"audio_of_another"}}]}`, 400, "send the turns", "audio_of"},
		{"tokens", "/v1/embeddings", `{"model":"small","input":[[9906,1917]]}`, 400, "tokens", "9906"},
		{"tokens of one text", "/v1/embeddings", `{"model":"small","input":[9906,1917]}`, 400, "tokens", "9906"},
		{"a number of log probabilities", "/v1/chat/completions", `{"model":"small","logprobs":3,` + msgs + `}`, 400, "Log probabilities", ""},
		{"no log probabilities", "/v1/chat/completions", `{"model":"small","logprobs":false,"top_logprobs":null,` + msgs + `}`, 200, `"logprobs":false`, ""},
		{"the bound of another protocol", "/v1/responses", `{"model":"small","input":"x","max_tokens":9000,"max_completion_tokens":9000,"n":9}`, 200, `"max_output_tokens":500`, "9"},
		{"bounds beside messages'", "/v1/messages", `{"model":"small","max_tokens":5,"max_tokens_to_sample":9000,"max_completion_tokens":9000,` + msgs + `}`, 200, `"max_tokens":5`, "9"},
		{"a secret in a prediction", "/v1/chat/completions", `{"model":"small","prediction":{"type":"content","content":"key ` + secret + ` x"},` + msgs + `}`, 200, "[key] x", secret},
		{"a secret in a tool", "/v1/chat/completions", `{"model":"small",` + msgs + `,"tools":[{"type":"function","function":{"name":"search","description":"key ` + secret + ` x"}}]}`, 200, "[key] x", secret},
		{"a secret in a document of text", "/v1/messages", `{"model":"small","max_tokens":5,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"key ` + secret + ` x"}}]}]}`, 200, "[key] x", secret},
		{"secrets in arguments", "/v1/messages", `{"model":"small","max_tokens":5,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"search","input":{"url":"key ` + secret + ` x","data":"` + secret + `"}}]}]}`, 200, "[key] x", secret},
		{"a picture stays", "/v1/messages", `{"model":"small","max_tokens":5,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + secret + `"}}]}]}`, 200, secret, ""},
		{"no JSON", "/v1/chat/completions", `{"model":`, 400, "invalid_request", ""},
		{"a list", "/v1/chat/completions", `[]`, 400, "invalid_request", ""},
		{"too long", "/v1/chat/completions", `{"model":"small","messages":[{"role":"user","content":"` + strings.Repeat("a ", 40<<10) + `"}]}`, 413, "request_too_large", "a a a"},
		{"another path", "/v1/files", `{}`, 404, "not_found", ""},
		{"a path that is spelt otherwise", "/v1/chat/completions/", hello, 404, "not_found", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.fake.forget()
			status, body, h := s.post(c.path, c.body)
			if status != c.status {
				t.Fatalf("status %d: %s", status, body)
			}
			got := s.fake.last()
			if status != 200 {
				if got != "" {
					t.Errorf("it reached the provider: %s", got)
				}
				var e struct {
					Type  string
					Error struct{ Message, Type, Code string }
				}
				if err := json.Unmarshal([]byte(body), &e); err != nil || e.Error.Message == "" || e.Error.Type == "" || (e.Type == "error") != (c.path == "/v1/messages") || h.Get("X-Request-Id") == "" {
					t.Errorf("not the provider's own words: %s", body)
				}
				got = body
			} else if !json.Valid([]byte(got)) {
				t.Errorf("no JSON: %s", got)
			}
			if !strings.Contains(got, c.has) || c.hasNot != "" && strings.Contains(got, c.hasNot) {
				t.Errorf("%s\nwant %q in it, and not %q", got, c.has, c.hasNot)
			}
		})
	}
	log := s.log.String()
	for _, want := range []string{`"level":"ERROR"`, `"msg":"foreign canary in a prompt"`, `"owner":"other"`, `"msg":"tool removed"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if strings.Contains(log, canaryOther) || strings.Contains(log, secret) {
		t.Error("the log holds what it must not")
	}
}

// TestLeaves: the provider's request ends when the application goes.
func TestLeaves(t *testing.T) {
	s := newStand(t, nil)
	ended := make(chan struct{})
	s.fake.say = func(w http.ResponseWriter, r *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, chatText("Hello there "))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(ended)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.guard.URL+"/v1/chat/completions", strings.NewReader(strings.Replace(hello, "{", `{"stream":true,`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+virtual)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	// The event comes while the provider is still speaking: nothing holds it.
	b := make([]byte, 4096)
	n, err := res.Body.Read(b)
	if err != nil || !strings.Contains(string(b[:n]), "Hello there ") {
		t.Fatalf("%q %v", b[:n], err)
	}
	cancel()
	<-ended
}

func TestFaults(t *testing.T) {
	s := newStand(t, nil)
	for _, c := range []struct {
		name, kind, body string
		status           int
		want             int
		has              string
	}{
		{"its own error", "application/json", `{"error":{"message":"bad temperature","type":"invalid_request_error","param":"temperature","code":null}}`, 400, 400, "bad temperature"},
		{"too many requests", "application/json", `{"error":{"message":"slow down","type":"rate_limit"}}`, 429, 429, "slow down"},
		{"a key that is wrong", "application/json", `{"error":{"message":"Incorrect API key: ` + providerKey + `"}}`, 401, 502, "provider_refused"},
		{"a key in another error", "application/json", `{"error":{"message":"limit of ` + providerKey + `","param":"` + strings.ToUpper(providerKey) + `","metadata":{"raw":"Bearer ` + providerKey + `"}},"detail":"` + providerKey + `"}`, 429, 429, "[removed]"},
		{"a key in an error of an answer", "application/json", `{"error":{"message":"limit of ` + providerKey + `"}}`, 200, 200, "[removed]"},
		{"a page", "text/html", `<h1>nginx/1.2 at 10.0.0.7</h1>`, 503, 503, "provider_failed"},
		{"a page that is no error", "text/html", `<h1>hello</h1>`, 200, 502, "provider_failed"},
		{"no JSON", "application/json", `{"choices":[`, 200, 502, "provider_unreadable"},
		{"another status", "application/json", `{}`, 204, 502, "provider_failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.fake.say = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}
			status, body, _ := s.post("/v1/chat/completions", hello)
			if status != c.want || !strings.Contains(body, c.has) || strings.Contains(body, providerKey) || strings.Contains(body, "10.0.0.7") {
				t.Errorf("%d: %s", status, body)
			}
		})
	}
	s.fake.CloseClientConnections()
	s.fake.Close()
	if status, body, _ := s.post("/v1/chat/completions", hello); status != 502 || strings.Contains(body, "127.0.0.1") {
		t.Errorf("a provider that is gone: %d %s", status, body)
	}
}
