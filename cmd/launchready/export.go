package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/export"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/internal/nearest"
)

// exportFlags are the flags of export.
type exportFlags struct {
	auditFlags
	abuse, regression bool
	format            string
	report            string
	out               string
}

func (p *program) exportVerb() *cobra.Command {
	f := &exportFlags{}
	c := &cobra.Command{
		Use:   "export",
		Short: "Write tests that run without Launch Ready",
		Long: `Write tests that run without Launch Ready.

--abuse writes a script of abuse for the API: repeated requests, invalid JSON, long
texts, empty tokens, no token, wrong file types, another tenant's id. It needs sh and curl,
or Hurl. It is made from the configuration and the API's description; nothing is sent.

--regression writes a test for each confirmed finding of a report, as Hurl: the owner makes the
object and is shown it, the run's requests are repeated in their order, and what leaked must
not be there. What Hurl cannot tell becomes one line of shell that has audit replay ask. The
last run is used, or --report. A folder also gets a README and a variables file.

Passwords and tokens come in by variables, which each file names at its top.`,
		Example: `  launchready export --abuse -o abuse.sh && sh abuse.sh
  launchready export --abuse --format hurl -o abuse.hurl
  launchready export --regression -o tests/regression`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.export(c.Context(), f, c.Flags().Changed) },
	}
	p.targetFlags(c, &f.auditFlags)
	fl := c.Flags()
	fl.BoolVar(&f.abuse, "abuse", false, "write the abuse tests")
	fl.BoolVar(&f.regression, "regression", false, "write a test for each finding")
	fl.StringVar(&f.format, "format", "sh", "of the abuse tests: sh or hurl")
	fl.StringVar(&f.report, "report", "", "with --regression: JSON report (default: the last run)")
	fl.StringVarP(&f.out, "output", "o", "", "file; with --regression a folder, for one file a finding, unless it ends in .hurl (default: stdout)")
	complete(c, "format", "sh", "hurl")
	return c
}

func (p *program) export(ctx context.Context, f *exportFlags, changed func(string) bool) error {
	switch {
	case f.abuse == f.regression:
		return setup(errors.New("say what to write: --abuse or --regression"))
	case f.format != "sh" && f.format != "hurl":
		return setup(fmt.Errorf("--format %q: sh or hurl%s", f.format, nearest.Hint(f.format, []string{"sh", "hurl"})))
	case f.regression && changed("format") && f.format != "hurl":
		return setup(errors.New("--regression writes Hurl files: leave --format out"))
	case f.abuse && f.report != "":
		return setup(errors.New("--abuse needs no report: it is made from the API's description"))
	}
	cfg, err := p.settings(&f.auditFlags, changed)
	if err != nil {
		return err
	}
	a, err := p.assemble(ctx, cfg, &f.auditFlags, assembly.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	o := p.exportOptions(cfg, a)
	if f.regression {
		return p.exportRegression(cfg, f, o)
	}
	write := export.Shell
	if f.format == "hurl" {
		write = export.Hurl
	}
	var b bytes.Buffer
	if err := write(&b, o); err != nil {
		return setup(err)
	}
	return p.exported(f.out, b.Bytes())
}

// exported writes a file, or to stdout without one.
func (p *program) exported(file string, text []byte) error {
	if file == "" || file == "-" {
		_, err := p.out.Write(text)
		return err
	}
	if err := replace(p.path(file), text); err != nil {
		return setup(err)
	}
	p.progress("wrote %s", file)
	return nil
}

func (p *program) exportRegression(cfg *config.Config, f *exportFlags, o export.Options) error {
	reps, err := p.reports(cfg, f.report)
	if err != nil {
		return setup(err)
	}
	if len(reps) == 0 {
		return setup(errors.New("no run is remembered here: launchready audit first, or name a report by --report"))
	}
	suite := export.Regression(reps[0], o)
	for _, l := range slices.Concat(suite.Replayed, suite.Left) {
		p.warn("%s", l)
	}
	if len(suite.Tests) == 0 {
		return setup(fmt.Errorf("run %s has no confirmed finding to test", reps[0].Run))
	}
	if fi, err := os.Stat(p.path(f.out)); f.out != "" && f.out != "-" && (err == nil && fi.IsDir() || !strings.HasSuffix(f.out, ".hurl")) {
		return p.exportSuite(f.out, suite)
	}
	var b bytes.Buffer
	for _, t := range suite.Tests {
		if t.Why != "" {
			continue // it is no Hurl, and was told above
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.Write(t.Text)
	}
	if b.Len() == 0 {
		return setup(errors.New("no finding is for Hurl: name a folder with -o, for the lines of shell"))
	}
	return p.exported(f.out, b.Bytes())
}

// exportSuite writes a folder: a file for each finding, what it is given, and how
// it is run. A variables file that is there is somebody's, and stays.
func (p *program) exportSuite(folder string, suite *export.Suite) error {
	if err := os.MkdirAll(p.path(folder), 0o755); err != nil { //nolint:gosec // tests are for the repository
		return setup(err)
	}
	for _, t := range suite.Tests {
		if err := p.exported(filepath.Join(folder, t.File), t.Text); err != nil {
			return err
		}
	}
	if err := p.exported(filepath.Join(folder, "README.md"), suite.Readme); err != nil {
		return err
	}
	variables := filepath.Join(folder, "variables.env")
	have, err := os.ReadFile(p.path(variables))
	if errors.Is(err, os.ErrNotExist) {
		return p.exported(variables, suite.Variables)
	}
	if err != nil {
		return setup(err)
	}
	var lacks []string
	for l := range strings.Lines(string(suite.Variables)) {
		name, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(l), "#"), "=")
		if ok && !strings.Contains(name, " ") && !bytes.Contains(have, []byte(name+"=")) {
			lacks = append(lacks, name)
		}
	}
	p.progress("kept %s", variables)
	if len(lacks) > 0 {
		p.warn("%s lacks %s", variables, strings.Join(lacks, ", "))
	}
	return nil
}

