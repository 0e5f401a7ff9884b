package chat_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

var small = chat.Price{InPerMTok: 1, OutPerMTok: 2, Context: 100, Output: 50} // 200 millionths a request

func guarded(t *testing.T, o chat.PurseOptions) *chat.Purse {
	t.Helper()
	p := chat.NewPurse(o)
	p.Guard([]chat.Shape{own("/v1/chats/$conversation/messages", nil), {Mode: chat.Socket, Send: chat.Template{Method: "GET", Path: "/ws"}}}, "POST /v1/summaries", "/v1/agents/**")
	return p
}

// TestTollReaches tells requests that get to the model from those that do not,
// whatever their spelling.
func TestTollReaches(t *testing.T) {
	p := guarded(t, chat.PurseOptions{Price: small, Base: "/api"}) // without money: what reaches the model is refused
	for _, c := range []struct {
		method, path string
		messages     int
		reaches      bool
	}{
		{"POST", "/v1/chats/c1/messages", 0, true},
		{"POST", "/v1/chats/c1/messages/", 0, true},
		{"POST", "/V1//Chats/c1/./Messages?x=1", 0, true},
		{"POST", "/v1/chats/c1/%6dessages;v=1", 0, true},
		{"POST", "/api/v1/chats/c1/messages", 0, true},
		{"POST", "http://target.test/api/v1/chats/c1/messages#x", 0, true},
		{"PUT", "/v1/chats/c1/messages", 0, true}, // a method that is overridden gets there too
		{"GET", "/v1/chats/c1/messages", 0, false},
		{"HEAD", "/v1/chats/c1/messages", 0, false},
		{"OPTIONS", "/v1/chats/c1/messages", 0, false},
		{"POST", "/v1/chats/c1", 0, false},
		{"POST", "/v1/chats/c1/messages/m1/feedback", 0, false},
		{"POST", "/v1/summaries", 0, true},
		{"POST", "/v1/agents/a/b/c", 0, true},
		{"POST", "/v1/agentsx", 0, false},
		{"GET", "/ws", 0, false},
		{"GET", "/ws", 1, true},
		{"GET", "/other", 1, false},
		{"POST", "%zz", 0, false},
	} {
		_, err := p.Toll(t.Context(), &lr.Request{Method: c.method, Path: c.path}, c.messages)
		if errors.Is(err, lr.ErrMoney) != c.reaches {
			t.Errorf("%s %s with %d messages: %v, want it to reach the model %t", c.method, c.path, c.messages, err, c.reaches)
		}
	}
}

// TestTollSettles by what the reply tells.
func TestTollSettles(t *testing.T) {
	reply := func(status int, media, body string) *lr.Exchange {
		return &lr.Exchange{Status: status, Header: http.Header{"Content-Type": {media}}, Body: []byte(body)}
	}
	const j, s = "application/json", "text/event-stream"
	cut := reply(200, j, `{"usage":{"prompt_tokens":10,"completion_tokens":5}}`)
	cut.Truncated = true
	for name, c := range map[string]struct {
		x       *lr.Exchange
		sent    bool
		tokens  int // 150 is the worst
		calls   int
		guessed int
	}{
		"openai":                        {reply(200, j, `{"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}`), true, 15, 1, 0},
		"anthropic":                     {reply(200, j, `{"usage":{"input_tokens":10,"cache_read_input_tokens":30,"output_tokens":5}}`), true, 45, 1, 0},
		"gemini":                        {reply(200, j, `{"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5}}`), true, 15, 1, 0},
		"ollama lines":                  {reply(200, "application/x-ndjson", "{\"response\":\"a\"}\n{\"prompt_eval_count\":10,\"eval_count\":5}\n"), true, 15, 1, 0},
		"a stream that counts on":       {reply(200, s, "data: {\"id\":\"a\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":1}}\n\ndata: {\"id\":\"a\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}\n\n"), true, 15, 1, 0},
		"two replies of the model":      {reply(200, s, "data: {\"id\":\"a\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":1}}\n\ndata: {\"id\":\"b\",\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":5}}\n\n"), true, 36, 1, 0},
		"anthropic's start alone":       {reply(200, s, "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n"), true, 150, 1, 1},
		"anthropic's stream":            {reply(200, s, "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":7}}\n\n"), true, 17, 1, 0},
		"more than the worst":           {reply(200, j, `{"usage":{"prompt_tokens":1000,"completion_tokens":5}}`), true, 1005, 1, 0},
		"prompt alone":                  {reply(200, j, `{"usage":{"prompt_tokens":10}}`), true, 150, 1, 1},
		"none":                          {reply(200, j, `{"answer":"usage: 3"}`), true, 150, 1, 1},
		"a text that looks like counts": {reply(200, j, `{"answer":"{\"prompt_tokens\":0,\"completion_tokens\":0}"}`), true, 150, 1, 1},
		"negative":                      {reply(200, j, `{"usage":{"prompt_tokens":-10,"completion_tokens":-5}}`), true, 150, 1, 1},
		"no number":                     {reply(200, j, `{"usage":{"prompt_tokens":null,"completion_tokens":1.5}}`), true, 150, 1, 1},
		"cut":                           {cut, true, 150, 1, 1},
		"broken JSON":                   {reply(200, j, `{"usage":{"prompt_tok`), true, 150, 1, 1},
		"refused by a filter":           {reply(403, j, `{"usage":{"prompt_tokens":0,"completion_tokens":0}}`), true, 150, 1, 1},
		"broke":                         {reply(500, j, `{}`), true, 150, 1, 1},
		"refused unread":                {reply(429, j, `{}`), true, 0, 0, 0},
		"no credential":                 {reply(401, j, `{}`), true, 0, 0, 0},
		"no answer":                     {nil, true, 150, 1, 1},
		"never sent":                    {nil, false, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := guarded(t, chat.PurseOptions{USD: 1, Price: small})
			settle, err := p.Toll(t.Context(), &lr.Request{Method: "POST", Path: "/v1/summaries"}, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Spent(); got.Tokens != 150 {
				t.Errorf("under way it counts %d tokens, want the worst", got.Tokens)
			}
			settle(c.x, c.sent)
			if got := p.Spent(); got.Tokens != c.tokens || got.Calls != c.calls || got.Guessed != c.guessed {
				t.Errorf("got %+v, want %d tokens, %d calls, %d guessed", got, c.tokens, c.calls, c.guessed)
			}
		})
	}
}

