package database

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// ErrNoCopy is why nothing could be tried on a copy.
var ErrNoCopy = errors.New("no copy of the schema could be made")

// Bounds of a copy.
const (
	dumpPatience = 2 * time.Minute
	maxDump      = 64 << 20
)

// Twin is a database of its own with the schema of another, and none of its data.
type Twin struct {
	*DB
	URL  lr.Secret // connects to it
	Own  bool      // its schema was read here and not by pg_dump
	name string
	from *DB
}

// Twin makes a database beside the one that is connected, with its schema as
// pg_dump, the program of that name, writes it, or as it is read here where there is
// none ("") or it fails: one of another version refuses. It needs CREATEDB and, for
// pg_dump, the right to dump. Roles are the server's and are the same in both.
func (d *DB) Twin(ctx context.Context, c *Catalogue, program string) (*Twin, error) {
	var failed error
	if program != "" {
		sql, err := d.dump(ctx, program)
		if err == nil {
			var t *Twin
			if t, err = d.twin(ctx, func(ctx context.Context, t *Twin) error { return t.carry(ctx, creators(sql, c)) }); err == nil {
				return t, nil
			}
		}
		failed = err
	}
	list, err := d.schema(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCopy, errors.Join(failed, err))
	}
	t, err := d.twin(ctx, func(ctx context.Context, t *Twin) error {
		if err := t.lay(ctx, list); err != nil {
			return err
		}
		return t.like(ctx, c)
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCopy, errors.Join(failed, err))
	}
	t.Own = true
	return t, nil
}

// twin makes an empty database and has it filled.
func (d *DB) twin(ctx context.Context, fill func(context.Context, *Twin) error) (*Twin, error) {
	twin := &Twin{name: "launchready_copy_" + strings.ToLower(rand.Text()[:12]), from: d}
	twin.URL = d.urlOf(twin.name)
	ctx, cancel := context.WithTimeout(ctx, dumpPatience)
	defer cancel()
	if _, err := d.conn.Exec(ctx, "CREATE DATABASE "+Quote(twin.name)+" TEMPLATE template0"); err != nil {
		return nil, fmt.Errorf("make a database for it: %w", d.said(err))
	}
	var err error
	if twin.DB, err = Open(ctx, twin.URL, d.limits); err != nil {
		return nil, errors.Join(err, twin.drop())
	}
	if err := fill(ctx, twin); err != nil {
		return nil, errors.Join(fmt.Errorf("lay the schema out: %w", err), twin.Close())
	}
	return twin, nil
}

// carry carries out SQL of this program's own making, or pg_dump's.
func (c *Twin) carry(ctx context.Context, sql string) error {
	_, err := c.conn.Exec(ctx, sql)
	return c.said(err)
}

// Apply carries a migration out on the copy.
func (c *Twin) Apply(ctx context.Context, sql string) error {
	ctx, cancel := context.WithTimeout(ctx, dumpPatience)
	defer cancel()
	err := c.carry(ctx, sql)
	if err != nil {
		_, _ = c.conn.Exec(ctx, "ROLLBACK") // ends what the migration began; the error is told
	}
	return err
}

// Close drops the copy.
func (c *Twin) Close() error {
	c.DB.Close()
	return c.drop()
}

func (c *Twin) drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), dumpPatience)
	defer cancel()
	if _, err := c.from.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+Quote(c.name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop the copy %s: %w", c.name, c.from.said(err))
	}
	return nil
}

// urlOf is the connection's address with another database.
func (d *DB) urlOf(database string) lr.Secret {
	c := d.conn.Config()
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }
	return lr.NewSecret(fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=%s sslmode=%s", quote(c.Host), c.Port, quote(c.User), quote(c.Password), quote(database), d.sslmode()))
}

func (d *DB) sslmode() string {
	if d.conn.Config().TLSConfig == nil {
		return "disable"
	}
	return "require"
}

// dump runs pg_dump. The password goes by the environment, where no list of
// processes shows it.
func (d *DB) dump(ctx context.Context, program string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, dumpPatience)
	defer cancel()
	c := d.conn.Config()
	cmd := exec.CommandContext(ctx, program, "--schema-only", "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces", //nolint:gosec // found by who calls
		"--no-password", "--lock-wait-timeout=2000")
	cmd.Env = append(unset(os.Environ()), "PGHOST="+c.Host, fmt.Sprint("PGPORT=", c.Port), "PGUSER="+c.User, "PGPASSWORD="+c.Password, "PGDATABASE="+c.Database, "PGSSLMODE="+d.sslmode(), "LC_ALL=C")
	out, said := &bounded{left: maxDump}, &bounded{left: 4000}
	cmd.Stdout, cmd.Stderr = out, said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("pg_dump: %w: %s", err, d.masked(clip(strings.TrimSpace(said.String()), 300)))
	}
	if out.cut {
		return "", fmt.Errorf("pg_dump wrote more than %d bytes", maxDump)
	}
	return statements(out.String()), nil
}

// unset is the environment without what leads libpq elsewhere.
func unset(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool { return strings.HasPrefix(v, "PG") })
}

// statements is a dump without the lines that are psql's own.
func statements(dump string) string {
	var b strings.Builder
	for l := range strings.Lines(dump) {
		if strings.HasPrefix(l, `\restrict`) || strings.HasPrefix(l, `\unrestrict`) || strings.HasPrefix(l, "CREATE SCHEMA public;") {
			continue
		}
		b.WriteString(l)
	}
	return b.String()
}

// creators lets the owners of what a dump makes create it: a dump gives objects to
// their owners before it gives these their rights, which only a superuser can do.
func creators(dump string, c *Catalogue) string {
	var owners []string
	add := func(name string) {
		if q := Quote(name); !slices.Contains(owners, q) {
			owners = append(owners, q)
		}
	}
	for i := range c.Tables {
		add(c.Tables[i].Owner)
	}
	for i := range c.Funcs {
		add(c.Funcs[i].Owner)
	}
	if len(owners) == 0 {
		return dump
	}
	grant := func(schema string) string {
		return "GRANT CREATE, USAGE ON SCHEMA " + schema + " TO " + strings.Join(owners, ", ") + ";\n"
	}
	var b strings.Builder
	b.WriteString(grant("public"))
	for l := range strings.Lines(dump) {
		b.WriteString(l)
		if rest, ok := strings.CutPrefix(l, "CREATE SCHEMA "); ok {
			b.WriteString(grant(strings.TrimSuffix(strings.TrimSpace(rest), ";")))
		}
	}
	return b.String()
}

// bounded keeps so many bytes and lets the rest go.
type bounded struct {
	bytes.Buffer
	left int
	cut  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	keep := p
	if len(keep) > b.left {
		keep, b.cut = keep[:b.left], true
	}
	b.left -= len(keep)
	b.Buffer.Write(keep)
	return len(p), nil
}
