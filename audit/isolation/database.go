package isolation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/database"
	"github.com/launchready/launchready/oracle"
)

// Clauses that the checks of the database answer to.
var (
	cwe284 = lr.Ref{Source: "CWE", ID: "284"}
	cwe269 = lr.Ref{Source: "CWE", ID: "269"}
	cwe863 = lr.Ref{Source: "CWE", ID: "863"}
)

var errNoDatabase = errors.New("no database is known: give database.url")

// tenancy is how the configuration says that the application keeps its tenants.
func tenancy(a *lr.DatabaseAccess) database.Tenancy {
	return database.Tenancy{Role: a.Role, Set: a.Tenant, Unset: a.Unset, Columns: a.Column, Shared: a.Shared}
}

// estateOf reads the catalogue, once a run, and fails where a part that the check
// rests on could not be read: what is not known to be there is not missing.
func estateOf(ctx context.Context, t *lr.Trial, parts ...string) (*database.Estate, error) {
	a := t.Target.Database
	if a == nil {
		return nil, errNoDatabase
	}
	e, err := lr.Recall(ctx, t.Memo, "isolation/estate", func(ctx context.Context) (*database.Estate, error) {
		d, err := database.Open(ctx, a.URL, database.Limits{})
		if err != nil {
			return nil, err
		}
		defer d.Close()
		c, err := d.Read(ctx, a.Role)
		if err != nil {
			return nil, err
		}
		return database.See(c, tenancy(a)), nil
	})
	if err != nil {
		return nil, err
	}
	for _, u := range e.Unread {
		what, _, _ := strings.Cut(u, ":")
		if slices.Contains(append(parts, "roles", "tables", "columns", "rights of the application's role", "rights"), what) {
			return nil, fmt.Errorf("part of the catalogue could not be read: %s", u)
		}
	}
	if r := e.Role(e.Tenancy.Role); a.Role == "" && r != nil && r.Super {
		return nil, fmt.Errorf("database.url connects as the superuser %s: give the role that the application works as by database.role", r.Name)
	}
	if len(e.Tenanted()) == 0 {
		return nil, fmt.Errorf("%s has a right to no table that has a tenant's column: name the role by database.role and the columns by database.column", e.Tenancy.Role)
	}
	return e, nil
}

// guarded are the tables of tenants that have row-level security. Where none has,
// the question does not arise: the code keeps tenants apart, and
// isolation/db-rls-off says so.
func guarded(t *lr.Trial, e *database.Estate) []*database.Table {
	out := slices.DeleteFunc(e.Tenanted(), func(tb *database.Table) bool { return !tb.RLS })
	if len(out) == 0 {
		t.NotApplicable("no table has row-level security: the code alone keeps tenants apart")
	}
	return out
}

// recorded is evidence from the catalogue.
func recorded(format string, args ...any) lr.Evidence {
	return lr.Evidence{Records: []string{fmt.Sprintf(format, args...)}}
}

// describe says what the catalogue has of a table's protection.
func describe(tb *database.Table) lr.Evidence {
	onOff := map[bool]string{true: "on", false: "off"}
	e := recorded("%s: owner %s, row-level security %s, forced %s", tb, tb.Owner, onOff[tb.RLS], onOff[tb.Forced])
	for i := range tb.Policies {
		e.Records = append(e.Records, policyText(tb, &tb.Policies[i]))
	}
	return e
}

func policyText(tb *database.Table, p *database.Policy) string {
	text := fmt.Sprintf("policy %s on %s for %s to %s", p.Name, tb, p.Command, roleNames(p.Roles))
	if p.Using != "" {
		text += " using " + p.Using
	}
	if p.Check != "" {
		text += " with check " + p.Check
	}
	return text
}

func roleNames(roles []string) string {
	var out []string
	for _, r := range roles {
		if r == "" {
			r = "PUBLIC"
		}
		out = append(out, r)
	}
	return strings.Join(out, ", ")
}

// sides are two tenants that the application knows by their ids.
type sides struct{ victim, attacker *lr.Account }

func (s sides) swapped() sides { return sides{s.attacker, s.victim} }

func twoSides(t *lr.Trial) (sides, error) {
	for _, p := range pairs(t) {
		if p.victim.TenantID != "" && p.attacker.TenantID != "" && p.victim.TenantID != p.attacker.TenantID {
			return sides(p), nil
		}
	}
	return sides{}, errors.New("the ids of two tenants are not known: let whoami tell them")
}

// witness is a row of a tenant that its own session sees, and the object of the
// API that it is, where it is one.
type witness struct {
	sides
	row    database.Row
	object *lr.Object
	said   []string
	open   string // why there is none
}

