package audit

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// Select keeps the rows and checks that only names. partial says that not every
// row was asked for.
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
	}
	for id, found := range want {
		if !found {
			return nil, false, fmt.Errorf("--only %s: no such row or check%s; 'launchready checks' lists them", id, near(id, rows))
		}
	}
	return selected, len(selected) < len(rows), nil
}

func near(id string, rows []lr.Row) string {
	best, at := 3, ""
	for _, row := range rows {
		for _, name := range append([]string{row.ID}, ids(row)...) {
			if d := distance(id, name); d < best {
				best, at = d, name
			}
		}
	}
	if at == "" {
		return ""
	}
	return ", did you mean " + at + "?"
}

func ids(row lr.Row) []string {
	var out []string
	for _, c := range row.Checks {
		out = append(out, c.ID)
	}
	return out
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur := make([]int, len(b)+1)
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
		}
		prev = cur
	}
	return prev[len(b)]
}
