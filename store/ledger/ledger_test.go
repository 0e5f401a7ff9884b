package ledger_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/demo/postgres/pgtest"
	"github.com/launchready/launchready/guard/state"
	"github.com/launchready/launchready/guard/state/statetest"
	"github.com/launchready/launchready/store/ledger"
)

func opened(t testing.TB, open func() (*ledger.Store, error)) *ledger.Store {
	t.Helper()
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// stores are the engines, each with a way to open the same ledger once more.
func stores(t *testing.T, do func(t *testing.T, open func(testing.TB) *ledger.Store)) {
	t.Run("sqlite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "guard #1.db")
		do(t, func(t testing.TB) *ledger.Store {
			return opened(t, func() (*ledger.Store, error) { return ledger.SQLite(file) })
		})
	})
	t.Run("postgres", func(t *testing.T) {
		d := pgtest.New(t)
		do(t, func(t testing.TB) *ledger.Store {
			return opened(t, func() (*ledger.Store, error) { return ledger.Postgres(d.URL) })
		})
	})
}

func TestLedger(t *testing.T) {
	stores(t, func(t *testing.T, open func(testing.TB) *ledger.Store) {
		statetest.Ledger(t, func(t testing.TB) state.Ledger { return open(t) })
	})
}

func TestAnswers(t *testing.T) {
	stores(t, func(t *testing.T, open func(testing.TB) *ledger.Store) {
		statetest.Answers(t, func(t testing.TB) state.Answers { return open(t) })
	})
}

// TestBounds: a store that is full refuses new keys, and forgets none.
func TestBounds(t *testing.T) {
	s := opened(t, func() (*ledger.Store, error) { return ledger.SQLite(filepath.Join(t.TempDir(), "guard.db")) })
	s.Max = 2
	for range 5 { // a key that is there takes no room
		if f, _, err := s.Begin(t.Context(), "a", "me", [32]byte{}, time.Hour); f != state.Busy && f != state.Fresh || err != nil {
			t.Fatal(f, err)
		}
	}
	if f, _, err := s.Begin(t.Context(), "b", "me", [32]byte{}, time.Hour); f != state.Fresh || err != nil {
		t.Fatal(f, err)
	}
	if _, _, err := s.Begin(t.Context(), "c", "me", [32]byte{}, time.Hour); !errors.Is(err, state.ErrFull) {
		t.Errorf("a third key: %v", err)
	}
}

// TestDown: a database that is not there is an error, without its password, and
// nobody is let in.
func TestDown(t *testing.T) {
	s := opened(t, func() (*ledger.Store, error) { return ledger.Postgres("postgres://guard:hunter2@127.0.0.1:1/x") })
	by, err := s.Reserve(t.Context(), "h", 1, []state.Cap{{Account: "a", Most: 10}})
	if err == nil || by >= 0 || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%d %v", by, err)
	}
	if f, _, err := s.Begin(t.Context(), "k", "me", [32]byte{}, time.Hour); err == nil {
		t.Errorf("%d %v", f, err)
	}
	for _, bad := range []string{"postgres://guard:hunter2@127.0.0.1:x/y"} {
		if _, err := ledger.Postgres(bad); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
	if _, err := ledger.SQLite(""); err == nil {
		t.Error("a file without a name is opened")
	}
	// A folder that is not there is said when it is asked, and so is a file that is no database.
	bad := filepath.Join(t.TempDir(), "no.db")
	if err := os.WriteFile(bad, []byte(strings.Repeat("no database ", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(t.TempDir(), "missing", "guard.db"), bad} {
		s := opened(t, func() (*ledger.Store, error) { return ledger.SQLite(file) })
		if by, err := s.Reserve(t.Context(), "h", 1, []state.Cap{{Account: "a", Most: 10}}); err == nil || by >= 0 {
			t.Errorf("%s: %d %v", file, by, err)
		}
	}
}
