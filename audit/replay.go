package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/nearest"
)

// Answer is what asking a finding again came to.
type Answer string

// Answers of a replay.
const (
	Open         Answer = "open"         // it showed again
	Fixed        Answer = "fixed"        // the same subject was asked, and is right
	Inconclusive Answer = "inconclusive" // it could not be asked: nothing is said
)

// Replayed is a finding that was asked again.
type Replayed struct {
	Answer  Answer
	Check   *lr.Check
	Subject string
	Reason  string      // what the answer rests on
	Finding *lr.Finding // as it is now, when it is open
	Report  *lr.Report  // of the one check
}

// ExitCode is the exit code that the answer stands for.
func (a *Replayed) ExitCode() int {
	switch {
	case a.Report.Interrupted:
		return ExitInterrupted
	case a.Answer == Open:
		return ExitNotReady
	case a.Answer == Fixed:
		return ExitReady
	}
	return ExitNotTested
}

// Replay asks one finding again: it signs in, makes fresh objects and runs the
// check that found it, and no other. The answer is fixed only when the subject
// was asked in this run and passed whoever asked.
func Replay(ctx context.Context, o Options, check, subject string) (*Replayed, error) {
	c, err := Lookup(o.Rows, check)
	if err != nil {
		return nil, &SetupError{err}
	}
	if why := Consent(c, o.Target); why != "" {
		return nil, &SetupError{fmt.Errorf("%s: %s", c.ID, why)}
	}
	var mu sync.Mutex
	var seen []lr.Outcome
	told := o.Outcome
	o.Outcome = func(id string, out lr.Outcome) {
		mu.Lock()
		seen = append(seen, out)
		mu.Unlock()
		if told != nil {
			told(id, out)
		}
	}
	o.Only = []string{check}
	o.Utility = false
	o.Waivers = nil // a risk that is accepted is open all the same
	r, err := execute(ctx, o)
	if err != nil {
		return nil, err
	}
	mu.Lock()
	defer mu.Unlock()
	a := &Replayed{Check: c, Subject: subject, Report: r.report(ctx)}
	a.judge(seen, r.results[c.ID].reason)
	return a, nil
}

// Lookup finds a check by its id.
func Lookup(rows []lr.Row, id string) (*lr.Check, error) {
	var ids []string
	for _, row := range rows {
		for _, c := range row.Checks {
			if c.ID == id {
				return c, nil
			}
			ids = append(ids, c.ID)
		}
	}
	return nil, fmt.Errorf("there is no check %q%s; 'launchready checks' lists them", id, nearest.Hint(id, ids))
}

// application is the subject of what the roll-up makes of many that fail alike,
// and of checks that ask the application as a whole.
const application = "application"

// judge turns what the check said into an answer. early is why it ended before
// it was done, "" when it did not.
func (a *Replayed) judge(seen []lr.Outcome, early string) {
	rep := checkOf(a.Report, a.Check.ID)
	var mine []lr.Outcome
	for _, o := range seen {
		if strings.EqualFold(o.Subject, a.Subject) {
			mine = append(mine, o)
		}
	}
	switch {
	case len(mine) > 0:
		a.judgeSubject(rep, mine)
	case early != "":
		a.Answer, a.Reason = Inconclusive, early
	case a.Subject == application:
		a.judgeApplication(rep, seen)
	default:
		a.Answer, a.Reason = Inconclusive, notAsked(seen)
	}
	if a.Answer == Fixed && early != "" { // who else would have asked is not known
		a.Answer, a.Reason = Inconclusive, early
	}
}

func (a *Replayed) judgeSubject(rep *lr.CheckReport, mine []lr.Outcome) {
	var passed int
	var open string
	for _, o := range mine {
		switch {
		case o.Verdict == lr.Failed:
			a.Answer, a.Reason, a.Finding = Open, o.Message, findingAt(rep, a.Subject)
			if confirmed(mine) == nil {
				a.Reason = "by shape only, as nothing confirms it: " + o.Message
			}
			return
		case o.Verdict == lr.Passed:
			passed++
		case open == "":
			open = o.Message
		}
	}
	switch {
	case open != "":
		a.Answer, a.Reason = Inconclusive, open
	case passed == 0:
		a.Answer, a.Reason = Inconclusive, "the check said nothing of it"
	default:
		a.Answer, a.Reason = Fixed, mine[len(mine)-1].Message
	}
}

// judgeApplication answers for a fault that many routes showed alike.
func (a *Replayed) judgeApplication(rep *lr.CheckReport, seen []lr.Outcome) {
	fails, asked := map[string]bool{}, map[string]bool{}
	for _, o := range seen {
		if o.Verdict == lr.Passed || o.Verdict == lr.Failed {
			asked[o.Subject] = true
		}
		if o.Verdict == lr.Failed && o.Confidence == lr.Confirmed {
			fails[o.Subject] = true
		}
	}
	a.Finding = findingAt(rep, application)
	switch {
	case a.Finding != nil:
		a.Answer, a.Reason = Open, a.Finding.Message
	case len(fails) > 0:
		var list []string
		for s := range fails {
			list = append(list, s)
		}
		slices.Sort(list)
		a.Answer = Open
		a.Reason = fmt.Sprintf("no longer the whole application, but %d of the %d routes asked still fail: %s", len(list), len(asked), strings.Join(list, ", "))
		a.Finding = findingAt(rep, list[0])
	case rep.Verdict == lr.Passed:
		a.Answer, a.Reason = Fixed, fmt.Sprintf("all of the %d routes asked are right", len(asked))
		if n := len(rep.Open); n > 0 {
			a.Reason += fmt.Sprintf("; %d could not be asked, the first: %s", n, rep.Open[0])
		}
	default:
		a.Answer, a.Reason = Inconclusive, rep.Reason
		if a.Reason == "" {
			a.Reason = "nothing could be decided"
		}
	}
}

// notAsked says why a subject did not come up.
func notAsked(seen []lr.Outcome) string {
	var subjects []string
	for _, o := range seen {
		if o.Verdict == lr.Skipped && o.Message != "" {
			return "the question does not arise any more: " + o.Message
		}
		if o.Subject != "" && !slices.Contains(subjects, o.Subject) {
			subjects = append(subjects, o.Subject)
		}
	}
	return fmt.Sprintf("the check did not ask it: it is not in the description any more, or its object could not be made; %d other subjects were asked", len(subjects))
}

func findingAt(rep *lr.CheckReport, subject string) *lr.Finding {
	for i := range rep.Findings {
		f := &rep.Findings[i]
		if strings.EqualFold(f.Subject, subject) || slices.ContainsFunc(f.Subjects, func(s string) bool { return strings.EqualFold(s, subject) }) {
			return f
		}
	}
	return nil
}
