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
	tick     func(time.Duration) (<-chan time.Time, func()) // beats at that distance, and how to stop them; nil: none
	ctx      context.Context                                // ends with an interrupt

	color     string // flag --color
	quiet     bool
	verbose   bool
	logFormat string
	log       *slog.Logger

	serves bool  // an interrupt is how the verb ends
	begun  bool  // a verb runs: what fails now is no mistake of usage
	code   int   // exit code of a verb that ended well
	late   error // what failed beside a result that is whole: said once that is written
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

// run is the whole program in the current folder; it returns the exit code.
func run(args []string, in io.Reader, out, errw io.Writer, environ []string) (code int) {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(errw, "launchready: find the current folder: %v\n", err)
		return exitInternal
	}
	return runIn(dir, args, in, out, errw, environ)
}

// runIn is the whole program in a folder.
func runIn(dir string, args []string, in io.Reader, out, errw io.Writer, environ []string) (code int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{dir: dir, in: in, out: out, err: errw, environ: environ, now: time.Now, tick: ticks, ctx: ctx}
	p.guardLogs()
	defer func() {
		if r := recover(); r != nil {
			p.fault(fmt.Sprintf("internal error: %v", r))
			if p.verbose {
				p.warn("%s", debug.Stack())
			}
			code = exitInternal
		}
	}()
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	err = errors.Join(err, p.late)
	if ctx.Err() != nil && !(p.serves && err == nil) {
		if err != nil && !errors.Is(err, context.Canceled) {
			p.report(err)
		}
		p.fault("interrupted")
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
	if errors.As(err, &mistakes) && p.logFormat != "json" {
		fmt.Fprint(p.err, mistakes.Detail())
		return
	}
	p.fault(err.Error())
	if !p.begun && p.logFormat != "json" {
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
	f.BoolVarP(&p.quiet, "quiet", "q", false, "only the result and errors")
	f.BoolVarP(&p.verbose, "verbose", "v", false, "everything that was found, and each request of each check")
	f.StringVar(&p.logFormat, "log-format", "text", "form of progress and logs on stderr: text, or json with an object a line")
	complete(root, "color", "auto", "always", "never")
	complete(root, "log-format", "text", "json")
	root.AddCommand(p.demoVerb(), p.initVerb(), p.auditVerb(), p.convertVerb(), p.estimateVerb(), p.scoreVerb(), p.exportVerb(), p.fixVerb(), p.edgeVerb(), p.guardVerb(), p.drillVerb(), p.redactVerb(), p.explainVerb(), p.checksVerb(), p.configVerb(), p.versionVerb())
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
	switch {
	case p.quiet:
		level = slog.LevelError
	case p.verbose:
		level = slog.LevelDebug
	}
	if p.logFormat != "text" && p.logFormat != "json" {
		return fmt.Errorf("--log-format %q: text or json", p.logFormat)
	}
	p.log = slog.New(p.handler(level))
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
