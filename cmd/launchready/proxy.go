package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/guard/record"
	"github.com/launchready/launchready/guard/transport"
)

const look = time.Second // between two looks at the file and at the mark of a lock-down

func (p *program) guardVerb() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "guard",
		Short: "Stand in front of the application and apply a policy",
		Long: `Stand in front of the application and apply a policy.

It serves until it is interrupted, and then ends what is under way. The policy is read
again when the file changes or on SIGHUP, and so is the API's description that it names;
a file with a mistake changes nothing. Changes of listen, admin, trusted_proxies,
model.listen, tls, traces, access_log, connections, connect, upstream_header, linger and
drain need a restart, which the log says. SIGHUP reads secrets and keys again as well. The
log goes to stderr, one JSON object a line; a log that cannot be written holds nothing up.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.guard(c.Context(), p.path(file)) },
	}
	c.Flags().StringVarP(&file, "config", "c", "guard.yaml", "the policy")
	c.AddCommand(p.guardCheckVerb(), p.guardInitVerb(), p.guardOwnVerb(), p.guardKeyVerb(), p.guardLockdownVerb())
	return c
}

func readPolicy(file string) (*policy.Policy, []byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, setup(fmt.Errorf("read the policy: %w", err))
	}
	pol, err := policy.Parse(filepath.Base(file), b)
	return pol, b, setup(err)
}

// standing is guard while it serves.
type standing struct {
	file    string
	text    []byte         // of the policy that was judged last
	begun   *policy.Policy // what the listeners were made by
	policy  *policy.Policy
	judged  *policy.Policy // last, whose description is looked at
	beside  string         // and how that was found
	handler *guard.Handler
	egress  model.Handler // to the model provider
	env     func(string) (string, bool)
	state   *policy.State
	metrics *record.Metrics
	log     *slog.Logger
}

func (p *program) guard(ctx context.Context, file string) (err error) {
	hup := make(chan os.Signal, 1) // from the first moment on: by itself it would end the process
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	pol, text, err := readPolicy(file)
	if err != nil {
		return err
	}
	b := pol.Bounds()
	sink := record.NewSink(p.err, 0)
	defer sink.Close()
	log := slog.New(slog.NewJSONHandler(sink, nil))
	m := record.NewMetrics()
	s := &standing{file: file, text: text, policy: pol, begun: pol, judged: pol, beside: pol.Beside(filepath.Dir(file)), handler: &guard.Handler{}, env: p.env, metrics: m, log: log, state: &policy.State{
		Log: log, Folder: filepath.Dir(file), Env: os.LookupEnv, Record: record.All{m, record.NewAccess(log, b.Quiet)}, Spent: m.Spend(), Lockdown: &guard.Lockdown{}, Transport: guard.Transport(b.Connect, b.UpstreamHeader)}}
	defer func() { err = errors.Join(err, s.state.Close()) }()
	spans, err := pol.Follow(s.state, about().Version)
	if err != nil {
		return setup(err)
	}
	if spans != nil {
		s.state.Trace, s.state.Transport, s.state.Record = spans, spans.Wrap(s.state.Transport), append(record.All{spans}, s.state.Record)
		defer func() {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			err = errors.Join(err, spans.Close(end))
		}()
		m.Counter("guard_spans_total", "Spans that were made.", func() float64 { return float64(spans.Ended()) })
		m.Counter("guard_spans_sent_total", "Spans that the collector took; the others are held, or lost.", func() float64 { return float64(spans.Sent()) })
	}
	if err := pol.TryOwners(ctx, s.state); err != nil {
		return setup(err)
	}
	pipe, err := pol.Build(s.state)
	if err != nil {
		return setup(err)
	}
	proxy, err := pol.BuildModel(s.state, p.env)
	if err != nil {
		return setup(err)
	}
	s.handler.Store(pipe)
	s.lock()
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", pol.Listen)
	if err != nil {
		return setup(fmt.Errorf("listen: %w", err))
	}
	room := transport.Room(b.Connections)
	if room < b.Connections {
		log.Warn("connections are bounded by the descriptors that the process may have", "kind", "audit", "connections", room, "wanted", b.Connections)
	}
	aside := 0 // of them, for the port without TLS, which only redirects
	if pol.TLS != nil && pol.TLS.Plain != "" {
		aside = max(room/8, 1)
	}
	front := &guard.Connections{Listener: ln, Max: max(room-aside, 1), PerAddress: b.PerAddress, Trusted: pol.Proxies()}
	srv, err := pol.Front(s.state, s.handler)
	if err != nil {
		_ = ln.Close() // nothing was served
		return setup(err)
	}
	s.gauges(front, srv, sink)
	defer srv.Close()
	var beside net.Listener
	if srv.Plain != nil { // before certificates are asked for: challenges arrive here
		if beside, err = lc.Listen(ctx, "tcp", pol.TLS.Plain); err != nil {
			_ = front.Close() // nothing was served
			return setup(fmt.Errorf("listen without TLS: %w", err))
		}
	}
	if err := srv.Start(ctx); err != nil {
		_ = front.Close() // nothing was served
		return setup(err)
	}
	failed := make(chan error, 4)
	go func() { failed <- srv.Server.Serve(front) }()
	defer srv.Server.Close()
	if beside != nil {
		beside = &guard.Connections{Listener: beside, Max: aside, PerAddress: min(b.PerAddress, aside), Trusted: pol.Proxies()}
		plain := &transport.Server{Handler: srv.Plain, Log: log, Header: 5 * time.Second, Idle: 5 * time.Second}
		go func() { failed <- plain.Serve(beside) }()
		defer plain.Close()
	}
	admin := ""
	if pol.Admin != "" {
		ln, err := lc.Listen(ctx, "tcp", pol.Admin)
		if err != nil {
			return setup(fmt.Errorf("listen for admin: %w", err))
		}
		admin = ln.Addr().String()
		adm := &http.Server{Handler: s.admin(ctx), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
		go func() { failed <- adm.Serve(ln) }()
		defer adm.Close()
	}
	var models net.Listener
	egress := &http.Server{Handler: spans.Model(&s.egress), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	if proxy != nil {
		s.egress.Store(proxy)
		if models, err = lc.Listen(ctx, "tcp", pol.Model.Listen); err != nil {
			return setup(fmt.Errorf("listen for the model: %w", err))
		}
		go func() { failed <- egress.Serve(models) }()
		defer egress.Close()
	}
	p.serves = true
	fmt.Fprintf(p.out, "%s://%s\n", srv.Scheme, front.Addr())
	if models != nil {
		fmt.Fprintf(p.out, "model http://%s\n", models.Addr())
	}
	bound()
	lean()
	go giveBack(ctx)
	log.Info("guard serves", "kind", "audit", "listen", front.Addr().String(), "admin", admin, "version", about().Version, "routes", len(pol.Routes))
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case <-ctx.Done():
			return drain(ctx, srv.Server, egress, b, log)
		case <-hup:
			s.reload(true)
		case <-tick.C:
			s.reload(false)
		}
		s.lock()
	}
}

// drain serves on for a while, since who sends requests here learns late that it is to
// stop; then it takes none any more and ends those that are under way. What has not
// ended in time is cut.
func drain(ctx context.Context, srv *transport.Server, egress *http.Server, b policy.Bounds, log *slog.Logger) error {
	log.Info("guard is about to end", "kind", "audit", "linger", b.Linger.String(), "drain", b.Drain.String())
	srv.Ending()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.Linger+b.Drain)
	defer cancel()
	again := make(chan os.Signal, 1) // who asks twice does not want to wait
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(again)
	go func() {
		select {
		case <-again:
			cancel()
		case <-end.Done():
		}
	}()
	select {
	case <-time.After(b.Linger):
	case <-end.Done():
	}
	err := errors.Join(srv.Shutdown(end), egress.Shutdown(end)) // what is under way asks the model by it
	if end.Err() != nil {
		log.Warn("guard ends: what was still under way is cut", "kind", "audit")
		return nil
	}
	log.Info("guard ends", "kind", "audit")
	return err
}

// reload swaps the pipeline when the file says something else, or the description
// beside it, or whenever it is told to: what the file refers to may have changed. A file
// with a mistake changes nothing, and is told once.
func (s *standing) reload(told bool) {
	b, err := os.ReadFile(s.file)
	if !told && (err != nil || bytes.Equal(b, s.text) && s.judged.Beside(filepath.Dir(s.file)) == s.beside) {
		return // a file that is being replaced is not there for a moment
	}
	var pol *policy.Policy
	if err == nil {
		s.text, s.beside = b, s.judged.Beside(filepath.Dir(s.file))
		pol, err = policy.Parse(filepath.Base(s.file), b)
	}
	if err == nil {
		s.judged, s.beside = pol, pol.Beside(filepath.Dir(s.file)) // before it is read
		if err = s.apply(pol); err == nil {
			s.metrics.Reloaded(true)
			s.log.Info("policy reloaded", "kind", "audit", "routes", len(pol.Routes))
			if waits := s.begun.Waits(pol); len(waits) > 0 {
				s.log.Warn("a part of the policy waits for a restart", "kind", "audit", "parts", waits)
			}
			return
		}
	}
	s.metrics.Reloaded(false)
	s.log.Error("policy kept: the file has a mistake", "kind", "audit", "error", err.Error())
}

// apply serves by the policy from now on, or leaves all as it was.
func (s *standing) apply(pol *policy.Policy) error {
	proxy, err := pol.BuildModel(s.state, s.env)
	if err != nil {
		return err
	}
	pipe, err := pol.Build(s.state) // last, since it throws the switches
	if err != nil {
		return err
	}
	s.policy = pol
	s.handler.Store(pipe)
	s.egress.Store(proxy)
	return nil
}

// lock locks guard down or opens it, as the policy and the mark beside it say.
func (s *standing) lock() {
	_, err := os.Stat(lockdownMark(s.file))
	on := s.policy.Lockdown || err == nil
	if s.state.Lockdown.Lock(on) {
		s.log.Warn("lock-down", "kind", "audit", "on", on)
	}
}

// gauges shows what the parts count themselves.
func (s *standing) gauges(front *guard.Connections, srv *policy.Front, sink *record.Sink) {
	a := about()
	s.metrics.Build(a.Version, a.Revision, a.Go)
	s.metrics.Gauge("guard_certificate_not_after_seconds", "When the first of the certificates ends, in Unix time; 0: there is none.", func() float64 {
		if until := srv.Until(); !until.IsZero() {
			return float64(until.Unix())
		}
		return 0
	})
	s.metrics.Queue(func() record.Waiting {
		q := s.state.Memory.Queue.Stats()
		return record.Waiting{Depth: q.Depth, Tenants: q.Tenants, Admitted: q.Admitted, Crowded: q.Crowded, Late: q.Late, Waited: q.Waited}
	})
	s.metrics.Gauge("guard_connections", "Connections that are open.", func() float64 { return float64(front.Open()) })
	s.metrics.Counter("guard_connections_refused_total", "Connections that were one too many.", func() float64 { return float64(front.Refused()) })
	s.metrics.Counter("guard_log_dropped_total", "Lines of the log that were lost.", func() float64 { return float64(sink.Dropped()) })
	s.metrics.Gauge("guard_locked", "1 while guard is locked down.", func() float64 {
		if s.state.Lockdown.Locked() {
			return 1
		}
		return 0
	})
}

// admin says that guard lives, until it is told to end that it is ready, and what
// it counted.
func (s *standing) admin(ctx context.Context) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	m.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if ctx.Err() != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	m.Handle("GET /metrics", s.metrics.Handler())
	return m
}
