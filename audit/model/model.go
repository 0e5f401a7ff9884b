// Package model is the row "The model and its tools": tool use is allow-listed;
// injected instructions cannot read, write, call out or leak; customer data is
// filtered.
//
// A file holds one check and is named after it. No language model judges
// anything: a computed string, a callback, a read-back or a parsed document
// decides, each with a benign twin that must not show the same.
package model

import (
	"slices"

	lr "github.com/launchready/launchready"
)

// Row lists the checks: what the model can be told and made to tell, then what
// its tools do and what its answers carry.
func Row() lr.Row {
	return lr.Row{
		ID:     "model",
		Title:  "The model and its tools",
		Pass:   "tool use is allow-listed; injected instructions cannot read, write, call out or leak; customer data is filtered",
		Checks: slices.Concat(injection(), tools(), []*lr.Check{sourcePrompt, sourceTools, sourceAnalytics}),
	}
}