// TestTollWaits: a request that may fit once another has settled waits for it, and
// ends with its context.
func TestTollWaits(t *testing.T) {
	p := guarded(t, chat.PurseOptions{USD: 0.0003, Price: small})
	q := &lr.Request{Method: "POST", Path: "/v1/summaries"}
	first, err := p.Toll(t.Context(), q, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Toll(ctx, q, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting ended with %v", err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := p.Toll(t.Context(), q, 0); err != nil {
			t.Errorf("after the first gave its money back: %v", err)
		}
	})
	first(nil, false)
	wait.Wait()
	if got := p.Spent(); got.USD > 0.0003 || got.Tokens != 150 {
		t.Errorf("spent %+v", got)
	}
}

// TestTollSays why it refuses, and counts messages and long bodies.
func TestTollSays(t *testing.T) {
	q := func(body int) *lr.Request {
		return &lr.Request{Method: "POST", Path: "/v1/summaries", Body: make([]byte, body)}
	}
	p := guarded(t, chat.PurseOptions{USD: 0.0003, Price: small})
	if _, err := p.Toll(t.Context(), q(300), 0); err == nil || !strings.Contains(err.Error(), "one more request is counted at $0.0004 and $0.0003 is left") || !errors.Is(err, lr.ErrMoney) {
		t.Errorf("a body of more bytes than the context has tokens: %v", err)
	}
	if _, err := p.Toll(t.Context(), &lr.Request{Method: "GET", Path: "/ws"}, 2); !errors.Is(err, lr.ErrMoney) {
		t.Errorf("two messages: %v", err)
	}
	p = guarded(t, chat.PurseOptions{USD: 1, Tokens: 149, Price: small})
	if _, err := p.Toll(t.Context(), q(0), 0); err == nil || !strings.Contains(err.Error(), "budget.tokens (one more request is counted at 150 tokens and 149 are left)") || !errors.Is(err, lr.ErrMoney) {
		t.Errorf("the tokens: %v", err)
	}
}

func TestPriceOf(t *testing.T) {
	for name, in := range map[string]float64{"gpt-4o": 2.5, "gpt-4o-mini-2024-07-18": 0.15, "openai/gpt-4o-mini": 0.15, "GPT-4.1-Nano": 0.1, "claude-sonnet-4-5": 3, "gpt-5.1": 1.25} {
		if p, ok := chat.PriceOf(name); !ok || p.InPerMTok != in || p.Context == 0 || p.Output == 0 {
			t.Errorf("%s: %+v %t, want %g", name, p, ok, in)
		}
	}
	for _, name := range []string{"", "harbor-small", "gpt"} {
		if p, ok := chat.PriceOf(name); ok {
			t.Errorf("%q has the price %+v", name, p)
		}
	}
	for _, name := range chat.Models() {
		if p, ok := chat.PriceOf(name); !ok || p.Worst() <= 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if w := small.Worst(); w != 0.0002 {
		t.Errorf("the worst is %g", w)
	}
	if w := (chat.Price{InPerMTok: 1e12, Context: 1 << 40}).Worst(); w <= 0 {
		t.Errorf("it overflows to %g", w)
	}
}
