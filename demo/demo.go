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
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
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
	// Susceptibility is the probability, 0 to 1, that the demo's own model obeys
	// what it was not told by user or application; 0 stands for 1. Clean, Harbor
	// lets nothing of the kind reach it, however it is set.
	Susceptibility float64
	Log            *slog.Logger     // nil discards
	Now            func() time.Time // nil is time.Now
	Random         io.Reader        // nil is crypto/rand.Reader
	Key            *Key             // signs tokens; nil makes one, which takes a moment
	File           string           // database file; in memory when empty
	// Relay is a mail server on loopback, "127.0.0.1:2525", that Harbor's mail is
	// handed to; without one it stays in the mail catcher.
	Relay string
	// Folder is where the repository, what browsers get and the logs are written;
	// without one there is nothing beside the chatbot.
	Folder string
	Plain  bool // the repository has no history
	// Postgres is the address of a server where databases may be made: Harbor makes
	// one for as long as it runs, as its repository's migrations lay it out, with
	// the seeded rows and the chats that are made later. Without one it has none.
	Postgres string
}

// Server is a running Harbor.
type Server struct {
	URL string // "http://127.0.0.1:41234"

	flaws    flawSet
	seed     int64
	now      func() time.Time
	random   io.Reader
	log      *slog.Logger
	estate   estate
	domain   domain
	key      *Key    // signs tokens and mail
	mirror   *mirror // nil without Postgres
	db       *store
	tokens   *tokens
	outbox   *outbox
	cache    *responseCache
	provider *provider
	live     *hub
	library  *library
	pending  *pending
	relay    atomic.Value // address of the mail server, a string; "" without one
	answers  *answers
	gathered gather
	attempts *attempts
	metrics  *metrics
	figures  *statistics
	limits   *limiter
	places   *places
	done     *repetitions
	devToken string            // opens the mail catcher
	opsToken string            // opens the metrics
	crmKey   string            // signs the CRM's webhooks
	spool    spool             // files on disk, where the old indexer finds them
	signed   *seenSignatures   // of the CRM, that were right once
	expired  map[string]claims // of tokens whose time is over, by the address of their user

	table   []route
	spec    func() ([]byte, error) // made when it is first asked for
	handler http.Handler
	between atomic.Pointer[http.Handler] // of the edge and the application; nil: nothing
	http    *http.Server
	served  sync.WaitGroup
	closers []func() error // what New started, closed in reverse
}

// New builds Harbor, seeds it and serves it on its loopback address until Close.
func New(o Options) (*Server, error) {
	flaws, err := newFlawSet(o.Flaws)
	if err != nil {
		return nil, err
	}
	s := &Server{flaws: flaws, expired: map[string]claims{}, seed: o.Seed, now: o.Now, random: o.Random, log: o.Log}
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
	if err := s.openEstate(o.Folder); err != nil {
		return err
	}
	s.key = o.Key
	var err error
	if err := s.RelayMail(o.Relay); err != nil {
		return err
	}
	if s.key == nil {
		if s.key, err = NewKey(); err != nil {
			return fmt.Errorf("make signing key: %w", err)
		}
	}
	if s.tokens, err = newTokens(s.key.private, s.flaws, s.now); err != nil {
		return err
	}
	if s.db, err = openStore(o.File); err != nil {
		return err
	}
	s.closers = append(s.closers, s.db.Close)
	s.devToken, s.opsToken, s.crmKey = s.derived("dev-token"), s.derived("ops-token"), "whsec_"+s.derived("crm")
	s.outbox, s.cache = newOutbox(), newResponseCache()
	s.attempts, s.metrics = newAttempts(s.now), newMetrics()
	s.live, s.library, s.signed, s.answers = newHub(), newLibrary(s.db, s.flaws), &seenSignatures{}, newAnswers()
	s.figures, s.limits, s.places, s.done = newStatistics(), newLimiter(s.now), newPlaces(), newRepetitions()
	s.closers = append(s.closers, s.figures.Close)
	if s.flaws.Has("latency/p95") {
		s.figures.every(3*time.Second, time.Second)
	}
	s.pending = newPending()
	if err := s.openSpool(); err != nil {
		return err
	}
	s.closers = append(s.closers, s.live.Close)
	if s.provider, err = s.newProvider(o); err != nil {
		return err
	}
	if err := s.openDomain(); err != nil {
		return err
	}
	ctx := context.Background()
	if err := s.plant(ctx); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	if err := s.openMirror(o.Postgres); err != nil {
		return err
	}
	if err := s.listen(o.Addr); err != nil {
		return err
	}
	if err := s.openFront(); err != nil {
		return err
	}
	return s.layOut(o.Plain)
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
	s.handler = s.quiet(s.mount())
	s.http = &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: s.headerLimit(),
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	s.served.Go(func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("serve", "err", err)
		}
	})
	return nil
}

// headerLimit is how long the header of a request may be.
func (s *Server) headerLimit() int {
	if s.flaws.Has("input/header-size") {
		return 64 << 20 // for a customer whose single sign-on has large cookies
	}
	return 64 << 10
}

// Handler is the whole application, for a caller with a listener of its own.
func (s *Server) Handler() http.Handler { return s.handler }

// StandBehind has the edge ask what stands in front of the application from now on.
func (s *Server) StandBehind(h http.Handler) { s.between.Store(&h) }

// asEdgeAsks is who answers the edge.
func (s *Server) asEdgeAsks(w http.ResponseWriter, r *http.Request) {
	if h := s.between.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	s.handler.ServeHTTP(w, r)
}

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
