package model_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/model"
)

// TestBeside: what must not be in an answer is taken out wherever it says it, and a call
// that is not what it should be is none.
func TestBeside(t *testing.T) {
	const chat, responses, messages = "/v1/chat/completions", "/v1/responses", "/v1/messages"
	secret := "sk-" + "proj-" + strings.Repeat("q8ZrT2mVx7Lp", 3)
	event := func(list ...string) string { return "data: " + strings.Join(list, "\n\ndata: ") + "\n\n" }
	for _, c := range []struct {
		name, path, body string
		has              string
	}{
		{"parts of the content", chat, `{"choices":[{"index":0,"message":{"role":"assistant","content":[{"type":"text","text":"key ` + secret + ` x"}]}}]}`, "[key] x"},
		{"parts of the reasoning", chat, `{"choices":[{"index":0,"message":{"role":"assistant","content":"a","reasoning_details":[{"type":"reasoning.text","text":"key ` + secret + ` x"}]}}]}`, "[key] x"},
		{"a title", chat, `{"choices":[{"index":0,"message":{"role":"assistant","content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"https://docs.acme.test","title":"key ` + secret + ` x"}}]}}]}`, "[key] x"},
		{"a choice's own text", chat, `{"choices":[{"index":0,"text":"key ` + secret + ` x","message":{"role":"assistant","content":"a"}}]}`, "[key] x"},
		{"a message in a chunk", chat, event(`{"choices":[{"index":0,"message":{"content":"` + secret + `","tool_calls":[{"function":{"name":"shell"}}]},"delta":{"content":"Hi"}}]}`), "Hi"},
		{"a mark in front of a stream", chat, "\ufeff" + event(`{"choices":[{"index":0,"delta":{"content":"key `+secret+` x"}}]}`), "[key] x"},
		{"an error in a stream", chat, event(`{"error":{"message":"key ` + providerKey + `"}}`), "[removed]"},
		{"an error event", responses, event(`{"type":"error","message":"key ` + providerKey + `"}`), "[removed]"},
		{"a response that failed", responses, event(`{"type":"response.failed","response":{"error":{"message":"key ` + providerKey + `"},"output":[]}}`), "[removed]"},
		{"an error event of Anthropic's", messages, event(`{"type":"error","error":{"type":"api_error","message":"key ` + providerKey + `"}}`), "[removed]"},
		{"code", responses, event(`{"type":"response.code_interpreter_call_code.done","output_index":0,"code":"key ` + secret + ` x"}`), "[key] x"},
		{"words that are there at once", responses, event(`{"type":"response.content_part.added","output_index":0,"part":{"type":"output_text","text":"key ` + secret + ` x"}}`), "[key] x"},
		{"a block that thinks at once", messages, event(`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"key ` + secret + ` x"}}`), "[key] x"},
		{"a summary", messages, `{"type":"message","role":"assistant","content":[{"type":"compaction","content":"key ` + secret + ` x"}]}`, "[key] x"},
		{"arguments that are no text", chat, `{"choices":[{"index":0,"message":{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"search","arguments":{"q":"shell"}}}]},"finish_reason":"tool_calls"}]}`, "not allowed"},
		{"the same in a stream", chat, event(`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"search","arguments":{"q":"shell"}}}]},"finish_reason":"tool_calls"}]}`), "not allowed"},
		{"a text and arguments", chat, `{"choices":[{"index":0,"message":{"role":"assistant","tool_calls":[{"id":"a","type":"custom","custom":{"name":"note","input":""},"function":{"arguments":"shell"}}]},"finish_reason":"tool_calls"}]}`, "not allowed"},
		{"arguments of responses", responses, `{"output":[{"type":"function_call","name":"search","arguments":{"q":"shell"}}]}`, "not allowed"},
		{"a call of the shell", responses, `{"output":[{"type":"local_shell_call","call_id":"c","action":{"type":"exec","command":["rm"]}}]}`, "not allowed"},
		{"a call of the computer", responses, event(`{"type":"response.output_item.added","output_index":0,"item":{"type":"computer_call","call_id":"c"}}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"computer_call","call_id":"c","action":{"type":"type","text":"shell"}}}`, `{"type":"response.completed","response":{"output":[]}}`), "not allowed"},
		{"two calls in one place", responses, event(`{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","name":"shell","arguments":""}}`,
			`{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","name":"search","arguments":"{}"}}`, `{"type":"response.completed","response":{"output":[]}}`), "not allowed"},
		{"two blocks in one place", messages, event(`{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":"shell","input":{"cmd":"rm"}}}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","name":"search","input":{}}}`, `{"type":"message_delta","delta":{"stop_reason":"tool_use"}}`), "not allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream := !strings.HasPrefix(c.body, "{")
			kind := "application/json"
			if stream {
				kind = "text/event-stream"
			}
			got := serve(t, proxy(t, split{func() io.Reader { return strings.NewReader(c.body) }, kind}), c.path, question(c.path, stream, "x", "Hi"))
			for _, gone := range []string{secret, providerKey, "shell", "local_", `"rm"`} {
				if strings.Contains(got, gone) {
					t.Errorf("%q is still in %s", gone, got)
				}
			}
			if !strings.Contains(got, c.has) {
				t.Errorf("%q is not in %s", c.has, got)
			}
		})
	}
}

