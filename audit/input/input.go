// Package input is the row "Input validation": every public input is
// schema-validated and size-limited; hostile input fails cleanly.
//
// A file holds one check and is named after it. A clean failure is a 4xx without
// effect and without an echo; what a status says is never enough where an effect
// can be looked for.
package input

import (
	"slices"

	lr "github.com/launchready/launchready"
)

// Row lists the checks: what a description forbids and what no parser should
// take, then what hostile text does, in fields, files and webhooks.
func Row() lr.Row {
	return lr.Row{
		ID:     "input",
		Title:  "Input validation",
		Pass:   "every public input is schema-validated and size-limited; hostile input fails cleanly",
		Checks: slices.Concat(malformed(), hostile(), []*lr.Check{sourceSQL, sourceWebhook}),
	}
}
