package report

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// Diff is what changed between two reports of one product.
type Diff struct {
	Rows     []RowChange
	Fixed    []Entry // of before: gone, and its check passes now
	Unproven []Entry // of before: gone, but its check was not decided again
	New      []Entry // of after
	Open     []Entry // of after: still there
}

// RowChange is a row in both reports; a missing one is nil.
type RowChange struct {
	ID, Title     string
	Before, After *lr.RowReport
}

// Compare tells what changed. A finding that is gone is only called fixed when
// the check that found it was asked again and found the subject right.
func Compare(before, after *lr.Report) Diff {
	var d Diff
	b, a := entries(before), entries(after)
	then, now := map[string]bool{}, map[string]bool{}
	for _, e := range b {
		then[e.Finding.ID] = true
	}
	for _, e := range a {
		now[e.Finding.ID] = true
		if then[e.Finding.ID] {
			d.Open = append(d.Open, e)
		} else {
			d.New = append(d.New, e)
		}
	}
	checks := map[string]*lr.CheckReport{}
	for i := range after.Rows {
		for j := range after.Rows[i].Checks {
			c := &after.Rows[i].Checks[j]
			checks[c.ID] = c
		}
	}
	for _, e := range b {
		if now[e.Finding.ID] {
			continue
		}
		if c := checks[e.Check.ID]; c != nil && (c.Verdict == lr.Passed || c.Verdict == lr.Failed) && !open(c, e.Finding.Subject) {
			d.Fixed = append(d.Fixed, e)
		} else {
			d.Unproven = append(d.Unproven, e)
		}
	}
	d.Rows = rowChanges(before, after)
	return d
}

// open reports whether the subject is among those that could not be asked: an
// entry is the subject, a colon and the reason.
func open(c *lr.CheckReport, subject string) bool {
	for _, o := range c.Open {
		if o == subject || strings.HasPrefix(o, subject+":") {
			return true
		}
	}
	return false
}

func entries(r *lr.Report) []Entry {
	var out []Entry
	for i := range r.Rows {
		for j := range r.Rows[i].Checks {
			c := &r.Rows[i].Checks[j]
			for k := range c.Findings {
				out = append(out, Entry{&r.Rows[i], c, &c.Findings[k]})
			}
		}
	}
	return out
}

func rowChanges(before, after *lr.Report) []RowChange {
	var out []RowChange
	at := map[string]int{}
	for i := range before.Rows {
		r := &before.Rows[i]
		at[r.ID] = len(out)
		out = append(out, RowChange{ID: r.ID, Title: r.Title, Before: r})
	}
	for i := range after.Rows {
		r := &after.Rows[i]
		if n, ok := at[r.ID]; ok {
			out[n].After = r
			continue
		}
		out = append(out, RowChange{ID: r.ID, Title: r.Title, After: r})
	}
	return out
}
