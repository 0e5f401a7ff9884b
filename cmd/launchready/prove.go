package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/isolation"
	"github.com/launchready/launchready/database"
)

// prove tries a migration on a copy of the schema, and says in a sentence what it
// came to. A migration that fails there is an error; one that could not be tried
// is not.
func (p *program) prove(ctx context.Context, d *database.DB, c *database.Catalogue, m *database.Migration, access lr.DatabaseAccess) (said string, err error) {
	twin, err := d.Twin(ctx, c, pgDump())
	if errors.Is(err, database.ErrNoCopy) {
		p.warn("not proved: %v", err)
		return "NOT PROVED: " + oneLine(err.Error()) + ".", nil
	}
	if err != nil {
		return "", setup(err)
	}
	defer func() { err = errors.Join(err, twin.Close()) }()
	t := &trialRun{twin: twin, access: access, program: p}
	t.access.URL = twin.URL
	before, err := t.estate(ctx)
	if err != nil {
		return "", setup(err)
	}
	tenants := before.Tenants()
	bare := twin.Fill(ctx, before, tenants)
	for _, l := range bare {
		p.warn("no row could be made up on the copy: %s", oneLine(l))
	}
	open := t.failing(ctx, tenants)
	part := m.Provable()
	for _, step := range []struct{ what, sql string }{{"the migration", part.Up()}, {"the way back", part.Down()}, {"the migration again", part.Up()}} {
		if err := twin.Apply(ctx, step.sql); err != nil {
			return "", fmt.Errorf("nothing was written: %s fails on a copy of the schema: %w", step.what, err)
		}
		if step.what != "the way back" {
			continue
		}
		after, err := t.estate(ctx)
		if err != nil {
			return "", err
		}
		if diff := database.Same(before.Catalogue, after.Catalogue); len(diff) > 0 {
			return "", fmt.Errorf("nothing was written: the way back does not lead back: %s", strings.Join(diff, "; "))
		}
	}
	left := t.failing(ctx, tenants)
	if must := slices.DeleteFunc(slices.Clone(left), func(f string) bool { return !mended(f) }); len(must) > 0 {
		return "", fmt.Errorf("nothing was written: with the migration a copy of the schema still fails %s", strings.Join(must, "; "))
	}
	for _, f := range left {
		p.warn("left: %s is still found on the copy: this migration does not mend it", f)
	}
	how := ""
	if twin.Own {
		how = ", read without pg_dump"
	}
	said = fmt.Sprintf("Proved on a copy of the schema%s: %d findings before, %d after, and the way back leads back.", how, len(open), len(left))
	if len(part.Steps) < len(m.Steps) {
		said += " The role was not: roles belong to the whole server."
	}
	return said, nil
}

// trialRun is a copy that is asked.
type trialRun struct {
	*program
	twin   *database.Twin
	access lr.DatabaseAccess
}

func (t *trialRun) estate(ctx context.Context) (*database.Estate, error) {
	c, err := t.twin.Read(ctx, t.access.Role)
	if err != nil {
		return nil, err
	}
	a := t.access
	return database.See(c, database.Tenancy{Role: a.Role, Set: a.Tenant, Unset: a.Unset, Columns: a.Column, Shared: a.Shared}), nil
}

// failing lists what the checks of the database find on the copy, as
// "isolation/db-rls-off chats".
func (t *trialRun) failing(ctx context.Context, tenants [2]string) []string {
	var out []string
	for id, outcomes := range isolation.AskDatabase(ctx, t.access, tenants, t.log, t.now) {
		for _, o := range outcomes {
			if f := id + " " + o.Subject; o.Verdict == lr.Failed && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	slices.Sort(out)
	return out
}

// mended reports whether a finding is of a kind that the migration must mend.
func mended(finding string) bool {
	id, _, _ := strings.Cut(finding, " ")
	switch strings.TrimPrefix(id, "isolation/db-") {
	case "rls-off", "rls-not-forced", "policy-missing", "policy-always-true", "policy-claim", "tenant-index", "public-grant", "foreign-read", "foreign-write", "unset-tenant":
		return true
	}
	return false
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
