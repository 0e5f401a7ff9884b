// Package plan turns a run's findings into work: what is fixed together, in how
// many hours, by whom, and whether the guard, the edge, code or a senior engineer
// does it. It prices that plan, and scores the self-assessment of someone who has
// nothing set up. docs/plan.md tells the method.
package plan

import (
	"cmp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Who or what does a work item.
const (
	ByGuard  = "guard"
	ByEdge   = "edge"
	ByCode   = "code"
	BySenior = "senior engineer"
)

// Input is what a plan is made of.
type Input struct {
	Rows   []lr.RowReport
	FailOn lr.Severity // 0: high
	Owners Owners
}

// Make groups the confirmed findings into work items, what to do first at the
// top, and raises the red flags that the findings and the configuration show. A
// waived failure is in no item: it was accepted, and the report lists it.
func Make(in Input) ([]lr.WorkItem, []lr.RedFlag) {
	if in.FailOn == 0 {
		in.FailOn = lr.High
	}
	flags, pattern := redFlags(in)
	gathered := map[string]*work{}
	var order []string
	for i := range in.Rows {
		row := &in.Rows[i]
		for j := range row.Checks {
			c := &row.Checks[j]
			if c.Verdict != lr.Failed {
				continue
			}
			e, job := effortOf(row, c)
			for k := range c.Findings {
				f := &c.Findings[k]
				if f.Confidence != lr.Confirmed || f.Waived != nil {
					continue
				}
				w := gathered[job.ID]
				if w == nil {
					w = &work{job: job, row: row.ID, item: lr.WorkItem{ID: job.ID, Title: job.Title, Package: job.Package}}
					gathered[job.ID] = w
					order = append(order, job.ID)
				}
				w.add(c, f, e, Blocks(row.ID, f.Severity, in.FailOn), pattern[f.ID])
			}
		}
	}
	out := make([]lr.WorkItem, 0, len(order))
	for _, id := range order {
		out = append(out, gathered[id].done(in.Owners))
	}
	slices.SortStableFunc(out, first)
	return out, flags
}

// Blocks reports whether a confirmed finding keeps the product from its launch:
// at or above the gate, and whatever the gate a bypass of auth or isolation, a
// secret that stands where others read it, and a latency above the scorecard's limit.
func Blocks(row string, s, failOn lr.Severity) bool {
	return s >= failOn || (row == "auth" || row == "isolation" || row == "secrets" || row == "latency") && s >= lr.High
}

// first orders what to do: what the launch waits for, then what is worst, then
// what is done soonest.
func first(a, b lr.WorkItem) int {
	blocks := func(w lr.WorkItem) int {
		if w.Blocks {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(blocks(a), blocks(b)), cmp.Compare(b.Worst, a.Worst), cmp.Compare(a.Hours, b.Hours), strings.Compare(a.ID, b.ID))
}

// work is a work item while findings are put into it.
type work struct {
	item   lr.WorkItem
	job    Job
	row    string
	checks []counted
	fixes  []fix
	writes bool // asking again needs --mutate
	senior bool
}

type fix struct {
	text  string
	worst lr.Severity
}

func (w *work) add(c *lr.CheckReport, f *lr.Finding, e Effort, blocks, pattern bool) {
	it := &w.item
	it.Findings = append(it.Findings, f.ID)
	it.Worst = max(it.Worst, f.Severity)
	it.Blocks = it.Blocks || blocks
	wide := f.Subject == wholeApplication
	if f.Guard != "" {
		it.Covered++
		if !slices.Contains(it.Guard, f.Guard) {
			it.Guard = append(it.Guard, f.Guard)
		}
	}
	w.senior = w.senior || pattern || wide && f.Severity >= lr.Critical && f.Guard == ""
	w.writes = w.writes || c.Mutates
	at := slices.IndexFunc(w.checks, func(n counted) bool { return n.id == c.ID })
	if at < 0 {
		at = len(w.checks)
		w.checks = append(w.checks, counted{id: c.ID, effort: e})
	}
	w.checks[at].findings++
	w.checks[at].wide = w.checks[at].wide || wide
	if i := slices.IndexFunc(w.fixes, func(x fix) bool { return x.text == f.Fix }); i >= 0 {
		w.fixes[i].worst = max(w.fixes[i].worst, f.Severity)
	} else if f.Fix != "" {
		w.fixes = append(w.fixes, fix{f.Fix, f.Severity})
	}
}

// done is the item, with its hours, owner and steps.
func (w *work) done(o Owners) lr.WorkItem {
	it := w.item
	it.Hours = hoursOf(w.checks)
	it.HoursLow, it.HoursHigh = w.job.spread(it.Hours)
	slices.Sort(it.Guard)
	it.HoursGuard = hoursInFront(it.Guard, it.Covered)
	it.Owner = o.of(w.row, w.job.Package)
	switch {
	case w.senior:
		it.How = BySenior
	case it.Covered == len(it.Findings):
		it.How = ByGuard
	case w.job.Edge:
		it.How = ByEdge
	default:
		it.How = ByCode
	}
	slices.SortStableFunc(w.fixes, func(a, b fix) int { return cmp.Compare(b.worst, a.worst) })
	for _, x := range w.fixes {
		it.Steps = append(it.Steps, x.text)
	}
	it.Steps = append(it.Steps, "Ask again: `"+w.replay()+"`")
	return it
}

// replay is the command that asks the item's checks again.
func (w *work) replay() string {
	ids := make([]string, len(w.checks))
	for i, c := range w.checks {
		ids[i] = c.id
	}
	s := "launchready audit --only " + strings.Join(ids, ",")
	if w.writes {
		s += " --mutate"
	}
	return s
}