// witnesses finds a row of each table that has row-level security, once a run: of
// an object that this run made where the database has one, or any.
func witnesses(ctx context.Context, t *lr.Trial, e *database.Estate) (map[uint32]*witness, error) {
	if e.Tenancy.Set == "" {
		return nil, errors.New("how the application sets the tenant is not known: give database.tenant")
	}
	s, err := twoSides(t)
	if err != nil {
		return nil, err
	}
	return lr.Recall(ctx, t.Memo, "isolation/witnesses", func(ctx context.Context) (map[uint32]*witness, error) {
		out := map[uint32]*witness{}
		err := connected(ctx, t, func(d *database.DB) error {
			for _, s := range []sides{s, s.swapped()} {
				err := d.Ask(ctx, e.Catalogue, e.Tenancy.As(s.victim.TenantID), func(ctx context.Context, a *database.Asking) error {
					return eachTable(e.Tenanted(), func(tb *database.Table) error {
						if w := out[tb.OID]; !tb.RLS || !tb.May.Select || w != nil && w.open == "" {
							return nil
						}
						w := &witness{sides: s}
						out[tb.OID] = w
						return w.find(ctx, t, e, a, tb)
					})
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		return out, err
	})
}

func (w *witness) find(ctx context.Context, t *lr.Trial, e *database.Estate, a *database.Asking, tb *database.Table) error {
	id, column := w.victim.TenantID, e.Column(tb)
	for _, o := range objectsOf(t, w.victim, tb) {
		r, err := a.Find(ctx, tb, column, id, o.ID)
		if err == nil {
			w.row, w.object, w.said = r, o, a.Take()
			return nil
		}
	}
	a.Take()
	r, err := a.Find(ctx, tb, column, id, "")
	w.row, w.said = r, a.Take()
	switch {
	case errors.Is(err, database.ErrNoRow):
		w.open = "no row of either tenant is there, so that nothing could leak"
	case err != nil:
		w.open = err.Error()
	}
	return err
}

// objectsOf lists objects of the account whose row a table may have: by the name
// of the table, since ids are looked up in it.
func objectsOf(t *lr.Trial, victim *lr.Account, tb *database.Table) []*lr.Object {
	if t.Stage == nil || len(tb.Key()) != 1 {
		return nil
	}
	var out []*lr.Object
	seen := map[string]bool{}
	for _, rt := range t.Target.Routes {
		if rt.Resource == "" || seen[rt.Resource] || !sameThing(rt.Resource, tb.Name) {
			continue
		}
		seen[rt.Resource] = true
		if o := t.Stage.Object(rt.Resource, victim); o != nil && o.ID != "" {
			out = append(out, o)
		}
	}
	return out
}

// sameThing reports whether a resource and a table bear the same name, in singular or
// plural and however their words are joined.
func sameThing(resource, table string) bool {
	fold := func(s string) string {
		s = strings.TrimSuffix(s, "/{}")
		s = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(s[strings.LastIndexByte(s, '/')+1:]))
		if stem, ok := strings.CutSuffix(s, "ies"); ok {
			return stem + "y"
		}
		return strings.TrimSuffix(s, "s")
	}
	return fold(resource) != "" && fold(resource) == fold(table)
}

// connected opens the database for as long as f runs.
func connected(ctx context.Context, t *lr.Trial, f func(*database.DB) error) error {
	d, err := database.Open(ctx, t.Target.Database.URL, database.Limits{})
	if err != nil {
		return err
	}
	defer d.Close()
	return f(d)
}

// stalls is how many statements may run out of their time before the rest is left.
const stalls = 3

// eachTable runs f for each table. What one answers is no matter of the next,
// unless the connection is gone or the database stalls.
func eachTable(tables []*database.Table, f func(*database.Table) error) error {
	slow := 0
	for _, tb := range tables {
		err := f(tb)
		var dear *database.DearError
		switch {
		case err == nil || errors.Is(err, database.ErrNoRow) || errors.As(err, &dear):
		case database.Code(err) == "":
			return err
		case strings.HasPrefix(database.Code(err), "57"):
			if slow++; slow >= stalls {
				return fmt.Errorf("the database stalls: %w", err)
			}
		}
	}
	return nil
}

// leak is what a session of the attacker saw of a witness.
type leak struct {
	witness *witness
	said    []string
}

// evidence joins what the database said with what the API answers when the same
// attacker asks for the same object.
func (l leak) evidence(ctx context.Context, t *lr.Trial) (e lr.Evidence, severity lr.Severity, joined string) {
	e, severity = lr.Evidence{Records: slices.Concat(l.witness.said, l.said)}, lr.High
	o := l.witness.object
	if o == nil {
		return e, severity, ""
	}
	joined = fmt.Sprintf(" It is the object of %s that this run made by the API", o.Resource)
	for _, rt := range t.Target.Routes {
		if rt.Resource != o.Resource || rt.Kind != lr.Read || !rt.Declared {
			continue
		}
		x, err := t.Stage.Control(ctx, rt, o, l.witness.attacker)
		if err != nil || x.Status == 0 {
			continue
		}
		e.Exchanges = []*lr.Exchange{x}
		if found := oracle.Find(o.Secrets, x); len(found) > 0 {
			e.Witness = found
			return e, lr.Critical, joined + fmt.Sprintf(", and %s shows it to the same caller.", rt)
		}
		return e, severity, joined + fmt.Sprintf("; %s answers %d to the same caller, so that the code alone keeps them apart.", rt, x.Status)
	}
	return e, severity, joined + "."
}
