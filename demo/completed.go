package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/launchready/launchready/demo/model"
)

// completed answers a client of OpenAI's protocol: the agent's answer as one
// completion, or as chunks.
func (s *Server) completed(w http.ResponseWriter, r *http.Request, p *principal, req model.Request) error {
	c := completionWriter{w: w, id: s.newID("chatcmpl"), model: req.Model, at: s.now().Unix()}
	if c.model == "" {
		c.model = model.Small
	}
	streams := req.Stream
	req.Stream = false // the agent asks for what it needs
	var token func(string) error
	if streams {
		token = c.piece
	}
	said, err := s.agent(r.Context(), p, "", req, token)
	if err != nil {
		s.log.ErrorContext(r.Context(), "model provider", "request_id", requestID(r), "err", err)
		if c.begun {
			return nil // the head is out: the reply ends here either way
		}
		var refused *providerError
		if errors.As(err, &refused) && s.flaws.Has("hygiene/provider-error") {
			return badRequest("the model provider answered: " + string(refused.said))
		}
		return newProblem(http.StatusBadGateway, "the assistant is not available")
	}
	usage := &model.Usage{Completion: (len(said.Text) + 3) / 4, Total: said.Tokens}
	usage.Prompt = max(usage.Total-usage.Completion, 0)
	if streams {
		return c.end(said.Finish, usage)
	}
	w.Header().Set("Cache-Control", "private, no-store")
	return reply(w, http.StatusOK, model.Completion{ID: c.id, Object: "chat.completion", Created: c.at, Model: c.model, Usage: usage,
		Choices: []model.Choice{{Message: &model.Message{Role: "assistant", Content: model.Text(said.Text)}, FinishReason: &said.Finish}}})
}

// completionWriter writes chunks. Its head goes out with the first one.
type completionWriter struct {
	w     http.ResponseWriter
	id    string
	model string
	at    int64
	begun bool
}

func (c *completionWriter) chunk(choices []model.Choice, u *model.Usage) error {
	if !c.begun {
		c.begun = true
		h := c.w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "private, no-store")
		if err := c.chunk([]model.Choice{{Delta: &model.Delta{Role: "assistant"}}}, nil); err != nil {
			return err
		}
	}
	b, err := json.Marshal(model.Completion{ID: c.id, Object: "chat.completion.chunk", Created: c.at, Model: c.model, Choices: choices, Usage: u})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c.w, "data: %s\n\n", b); err != nil {
		return err
	}
	return http.NewResponseController(c.w).Flush()
}

func (c *completionWriter) piece(text string) error {
	return c.chunk([]model.Choice{{Delta: &model.Delta{Content: text}}}, nil)
}

func (c *completionWriter) end(finish string, u *model.Usage) error {
	if err := c.chunk([]model.Choice{{Delta: &model.Delta{}, FinishReason: &finish}}, nil); err != nil {
		return nil // the caller has gone
	}
	c.chunk([]model.Choice{}, u)        //nolint:errcheck // likewise
	fmt.Fprint(c.w, "data: [DONE]\n\n") //nolint:errcheck // likewise
	return nil
}
