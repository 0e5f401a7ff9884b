package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

// Hours is a range of hours in words: "2–8 hours".
func Hours(r plan.Range) string {
	s := number(r.Low) + "–" + number(r.High)
	if r.Low == r.High {
		s = number(r.High)
	}
	if s == "1" {
		return "1 hour"
	}
	return s + " hours"
}

// Days is a range of working days in words, to the half day and never none.
func Days(r plan.Range) string {
	half := func(d float64) float64 { return max(math.Ceil(d*2-1e-9)/2, 0.5) }
	return strings.NewReplacer("hours", "days", "hour", "day").Replace(Hours(plan.Range{Low: half(r.Low), High: half(r.High)}))
}

// Money is a range of prices in whole units: "USD 240–960"; "" is no price.
func Money(r *plan.Range, rates *lr.Rates) string {
	if r == nil || rates == nil {
		return ""
	}
	low, high := thousands(r.Low), thousands(r.High)
	if low == high {
		return Line(rates.Currency) + " " + high
	}
	return Line(rates.Currency) + " " + low + "–" + high
}

// InFront leads what [Front] says. Nothing is in front now by a verb that this
// build does not have.
func InFront() string {
	if lr.NoGuard == "" {
		return "in front now"
	}
	return "in front (" + lr.NoGuard + ")"
}

// AtOnce leads what directives in front of the application take. Who has a
// gateway that can do what they say need not wait for this program's.
func AtOnce() string {
	if lr.NoGuard == "" {
		return "At once, in front of the application"
	}
	return "In front of the application, by a gateway of your own (launchready guard is " + lr.NoGuard + ")"
}

// Front says what directives in front of the application do for a work item
// until its cause is fixed; "" where none does anything.
func Front(w lr.WorkItem) string {
	if len(w.Guard) == 0 || w.Covered == 0 {
		return ""
	}
	s := strings.Join(w.Guard, ", ")
	if w.HoursGuard > 0 {
		s += fmt.Sprintf(", about %s,", Hours(plan.Range{Low: w.HoursGuard, High: w.HoursGuard}))
	}
	what := "stops it"
	switch n := len(w.Findings); {
	case w.Covered < n:
		what = fmt.Sprintf("stops %d of %d findings", w.Covered, n)
	case n > 1:
		what = fmt.Sprintf("stops all %d findings", n)
	}
	return Line(s + " " + what)
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func thousands(f float64) string {
	s := strconv.FormatFloat(math.Round(f), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Scale says what the sum of an estimate is in days, and at which rates.
func Scale(e *plan.Estimate) string {
	s := fmt.Sprintf("%s of %g hours, for %s and %s", Days(e.Total.Days), e.HoursPerDay, Count(e.Total.Items, "work item"), Count(e.Total.Findings, "finding"))
	if r := e.Rates; r != nil {
		s += fmt.Sprintf(", at %s %s an hour", Line(r.Currency), number(r.Hour))
		if r.Senior > 0 && r.Senior != r.Hour {
			s += fmt.Sprintf(", %s for a senior engineer", number(r.Senior))
		}
	}
	return s
}

// NothingToFix is what an estimate of an empty plan says.
func NothingToFix(e *plan.Estimate) string {
	s := "Nothing to fix: the report holds no confirmed finding that was not accepted."
	if len(e.Open)+len(e.Unasked) > 0 {
		s += " What was not tested may hold some."
	}
	return s
}

// NotPriced is what the sum of an estimate leaves out, a line each.
func NotPriced(e *plan.Estimate) []string {
	var out []string
	for _, a := range e.Accepted {
		out = append(out, Line(fmt.Sprintf("%s, %s: accepted by %s until %s", a.Check, Count(a.Findings, "finding"), a.Owner, a.Until)))
	}
	if e.Suspected > 0 {
		out = append(out, fmt.Sprintf("%s by shape only: confirm or refute first", Count(e.Suspected, "suspected finding")))
	}
	if len(e.Open) > 0 {
		out = append(out, Line("unknown, whole or in part: "+strings.Join(e.Open, ", ")))
	}
	if len(e.Unasked) > 0 {
		out = append(out, Line("not asked for by this run: "+strings.Join(e.Unasked, ", ")))
	}
	return out
}

// JobTitle is how people call a job of the plan's table.
func JobTitle(id string) string {
	for _, j := range plan.Jobs() {
		if j.ID == id {
			return j.Title
		}
	}
	return Line(id)
}

// AfterScore is the command that turns a self-assessment into evidence.
func AfterScore(s *plan.Score) (why, command string) {
	if len(s.First) == 0 {
		return "Now have it tested, and see whether it holds:", "launchready init"
	}
	return "Have it tested instead of asked: write a configuration, then audit:", "launchready init"
}
