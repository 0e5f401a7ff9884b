package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/edge"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/internal/nearest"
	"github.com/launchready/launchready/report"
)

// edgeFlags are those of edge's verbs.
type edgeFlags struct {
	auditFlags
	report  string   // report whose findings are to be fixed
	outputs []string // FORMAT=FILE
	check   bool
	file    string // of a plan
	noRows  bool
}

// planFormats are the forms of a plan.
var planFormats = []string{"text", "json", "zone", "terraform", "dnscontrol"}

func (p *program) edgeVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "edge",
		Short: "Plan, apply and roll back what a domain needs",
		Long: `Plan, apply and roll back what a domain needs.

What should stand in the zone and at Cloudflare follows from domain: in the configuration.
Where it is kept is found there too: domain.edge.file (a zone file), domain.edge.server (a name
server that takes updates), domain.cloudflare (a token). With none of them the plan is made by
questions, and printed to be pasted.

Only what a plan names is changed: never a foreign record of a set, never a foreign rule.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.edgePlanVerb(), p.edgeApplyVerb(), p.edgeRollbackVerb())
	return c
}

func (p *program) edgePlanVerb() *cobra.Command {
	f := &edgeFlags{}
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show what would change, and the checks before and after",
		Long: `Show what would change, and the checks before and after.

It reads the zone, compares it with what is wanted, and puts the checks of the domain to the
zone as it is and as it would be. Nothing is changed.

Formats: text (for people), json (for edge apply --plan), zone (lines of a zone file),
terraform, dnscontrol.

Exit code 0; with --check 1 when something would change, for CI; 2 when the zone could not be read.`,
		Example: `  launchready edge plan
  launchready edge plan --report report.json -o json=plan.json
  launchready edge plan --check`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.edgePlan(c.Context(), f, c.Flags().Changed) },
	}
	p.targetFlags(c, &f.auditFlags)
	fl := c.Flags()
	fl.StringVar(&f.report, "report", "", "JSON report of an audit: plan only what its findings ask for")
	fl.StringArrayVarP(&f.outputs, "output", "o", nil, "FORMAT=FILE, repeatable; formats: "+strings.Join(planFormats, ", "))
	fl.BoolVar(&f.check, "check", false, "exit code 1 when something would change")
	fl.BoolVar(&f.noRows, "no-checks", false, "do not put the checks to the zone")
	return c
}

func (p *program) edgeApplyVerb() *cobra.Command {
	f := &edgeFlags{}
	c := &cobra.Command{
		Use:   "apply",
		Short: "Make the changes of a plan",
		Long: `Make the changes of a plan, or finish those that an interruption left.

Every set must be as it was planned, or nothing is changed. .launchready/rollback.json is written
first. What is new is created; when every authoritative server shows it, what is old is deleted.
Then the checks are put again.

Exit code 0 when it is done, 1 when it was refused or a server does not show it, 2 when it could
not be tried.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.edgeApply(c.Context(), f, c.Flags().Changed) },
	}
	p.targetFlags(c, &f.auditFlags)
	fl := c.Flags()
	fl.StringVar(&f.report, "report", "", "JSON report of an audit: apply only what its findings ask for")
	fl.StringVar(&f.file, "plan", "", "the plan that was reviewed (edge plan -o json=FILE); without it a new one is made")
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	fl.BoolVar(&f.noRows, "no-checks", false, "do not put the checks again")
	return c
}

