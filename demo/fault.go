package demo

import (
	"net/http"

	"github.com/launchready/launchready/demo/model"
)

// The provider stands beside Harbor in staging, with a door for developers: what
// it was asked, and how to make it fail. It is no part of the API.

// providerFault is how the provider is made to fail.
type providerFault struct {
	Status int `json:"status" api:"required,min=429,max=599,example=429"`
	Calls  int `json:"calls,omitempty" api:"min=1,max=100000,example=100"`
}

type providerTraffic struct {
	Calls  int `json:"calls"`
	Tokens int `json:"tokens"`
}

// stand is the provider that can be told to fail.
func (s *Server) stand(r *http.Request) (*model.Server, error) {
	if err := s.forDevelopers(r); err != nil {
		return nil, err
	}
	if s.provider.own == nil {
		return nil, notFound("provider of Harbor's own")
	}
	return s.provider.own, nil
}

func (s *Server) showProvider(w http.ResponseWriter, r *http.Request) error {
	m, err := s.stand(r)
	if err != nil {
		return err
	}
	t := m.Traffic()
	return reply(w, http.StatusOK, providerTraffic{t.Calls, t.Tokens})
}

func (s *Server) breakProvider(w http.ResponseWriter, r *http.Request) error {
	m, err := s.stand(r)
	if err != nil {
		return err
	}
	in, err := decode[providerFault](r)
	if err != nil {
		return err
	}
	m.Fail(in.Status, max(in.Calls, 1))
	return reply(w, http.StatusNoContent, nil)
}

func (s *Server) mendProvider(w http.ResponseWriter, r *http.Request) error {
	m, err := s.stand(r)
	if err != nil {
		return err
	}
	m.Fail(0, 0)
	return reply(w, http.StatusNoContent, nil)
}
