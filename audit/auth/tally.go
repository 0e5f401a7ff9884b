package auth

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// application is the subject of a fault that is the whole application's.
const application = "application"

// tally gathers what came of many probes, and reports one finding where most of
// the application has the fault, or else one for each operation. It is safe for
// concurrent use.
type tally struct {
	routes bool // the fault is mended route by route: a finding of the application names them
	mu     sync.Mutex
	kept   map[string]*entry
}

type entry struct {
	subject string
	j       oracle.Judgement
	how     []string // the ways that were accepted
	asked   int
}

// add notes a judgement about a subject, and the way it was asked in, "" where
// there is one only.
func (y *tally) add(subject, how string, j oracle.Judgement) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.kept == nil {
		y.kept = map[string]*entry{}
	}
	e := y.kept[subject]
	if e == nil {
		e = &entry{subject: subject, j: j}
		y.kept[subject] = e
	}
	e.asked++
	if weight(j) > weight(e.j) {
		e.j = j
	}
	if j.Verdict == lr.Failed && how != "" && !slices.Contains(e.how, how) {
		e.how = append(e.how, how)
	}
}

// open notes that a subject could not be asked.
func (y *tally) open(subject, format string, args ...any) {
	y.add(subject, "", oracle.Judgement{Verdict: lr.Unknown, Reason: fmt.Sprintf(format, args...)})
}

// all reports whether every judgement came to the verdict.
func (y *tally) all(v lr.Verdict) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, e := range y.kept {
		if e.j.Verdict != v {
			return false
		}
	}
	return len(y.kept) > 0
}

func weight(j oracle.Judgement) int {
	switch {
	case j.Verdict == lr.Failed && j.Confidence == lr.Confirmed:
		return 4
	case j.Verdict == lr.Failed:
		return 3
	case j.Verdict == lr.Unknown:
		return 2
	case j.Verdict == lr.Passed:
		return 1
	}
	return 0
}

// report tells the trial. least is how many operations must have the fault
// before it may be called the application's.
func (y *tally) report(t *lr.Trial, least int, fault string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	entries := make([]*entry, 0, len(y.kept))
	for _, e := range y.kept {
		slices.Sort(e.how)
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.subject, b.subject) })
	var bad, rest []*entry
	decided := 0
	for _, e := range entries {
		switch weight(e.j) {
		case 4:
			bad = append(bad, e)
			decided++
		case 1:
			decided++
			rest = append(rest, e)
		default:
			rest = append(rest, e)
		}
	}
	if len(bad) >= least && 2*len(bad) > decided {
		y.fold(t, fault, bad, decided)
	} else {
		rest = entries
	}
	for _, e := range rest {
		j := e.j
		if j.Verdict == lr.Failed {
			j.Reason = fault + e.ways() + ": " + j.Reason
		}
		oracle.Report(t, e.subject, j)
	}
}

func (e *entry) ways() string {
	if len(e.how) == 0 {
		return ""
	}
	return " (" + strings.Join(e.how, "; ") + ")"
}

func (y *tally) fold(t *lr.Trial, fault string, bad []*entry, decided int) {
	var subjects, how []string
	for _, e := range bad {
		subjects = append(subjects, e.subject)
		for _, h := range e.how {
			if !slices.Contains(how, h) {
				how = append(how, h)
			}
		}
	}
	all := &entry{how: how}
	var routes []string
	if y.routes {
		routes = slices.Clone(subjects)
	}
	const shown = 20
	more := ""
	if len(subjects) > shown {
		more = fmt.Sprintf(" and %d more", len(subjects)-shown)
		subjects = subjects[:shown]
	}
	told := bad[0]
	if i := slices.IndexFunc(bad, func(e *entry) bool { return oracle.Planted(e.j.Evidence) }); i >= 0 {
		told = bad[i] // what the run wrote can be written again, by whoever repeats it
	}
	t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: application, Subjects: routes, Evidence: told.j.Evidence,
		Message: fmt.Sprintf("%s%s on %d of %d routes asked: %s%s. %s", fault, all.ways(),
			len(bad), decided, strings.Join(subjects, ", "), more, sentence(told.subject+" "+told.j.Reason))})
}

func sentence(s string) string {
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}
