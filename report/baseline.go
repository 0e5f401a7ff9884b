package report

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Against compares a run with an earlier one of the same product: each finding
// of after becomes new or unchanged, and after.Baseline tells what is gone.
// passed reports whether a subject was asked in this run and found right: only
// then is a finding fixed. What is gone for another reason, because the route
// vanished, the check was not asked or the subject stayed open, is unproven.
//
// Where a finding is left to chance, rates are compared: it is new only when it is
// worse, and fixed only when it is better, than chance allows.
func Against(before, after *lr.Report, passed func(check, subject string) bool) {
	was := map[string][]*lr.Finding{} // by check
	for _, e := range entries(before) {
		was[e.Check.ID] = append(was[e.Check.ID], e.Finding)
	}
	is := map[string][]*lr.Finding{}
	for _, e := range entries(after) {
		is[e.Check.ID] = append(is[e.Check.ID], e.Finding)
		e.Finding.State = stateOf(e.Finding, was[e.Check.ID])
		if state, told := compare(e.Finding, was[e.Check.ID], checkOf(before, e.Check.ID)); told {
			e.Finding.State = state
		}
	}
	b := &lr.Baseline{Run: before.Run, Started: before.Started, Fixed: []lr.FixedFinding{}, Unproven: []lr.FixedFinding{}}
	for _, e := range entries(before) {
		f := e.Finding
		if slices.ContainsFunc(is[e.Check.ID], func(now *lr.Finding) bool { return meet(f, now) }) {
			continue
		}
		one := lr.FixedFinding{ID: f.ID, Check: e.Check.ID, Subject: f.Subject, Message: f.Message}
		right := func(subject string) bool { return passed(e.Check.ID, subject) }
		if proved(f, right) && gone(f.Rate, checkOf(after, e.Check.ID)) {
			b.Fixed = append(b.Fixed, one)
		} else {
			b.Unproven = append(b.Unproven, one)
		}
	}
	after.Baseline = b
}

// places are the subjects that a finding speaks of.
func places(f *lr.Finding) []string {
	if len(f.Subjects) > 0 {
		return f.Subjects
	}
	return []string{f.Subject}
}

// meet reports whether two findings of one check speak of the same thing: the
// roll-up may have folded one of them and not the other.
func meet(a, b *lr.Finding) bool {
	if strings.EqualFold(a.Subject, b.Subject) {
		return true
	}
	return slices.ContainsFunc(places(a), func(s string) bool {
		return slices.ContainsFunc(places(b), func(t string) bool { return strings.EqualFold(s, t) })
	})
}

// stateOf is unchanged when the earlier findings tell all of it: no place more,
// no less sure and no less severe.
func stateOf(f *lr.Finding, before []*lr.Finding) string {
	for _, place := range places(f) {
		known := slices.ContainsFunc(before, func(was *lr.Finding) bool {
			return meet(was, &lr.Finding{Subject: place}) && was.Confidence >= f.Confidence && was.Severity >= f.Severity
		})
		if !known {
			return lr.StateNew
		}
	}
	return lr.StateUnchanged
}

func proved(f *lr.Finding, right func(string) bool) bool {
	for _, place := range places(f) {
		if !right(place) {
			return false
		}
	}
	return true
}

// States counts the findings that are new, and those that were there before.
func States(r *lr.Report) (fresh, unchanged int) {
	for _, e := range entries(r) {
		switch e.Finding.State {
		case lr.StateNew:
			fresh++
		case lr.StateUnchanged:
			unchanged++
		}
	}
	return fresh, unchanged
}

// checkOf is the check in the report, nil when it is not there.
func checkOf(r *lr.Report, id string) *lr.CheckReport {
	for i := range r.Rows {
		for j := range r.Rows[i].Checks {
			if r.Rows[i].Checks[j].ID == id {
				return &r.Rows[i].Checks[j]
			}
		}
	}
	return nil
}
