package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/launchready/launchready/demo/model"
)

func (s *Server) completionRoutes() []route {
	return []route{
		{method: "POST", pattern: "/v1/chat/completions", id: "createCompletion", tag: "completions", summary: "The assistant for OpenAI clients; the tenant's knowledge is in front of the messages", access: member, scope: "chats:write", in: completion{}, out: model.Completion{}, refusals: []int{429, 502}, handle: s.createCompletion},
		{method: "GET", pattern: "/v1/models", id: "listModels", tag: "completions", summary: "Models to choose from", access: viewer, scope: "chats:read", out: modelList{}, handle: s.listModels},
	}
}

type completion struct {
	Model    string           `json:"model,omitempty" api:"enum=harbor-small|harbor-large,example=harbor-small"`
	Messages []completionTurn `json:"messages" api:"required,min=1,max=200"`
	Stream   bool             `json:"stream,omitempty"`
	MaxToken int              `json:"max_tokens,omitempty" api:"min=1,max=4096,example=256"`
	Metadata map[string]any   `json:"metadata,omitempty" api:"doc=kept by the client; it decides nothing"`
}

type completionTurn struct {
	Role    string `json:"role" api:"required,enum=user|assistant,example=user"`
	Content string `json:"content" api:"required,max=32000,example=How long do refunds take?"`
}

type modelList struct {
	Object string       `json:"object" api:"example=list"`
	Data   []modelEntry `json:"data"`
}

type modelEntry struct {
	ID      string `json:"id" api:"example=harbor-small"`
	Object  string `json:"object" api:"example=model"`
	OwnedBy string `json:"owned_by" api:"example=harbor"`
}

func (s *Server) listModels(w http.ResponseWriter, r *http.Request) error {
	return reply(w, http.StatusOK, modelList{"list", []modelEntry{{model.Small, "model", "harbor"}, {model.Large, "model", "harbor"}}})
}

func (s *Server) createCompletion(w http.ResponseWriter, r *http.Request) error {
	own, err := s.playground(r)
	if err != nil {
		return err
	}
	in, err := decode[completion](r)
	if err != nil && !(in.Model != "" && len(in.Messages) > 0 && s.flaws.Has("hygiene/provider-error")) {
		return err // with the flaw, the provider says which models it has
	}
	turns := make([]model.Message, 0, len(in.Messages))
	for i, t := range in.Messages {
		// Only the application speaks as system: a client's system message would
		// outrank the tenant's instructions.
		if faults := faultsOf(t); len(faults) > 0 && !(s.flaws.Has("model/client-role") && outranks(t.Role)) {
			faults[0].Field = fmt.Sprintf("messages.%d.%s", i, faults[0].Field)
			return invalid(faults...)
		}
		turns = append(turns, model.Message{Role: t.Role, Content: model.Text(t.Content)})
	}
	leave, err := s.turn(r, !s.flaws.Has("limits/chat-burst"), spokenBy(turns))
	if err != nil {
		return err
	}
	defer leave()
	p := who(r)
	prompt, _, err := s.prompt(r.Context(), s.chosenTenant(p, in.Metadata), "", turns)
	if err != nil {
		return err
	}
	if own.System != "" {
		prompt = append(prompt[:1:1], append([]model.Message{{Role: "system", Content: model.Text(own.System)}}, prompt[1:]...)...)
	}
	req := model.Request{Model: in.Model, Messages: prompt, MaxTokens: in.MaxToken, Stream: in.Stream}
	if err := s.used(r.Context(), p, "message", 1); err != nil {
		return err
	}
	return s.completed(w, r, p, req)
}

// spokenBy is what turns say together.
func spokenBy(turns []model.Message) string {
	var b strings.Builder
	for _, t := range turns {
		b.WriteString(string(t.Content))
	}
	return b.String()
}

// outranks reports a role whose word counts for more than the user's.
func outranks(role string) bool { return role == "system" || role == "developer" }

// playgroundBody is what the playground of the first version sends beside the messages.
type playgroundBody struct {
	System string `json:"system"`
}

// playground reads it, which only a flawed server does, and leaves the body as
// it was.
func (s *Server) playground(r *http.Request) (playgroundBody, error) {
	var own playgroundBody
	if !s.flaws.Has("model/client-parameters") {
		return own, nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return own, tooLarge(err, badRequest("the body cannot be read"))
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	if json.Unmarshal(b, &own) != nil {
		own = playgroundBody{} // the refusal is decode's
	}
	return own, nil
}
