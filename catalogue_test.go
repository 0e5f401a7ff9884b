package launchready_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
)

var checkID = regexp.MustCompile(`^[a-z]+/[a-z0-9]+(-[a-z0-9]+)*$`)

// directives are the words in which a check may name the guard's fix.
var directives = []string{
	"", "authenticate", "tenant_binding", "ownership", "roles", "strip_headers", "canonical_path", "methods",
	"limits", "csrf", "response_cache", "websocket", "validate", "cors",
	"scrub_errors", "hide_headers", "block_paths", "idempotency", "model",
}

// TestCatalogue holds the checks: ids unique and under their row, every field
// filled, the file named after the id and the other way round.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	rows := audit.Scorecard()
	place := -1
	for _, row := range rows {
		i := slices.Index(lr.RowIDs(), row.ID)
		if i <= place {
			t.Errorf("row %s is not in the checklist's order", row.ID)
		}
		place = i
		if row.Title == "" || row.Pass == "" {
			t.Errorf("row %s lacks its title or its pass criterion", row.ID)
		}
		files := map[string]bool{}
		for _, c := range row.Checks {
			if c == nil {
				t.Errorf("row %s lists a nil check", row.ID)
				continue
			}
			if seen[c.ID] {
				t.Errorf("%s is listed twice", c.ID)
			}
			seen[c.ID] = true
			if !checkID.MatchString(c.ID) || c.RowID() != row.ID {
				t.Errorf("%s: want an id like %s/kebab-name", c.ID, row.ID)
			}
			fields(t, c)
			name := strings.ReplaceAll(strings.TrimPrefix(c.ID, row.ID+"/"), "-", "_") + ".go"
			files[name] = true
			src, err := os.ReadFile(filepath.Join("audit", row.ID, name))
			if err != nil {
				t.Errorf("%s: want its file %s: %v", c.ID, name, err)
			} else if !strings.Contains(string(src), `"`+c.ID+`"`) {
				t.Errorf("%s: its file %s does not declare it", c.ID, name)
			}
		}
		unlisted(t, row.ID, files)
	}
}

func fields(t *testing.T, c *lr.Check) {
	t.Helper()
	if c.Title == "" || c.Why == "" || c.Fix == "" || len(c.Refs) == 0 || c.Run == nil {
		t.Errorf("%s lacks one of title, why, fix, refs, run", c.ID)
	}
	if c.Severity < lr.Info || c.Severity > lr.Critical {
		t.Errorf("%s has no severity", c.ID)
	}
	if c.Needs == 0 {
		t.Errorf("%s says nothing of what it needs", c.ID)
	}
	if !slices.Contains(directives, c.Guard) {
		t.Errorf("%s names the guard directive %q, which is none", c.ID, c.Guard)
	}
	for _, r := range c.Refs {
		if r.Source == "" || r.ID == "" {
			t.Errorf("%s has an empty reference", c.ID)
		}
		if r.Source == "OWASP API" && !strings.HasSuffix(r.ID, ":2023") {
			t.Errorf("%s: OWASP API id %s carries no edition", c.ID, r.ID)
		}
	}
	if strings.HasSuffix(c.Title, ".") {
		t.Errorf("%s: a title has no full stop", c.ID)
	}
}

// unlisted finds files that declare a check which the row does not list.
func unlisted(t *testing.T, row string, files map[string]bool) {
	t.Helper()
	dir := filepath.Join("audit", row)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	declares := regexp.MustCompile(`ID:\s+"` + row + `/`)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") || files[e.Name()] {
			continue
		}
		src, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if declares.Match(src) {
			t.Errorf("audit/%s/%s declares a check that the row does not list", row, e.Name())
		}
	}
}