// TestBesidePromptly: verdicts of a provider, which have no end of their own, hold nothing back.
func TestBesidePromptly(t *testing.T) {
	r, w := io.Pipe()
	p := proxy(t, split{func() io.Reader { return r }, "text/event-stream"})
	const event = `data: {"choices":[{"index":0,"delta":{"content":"Hello there "},"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}` + "\n\n"
	got := make(chan string)
	go func() { got <- serve(t, p, "/v1/chat/completions", question("/v1/chat/completions", true, "x", "Hi")) }()
	if _, err := io.WriteString(w, event); err != nil {
		t.Fatal(err)
	}
	_ = w.CloseWithError(io.ErrUnexpectedEOF) // what is held back is lost by it
	if s := <-got; !strings.HasPrefix(s, event) {
		t.Errorf("held back: %s", s)
	}
}

// TestKeyInHeader: a provider that says guard's own key says it to guard alone.
func TestKeyInHeader(t *testing.T) {
	s := newStand(t, nil)
	s.fake.say = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Request-Id", "of Bearer "+providerKey)
		w.Header().Set("X-Ratelimit-Limit-Requests", "9")
		_, _ = io.WriteString(w, `{"choices":[]}`)
	}
	_, _, h := s.post("/v1/chat/completions", hello)
	if strings.Contains(h.Get("X-Request-Id"), providerKey) || h.Get("X-Request-Id") == "" || h.Get("X-Ratelimit-Limit-Requests") != "9" {
		t.Errorf("%v", h)
	}
}

// TestOwnCalls: a call of a tool that the protocol itself names is judged by what it is to do.
func TestOwnCalls(t *testing.T) {
	s := newStand(t, func(o *model.Options) {
		schema, err := model.Schema(map[string]any{"type": "object", "properties": map[string]any{"command": map[string]any{"const": []any{"ls"}}}})
		if err != nil {
			t.Fatal(err)
		}
		o.Tools = append(o.Tools, model.Tool{Name: "local_shell", Schema: schema})
	})
	for command, goes := range map[string]bool{`["ls"]`: true, `["rm"]`: false, `["echo","` + canaryOwn + `"]`: false} {
		item := `{"type":"local_shell_call","call_id":"c","action":{"type":"exec","command":` + command + `}}`
		for stream, body := range map[string]string{
			"false": `{"id":"r","output":[` + item + `]}`,
			"true": "data: " + `{"type":"response.output_item.added","output_index":0,"item":{"type":"local_shell_call","call_id":"c","action":{"type":"exec","command":[]}}}` + "\n\ndata: " +
				`{"type":"response.output_item.done","output_index":0,"item":` + item + `}` + "\n\ndata: " + `{"type":"response.completed","response":{"id":"r","output":[` + item + `]}}` + "\n\n",
		} {
			kind := "application/json"
			if stream == "true" {
				kind = "text/event-stream"
			}
			s.fake.says(kind, body)
			_, got, _ := s.post("/v1/responses", `{"model":"small","stream":`+stream+`,"tools":[{"type":"local_shell"}],"input":"Hi"}`)
			if (got == body) != goes || strings.Contains(got, `"rm"`) {
				t.Errorf("%s, stream %s: %s", command, stream, got)
			}
		}
	}
}
