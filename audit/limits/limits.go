// Package limits is the row "Rate limiting and cost": per-IP, per-user and
// per-organisation limits, spend caps, concurrency caps and idempotency hold.
//
// A file holds one check and is named after it. Every burst is bounded in
// number, time and money, and needs consent.
package limits

import lr "github.com/launchready/launchready"

// Row lists the checks.
func Row() lr.Row {
	return lr.Row{
		ID:     "limits",
		Title:  "Rate limiting and cost",
		Pass:   "per-IP, per-user and per-organisation limits, spend caps, concurrency caps, idempotency hold",
		Checks: []*lr.Check{},
	}
}
