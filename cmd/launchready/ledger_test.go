package main

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/store/sqlite"
)

// TestFullDiskCostsNoReport lets the ledger refuse the end of the run: the report
// is written everywhere all the same, and the exit code says that something failed.
func TestFullDiskCostsNoReport(t *testing.T) {
	s := served(t, "isolation/foreign-read")
	dir := t.TempDir()
	t.Chdir(dir)
	put(t, dir, demo.SecretsFile, string(s.Secrets()))
	put(t, dir, "launchready.yaml", string(s.Config()))
	file := filepath.Join(dir, privateFolder, "ledger.db")
	ledger, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `CREATE TRIGGER full BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, says string
		args       []string
	}{
		{"an audit", "NOT READY", []string{"audit", "-q", "--only", "isolation/foreign-read"}},
		{"a replay", "OPEN", []string{"audit", "replay", "-q", "isolation/foreign-read", "GET /v1/chats/{chat_id}"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, errw strings.Builder
			code := run(append(tc.args, "-o", "json=report.json", "-o", "term"), strings.NewReader(""), &out, &errw, nil)
			if code != exitSetup {
				t.Errorf("exit code %d, want %d", code, exitSetup)
			}
			if !strings.Contains(out.String(), tc.says) {
				t.Errorf("stdout lacks %q: %s", tc.says, out.String())
			}
			if !strings.Contains(errw.String(), "database or disk is full") || !strings.Contains(errw.String(), "the result is whole") {
				t.Errorf("stderr: %s", errw.String())
			}
			b, err := os.ReadFile("report.json")
			if err != nil {
				t.Fatal(err)
			}
			var rep lr.Report
			if err := json.Unmarshal(b, &rep); err != nil || len(rep.Rows) != 1 {
				t.Errorf("the report has %d rows: %v", len(rep.Rows), err)
			}
			if err := os.Remove("report.json"); err != nil {
				t.Fatal(err)
			}
		})
	}
	if kept, err := keptFiles(dir); err != nil || len(kept) == 0 {
		t.Errorf("the audit is not remembered: %v", err)
	}
}
