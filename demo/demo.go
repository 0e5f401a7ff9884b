// Package demo is Harbor, a multi-tenant B2B support chatbot: sign-up and
// roles, conversations with streaming replies, files and a knowledge base,
// search, export, share links, webhooks and billing, over HTTP and SQLite.
//
// It is the proof of the audit. Clean, it has no finding. Each [Flaw] is named
// by the check that must catch it and is one switch in natural code: a filter
// that is missing, a middleware that was forgotten. Each [Trap] is a right
// behaviour, always on, that naive tools flag. It is for loopback only.
package demo

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options says which Harbor to start. The zero value is a clean one on a free
// loopback port.
type Options struct {
	Flaws []string // ids of flaws; "all" stands for every one
	Seed  int64    // decides ids, passwords and contents of the seeded tenants
	Addr  string   // loopback address; "127.0.0.1:0" when empty
	// ModelURL is the base address of an OpenAI-compatible provider; when empty
	// the demo starts its own, on loopback.
	ModelURL string
	Log      *slog.Logger     // nil discards
	Now      func() time.Time // nil is time.Now
	Random   io.Reader        // nil is crypto/rand.Reader
	Key      *rsa.PrivateKey  // signs tokens; nil makes one, which takes a moment
	File     string           // database file; in memory when empty
}

// Server is a running Harbor.
type Server struct {
	URL string // "http://127.0.0.1:41234"

	flaws    flawSet
	seed     int64
	now      func() time.Time
	random   io.Reader
	log      *slog.Logger
	db       *store
	tokens   *tokens
	outbox   *outbox
	cache    *responseCache
	provider *provider
	live     *hub
	library  *library
	answers  *answers
	gathered gather
	attempts *attempts
	metrics  *metrics
	devToken string            // opens the mail catcher
	opsToken string            // opens the metrics
	crmKey   string            // signs the CRM's webhooks
	expired  map[string]string // tokens whose time is over, by the address of their user

	table   []route
	spec    []byte
	handler http.Handler
	http    *http.Server
	served  sync.WaitGroup
	closers []func() error // what New started, closed in reverse
}

// NewKey makes a key for Options.Key, for callers that start many servers.
func NewKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// New builds Harbor, seeds it and serves it on its loopback address until Close.
func New(o Options) (*Server, error) {
	flaws, err := newFlawSet(o.Flaws)
	if err != nil {
		return nil, err
	}
	s := &Server{flaws: flaws, expired: map[string]string{}, seed: o.Seed, now: o.Now, random: o.Random, log: o.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.start(o); err != nil {
		return nil, errors.Join(fmt.Errorf("start harbor: %w", err), s.Close())
	}
	return s, nil
}

func (s *Server) start(o Options) error {
	key := o.Key
	var err error
	if key == nil {
		if key, err = NewKey(); err != nil {
			return fmt.Errorf("make signing key: %w", err)
		}
	}
	if s.tokens, err = newTokens(key, s.flaws, s.now); err != nil {
		return err
	}
	if s.db, err = openStore(o.File); err != nil {
		return err
	}
	s.closers = append(s.closers, s.db.Close)
	s.devToken, s.opsToken, s.crmKey = s.derived("dev-token"), s.derived("ops-token"), "whsec_"+s.derived("crm")
	s.outbox, s.cache = newOutbox(), newResponseCache()
	s.attempts, s.metrics = newAttempts(s.now), newMetrics()
	s.live, s.library, s.answers = newHub(), newLibrary(s.db), newAnswers()
	s.closers = append(s.closers, s.live.Close)
	if s.provider, err = s.newProvider(o.ModelURL); err != nil {
		return err
	}
	ctx := context.Background()
	if err := s.plant(ctx); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	return s.listen(o.Addr)
}

func (s *Server) listen(addr string) error {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if host, _, err := net.SplitHostPort(addr); err != nil {
		return fmt.Errorf("address %q: %w", addr, err)
	} else if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("address %q is not on loopback: the demo has flaws on purpose", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	s.URL = "http://" + l.Addr().String()
	if s.handler, err = s.mount(); err != nil {
		return errors.Join(err, l.Close())
	}
	s.http = &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	s.served.Go(func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("serve", "err", err)
		}
	})
	return nil
}

// Handler is the whole application, for a caller with a listener of its own.
func (s *Server) Handler() http.Handler { return s.handler }

// Close stops serving and drops the data.
func (s *Server) Close() error {
	var errs []error
	if s.http != nil {
		errs = append(errs, s.http.Close())
		s.served.Wait()
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	return errors.Join(errs...)
}