func (p *program) edgeRollbackVerb() *cobra.Command {
	f := &edgeFlags{}
	c := &cobra.Command{
		Use:   "rollback",
		Short: "Take the last apply back",
		Long: `Take the last apply back, finished or interrupted, by .launchready/rollback.json.

Records that others added meanwhile stay. A record of ours that somebody changed is theirs now,
and nothing is changed.

Exit code 0 when it is done, 1 when it was refused, 2 when there is nothing to take back.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.edgeRollback(c.Context(), f, c.Flags().Changed) },
	}
	p.targetFlags(c, &f.auditFlags)
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	return c
}

// planned is a plan with what it was made from.
type planned struct {
	plans []*edge.Plan
	rows  edge.Comparison
}

// makePlans plans every zone of the domain.
func (p *program) makePlans(ctx context.Context, e *assembly.Edge, f *edgeFlags) (*planned, error) {
	failed, err := p.failedChecks(f.report)
	if err != nil {
		return nil, err
	}
	out := &planned{}
	target := e.Target
	before, after := e.Target.Domain.Network, e.Target.Domain.Network
	for _, zone := range e.Zones {
		plan, state, err := e.Plan(ctx, zone, failed)
		if err != nil {
			return nil, setup(err)
		}
		out.plans = append(out.plans, plan)
		if e.Virtual(zone) {
			before = (&edge.Plan{Zone: zone}).Planned(before, state, true)
		}
		after = plan.Planned(after, state, e.Virtual(zone))
		if f.noRows {
			continue
		}
		seen, network, end, err := e.Planned(ctx, plan, target, after)
		if err != nil {
			return nil, setup(err)
		}
		defer end()
		target, after = seen, network
	}
	if !f.noRows {
		checks := domainChecks(e)
		out.rows.Before = edge.Ask(ctx, checks, e.Target, before, p.now, p.log)
		out.rows.After = edge.Ask(ctx, checks, target, after, p.now, p.log)
	}
	return out, nil
}

// zoneRow and zoneChecks are what a zone's records decide: the row email, and of the
// row https what is asked of the DNS.
const zoneRow = "email"

// edgeChecks are those that the provider's settings and rules decide.
var edgeChecks = [...]string{"edge-proxied", "edge-ssl-mode", "edge-always-https", "edge-minimum-tls", "edge-early-data", "edge-development-mode", "edge-waf", "edge-waf-skip", "edge-rate-limit", "edge-cache-rules", "edge-redirect-rules"}

var zoneChecks = [...]string{"delegation", "name-server-takeover", "dangling-cname", "dangling-service", "apex-and-www", "expected-name", "internal-address", "ttl", "cname-beside", "caa", "caa-issuer", "txt-secret",
	"service-binding", "ipv6"}

// domainChecks are those that a zone, and what its provider tells, can be judged by alone.
func domainChecks(e *assembly.Edge) []*lr.Check {
	var out []*lr.Check
	for _, row := range scorecard() {
		for _, c := range row.Checks {
			_, name, _ := strings.Cut(c.ID, "/")
			if c.Needs == lr.Domain && !c.Last && c.Effect == lr.Reads && (row.ID == zoneRow || row.ID == "https" && (slices.Contains(zoneChecks[:], name) || e.Provided() && slices.Contains(edgeChecks[:], name))) {
				out = append(out, c)
			}
		}
	}
	return out
}

// failedChecks are those that a report says failed; nil without a report.
func (p *program) failedChecks(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(p.path(file))
	if err != nil {
		return nil, setup(fmt.Errorf("read the report: %w", err))
	}
	var rep lr.Report
	if err := json.Unmarshal(b, &rep); err != nil || rep.Schema != lr.ReportSchema {
		return nil, setup(fmt.Errorf("%s is no report of launchready audit", file))
	}
	out := []string{}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			if c.Verdict == lr.Failed {
				out = append(out, c.ID)
			}
		}
	}
	return out, nil
}

// edgeOf wires the domain.
func (p *program) edgeOf(f *edgeFlags, changed func(string) bool) (*config.Config, *assembly.Edge, error) {
	cfg, err := p.settings(&f.auditFlags, changed)
	if err != nil {
		return nil, nil, err
	}
	e, err := assembly.NewEdge(cfg, assembly.Options{Version: about().Version, Log: p.log, Now: p.now, Insecure: f.insecure, HTTP1: f.http1})
	if err != nil {
		return nil, nil, setup(err)
	}
	return cfg, e, nil
}

func (p *program) edgePlan(ctx context.Context, f *edgeFlags, changed func(string) bool) error {
	outs, err := p.planOutputs(f.outputs)
	if err != nil {
		return err
	}
	cfg, e, err := p.edgeOf(f, changed)
	if err != nil {
		return err
	}
	defer e.Close()
	made, err := p.makePlans(ctx, e, f)
	if err != nil {
		return err
	}
	r := assembly.Redactor(cfg)
	for _, o := range outs {
		var b bytes.Buffer
		if err := draw(&b, o.format, made); err != nil {
			return err
		}
		text := []byte(r.String(b.String()))
		if o.file == "-" {
			if _, err := p.out.Write(text); err != nil {
				return err
			}
		} else if err := replace(o.file, text); err != nil {
			return setup(err)
		}
	}
	if f.check && slices.ContainsFunc(made.plans, func(pl *edge.Plan) bool { return len(pl.Items) > 0 }) {
		p.code = exitNotReady
	}
	return nil
}

// planOutputs reads -o; without one the text goes to stdout.
func (p *program) planOutputs(flags []string) ([]output, error) {
	var out []output
	for _, f := range flags {
		format, file, ok := strings.Cut(f, "=")
		if !ok {
			file = "-"
		}
		if !slices.Contains(planFormats, format) || file == "" {
			return nil, setup(fmt.Errorf("-o %s: write FORMAT=FILE, FORMAT one of %s%s", f, strings.Join(planFormats, ", "), nearest.Hint(format, planFormats)))
		}
		if file != "-" {
			at, err := place(p.path(file))
			if err != nil {
				return nil, setup(fmt.Errorf("-o %s: %w", f, err))
			}
			file = at
		}
		out = append(out, output{format, file})
	}
	if !onStdout(out) {
		out = append(out, output{"text", "-"})
	}
	return out, nil
}

func draw(w io.Writer, format string, made *planned) error {
	switch format {
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(edge.Document{Schema: edge.Schema, Plans: made.plans})
	case "zone":
		return edge.ZoneText(w, made.plans)
	case "terraform":
		return edge.Terraform(w, made.plans)
	case "dnscontrol":
		return edge.DNSControl(w, made.plans)
	}
	return edge.Show(w, made.plans, made.rows)
}

func (p *program) edgeApply(ctx context.Context, f *edgeFlags, changed func(string) bool) error {
	cfg, e, err := p.edgeOf(f, changed)
	if err != nil {
		return err
	}
	defer e.Close()
	run, err := p.edgeRun(ctx, cfg, e)
	if err != nil {
		return err
	}
	made := &planned{}
	old, err := edge.ReadJournal(run.File)
	switch {
	case err != nil:
		return setup(err)
	case f.file != "":
		b, err := os.ReadFile(p.path(f.file))
		if err != nil {
			return setup(fmt.Errorf("read the plan: %w", err))
		}
		d, err := edge.Read(b)
		if err != nil {
			return setup(err)
		}
		made.plans = d.Plans
	case old.Unfinished() && old.State == edge.Applying:
		p.progress("finishing the apply of %s", old.Begun.Format("2006-01-02 15:04:05"))
	case old.Unfinished():
		return setup(edge.ErrUnfinished)
	default:
		if made, err = p.makePlans(ctx, e, f); err != nil {
			return err
		}
	}
	if made.plans != nil {
		if made.plans, err = p.writable(ctx, e, made.plans); err != nil {
			return err
		}
		if len(made.plans) == 0 {
			_, err := fmt.Fprintln(p.out, "nothing to change")
			return err
		}
		if err := edge.Show(p.err, made.plans, made.rows); err != nil {
			return err
		}
		if err := p.sayYes(f.yes, made.plans[0].Zone, "changed"); err != nil {
			return err
		}
	}
	if made.rows.Before == nil && !f.noRows {
		if made.rows.Before, err = p.standing(ctx, e); err != nil {
			return err
		}
	}
	done, err := run.Do(ctx, made.plans)
	if err != nil {
		return p.refused(err)
	}
	n := 0
	for _, pl := range done {
		n += len(pl.Items)
	}
	fmt.Fprintf(p.out, "%d changed; 'launchready edge rollback' takes it back\n", n)
	if f.noRows {
		return nil
	}
	return p.recheck(ctx, e, made)
}

// recheck puts the checks to the zone as it is now, and shows them beside those before.
func (p *program) recheck(ctx context.Context, e *assembly.Edge, made *planned) error {
	after, err := p.standing(ctx, e)
	if err != nil {
		return err
	}
	return edge.Show(p.out, nil, edge.Comparison{Before: made.rows.Before, After: after})
}

// standing puts the checks to the domain as it is.
func (p *program) standing(ctx context.Context, e *assembly.Edge) ([]edge.Checked, error) {
	n := e.Target.Domain.Network
	for _, zone := range e.Zones {
		if !e.Virtual(zone) {
			continue
		}
		d, err := e.Driver(ctx, zone)
		if err != nil {
			return nil, setup(err)
		}
		s, err := d.Read(ctx, nil)
		if err != nil {
			return nil, setup(err)
		}
		n = (&edge.Plan{Zone: zone}).Planned(n, s, true)
	}
	return edge.Ask(ctx, domainChecks(e), e.Target, n, p.now, p.log), nil
}

// writable keeps the plans that can be applied, and tells the others.
func (p *program) writable(ctx context.Context, e *assembly.Edge, plans []*edge.Plan) ([]*edge.Plan, error) {
	var out []*edge.Plan
	for _, pl := range plans {
		if len(pl.Items) == 0 {
			continue
		}
		d, err := e.Driver(ctx, pl.Zone)
		if err != nil {
			return nil, setup(err)
		}
		if _, read := d.(edge.Questions); read {
			p.warn("%s: %v ('launchready edge plan -o zone' prints them)", pl.Zone, edge.ErrReadOnly)
			continue
		}
		out = append(out, pl)
	}
	if len(out) == 0 && slices.ContainsFunc(plans, func(pl *edge.Plan) bool { return len(pl.Items) > 0 }) {
		return nil, setup(edge.ErrReadOnly)
	}
	return out, nil
}

// edgeRun applies by the journal beside the configuration.
func (p *program) edgeRun(ctx context.Context, cfg *config.Config, e *assembly.Edge) (*edge.Run, error) {
	if err := private(cfg.Dir); err != nil {
		return nil, setup(err)
	}
	return &edge.Run{File: filepath.Join(cfg.Dir, privateFolder, edge.JournalFile), Now: p.now, Apply: func(pl *edge.Plan) (*edge.Applier, error) {
		return e.Applier(ctx, pl.Zone, func(format string, args ...any) { p.progress("%s", report.Line(fmt.Sprintf(format, args...))) })
	}}, nil
}

// refused turns what an apply ends with into its exit code.
func (p *program) refused(err error) error {
	switch {
	case errors.Is(err, edge.ErrConcurrent), errors.Is(err, edge.ErrNotSeen):
		return &failure{exitNotReady, err}
	}
	return setup(err)
}

// sayYes asks before something is changed in the world.
func (p *program) sayYes(yes bool, zone, what string) error {
	if yes {
		return nil
	}
	if !p.interactive() {
		return setup(fmt.Errorf("%s would be %s: --yes allows it", zone, what))
	}
	fmt.Fprintf(p.err, "Type the zone's name to go on: ")
	line, err := bufio.NewReader(p.in).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != zone {
		return setup(errors.New("not confirmed: nothing was changed"))
	}
	return nil
}

func (p *program) edgeRollback(ctx context.Context, f *edgeFlags, changed func(string) bool) error {
	cfg, e, err := p.edgeOf(f, changed)
	if err != nil {
		return err
	}
	defer e.Close()
	run, err := p.edgeRun(ctx, cfg, e)
	if err != nil {
		return err
	}
	if err := p.sayYes(f.yes, e.Zones[0], "set back"); err != nil {
		return err
	}
	done, err := run.Back(ctx)
	if err != nil {
		return p.refused(err)
	}
	n := 0
	for _, pl := range done {
		n += len(pl.Items)
	}
	_, err = fmt.Fprintf(p.out, "%d set back to what they were\n", n)
	return err
}
