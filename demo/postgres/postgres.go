// Package postgres makes databases that are thrown away, on a server where that
// may be done: the one of the demo, and those of tests. Each has three roles of
// its own, since roles belong to the whole server.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Variable of the environment that names a server for tests.
const Variable = "LAUNCHREADY_POSTGRES"

// Database is one of its own.
type Database struct {
	Name string
	// URL connects as the owner, which is a member of the other two roles.
	URL string
	// Owner owns the database and what is in it; App is what the application works
	// as; Reports has BYPASSRLS, for jobs over all tenants.
	Owner, App, Reports string
	// Admin connects to it as who made it.
	Admin string

	server string
}

// patience bounds one step.
const patience = 30 * time.Second

// New makes a database and its roles on the server, an address like
// postgres://user:password@127.0.0.1:5432/postgres whose user may do that.
func New(ctx context.Context, server string) (*Database, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" && u.Query().Get("host") == "" {
		return nil, errors.New("the address of the Postgres server is no URL") // it may hold a password
	}
	name := "harbor_" + strings.ToLower(rand.Text()[:10])
	password := rand.Text()
	d := &Database{Name: name, Owner: name + "_owner", App: name + "_app", Reports: name + "_reports", server: server}
	u.Path = "/" + name
	d.Admin = u.String()
	u.User = url.UserPassword(d.Owner, password)
	d.URL = u.String()
	err = d.on(ctx, server, d.Named(`
		CREATE ROLE harbor_owner LOGIN CREATEDB PASSWORD '`+password+`';
		CREATE ROLE harbor_app LOGIN PASSWORD '`+password+`';
		CREATE ROLE harbor_reports NOLOGIN BYPASSRLS;
		GRANT harbor_app, harbor_reports TO harbor_owner`),
		`CREATE DATABASE `+name+` OWNER `+d.Owner+` TEMPLATE template0`)
	if err == nil {
		err = d.Run(ctx, `ALTER SCHEMA public OWNER TO harbor_owner; GRANT USAGE ON SCHEMA public TO harbor_app, harbor_reports; GRANT CREATE ON SCHEMA public TO harbor_reports`)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a database: %w", err), d.Close())
	}
	return d, nil
}

// Named puts the roles' real names where SQL has harbor_owner, harbor_app and
// harbor_reports.
func (d *Database) Named(sql string) string {
	return strings.NewReplacer("harbor_owner", d.Owner, "harbor_app", d.App, "harbor_reports", d.Reports).Replace(sql)
}

// AppURL connects as the application's role.
func (d *Database) AppURL() string {
	return strings.Replace(d.URL, "//"+d.Owner+":", "//"+d.App+":", 1)
}

// Run carries SQL out as who made the database.
func (d *Database) Run(ctx context.Context, sql string) error {
	return d.on(ctx, d.Admin, d.Named(sql))
}

// Lay carries migrations out as the owner.
func (d *Database) Lay(ctx context.Context, migrations ...string) error {
	named := make([]string, len(migrations))
	for i, m := range migrations {
		named[i] = d.Named(m)
	}
	return d.on(ctx, d.URL, named...)
}

// Connect opens a connection as who made the database.
func (d *Database) Connect(ctx context.Context) (*pgx.Conn, error) { return connect(ctx, d.Admin) }

func connect(ctx context.Context, to string) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig(to)
	if err != nil {
		return nil, errors.New("the address of the Postgres server cannot be read")
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	return pgx.ConnectConfig(ctx, c)
}

func (d *Database) on(ctx context.Context, to string, statements ...string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := connect(ctx, to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(context.WithoutCancel(ctx))) }()
	for _, s := range statements {
		if _, err := c.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Close drops the database and its roles, whoever is still connected.
func (d *Database) Close() error {
	roles := d.Owner + ", " + d.App + ", " + d.Reports
	return d.on(context.Background(), d.server, `DROP DATABASE IF EXISTS `+d.Name+` WITH (FORCE)`, `DROP ROLE IF EXISTS `+roles)
}
