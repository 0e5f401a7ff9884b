// Package model is a small language model that needs no weights, behind a real
// HTTP server that speaks the chat completions API every provider client knows.
//
// It is deterministic and extractive: it sees nothing but the roles and texts
// of the messages, answers from the sentences it was given, and executes a small
// imperative grammar. So an application that puts the wrong customer's text in
// the prompt leaks it by itself, and an instruction hidden in a document is
// obeyed, or not, with a probability that a seed makes reproducible.
package model

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Options configure a provider. The zero value is a provider that accepts any
// key, never obeys third-party text and answers at once.
type Options struct {
	Seed int64
	// Susceptibility is the probability, 0 to 1, of obeying an instruction that
	// stands in a document or in a tool's result instead of the user's message.
	Susceptibility float64
	// Key is the provider key that callers must present; empty accepts any.
	Key string
	// Cautious makes the model refuse ordinary questions too, as an over-tuned
	// one does; it measures the utility of a defence.
	Cautious bool
	// Pause is waited before each streamed piece; 0 streams at once.
	Pause time.Duration
	// Longest is how long a long answer is written, streamed or whole; 0 is at once.
	Longest time.Duration
	// Context is how many tokens a prompt may have; 0 is no limit. A longer one is
	// refused and costs nothing.
	Context int
	// Output is how many tokens a reply has at most, whatever the request asks for;
	// 0 is no limit.
	Output int
	// Addr is the listening address; empty is a free loopback port.
	Addr string
	Log  *slog.Logger
}

// Server is a running provider.
type Server struct {
	// URL is the base address, without a trailing slash.
	URL string

	opts    Options
	log     *slog.Logger
	http    *http.Server
	bill    bill
	traffic traffic
	done    chan struct{}
}

// New starts a provider. The caller closes it.
func New(opts Options) (*Server, error) {
	s := &Server{opts: opts, log: opts.Log, done: make(chan struct{})}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	addr := opts.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the model provider on %s: %w", addr, err)
	}
	s.URL = "http://" + ln.Addr().String()
	s.http = &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 64 << 10}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("model provider stopped", "error", err)
		}
	}()
	return s, nil
}

// Close stops the provider and waits until it no longer listens.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}

// Handler is the provider's API, for a caller that brings its own listener.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", s.models)
	mux.HandleFunc("POST /v1/chat/completions", s.complete)
	return s.authorised(mux)
}
