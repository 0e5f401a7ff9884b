package audit

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/nearest"
)

// Select keeps the rows and checks that only names. partial says that not
// everything was asked for: such a run is never ready.
func Select(rows []lr.Row, only []string) (selected []lr.Row, partial bool, err error) {
	if len(only) == 0 {
		return rows, false, nil
	}
	want := map[string]bool{}
	for _, id := range only {
		if id = strings.TrimSpace(id); id != "" {
			want[id] = false
		}
	}
	for _, row := range rows {
		_, whole := want[row.ID]
		if whole {
			want[row.ID] = true
		}
		kept := row
		kept.Checks = nil
		for _, c := range row.Checks {
			_, named := want[c.ID]
			if named {
				want[c.ID] = true
			}
			if whole || named {
				kept.Checks = append(kept.Checks, c)
			}
		}
		if len(kept.Checks) > 0 {
			selected = append(selected, kept)
		}
		partial = partial || len(kept.Checks) < len(row.Checks)
	}
	for id, found := range want {
		if !found {
			return nil, false, fmt.Errorf("--only %s: no such row or check%s; 'launchready checks' lists them", id, nearest.Hint(id, names(rows)))
		}
	}
	return selected, partial, nil
}

// names lists the ids of all rows and checks.
func names(rows []lr.Row) []string {
	var out []string
	for _, row := range rows {
		out = append(out, row.ID)
		for _, c := range row.Checks {
			out = append(out, c.ID)
		}
	}
	return out
}
