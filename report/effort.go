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
