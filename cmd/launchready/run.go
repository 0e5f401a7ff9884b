package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/config"
)

// Exit codes; scripts depend on them.
const (
	exitReady       = 0
	exitNotReady    = 1
	exitSetup       = 2
	exitNotEnough   = 3
	exitInternal    = 4
	exitInterrupted = 130
)

// program is one run of the command: what it was given and what it decided.
type program struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	dir      string
	now      func() time.Time
	ctx      context.Context // ends with an interrupt

	color     string // flag --color
	quiet     bool
	verbose   bool
	logFormat string
	log       *slog.Logger

	serves bool // an interrupt is how the verb ends
	begun  bool // a verb runs: what fails now is no mistake of usage
	code   int  // exit code of a verb that ended well
}

// failure is an error with the exit code that it means.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// setup marks an error as one of usage, configuration or set-up.
func setup(err error) error {
	if err == nil {
		return nil
	}
	return &failure{exitSetup, err}
}

// run is the whole program; it returns the exit code.
func run(args []string, in io.Reader, out, errw io.Writer, environ []string) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{in: in, out: out, err: errw, environ: environ, now: time.Now, ctx: ctx}
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(errw, "launchready: internal error: %v\n", r)
			if p.verbose {
				fmt.Fprintf(errw, "%s\n", debug.Stack())
			}
			code = exitInternal
		}
	}()
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(errw, "launchready: find the current folder: %v\n", err)
		return exitInternal
	}
	p.dir = dir
	root := p.root()
	root.SetArgs(args)
	err = root.ExecuteContext(ctx)
	if ctx.Err() != nil && !(p.serves && err == nil) {
		if err != nil && !errors.Is(err, context.Canceled) {
			p.report(err)
		}
		fmt.Fprintln(errw, "launchready: interrupted")
		return exitInterrupted
	}
	if err == nil {
		return p.code
	}
	p.report(err)
	var f *failure
	switch {
	case errors.As(err, &f):
		return f.code
	case !p.begun:
		return exitSetup
	}
	return exitInternal
}

// report tells an error to a person; a mistake in the configuration with the
// line it stands on.
func (p *program) report(err error) {
	var mistakes config.Errors
	if errors.As(err, &mistakes) {
		fmt.Fprint(p.err, mistakes.Detail())
		return
	}
	fmt.Fprintf(p.err, "launchready: %v\n", err)
	if !p.begun {
		fmt.Fprintln(p.err, "'launchready --help' says what can be asked.")
	}
}

// root is the command and its verbs.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "launchready",
		Short: "Audit a live multi-tenant chatbot before its buyer does",
		Long: `Audit a live multi-tenant chatbot before its buyer does.

    launchready demo      see it work: a flawed chatbot and a clean one, audited
    launchready init      write a launchready.yaml for your own
    launchready audit     put the scorecard to it

Exit codes: 0 ready, 1 not ready, 2 usage, configuration or set-up,
3 not enough tested, 4 internal error, 130 interrupted.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return p.begin()
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	f := root.PersistentFlags()
	f.StringVar(&p.color, "color", "auto", "auto, always or never; NO_COLOR and CLICOLOR_FORCE are obeyed")
	f.BoolVarP(&p.quiet, "quiet", "q", false, "no progress")
	f.BoolVarP(&p.verbose, "verbose", "v", false, "everything that was found, and what the program does")
	f.StringVar(&p.logFormat, "log-format", "text", "form of the logs on stderr: text or json")
	complete(root, "color", "auto", "always", "never")
	complete(root, "log-format", "text", "json")
	root.AddCommand(p.demoVerb(), p.initVerb(), p.auditVerb(), p.explainVerb(), p.checksVerb(), p.configVerb(), p.versionVerb())
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "help", Short: "Help for a command"})
	return root
}

// begin judges the flags that every verb has, once the verb is known.
func (p *program) begin() error {
	switch p.color {
	case "auto", "always", "never":
	default:
		return fmt.Errorf("--color %q: auto, always or never", p.color)
	}
	level := slog.LevelWarn
	if p.verbose {
		level = slog.LevelDebug
	}
	o := &slog.HandlerOptions{Level: level}
	switch p.logFormat {
	case "text":
		p.log = slog.New(slog.NewTextHandler(p.err, o))
	case "json":
		p.log = slog.New(slog.NewJSONHandler(p.err, o))
	default:
		return fmt.Errorf("--log-format %q: text or json", p.logFormat)
	}
	p.begun = true
	return nil
}

// complete offers fixed values for a flag in shell completions.
func complete(c *cobra.Command, flag string, values ...string) {
	// The flag was defined a line before: the only error is that it was not.
	_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// env looks a variable up in the environment that the program was given.
func (p *program) env(name string) (string, bool) {
	for i := len(p.environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(p.environ[i], name+"="); ok {
			return v, true
		}
	}
	return "", false
}
