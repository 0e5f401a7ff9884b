package main

import (
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/internal/nearest"
)

func scorecard() []lr.Row { return audit.Scorecard() }

func rowIDs() []string {
	var out []string
	for _, r := range scorecard() {
		out = append(out, r.ID)
	}
	return out
}

// chosen is the row that the argument names, or all of them.
func chosen(args []string) ([]lr.Row, error) {
	rows := scorecard()
	if len(args) == 0 {
		return rows, nil
	}
	for _, r := range rows {
		if r.ID == args[0] {
			return []lr.Row{r}, nil
		}
	}
	return nil, setup(fmt.Errorf("there is no row %q%s", args[0], nearest.Hint(args[0], rowIDs())))
}
