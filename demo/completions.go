package demo

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/launchready/launchready/demo/model"
)

func (s *Server) completionRoutes() []route {
	return []route{
		{method: "POST", pattern: "/v1/chat/completions", id: "createCompletion", tag: "completions", summary: "The assistant for OpenAI clients; the tenant's knowledge is in front of the messages", access: member, scope: "chats:write", in: completion{}, out: model.Completion{}, refusals: []int{502}, handle: s.createCompletion},
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
	in, err := decode[completion](r)
	if err != nil && !(in.Model != "" && len(in.Messages) > 0 && s.flaws.Has("hygiene/provider-error")) {
		return err // with the flaw, the provider says which models it has
	}
	turns := make([]model.Message, 0, len(in.Messages))
	for i, t := range in.Messages {
		// Only the application speaks as system: a client's system message would
		// outrank the tenant's instructions.
		if faults := faultsOf(t); len(faults) > 0 {
			faults[0].Field = fmt.Sprintf("messages.%d.%s", i, faults[0].Field)
			return invalid(faults...)
		}
		turns = append(turns, model.Message{Role: t.Role, Content: model.Text(t.Content)})
	}
	p := who(r)
	prompt, _, err := s.prompt(r.Context(), s.chosenTenant(p, in.Metadata), "", turns)
	if err != nil {
		return err
	}
	req := model.Request{Model: in.Model, Messages: prompt, MaxTokens: in.MaxToken, Stream: in.Stream}
	if err := s.used(r.Context(), p, "message", 1); err != nil {
		return err
	}
	res, err := s.provider.send(r.Context(), req)
	if err != nil {
		s.log.ErrorContext(r.Context(), "model provider", "request_id", requestID(r), "err", err)
		var refused *providerError
		if errors.As(err, &refused) && s.flaws.Has("hygiene/provider-error") {
			return badRequest("the model provider answered: " + string(refused.said))
		}
		return newProblem(http.StatusBadGateway, "the assistant is not available")
	}
	defer res.Body.Close()
	w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
	w.Header().Set("Cache-Control", "private, no-store")
	return relay(w, res.Body)
}

// relay copies a reply as it comes.
func relay(w http.ResponseWriter, body io.Reader) error {
	rc := http.NewResponseController(w)
	buf := make([]byte, 4096)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return nil // the caller has gone
			}
			rc.Flush() //nolint:errcheck // best effort
		}
		if err != nil {
			return nil // the head is out: the reply ends here either way
		}
	}
}
