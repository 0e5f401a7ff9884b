package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/database"
	"github.com/launchready/launchready/export"
	"github.com/launchready/launchready/internal/assembly"
)

func (p *program) fixVerb() *cobra.Command {
	c := &cobra.Command{Use: "fix", Short: "Write what mends a finding, for review", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(p.fixRLSVerb())
	return c
}

func (p *program) fixRLSVerb() *cobra.Command {
	f := &auditFlags{profile: "quick"}
	var out string
	c := &cobra.Command{
		Use:   "rls",
		Short: "Write a migration that keeps tenants apart in Postgres",
		Long: `Write a migration that keeps tenants apart in Postgres.

It asks the checks of the database, and writes into a folder: rls.up.sql (row-level security
on and forced, policies, indexes, views, functions, rights, a role), rls.down.sql that takes
it back, rls_test.sql for psql, isolation.hurl for the API, and a line of audit replay for each
finding. The configured database is not changed.

The migration is tried first on a copy: a database that is made beside, with the schema as
pg_dump writes it (or as it is read here, where there is none) and made-up rows of two tenants.
There it must apply, the checks must pass, and the way back must lead to what was. Where no copy
can be made (the role lacks CREATEDB, say) the file says that it was not proved, and why.`,
		Example: `  launchready fix rls
  launchready fix rls --mutate -o migrations/rls`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.fixRLS(c.Context(), f, out, c.Flags().Changed) },
	}
	p.targetFlags(c, f)
	fl := c.Flags()
	fl.StringVarP(&out, "output", "o", "rls", "folder to write into")
	fl.BoolVar(&f.mutate, "mutate", false, "also try to write across tenants, in transactions that are rolled back")
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask before creating objects in production")
	return c
}

func (p *program) fixRLS(ctx context.Context, f *auditFlags, out string, changed func(string) bool) error {
	cfg, err := p.settings(f, changed)
	if err != nil {
		return err
	}
	if cfg.Database == nil {
		return setup(errors.New("no database is known: give database.url"))
	}
	up := filepath.Join(out, "rls.up.sql")
	if _, err := os.Stat(p.path(up)); err == nil {
		return setup(fmt.Errorf("%s is there already: name another folder by -o", up))
	}
	if err := p.consent(cfg, f.yes); err != nil {
		return err
	}
	rep, err := p.askedOfDatabase(ctx, cfg, f)
	if err != nil {
		return err
	}
	access := accessOf(cfg)
	d, err := database.Open(ctx, access.URL, database.Limits{})
	if err != nil {
		return setup(err)
	}
	defer d.Close()
	c, err := d.Read(ctx, access.Role)
	if err != nil {
		return setup(err)
	}
	if len(c.Unread) > 0 {
		return setup(fmt.Errorf("the catalogue could not be read whole: %s", strings.Join(c.Unread, "; ")))
	}
	e := database.See(c, database.Tenancy{Role: access.Role, Set: access.Tenant, Unset: access.Unset, Columns: access.Column, Shared: access.Shared})
	m, err := database.Mend(e, leaking(rep))
	if err != nil {
		return setup(err)
	}
	for _, l := range m.Left {
		p.warn("left: %s", l)
	}
	if len(m.Steps) == 0 {
		fmt.Fprintln(p.out, "nothing to mend")
		return nil
	}
	proof, err := p.prove(ctx, d, c, m, access)
	if err != nil {
		return err
	}
	return p.writeFix(ctx, cfg, f, out, rep, e, m, proof)
}

func accessOf(cfg *config.Config) lr.DatabaseAccess {
	d := cfg.Database
	return lr.DatabaseAccess{URL: d.URL.Secret, Role: d.Role, Tenant: d.Tenant, Unset: d.Unset, Column: d.Column, Shared: d.Shared}
}

// askedOfDatabase audits the database alone. Where the target is out of reach the
// catalogue still tells most, so that there is no report then.
func (p *program) askedOfDatabase(ctx context.Context, cfg *config.Config, f *auditFlags) (*lr.Report, error) {
	for _, row := range scorecard() {
		for _, c := range row.Checks {
			if c.Needs&lr.Database != 0 {
				f.only = append(f.only, c.ID)
			}
		}
	}
	rep, err := p.run(ctx, cfg, f, nil)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		p.warn("the checks could not be asked, so that the migration rests on the catalogue alone: %v", err)
		return nil, nil
	}
	return rep, nil
}

// leaking lists the tables that a session was seen to read or write across tenants.
func leaking(rep *lr.Report) []string {
	var out []string
	if rep == nil {
		return nil
	}
	for _, row := range rep.Rows {
		for _, c := range row.Checks {
			switch c.ID {
			case "isolation/db-foreign-read", "isolation/db-foreign-write", "isolation/db-unset-tenant", "isolation/db-policy-claim":
				for _, f := range c.Findings {
					out = append(append(out, f.Subject), f.Subjects...)
				}
			}
		}
	}
	return out
}

// writeFix writes the migration and the tests that hold it.
func (p *program) writeFix(ctx context.Context, cfg *config.Config, f *auditFlags, out string, rep *lr.Report, e *database.Estate, m *database.Migration, proof string) error {
	head := fmt.Sprintf("-- Written by launchready %s (fix rls) for database %s. Review it before you run it.\n-- %s\n", about().Version, strings.Join(strings.Fields(e.Database), " "), proof)
	files := map[string]string{"rls.up.sql": head + m.Up(), "rls.down.sql": head + m.Down()}
	if apart := m.Apart(); apart != "" {
		files["rls.apart.sql"] = head + "-- Large tables: run these before, each by itself and in no transaction.\n" + apart
	}
	files["rls_test.sql"] = database.Regression(e, e.Tenanted())
	a, err := p.assemble(ctx, cfg, f, assembly.Options{})
	if err == nil {
		defer a.Close()
		var b bytes.Buffer
		if err := export.Hurl(&b, p.exportOptions(cfg, a)); err != nil {
			p.warn("no isolation.hurl: %v", err)
		} else {
			files["isolation.hurl"] = b.String()
		}
	} else {
		p.warn("no isolation.hurl: %v", err)
	}
	if err := os.MkdirAll(p.path(out), 0o755); err != nil { //nolint:gosec // it is for the repository
		return setup(err)
	}
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		if err := p.exported(filepath.Join(out, n), []byte(files[n])); err != nil {
			return err
		}
	}
	if a != nil && rep != nil {
		if suite := export.Regression(rep, p.exportOptions(cfg, a)); len(suite.Tests) > 0 {
			if err := p.exportSuite(filepath.Join(out, "regression"), suite); err != nil {
				return err
			}
		}
	}
	for _, s := range m.Steps {
		fmt.Fprintf(p.out, "%s\n", strings.Join(strings.Fields(s.Why), " "))
	}
	fmt.Fprintf(p.out, "\n%d changes in %s. %s\n", len(m.Steps), filepath.Join(out, "rls.up.sql"), proof)
	return nil
}

// pgDump is the program that writes schemas, "" where there is none.
func pgDump() string {
	program, err := exec.LookPath("pg_dump")
	if err != nil {
		return ""
	}
	return program
}
