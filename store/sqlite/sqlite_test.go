package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/stage"
	"github.com/launchready/launchready/store/sqlite"
)

// killFile names the ledger for the process that TestKill kills.
const killFile = "LAUNCHREADY_TEST_KILL_FILE"

func open(t *testing.T, file string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func entry(n int) stage.Entry {
	return stage.Entry{Run: "r1", Tenant: "acme", Account: "acme_member", Resource: "/chats", Create: "POST /chats",
		Path: "/chats", List: "/chats", Canary: fmt.Sprintf("lr1-canary-%d", n)}
}

func TestLedger(t *testing.T) {
	ctx := t.Context()
	s := open(t, filepath.Join(t.TempDir(), "folder", "that is new", "ledger?.db"))
	var ids []int64
	for n := range 5 {
		id, err := s.Intend(ctx, entry(n))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Created(ctx, ids[1], "DELETE /chats/1"))
	must(s.Settle(ctx, ids[2], stage.Removed, ""))
	must(s.Settle(ctx, ids[3], stage.Orphaned, "DELETE /chats/3 answered 403"))
	other := entry(9)
	other.Run = "r2"
	if _, err := s.Intend(ctx, other); err != nil {
		t.Fatal(err)
	}
	got, err := s.Open(ctx, "r1")
	must(err)
	var lines []string
	for _, e := range got {
		lines = append(lines, fmt.Sprint(e.Canary, " ", e.State, " ", e.DeletePath, " ", e.Reason))
	}
	want := "lr1-canary-4 0  \nlr1-canary-3 3  DELETE /chats/3 answered 403\nlr1-canary-1 1 DELETE /chats/1 \nlr1-canary-0 0  "
	if strings.Join(lines, "\n") != want {
		t.Errorf("open entries, newest first: got\n%s\nwant\n%s", strings.Join(lines, "\n"), want)
	}
	full := entry(4)
	full.ID = ids[4]
	if got[0] != full {
		t.Errorf("an entry came back as %+v, want %+v", got[0], full)
	}
}

func TestRuns(t *testing.T) {
	ctx := t.Context()
	s := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for i, id := range []string{"r1", "clean", "r2"} {
		if err := s.Begin(ctx, id, "https://acme.test", at.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if id == "clean" {
			continue
		}
		e := entry(i)
		e.Run = id
		if _, err := s.Intend(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(ctx, "r2", at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(ctx, "r1", "https://acme.test", at); err == nil {
		t.Error("a second run of one name began")
	}
	got, err := s.Runs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].ID != "r2" || !got[0].Ended || got[1].ID != "r1" || got[1].Ended || got[1].Open != 1 || !got[1].Started.Equal(at) {
		t.Errorf("runs with something open, newest first: got %+v", got)
	}
}

func TestLedgerIsSafeForConcurrentUse(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "ledger.db")
	// Two stores stand for two processes on one file.
	stores := []*sqlite.Store{open(t, file), open(t, file)}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			s := stores[w%2]
			for n := range 20 {
				id, err := s.Intend(ctx, entry(100*w+n))
				if err == nil {
					err = s.Created(ctx, id, "DELETE /chats/x")
				}
				if err != nil {
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	wg.Wait()
	got, err := stores[0].Open(ctx, "r1")
	if err != nil || len(got) != 160 {
		t.Errorf("got %d entries and error %v, want 160", len(got), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"no database": file, "a folder": dir, "below a file": filepath.Join(file, "ledger.db")} {
		t.Run(name, func(t *testing.T) {
			s, err := sqlite.Open(t.Context(), path)
			if err == nil {
				_ = s.Close() // it should not be there at all
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), path) && !strings.Contains(err.Error(), filepath.Dir(path)) {
				t.Errorf("the error does not name the file: %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db")); err == nil {
		_ = s.Close() // it should not be there at all
		t.Error("opened under a context that had ended")
	}
}

// TestKillVictim writes to the ledger and says so, until it is killed.
func TestKillVictim(t *testing.T) {
	file := os.Getenv(killFile)
	if file == "" {
		t.Skip("runs as the child of TestKill only")
	}
	s := open(t, file)
	for n := 0; ; n++ {
		id, err := s.Intend(t.Context(), entry(n))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("intended %d\n", n)
		if n%2 == 0 {
			continue
		}
		if err := s.Created(t.Context(), id, fmt.Sprintf("DELETE /chats/%d", n)); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("created %d\n", n)
	}
}

// TestKill kills a process that writes the ledger with SIGKILL: whatever a call
// had returned for is in the file.
func TestKill(t *testing.T) {
	for _, lines := range []int{1, 7, 40} {
		t.Run(fmt.Sprint(lines), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ledger.db")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKillVictim$")
			cmd.Env = append(os.Environ(), killFile+"="+file)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var said []string
			for sc := bufio.NewScanner(out); sc.Scan(); {
				if said = append(said, sc.Text()); len(said) == lines {
					if err := cmd.Process.Kill(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := cmd.Wait(); err == nil {
				t.Fatal("the process ended by itself")
			}
			got, err := open(t, file).Open(t.Context(), "r1")
			if err != nil {
				t.Fatal(err)
			}
			state := map[string]stage.State{}
			for _, e := range got {
				state[e.Canary] = e.State
			}
			for _, line := range said {
				what, n, _ := strings.Cut(line, " ")
				s, there := state["lr1-canary-"+n]
				if what == "intended" && !there || what == "created" && s != stage.Created {
					t.Errorf("it said %q, and the ledger has %t, state %d", line, there, s)
				}
			}
		})
	}
}
