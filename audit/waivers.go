package audit

import (
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
)

// waive accepts the findings that a waiver covers. The check is skipped only
// when every confirmed finding of it is accepted: what is not named stands.
func (r *run) waive(c *lr.CheckReport, now time.Time) {
	var first *lr.Waiver
	standing := false
	for i := range c.Findings {
		f := &c.Findings[i]
		f.Waived = r.waiver(c.ID, f, now)
		if f.Confidence != lr.Confirmed {
			continue
		}
		if f.Waived == nil {
			standing = true
		} else if first == nil {
			first = f.Waived
		}
	}
	if c.Verdict == lr.Failed && first != nil && !standing {
		c.Verdict, c.Waived = lr.Skipped, first
	}
}

// waiver is the one that accepts the finding. One of the whole application is
// accepted when the waivers cover each place where it showed.
func (r *run) waiver(check string, f *lr.Finding, now time.Time) *lr.Waiver {
	by := func(subject string) *lr.Waiver {
		for _, w := range r.Waivers {
			if w.Holds(now) && w.Covers(check, subject) {
				return &w
			}
		}
		return nil
	}
	if w := by(f.Subject); w != nil || len(f.Subjects) == 0 {
		return w
	}
	var first *lr.Waiver
	for _, s := range f.Subjects {
		w := by(s)
		if w == nil {
			return nil
		}
		if first == nil {
			first = w
		}
	}
	return first
}

// idleWaivers tells which waivers accept nothing any more: what they covered is
// fixed, or was never there. A check that the run did not decide says nothing.
func idleWaivers(rep *lr.Report, now time.Time) []string {
	var out []string
	for _, w := range rep.Waivers {
		c := checkOf(rep, w.Check)
		if c == nil || !w.Holds(now) || c.Verdict == lr.Unknown || covered(w, c) {
			continue
		}
		out = append(out, fmt.Sprintf("the waiver of %s matches no finding: take it out of the configuration", w))
	}
	return out
}

func covered(w lr.Waiver, c *lr.CheckReport) bool {
	for _, f := range c.Findings {
		if w.Covers(c.ID, f.Subject) {
			return true
		}
		for _, s := range f.Subjects {
			if w.Covers(c.ID, s) {
				return true
			}
		}
	}
	for _, open := range c.Open { // what could not be asked may still be there
		if w.Subject == "" || w.Covers(c.ID, subjectOf(open)) {
			return true
		}
	}
	return false
}

// ended is the waiver of the check that would have accepted the finding, had its
// last day not passed.
func ended(rep *lr.Report, check string, f *lr.Finding) *lr.Waiver {
	for _, w := range rep.Waivers {
		if !w.Holds(rep.Started) && w.Covers(check, f.Subject) {
			return &w
		}
	}
	return nil
}

func checkOf(rep *lr.Report, id string) *lr.CheckReport {
	for i := range rep.Rows {
		for j := range rep.Rows[i].Checks {
			if c := &rep.Rows[i].Checks[j]; c.ID == id {
				return c
			}
		}
	}
	return nil
}

// subjectOf is the subject of an entry of what is open: a colon and the reason
// follow it.
func subjectOf(open string) string {
	subject, _, _ := strings.Cut(open, ": ")
	return subject
}
