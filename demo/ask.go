package demo

import (
	"errors"
	"net/http"

	"github.com/launchready/launchready/demo/model"
)

type question struct {
	Question   string   `json:"question" api:"required,max=2000,example=How long do refunds take?"`
	Collection string   `json:"collection,omitempty" api:"max=100,doc=the slug of the one collection to look in"`
	ChatID     string   `json:"chat_id,omitempty" api:"max=100,doc=a conversation of yours to keep in mind"`
	FileIDs    []string `json:"file_ids,omitempty" api:"max=5,doc=answer from these files alone"`
}

type answered struct {
	Answer    string     `json:"answer" api:"example=Refunds are paid within 14 days. [1]"`
	Citations []citation `json:"citations"`
}

// readQuestion reads a question and judges it.
func (s *Server) readQuestion(r *http.Request) (question, error) {
	in, err := decode[question](r)
	var p *problem
	if s.flaws.Has("input/prompt-size") && errors.As(err, &p) && len(p.Errors) == 1 && p.Errors[0].Field == "question" && in.Question != "" {
		return in, nil // the model's window is long enough
	}
	return in, err
}

// ask answers from the knowledge base, or from the files that it is given. It
// remembers nothing; a conversation is kept in mind where the question names one.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) error {
	in, err := s.readQuestion(r)
	if err != nil {
		return err
	}
	p := who(r)
	leave, err := s.turn(r, !s.flaws.Has("limits/other-endpoint"), in.Question)
	if err != nil {
		return err
	}
	defer leave()
	if in.Collection != "" {
		if _, err := s.collectionOf(r.Context(), p.TenantID, in.Collection); err != nil {
			return err
		}
	}
	generation, keys := s.library.generation(), s.cacheKeys(p, in)
	if have, ok := s.answers.find(generation, keys); ok {
		w.Header().Set("X-Cache", "HIT")
		return reply(w, http.StatusOK, have)
	}
	turns, err := s.recalled(r.Context(), p.TenantID, in.ChatID)
	if err != nil {
		return err
	}
	turns = append(turns, model.Message{Role: "user", Content: model.Text(in.Question)})
	var prompt []model.Message
	var sources []citation
	if len(in.FileIDs) > 0 {
		var files []book
		if files, err = s.attached(r.Context(), p.TenantID, in.FileIDs); err == nil {
			prompt, sources, err = s.promptFrom(r.Context(), p.TenantID, files, turns)
		}
	} else {
		prompt, sources, err = s.prompt(r.Context(), p.TenantID, in.Collection, turns)
	}
	if err != nil {
		return err
	}
	said, err := s.agent(r.Context(), p, "", model.Request{Messages: prompt}, nil)
	if err != nil {
		s.log.ErrorContext(r.Context(), "model provider", "request_id", requestID(r), "err", err)
		return newProblem(http.StatusBadGateway, "the assistant is not available")
	}
	if err := s.used(r.Context(), p, "token", said.Tokens); err != nil {
		return err
	}
	cites, err := s.sourced(r.Context(), in.Question, said.Text, sources)
	if err != nil {
		return err
	}
	out := answered{said.Text, cites}
	s.answers.keep(generation, keys, out)
	w.Header().Set("X-Cache", "MISS")
	return reply(w, http.StatusOK, out)
}
