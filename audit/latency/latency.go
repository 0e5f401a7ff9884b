// Package latency is the row "Latency": p95 under 500 ms for normal chat
// requests.
//
// The load is open-loop: requests leave at a steady rate, whether or not the one
// before has been answered, and each is timed from when it should have left. A
// client that waits for the answer before it asks again measures a slow target
// less often the slower it is (coordinated omission).
package latency

import lr "github.com/launchready/launchready"

// Row lists the checks.
func Row() lr.Row {
	return lr.Row{
		ID:     "latency",
		Title:  "Latency",
		Pass:   "p95 under 500 ms for normal chat requests",
		Checks: []*lr.Check{p95},
	}
}
