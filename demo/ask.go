package demo

import (
	"net/http"

	"github.com/launchready/launchready/demo/model"
)

type question struct {
	Question   string `json:"question" api:"required,max=2000,example=How long do refunds take?"`
	Collection string `json:"collection,omitempty" api:"max=100,doc=the slug of the one collection to look in"`
}

type answered struct {
	Answer    string     `json:"answer" api:"example=Refunds are paid within 14 days. [1]"`
	Citations []citation `json:"citations"`
}

// ask answers from the knowledge base alone: nothing is remembered.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) error {
	in, err := decode[question](r)
	if err != nil {
		return err
	}
	p := who(r)
	if !s.flaws.Has("limits/other-endpoint") {
		if err := s.admit(r); err != nil {
			return err
		}
	}
	if in.Collection != "" {
		if _, err := s.collectionOf(r.Context(), p.TenantID, in.Collection); err != nil {
			return err
		}
	}
	prompt, sources, err := s.prompt(r.Context(), p.TenantID, in.Collection, []model.Message{{Role: "user", Content: model.Text(in.Question)}})
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
	return reply(w, http.StatusOK, answered{said.Text, cited(said.Text, sources)})
}