// exportOptions turns the configuration into what the tests are made of. No
// secret of it goes along: a sign-in that holds one is left out.
func (p *program) exportOptions(cfg *config.Config, a *assembly.Assembly) export.Options {
	t := a.Audit.Target
	o := export.Options{Product: cfg.Product, Base: t.Base, Routes: t.Routes, Access: t.Access, Tool: about().Version,
		Headers: slices.Sorted(maps.Keys(cfg.Target.Headers))}
	o.A, o.B = parties(a.Cast.Accounts())
	o.WhoAmI = map[string]*lr.Route{}
	for _, acc := range a.Cast.Accounts() {
		o.WhoAmI[acc.Name] = acc.WhoAmI
	}
	o.People = people(a.Cast.Accounts())
	if m := t.Mailbox; m != nil {
		o.Mailbox = &export.Mailbox{Method: m.Method, Path: m.Path, Headers: slices.Sorted(maps.Keys(m.Header))}
	}
	o.Replay = replayFlags
	s := cfg.SignIn
	if s == nil || s.Request.IsZero() || s.Basic || s.OAuth2 != nil || strings.Contains(s.Request.Path, "://") || s.JSON == nil && len(s.Form) == 0 {
		return o
	}
	in := &export.SignIn{Method: s.Request.Method, Path: s.Request.Path, JSON: config.Template(s.JSON),
		Form: map[string]string{}, Header: map[string]string{}, Token: string(s.Token), Send: string(s.Send)}
	for k, v := range s.Form {
		in.Form[k] = v.Template()
	}
	for k, v := range s.Headers {
		in.Header[k] = v.Template()
	}
	if text := fmt.Sprint(in.JSON, in.Form, in.Header); a.Redact.String(text) != text {
		fmt.Fprintln(p.err, "launchready: warning: sign_in holds a secret, so the tests do not sign in: give them tokens")
		return o
	}
	o.SignIn = in
	return o
}

// people are all identities, without a secret of theirs.
func people(accounts []*lr.Account) []export.Party {
	var out []export.Party
	for _, a := range accounts {
		out = append(out, export.Party{Name: a.Name, Tenant: a.Tenant, User: a.User, Role: a.Role})
	}
	return out
}

// replayFlags are what audit replay needs to ask a check: consent where it
// changes things.
func replayFlags(id string) string {
	if c, err := audit.Lookup(scorecard(), id); err == nil && c.Effect > lr.Reads {
		return "--mutate"
	}
	return ""
}

// parties picks who plays the two tenants: ordinary users where there are any.
func parties(accounts []*lr.Account) (a, b export.Party) {
	var picked []*lr.Account
	for _, ordinary := range []bool{true, false} {
		for _, acc := range accounts {
			taken := slices.ContainsFunc(picked, func(q *lr.Account) bool { return q.Tenant == acc.Tenant })
			if !taken && len(picked) < 2 && (!ordinary || acc.Role == "member" || acc.Role == "user") {
				picked = append(picked, acc)
			}
		}
	}
	for len(picked) < 2 {
		picked = append(picked, &lr.Account{Identity: lr.Identity{Name: "a user", Tenant: "another one"}})
	}
	party := func(a *lr.Account) export.Party {
		return export.Party{Name: a.Name, Tenant: a.Tenant, User: a.User, Role: a.Role}
	}
	return party(picked[0]), party(picked[1])
}
