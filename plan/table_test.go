package plan_test

import (
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/plan"
)

// TestTableCoversTheScorecard: every check has hours, and the table names no
// check that there is not.
func TestTableCoversTheScorecard(t *testing.T) {
	byID := map[string]plan.Effort{}
	for _, e := range plan.Efforts() {
		if _, twice := byID[e.Check]; twice {
			t.Errorf("%s is in the table twice", e.Check)
		}
		byID[e.Check] = e
	}
	rows := map[string][]string{}
	for _, row := range audit.Scorecard() {
		rows[row.ID] = []string{}
		for _, c := range row.Checks {
			rows[row.ID] = append(rows[row.ID], c.ID)
			_, own := byID[c.ID]
			if _, rest := byID[row.ID+"/*"]; !own && !rest {
				t.Errorf("%s has no hours: add it to plan/table.go", c.ID)
			}
			if c.Guard != "" && !slices.ContainsFunc(plan.Directives(), func(d plan.Directive) bool { return d.Name == c.Guard }) {
				t.Errorf("%s: the directive %s has no hours: add it to plan/hours.go", c.ID, c.Guard)
			}
		}
	}
	for _, id := range lr.RowIDs() {
		if _, ok := byID[id+"/*"]; !ok {
			t.Errorf("the row %s has no hours for checks that the table does not name", id)
		}
	}
	for id := range byID {
		row, name, _ := strings.Cut(id, "/")
		if !slices.Contains(lr.RowIDs(), row) {
			t.Errorf("%s is of no row of the scorecard", id)
		}
		if checks, asked := rows[row]; name != "*" && (!asked || !slices.Contains(checks, id)) {
			t.Errorf("there is no check %s", id)
		}
	}
}

// TestTableIsSound holds what the method needs: a fault of the whole application
// is no cheaper than one finding, a further one no dearer than the first, and
// each job is of one row and one package, so that it has one owner.
func TestTableIsSound(t *testing.T) {
	jobs := map[string]plan.Job{}
	for _, j := range plan.Jobs() {
		if jobs[j.ID].ID != "" || j.Title == "" || plan.PackageTitle(j.Package) == j.Package {
			t.Errorf("job %q: twice, without a title, or of no package", j.ID)
		}
		jobs[j.ID] = j
	}
	rowOf := map[string]string{}
	for _, e := range plan.Efforts() {
		if e.First <= 0 || e.Further <= 0 || e.Further > e.First || e.Wide < e.First {
			t.Errorf("%s: %g hours, %g for each further, %g for the application", e.Check, e.First, e.Further, e.Wide)
		}
		row, _, _ := strings.Cut(e.Check, "/")
		if jobs[e.Job].ID == "" {
			t.Errorf("%s: there is no job %q", e.Check, e.Job)
		}
		if r, known := rowOf[e.Job]; known && r != row {
			t.Errorf("job %s is of the rows %s and %s", e.Job, r, row)
		}
		rowOf[e.Job] = row
	}
	for id := range jobs {
		if rowOf[id] == "" {
			t.Errorf("job %s fixes no check", id)
		}
	}
	used := map[string]bool{}
	for _, j := range jobs {
		used[j.Package] = true
	}
	for _, p := range plan.Packages() {
		if !used[p.ID] {
			t.Errorf("package %s holds no job", p.ID)
		}
	}
}

// TestFlagTexts: the five red flags, whole.
func TestFlagTexts(t *testing.T) {
	flags := plan.Flags()
	if len(flags) != 5 {
		t.Errorf("got %d red flags, want the five", len(flags))
	}
	for _, f := range flags {
		if f.ID == "" || f.Title == "" || f.Raised == "" || !strings.Contains(strings.ToLower(f.Advice), "senior engineer") {
			t.Errorf("%+v does not say when to bring in a senior engineer", f)
		}
	}
}
