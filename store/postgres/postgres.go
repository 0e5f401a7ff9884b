// Package postgres opens the database that several replicas of guard share.
package postgres

import (
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	connect = 3 * time.Second // where the address says nothing
	atOnce  = 16              // connections of a process
)

// Open makes a pool for an address as postgres://user:password@host:5432/name. It
// connects to nothing: a database that is down is asked again with each question.
// Transactions and advisory locks work behind a pooler of transactions as well.
func Open(address string) (*sql.DB, error) {
	c, err := config(address)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(atOnce)
	db.SetMaxIdleConns(atOnce / 2)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}

func config(address string) (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the address of the Postgres cannot be read") // it may hold a password
	}
	c.DefaultQueryExecMode = pgx.QueryExecModeExec // poolers keep no prepared statements
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connect
	}
	return c, nil
}
