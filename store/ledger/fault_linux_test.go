package ledger_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/demo/postgres/pgtest"
	"github.com/launchready/launchready/guard/state"
	"github.com/launchready/launchready/store/faults"
	"github.com/launchready/launchready/store/ledger"
)

var budget = []state.Cap{{Account: "a", Most: 100, Until: time.Now().Add(time.Hour)}}

// refuses holds a store that fails to refusing everything that would be kept.
func refuses(t *testing.T, s *ledger.Store, patience time.Duration) {
	t.Helper()
	ctx := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		t.Cleanup(cancel)
		return ctx
	}
	by, err := s.Reserve(ctx(), "while it fails", 1, budget)
	if err == nil || by >= 0 || strings.Contains(err.Error(), "password") {
		t.Errorf("Reserve: %d %v", by, err)
	}
	if f, _, err := s.Begin(ctx(), "while it fails", "me", [32]byte{1}, time.Hour); err == nil {
		t.Errorf("Begin: %d", f)
	}
	if _, err := s.Settle(ctx(), "held", 10); err == nil {
		t.Error("Settle says that it is kept")
	}
	if err := s.Finish(ctx(), "key", "me", state.Answer{Status: 201, Body: make([]byte, 1<<16), Whole: true}, time.Hour); err == nil {
		t.Error("Finish says that it is kept")
	}
}

func held(t *testing.T, s *ledger.Store) {
	t.Helper()
	if by, err := s.Reserve(t.Context(), "held", 60, budget); err != nil || by >= 0 {
		t.Fatalf("%d %v", by, err)
	}
	if f, _, err := s.Begin(t.Context(), "key", "me", [32]byte{1}, time.Hour); f != state.Fresh || err != nil {
		t.Fatalf("%d %v", f, err)
	}
}

// recovered wants what was held before the fault to be held still, no more and no
// less, and new things to be kept.
func recovered(t *testing.T, s *ledger.Store) {
	t.Helper()
	for t.Context().Err() == nil {
		if _, err := s.Used(t.Context(), "a"); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if used, err := s.Used(t.Context(), "a"); used != 60 || err != nil {
		t.Errorf("used %d %v", used, err)
	}
	if by, err := s.Reserve(t.Context(), "too much", 50, budget); by != 0 || err != nil {
		t.Errorf("the budget is another's: %d %v", by, err)
	}
	if f, _, err := s.Begin(t.Context(), "key", "other", [32]byte{1}, time.Hour); f != state.Busy || err != nil {
		t.Errorf("what was under way is done again: %d %v", f, err)
	}
	if _, err := s.Settle(t.Context(), "held", 10); err != nil {
		t.Error(err)
	}
	if used, err := s.Used(t.Context(), "a"); used != 10 || err != nil {
		t.Errorf("settled: used %d %v", used, err)
	}
	if err := s.Finish(t.Context(), "key", "me", state.Answer{Status: 201, Body: []byte("made"), Whole: true}, time.Hour); err != nil {
		t.Error(err)
	}
	if f, a, err := s.Begin(t.Context(), "key", "other", [32]byte{1}, time.Hour); f != state.Done || string(a.Body) != "made" || err != nil {
		t.Errorf("%d %+v %v", f, a, err)
	}
}

// TestPostgresFails: a database that is down when guard starts, gone or standing still
// is an error; what was held is held when it is back, without a restart.
func TestPostgresFails(t *testing.T) {
	for name, fail := range map[string]func(*faults.Wire){"cut": (*faults.Wire).Cut, "stalled": (*faults.Wire).Stall} {
		t.Run(name, func(t *testing.T) {
			d := pgtest.New(t)
			url, wire := faults.Before(t, d.URL)
			s, err := ledger.Postgres(url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() }) // it may be cut
			wire.Cut()
			if by, err := s.Reserve(t.Context(), "before", 1, budget); err == nil || by >= 0 {
				t.Errorf("%d %v", by, err)
			}
			wire.Mend()
			for t.Context().Err() == nil {
				if _, err := s.Used(t.Context(), "a"); err == nil {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			held(t, s)
			fail(wire)
			refuses(t, s, 100*time.Millisecond)
			wire.Mend()
			recovered(t, s)
		})
	}
}

// TestDiskFull: where the file cannot grow nothing is let in, and what was held stays.
func TestDiskFull(t *testing.T) {
	file := filepath.Join(t.TempDir(), "guard.db")
	s := opened(t, func() (*ledger.Store, error) { return ledger.SQLite(file) })
	held(t, s)
	info, err := os.Stat(file + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	room := faults.FullDisk(t, uint64(info.Size())) //nolint:gosec // a size is above 0
	refuses(t, s, 5*time.Second)
	room()
	recovered(t, s)
}
