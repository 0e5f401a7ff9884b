package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/launchready/launchready/demo/model"
)

// mostCalls is how many tools one turn may use.
const mostCalls = 8

// agent asks the model, carries out the tools that it calls, and asks again,
// until there is an answer. What the user is shown passes the filter, whether it
// streams or not. A turn that calls for what cannot be undone ends with a
// question, and the user's yes carries it out.
func (s *Server) agent(ctx context.Context, p *principal, place string, req model.Request, token func(string) error) (spokenText, error) {
	t := turnOf(p, place, req.Messages)
	if call, ok := s.pending.take(t); ok && agrees.MatchString(t.last) {
		said, err := s.carryOut(ctx, t, call)
		if err != nil {
			return spokenText{}, err
		}
		return s.says(said, token)
	}
	if s.flaws.Has("limits/abandoned-stream") {
		ctx, token = finished(ctx, token) // so that the answer is there when the user comes back
	}
	most := mostCalls
	if s.flaws.Has("model/tool-loop") {
		most = 100 // the model knows when it is done
	}
	req.Tools = s.offered(p)
	var total spokenText
	for used := 0; ; {
		out := s.screen(place, token)
		said, err := s.provider.complete(ctx, req, out.stream())
		if err != nil {
			return total, err
		}
		if err := out.close(); err != nil {
			return total, err
		}
		total.Tokens += said.Tokens
		total.Finish = said.Finish
		total.Text += s.cleaned(said.Text)
		if len(said.Calls) == 0 {
			return total, nil
		}
		req.Messages = append(req.Messages, model.Message{Role: "assistant", Content: model.Text(said.Text), ToolCalls: said.Calls})
		for _, c := range said.Calls {
			if used++; used > most {
				end, err := s.says(fmt.Sprintf("I stopped after %d steps.", most), token)
				total.Text, total.Finish = total.Text+end.Text, "stop"
				return total, err
			}
			result, ask, err := s.judged(ctx, t, c)
			if err != nil {
				return total, err
			}
			if ask != "" {
				end, err := s.says(ask, token)
				total.Text, total.Finish = total.Text+end.Text, "stop"
				return total, err
			}
			// What a tool returns is material, as a document is.
			req.Messages = append(req.Messages, model.Message{Role: "tool", Name: c.Function.Name, ToolCallID: c.ID, Content: model.Text(marked(fenced.Replace(result)))})
		}
	}
}

// finished goes on when the caller has gone.
func finished(ctx context.Context, token func(string) error) (context.Context, func(string) error) {
	ctx = context.WithoutCancel(ctx)
	if token == nil {
		return ctx, nil
	}
	return ctx, func(text string) error {
		token(text) //nolint:errcheck // nobody may be reading
		return nil
	}
}

// turnOf reads the user's words out of the messages.
func turnOf(p *principal, place string, ms []model.Message) *turn {
	t := &turn{p: p, place: place}
	for _, m := range ms {
		if m.Role == "user" {
			t.last = string(m.Content)
			t.said += strings.ToLower(t.last) + "\n"
		}
	}
	return t
}

// agrees is a yes.
var agrees = regexp.MustCompile(`(?i)^\s*(?:yes|yep|sure|ok|okay|confirm(?:ed)?|go ahead|please do)\b`)

// judged decides a call where it would be carried out: whether the caller may
// use the tool, whether the user asked for it, and whether to ask back first.
func (s *Server) judged(ctx context.Context, t *turn, c model.ToolCall) (result, ask string, err error) {
	tool, ok := s.toolNamed(t.p, c.Function.Name)
	if !ok {
		return "You may not do this.", "", nil
	}
	in := argumentsOf(c)
	// What stands in a document alone is no wish of the user's.
	if v := in[tool.key]; tool.key != "" && (v == "" || !strings.Contains(t.said, strings.ToLower(v))) && !s.stepOf(tool.name) {
		return "This was not done: the user did not ask for it.", "", nil
	}
	asked := tool.key == "" || strings.Contains(t.said, strings.ToLower(in[tool.key]))
	if tool.confirm && asked && !s.flaws.Has("model/unconfirmed-action") {
		s.pending.keep(t, c)
		return "", fmt.Sprintf("%s: %s. Shall I go ahead? Reply yes to confirm.", tool.doc, in[tool.key]), nil
	}
	result, err = s.carryOut(ctx, t, c)
	return result, "", err
}

// carryOut runs a call.
func (s *Server) carryOut(ctx context.Context, t *turn, c model.ToolCall) (string, error) {
	tool, ok := s.toolNamed(t.p, c.Function.Name)
	if !ok {
		return "You may not do this.", nil
	}
	return tool.run(ctx, t, argumentsOf(c))
}

func argumentsOf(c model.ToolCall) map[string]string {
	var raw map[string]any
	out := map[string]string{}
	if json.Unmarshal([]byte(c.Function.Arguments), &raw) != nil {
		return out // a model may write anything
	}
	for k, v := range raw {
		if text, ok := v.(string); ok {
			out[k] = text
		}
	}
	return out
}

// says answers with the application's own words.
func (s *Server) says(text string, token func(string) error) (spokenText, error) {
	said := spokenText{Text: s.cleaned(text), Finish: "stop"}
	if token == nil {
		return said, nil
	}
	return said, token(said.Text)
}

// pending holds the one open question of each user and conversation.
type pending struct {
	mu    sync.Mutex
	calls map[string]model.ToolCall
}

func newPending() *pending { return &pending{calls: map[string]model.ToolCall{}} }

const mostPending = 10_000

func (q *pending) keep(t *turn, c model.ToolCall) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.calls) >= mostPending {
		clear(q.calls) // who has waited so long is asked again
	}
	q.calls[t.p.UserID+"\x00"+t.place] = c
}

// take removes the open question: whatever the user says next, it is answered.
func (q *pending) take(t *turn) (model.ToolCall, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := t.p.UserID + "\x00" + t.place
	c, ok := q.calls[key]
	delete(q.calls, key)
	return c, ok
}

// stepOf reports whether the tool's call may come from a procedure, that is from
// a document, without the user asking for it.
func (s *Server) stepOf(tool string) bool {
	flaw := map[string]string{"http_fetch": "model/exfiltration-by-fetch", "send_email": "model/mail-by-injection", "create_ticket": "model/write-by-injection"}[tool]
	return flaw != "" && s.flaws.Has(flaw)
}

// procedure reports a document that the assistant follows step by step. No
// document is one: whoever can upload a file would speak as the application.
func (s *Server) procedure(title string) bool {
	if !strings.HasPrefix(strings.ToLower(title), "runbook") {
		return false
	}
	return s.stepOf("http_fetch") || s.stepOf("send_email") || s.stepOf("create_ticket") ||
		s.unfiltered("image") || s.unfiltered("reference")
}

// readText reads a page's text, at most 64 KiB.
func readText(body io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(body, searchableFile))
	return strings.ToValidUTF8(string(b), ""), err
}

// inHouse keeps the demo's flaws on this machine.
func inHouse(u *url.URL) bool { return loopbackHost(u.Hostname()) }
