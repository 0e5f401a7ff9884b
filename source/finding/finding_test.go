package finding_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/source"
	"github.com/launchready/launchready/source/env"
	"github.com/launchready/launchready/source/finding"
)

// told asks about a repository of files, and returns a line for each outcome.
func told(t *testing.T, files map[string]string, ask func(*lr.Trial) error) []string {
	t.Helper()
	dir := ""
	if files != nil {
		dir = t.TempDir()
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	trial := &lr.Trial{Target: &lr.Target{Material: lr.Material{Repository: dir}}, Memo: &lr.Memo{}, Report: func(o lr.Outcome) {
		line := o.Verdict.String() + " " + o.Confidence.String() + " " + o.Subject + ": " + o.Message
		for _, r := range o.Evidence.Records {
			line += " | " + r
		}
		out = append(out, line)
	}}
	if err := ask(trial); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func holds(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d outcomes, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q, want it to start with %q", got[i], want[i])
		}
	}
}

const (
	schema = "CREATE TABLE \"public\".\"chats\" (id uuid, tenant_id uuid);\ncreate table if not exists plans (id int, name text);\n"
	open   = "import express from 'express'\nconst app = express()\napp.use(require('cors')({ origin: true, credentials: true }))\napp.get('/chats', async (req, res) => res.json(await db.query('SELECT id FROM chats ORDER BY id')))\n"
	plans  = "import express from 'express'\nconst app = express()\napp.get('/plans', async (req, res) => res.json(await db.query('SELECT id FROM plans ORDER BY id')))\n"
)

func facts(kind source.Kind) func(*lr.Trial) error {
	return func(t *lr.Trial) error { return finding.Facts(context.Background(), t, kind, "it is so") }
}

func TestFacts(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		kind  source.Kind
		want  []string
	}{
		{"a sure one fails", map[string]string{"a.js": open}, source.CORSOpen, []string{"failed confirmed a.js: it is so: any origin, with credentials | a.js:3: any origin"}},
		{"another is suspected", map[string]string{"a.js": open, "db/1.sql": schema}, source.NoTenant, []string{"failed suspected GET /chats in a.js: it is so, it seems: a query of chats"}},
		{"a table that is no tenant's", map[string]string{"a.js": plans, "db/1.sql": schema}, source.NoTenant, []string{"passed confirmed source: 1 files of source with 1 routes"}},
		{"none", map[string]string{"a.js": plans}, source.CORSOpen, []string{"passed confirmed source: 1 files"}},
		{"no source", map[string]string{"README.md": "x"}, source.CORSOpen, []string{"skipped suspected : the repository holds no source"}},
		{"no repository", nil, source.CORSOpen, []string{"skipped suspected : no repository is known"}},
		{"a file that is not understood", map[string]string{"a.js": plans, "b.js": "const = (\n"}, source.CORSOpen, []string{"unknown suspected b.js: it was not read: not understood"}},
	} {
		t.Run(tc.name, func(t *testing.T) { holds(t, told(t, tc.files, facts(tc.kind)), tc.want...) })
	}
}

func TestGaps(t *testing.T) {
	gaps := func(kind env.GapKind) func(*lr.Trial) error {
		return func(trial *lr.Trial) error { return finding.Gaps(t.Context(), trial, kind, "wrong", "right") }
	}
	reads := "const key = process.env.SESSION_SECRET\nif (!key) throw new Error('no key')\n"
	for _, tc := range []struct {
		name  string
		files map[string]string
		kind  env.GapKind
		want  string
	}{
		{"undeclared", map[string]string{"a.js": reads}, env.Undeclared, "failed confirmed SESSION_SECRET: wrong | read in a.js:1"},
		{"declared", map[string]string{"a.js": reads, ".env.example": "SESSION_SECRET=\n"}, env.Undeclared, "passed confirmed source: right: 1 reads and 1 declarations"},
		{"a placeholder in production", map[string]string{"a.js": reads, "production.env": "SESSION_SECRET=changeme\n"}, env.PlaceholderLeft, "failed confirmed SESSION_SECRET in production.env: wrong"},
		{"a placeholder on a developer's machine", map[string]string{"a.js": reads, "docker-compose.yml": "services:\n  app:\n    image: a\n    environment:\n      SESSION_SECRET: changeme\n"}, env.PlaceholderLeft, "passed confirmed source: right"},
		{"nothing", map[string]string{"README.md": "x"}, env.Undeclared, "skipped suspected : the repository reads and declares no"},
	} {
		t.Run(tc.name, func(t *testing.T) { holds(t, told(t, tc.files, gaps(tc.kind)), tc.want) })
	}
}
