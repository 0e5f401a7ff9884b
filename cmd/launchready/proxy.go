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
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/guard/transport"
	"github.com/launchready/launchready/report/json"
)

const (
	drain = 30 * time.Second // for requests that are under way at the end
	look  = 2 * time.Second  // between two looks at the file
)

func (p *program) guardVerb() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "guard",
		Short: "Stand in front of the application and apply a policy",
		Long: `Stand in front of the application and apply a policy.

It serves until it is interrupted, and then ends what is under way. The policy is read
again when the file changes or on SIGHUP; a file with a mistake changes nothing. Changes
of listen, admin and tls need a restart. The access log goes to stderr.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.guard(c.Context(), p.path(file)) },
	}
	c.Flags().StringVarP(&file, "config", "c", "guard.yaml", "the policy")
	c.AddCommand(p.guardCheckVerb(), p.guardInitVerb(), p.guardKeyVerb())
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

func (p *program) guardCheckVerb() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "check",
		Short: "Judge a policy without serving by it",
		Long: `Judge a policy without serving by it.

Each mistake is told with its line and column, and so is what is unsafe and was not said
twice. Exit code 0 when guard would serve by the file, 2 when not.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			pol, _, err := readPolicy(p.path(file))
			if err != nil {
				return err
			}
			if _, err := pol.Build(&policy.State{Folder: filepath.Dir(p.path(file)), Env: os.LookupEnv}); err != nil {
				return setup(err)
			}
			fmt.Fprintf(p.out, "%s: %d routes, no mistake\n", file, len(pol.Routes))
			return nil
		},
	}
	c.Flags().StringVarP(&file, "config", "c", "guard.yaml", "the policy")
	return c
}

func (p *program) guardInitVerb() *cobra.Command {
	var (
		rep, out string
		s        policy.Sketch
		a        policy.Auth
	)
	c := &cobra.Command{
		Use:   "init",
		Short: "Draft a policy from a report",
		Long: `Draft a policy from a report.

Each confirmed finding whose guard directive this build applies becomes a stanza; the
others are listed in comments. Everything else is passed on as before. Stanzas that ask for a
credential need --issuer, --audience and --jwks; those that ask for a role need --roles-claim
and --admin-role as well.`,
		Example: "  launchready audit -o json=run.json\n  launchready guard init --report run.json --listen 127.0.0.1:8080 -o guard.yaml\n  launchready guard -c guard.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if rep == "" {
				return setup(errors.New("--report wants the report that an audit wrote with -o json=FILE"))
			}
			f, err := os.Open(p.path(rep))
			if err != nil {
				return setup(fmt.Errorf("read the report: %w", err))
			}
			defer f.Close()
			r, err := json.Read(f)
			if err != nil {
				return setup(fmt.Errorf("read the report: %w", err))
			}
			if s.Upstream == "" {
				s.Upstream = r.Target
			}
			if a.JWKS != "" {
				s.Auth = &a
			}
			text, err := policy.Draft(r, s)
			if err != nil {
				return setup(err)
			}
			if out == "-" {
				_, err = p.out.Write(text)
				return err
			}
			w, err := os.OpenFile(p.path(out), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return setup(fmt.Errorf("write the policy: %w", err))
			}
			_, err = w.Write(text)
			return errors.Join(err, w.Close())
		},
	}
	fl := c.Flags()
	fl.StringVar(&rep, "report", "", "the report, as JSON")
	fl.StringVarP(&out, "output", "o", "guard.yaml", "file to write, which must not exist; - for stdout")
	fl.StringVar(&s.Listen, "listen", "127.0.0.1:8080", "where guard is to listen")
	fl.StringVar(&s.Upstream, "upstream", "", "the application (default: the report's target)")
	fl.StringVar(&a.Issuer, "issuer", "", "issuer of the tokens")
	fl.StringVar(&a.Audience, "audience", "", "audience of the tokens")
	fl.StringVar(&a.JWKS, "jwks", "", "address of the keys that sign them")
	fl.StringVar(&a.RolesClaim, "roles-claim", "", "claim that names the roles")
	fl.StringVar(&s.AdminRole, "admin-role", "", "role that routes for administrators want")
	return c
}

func (p *program) guard(ctx context.Context, file string) error {
	pol, text, err := readPolicy(file)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(p.err, nil))
	state := &policy.State{Log: log, Folder: filepath.Dir(file), Env: os.LookupEnv}
	pipe, err := pol.Build(state)
	if err != nil {
		return setup(err)
	}
	h := &guard.Handler{}
	h.Store(pipe)
	var lc net.ListenConfig
	front, err := lc.Listen(ctx, "tcp", pol.Listen)
	if err != nil {
		return setup(fmt.Errorf("listen: %w", err))
	}
	srv, err := pol.Front(state, h)
	if err != nil {
		_ = front.Close() // nothing was served
		return setup(err)
	}
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
	failed := make(chan error, 3)
	go func() { failed <- srv.Server.Serve(front) }()
	defer srv.Server.Close()
	if beside != nil {
		plain := &transport.Server{Handler: srv.Plain, Log: log}
		go func() { failed <- plain.Serve(beside) }()
		defer plain.Close()
	}
	if pol.Admin != "" {
		ln, err := lc.Listen(ctx, "tcp", pol.Admin)
		if err != nil {
			return setup(fmt.Errorf("listen for admin: %w", err))
		}
		adm := &http.Server{Handler: health(ctx), ReadHeaderTimeout: 10 * time.Second}
		go func() { failed <- adm.Serve(ln) }()
		defer adm.Close()
	}
	p.serves = true
	fmt.Fprintf(p.out, "%s://%s\n", srv.Scheme, front.Addr())
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
			defer cancel()
			return srv.Server.Shutdown(end)
		case <-hup:
		case <-tick.C:
		}
		text = reload(file, text, h, state, log)
	}
}

// reload swaps the pipeline when the file says something else; it gives the text
// that was judged last.
func reload(file string, old []byte, h *guard.Handler, s *policy.State, log *slog.Logger) []byte {
	b, err := os.ReadFile(file)
	if err != nil || bytes.Equal(b, old) {
		return old
	}
	pol, err := policy.Parse(filepath.Base(file), b)
	if err == nil {
		var pipe *guard.Pipeline
		if pipe, err = pol.Build(s); err == nil {
			h.Store(pipe)
			log.Info("policy reloaded", "routes", len(pol.Routes))
			return b
		}
	}
	log.Error("policy kept: the file has a mistake", "error", err.Error())
	return b
}

// health says that guard lives, and until it is told to end that it is ready.
func health(ctx context.Context) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	m.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if ctx.Err() != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return m
}
