// Package latency is the row "Latency": p95 under 500 ms for normal chat
// requests, by an open-loop load at the declared normal rate.
package latency

import lr "github.com/launchready/launchready"

// Row lists the checks.
func Row() lr.Row {
	return lr.Row{
		ID:     "latency",
		Title:  "Latency",
		Pass:   "p95 under 500 ms for normal chat requests",
		Checks: []*lr.Check{},
	}
}
