// Package pgtest makes a Postgres database for a test.
package pgtest

import (
	"context"
	"os"
	"testing"

	"github.com/launchready/launchready/demo/postgres"
)

// New makes a database of the test's own, with the SQL carried out by its owner, which
// goes with the test. Without a server the test is skipped, and fails where CI is true.
func New(t testing.TB, sql ...string) *postgres.Database {
	t.Helper()
	server := os.Getenv(postgres.Variable)
	if server == "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not set: make test starts a Postgres", postgres.Variable)
		}
		t.Skipf("there is no Postgres: %s is not set; make test starts one", postgres.Variable)
	}
	d, err := postgres.New(context.Background(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("drop the database: %v", err)
		}
	})
	if len(sql) > 0 {
		if err := d.Lay(t.Context(), sql...); err != nil {
			t.Fatal(err)
		}
	}
	return d
}
