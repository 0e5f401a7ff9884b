package report

import (
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// rare is how unlikely a difference of two rates must be by chance before it is
// one: one in twenty.
const rare = 0.05

// Flaky reports a finding that shows in some of the tries and not in all: asked
// once more, it may not show.
func Flaky(f *lr.Finding) bool { return f.Rate != nil && f.Rate.Hits > 0 && f.Rate.Hits < f.Rate.N }

// Chance is what there is to say about a finding that is left to chance: how
// often it showed, and what that says beside the earlier run. "" for any other.
func Chance(f *lr.Finding) string {
	if f.Rate == nil || f.Rate.N == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %s", f.Rate.Hits, tries(f.Rate.N))
	if Flaky(f) {
		low, high := oracle.Wilson(f.Rate.Hits, f.Rate.N)
		text = fmt.Sprintf("FLAKY: %s, so %.0f to %.0f %% of all", text, 100*low, 100*high)
	}
	if f.Against != "" {
		text += "; " + f.Against
	}
	return text
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}

// worse reports whether hits of now are more than those of then by more than
// chance (Fisher's exact test, one-sided). What showed every time now and never
// then is worse however few the tries were: checks stop at the first proof.
func worse(now, then lr.Rate) (bool, float64) {
	p := oracle.Fisher(now.Hits, now.N, then.Hits, then.N)
	return p < rare || then.Hits == 0 && now.Hits == now.N && now.N > 0, p
}

// perSubject is how often a check that found nothing tried each of its subjects.
func perSubject(c *lr.CheckReport) (lr.Rate, bool) {
	if c == nil || c.Rate == nil || c.Rate.N == 0 {
		return lr.Rate{}, false
	}
	return lr.Rate{N: max(1, c.Rate.N/max(1, c.Asked))}, true
}

// compare judges a finding with a rate by the earlier one's: new is kept for what
// is worse by more than chance. It tells nothing where one of the two has no rate.
func compare(f *lr.Finding, was []*lr.Finding, check *lr.CheckReport) (state string, told bool) {
	if f.Rate == nil || f.Rate.N == 0 {
		return "", false
	}
	then, ok := perSubject(check)
	for _, w := range was {
		if meet(w, f) {
			if w.Rate == nil || w.Severity < f.Severity || w.Confidence < f.Confidence {
				return "", false
			}
			then, ok = *w.Rate, true
			break
		}
	}
	if !ok {
		return "", false
	}
	bad, p := worse(*f.Rate, then)
	f.Against = fmt.Sprintf("%d of %d in the earlier run, no more than chance allows (p=%.2f)", then.Hits, then.N, p)
	if bad {
		f.Against = fmt.Sprintf("%d of %d in the earlier run: worse (p=%.2g)", then.Hits, then.N, p)
		return lr.StateNew, true
	}
	return lr.StateUnchanged, true
}

// gone reports whether what showed at the earlier rate and no more is gone by
// more than chance. What showed every time then is.
func gone(then *lr.Rate, check *lr.CheckReport) bool {
	now, ok := perSubject(check)
	if then == nil || then.N == 0 || !ok {
		return true
	}
	better, _ := worse(*then, now)
	return better
}
