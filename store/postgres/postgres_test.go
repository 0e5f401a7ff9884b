package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestConfig: no question waits for a database that takes no connection, and none
// leaves a prepared statement behind, which poolers of transactions do not keep.
func TestConfig(t *testing.T) {
	t.Setenv("PGCONNECT_TIMEOUT", "")
	for address, want := range map[string]time.Duration{
		"postgres://guard:secret@127.0.0.1:1/guard":                                                     3 * time.Second,
		"postgres://guard:secret@127.0.0.1:1/guard?connect_timeout=9":                                   9 * time.Second,
		"postgres://guard:secret@127.0.0.1:1/guard?default_query_exec_mode=cache_statement":             3 * time.Second,
		"host=127.0.0.1 port=1 user=guard password=secret dbname=guard default_query_exec_mode=prepare": 0,
	} {
		c, err := config(address)
		if want == 0 {
			if err == nil {
				t.Errorf("%s is read", address)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if c.ConnectTimeout != want || c.DefaultQueryExecMode != pgx.QueryExecModeExec {
			t.Errorf("%s: waits %v, and asks as %v", address, c.ConnectTimeout, c.DefaultQueryExecMode)
		}
	}
}

// TestOpen: an address that cannot be read is not repeated, for it may hold a password;
// a database that is down is no mistake of the address.
func TestOpen(t *testing.T) {
	const password = "hunter2-of-guard"
	for _, address := range []string{"postgres://guard:" + password + "@127.0.0.1:port/guard", "postgres://guard:" + password + "%zz@h/", "password=" + password + " port=x"} {
		db, err := Open(address)
		if err == nil {
			_ = db.Close() // the test has failed
			t.Errorf("an address that cannot be read is taken")
			continue
		}
		if strings.Contains(err.Error(), password) {
			t.Error("the error says the password")
		}
	}
	db, err := Open("postgres://guard:" + password + "@127.0.0.1:1/guard?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := db.Stats().MaxOpenConnections; n != atOnce {
		t.Errorf("%d connections at once, want %d", n, atOnce)
	}
	if err := db.PingContext(t.Context()); err == nil || strings.Contains(err.Error(), password) {
		t.Error("nobody is there, and that is not said, or with the password")
	}
}
