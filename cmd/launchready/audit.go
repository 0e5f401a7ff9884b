package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/internal/checkdoc"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/store/sqlite"
)

// auditFlags are the flags of audit and of the verbs below it.
type auditFlags struct {
	config   string
	from     []string
	target   string
	only     []string
	mutate   bool
	load     bool
	verify   bool
	spend    string
	profile  string
	whole    bool // nothing is left out by a quick profile
	listen   string
	seed     int64
	failOn   string
	outputs  []string
	caFile   string
	resolve  []string
	resolver string
	rate     string
	insecure bool
	http1    bool
	yes      bool
	baseline string
	onlyNew  bool

	mailSample string
	mailListen string
	mailWait   time.Duration
}

func (p *program) auditVerb() *cobra.Command {
	f := &auditFlags{}
	c := &cobra.Command{
		Use:   "audit",
		Short: "Put the scorecard to the application",
		Long: `Put the scorecard to the application that launchready.yaml names.

It reads, and creates objects of its own as their owners. --mutate lets it also try to
change and delete objects, only such as it created; --load lets it send bursts. The model
is asked within budget.usd. At the end it removes what it made;
what a crash leaves behind, audit cleanup removes.

A Chromium, where one is found or LAUNCHREADY_CHROMIUM names one, proves what pages of
other origins can read.

The table is on stderr, below the progress. stdout is the result: what -o FORMAT puts there,
and without any -o the table as well, unless both are one place.`,
		Example: `  launchready audit
  launchready audit --from session.har
  launchready audit --only isolation,auth/alg-none
  launchready audit --mutate -o html=report.html -o json=report.json
  launchready audit --mutate -o sarif=report.sarif -o junit=report.xml -o md=report.md
  launchready audit --mutate --baseline report.json --fail-on-new
  launchready audit --only email --mail-sample invoice.eml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p.roomy()
			return p.audit(c.Context(), f, c.Flags().Changed)
		},
	}
	p.targetFlags(c, f)
	fl := c.Flags()
	fl.StringSliceVar(&f.only, "only", nil, "ids of rows or checks, separated by commas")
	effectFlags(c, f)
	fl.StringVar(&f.failOn, "fail-on", "", "least severity that makes the product not ready: info, low, medium, high, critical")
	fl.StringArrayVarP(&f.outputs, "output", "o", nil, "FORMAT=FILE, repeatable; formats: "+strings.Join(formats, ", "))
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask before creating objects in production")
	fl.StringVar(&f.baseline, "baseline", "", "JSON report of an earlier run: tells what is new, fixed and unchanged since")
	fl.BoolVar(&f.onlyNew, "fail-on-new", false, "with --baseline: only findings that it does not have make the exit code 1")
	mailFlags(c, f)
	complete(c, "fail-on", "info", "low", "medium", "high", "critical")
	_ = c.RegisterFlagCompletionFunc("only", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return append(rowIDs(), checkdoc.IDs(scorecard())...), cobra.ShellCompDirectiveNoFileComp
	})
	c.AddCommand(p.planVerb(), p.doctorVerb(), p.cleanupVerb(), p.replayVerb())
	return c
}

// targetFlags are the flags of every verb that talks to the target.
func (p *program) targetFlags(c *cobra.Command, f *auditFlags) {
	fl := c.Flags()
	fl.StringVarP(&f.config, "config", "c", "", "configuration file (default: launchready.yaml here or above)")
	fl.StringArrayVar(&f.from, "from", nil, "file of another tool that knows the target, repeatable: a HAR recording, a Postman collection or environment, …")
	fl.StringVar(&f.target, "target", "", "another address with the same configuration")
	fl.StringVar(&f.caFile, "ca-file", "", "PEM file of certificate authorities to trust beside the system's")
	fl.StringArrayVar(&f.resolve, "resolve", nil, "HOST[:PORT]=ADDRESS[:PORT] to use instead of DNS, repeatable")
	fl.StringVar(&f.resolver, "resolver", "", "name server to ask about the domain, ADDRESS[:PORT] (default: domain.resolver, or the machine's)")
	fl.StringVar(&f.listen, "listen-url", "", "address of this machine by which the target reaches the listener for callbacks (default: listen.url)")
	fl.StringVar(&f.rate, "rate", "", "requests in a time: 50/s, 600/m; 0 is no limit")
	fl.BoolVar(&f.insecure, "insecure", false, "do not verify the target's certificate")
	fl.BoolVar(&f.http1, "http1", false, "never use HTTP/2")
}

// effectFlags are the flags of the verbs that put checks to the target: how far
// those may go, and how often they try.
func effectFlags(c *cobra.Command, f *auditFlags) {
	fl := c.Flags()
	fl.BoolVar(&f.mutate, "mutate", false, "also try to change and delete objects of this run")
	fl.BoolVar(&f.verify, "verify", false, "also ask the providers of keys that were found whether they are active; each key goes to its own provider only")
	fl.BoolVar(&f.load, "load", false, "also send bursts, bounded in number and time")
	spendFlag(c, f)
	fl.StringVar(&f.profile, "profile", "standard", "how often what is left to chance is tried: quick, standard or deep; quick leaves out bursts beyond the scorecard")
	fl.Int64Var(&f.seed, "seed", 0, "decides what is left to chance; 0 takes one and reports it")
	complete(c, "profile", "quick", "standard", "deep")
}

func spendFlag(c *cobra.Command, f *auditFlags) {
	c.Flags().StringVar(&f.spend, "spend", "", "US dollars that the model may cost in this run; 0 asks it nothing (default: budget.usd, which is 1)")
}

// again are the flags that reach the same target in the same way, for a command
// that is printed.
func (f *auditFlags) again() string {
	var b strings.Builder
	add := func(flag string, values ...string) {
		for _, v := range values {
			if v != "" {
				b.WriteString(" " + flag + " " + quoted(v))
			}
		}
	}
	add("-c", f.config)
	add("--from", f.from...)
	add("--target", f.target)
	add("--ca-file", f.caFile)
	add("--resolve", f.resolve...)
	add("--resolver", f.resolver)
	add("--listen-url", f.listen)
	if f.insecure {
		b.WriteString(" --insecure")
	}
	if f.http1 {
		b.WriteString(" --http1")
	}
	return strings.TrimSpace(b.String())
}

// settings reads the configuration; flags beat it.
func (p *program) settings(f *auditFlags, changed func(string) bool) (*config.Config, error) {
	var set []config.Override
	for _, o := range []struct{ flag, path, value string }{
		{"target", "target.url", f.target}, {"rate", "budget.rate", f.rate}, {"fail-on", "fail_on", f.failOn}, {"ca-file", "target.ca_file", p.path(f.caFile)},
		{"spend", "budget.usd", f.spend}, {"listen-url", "listen.url", f.listen}, {"resolver", "domain.resolver", f.resolver},
	} {
		if changed(o.flag) {
			set = append(set, config.Override{Path: o.path, Value: o.value, Origin: "flag --" + o.flag})
		}
	}
	for _, r := range f.resolve {
		from, to, ok := strings.Cut(r, "=")
		if !ok {
			return nil, setup(fmt.Errorf("--resolve %q: write HOST[:PORT]=ADDRESS[:PORT]", r))
		}
		set = append(set, config.Override{Path: "target.resolve." + from, Value: to, Origin: "flag --resolve"})
	}
	if len(f.from) > 0 {
		return p.fromFiles(f, set)
	}
	return p.load(f.config, set...)
}

// assemble wires an audit. It reads the API's description, which may mean to
// fetch it, and asks the target nothing else.
func (p *program) assemble(ctx context.Context, c *config.Config, f *auditFlags, o assembly.Options) (*assembly.Assembly, error) {
	o.Only, o.Mutate, o.Insecure, o.HTTP1, o.Version, o.Log, o.Now = f.only, f.mutate, f.insecure, f.http1, about().Version, p.log, p.now
	o.Seed, o.Again, o.Load = f.seed, f.again(), f.load
	o.Verify = f.verify
	var err error
	if o.Profile, err = lr.ParseProfile(f.profile); err != nil {
		return nil, setup(fmt.Errorf("--profile: %w", err))
	}
	o.Chromium, _ = p.env("LAUNCHREADY_CHROMIUM")
	if o.Seed == 0 {
		o.Seed = rand.Int64N(1<<31) + 1 //nolint:gosec // it is no secret
	}
	a, err := assembly.New(ctx, c, o)
	if err != nil {
		return nil, setup(err)
	}
	a.Audit.Brief = o.Profile == lr.Quick && !f.whole
	return a, nil
}

func (p *program) audit(ctx context.Context, f *auditFlags, changed func(string) bool) error {
	outs, err := p.outputs(f.outputs)
	if err != nil {
		return err
	}
	outs = p.results(outs)
	if _, _, err := audit.Select(scorecard(), f.only); err != nil {
		return setup(err)
	}
	cfg, err := p.settings(f, changed)
	if err != nil {
		return err
	}
	if err := p.consent(cfg, f.yes); err != nil {
		return err
	}
	if err := p.sample(ctx, cfg, f); err != nil {
		return err
	}
	old, err := p.baseline(cfg, f, changed)
	if err != nil {
		return err
	}
	passed := &passes{}
	rep, err := p.run(ctx, cfg, f, passed.see)
	if err != nil {
		return err
	}
	rep.Config = p.located(cfg.File)
	if old != nil {
		report.Against(old, rep, passed.whole)
		if f.onlyNew {
			code := audit.ExitCodeOfNew(rep)
			rep.Baseline.Exit = &code
		}
	}
	p.code = audit.ExitCode(rep)
	defer p.github(rep)
	return errors.Join(p.remember(cfg, rep), p.write(rep, outs), p.conclude(rep, outs))
}

// consent asks for the host's name before anything is created in production.
func (p *program) consent(cfg *config.Config, yes bool) error {
	if cfg.Target.Environment != "production" || yes {
		return nil
	}
	host := cfg.Target.URL.Hostname()
	if !p.interactive() {
		return setup(fmt.Errorf("%s is production (%s) and the audit creates objects there: --yes allows it; "+
			"target.environment says otherwise if it is none", host, cfg.Origin("target.environment")))
	}
	fmt.Fprintf(p.err, "%s is production. The audit creates objects there, as the identities you gave, and removes them.\nType the host name to go on: ", host)
	line, err := bufio.NewReader(p.in).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != host {
		return setup(errors.New("not confirmed: nothing was sent"))
	}
	return nil
}

// run is one run of the audit, ledgered. outcome sees each outcome of a check,
// where it is not nil.
func (p *program) run(ctx context.Context, cfg *config.Config, f *auditFlags, outcome func(string, lr.Outcome)) (rep *lr.Report, err error) {
	err = p.ledgered(ctx, cfg, f, func(o audit.Options) (err error) {
		o.Outcome = outcome
		rep, err = audit.Run(ctx, o)
		return err
	})
	return rep, err
}

// ledgered wires a run and gives it a ledger of what it creates.
func (p *program) ledgered(ctx context.Context, cfg *config.Config, f *auditFlags, do func(audit.Options) error) error {
	if err := private(cfg.Dir); err != nil {
		return setup(err)
	}
	ledger, err := sqlite.Open(ctx, ledgerFile(cfg))
	if err != nil {
		return setup(err)
	}
	defer ledger.Close()
	show := p.newProgress(scorecard(), f.only)
	defer show.end()
	if !p.quiet {
		show.weigh(p.costs(cfg, f.mutate, scorecard()))
	}
	a, err := p.assemble(ctx, cfg, f, assembly.Options{Ledger: ledger, Progress: show.event, OnExchange: show.exchange})
	if err != nil {
		return err
	}
	defer a.Close()
	show.mask = func(s string) string { return a.Redact.String(a.Client.Redact(s)) }
	if err := ledger.Begin(ctx, a.Audit.Run, cfg.Target.URL.String(), p.now()); err != nil {
		return setup(err)
	}
	err = do(a.Audit)
	var s *audit.SetupError
	if errors.As(err, &s) {
		return setup(err)
	}
	if err != nil {
		return err
	}
	// The ledger outlives an interrupt: it says what is still there. The result
	// is there as well, and a disk that is full must not cost it.
	if err := ledger.End(context.WithoutCancel(ctx), a.Audit.Run, p.now()); err != nil {
		p.late = setup(fmt.Errorf("%w; the result is whole", err))
	}
	return nil
}

// ledgerFile is where a run writes what it creates before it creates it.
func ledgerFile(c *config.Config) string { return filepath.Join(c.Dir, privateFolder, "ledger.db") }
