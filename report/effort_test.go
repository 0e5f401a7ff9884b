package report_test

import (
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/sample"
)

func TestHoursAndDays(t *testing.T) {
	for _, c := range []struct {
		in          plan.Range
		hours, days string
	}{
		{plan.Range{Low: 2, High: 8}, "2–8 hours", "2–8 days"},
		{plan.Range{Low: 0.75, High: 1.5}, "0.75–1.5 hours", "1–1.5 days"},
		{plan.Range{Low: 1, High: 1}, "1 hour", "1 day"},
		{plan.Range{Low: 4, Middle: 4, High: 4}, "4 hours", "4 days"},
		{plan.Range{Low: 0.1, High: 0.2}, "0.1–0.2 hours", "0.5 days"},
		{plan.Range{}, "0 hours", "0.5 days"},
	} {
		if h, d := report.Hours(c.in), report.Days(c.in); h != c.hours || d != c.days {
			t.Errorf("%+v: got %q and %q, want %q and %q", c.in, h, d, c.hours, c.days)
		}
	}
}

func TestMoney(t *testing.T) {
	usd := &lr.Rates{Currency: "USD", Hour: 1}
	for _, c := range []struct {
		name  string
		r     *plan.Range
		rates *lr.Rates
		want  string
	}{
		{"no price", nil, usd, ""},
		{"no rate", &plan.Range{Low: 1, High: 2}, nil, ""},
		{"small", &plan.Range{Low: 90, High: 180}, usd, "USD 90–180"},
		{"thousands", &plan.Range{Low: 999.6, High: 1234567}, usd, "USD 1,000–1,234,567"},
		{"a point", &plan.Range{Low: 100, High: 100.2}, usd, "USD 100"},
		{"an inert currency", &plan.Range{Low: 1, High: 1}, &lr.Rates{Currency: "\x1b[31m"}, `\x1b[31m 1`},
	} {
		if got := report.Money(c.r, c.rates); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFront(t *testing.T) {
	three := []string{"a", "b", "c"}
	for name, c := range map[string]struct {
		item lr.WorkItem
		want string
	}{
		"nothing in front": {lr.WorkItem{Findings: three}, ""},
		"one":              {lr.WorkItem{Findings: three[:1], Guard: []string{"ownership"}, Covered: 1, HoursGuard: 2.25}, "ownership, about 2.25 hours, stops it"},
		"all":              {lr.WorkItem{Findings: three, Guard: []string{"ownership", "roles"}, Covered: 3, HoursGuard: 1}, "ownership, roles, about 1 hour, stops all 3 findings"},
		"some":             {lr.WorkItem{Findings: three, Guard: []string{"x\x1b"}, Covered: 2}, `x\x1b stops 2 of 3 findings`},
	} {
		if got := report.Front(c.item); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestInFrontIsHonest: what no verb of this build does is not promised for now.
func TestInFrontIsHonest(t *testing.T) {
	for _, got := range []string{report.InFront(), report.AtOnce()} {
		promised := strings.Contains(got, "now") || strings.Contains(got, "At once")
		if strings.Contains(got, "drafted") != (lr.NoGuard != "") || promised && lr.NoGuard != "" {
			t.Errorf("%q while this build is %q", got, lr.NoGuard)
		}
	}
	for directive, want := range map[string]string{
		"ownership": "ownership",
		"limits":    "limits (drafted in part: what the messages of a WebSocket hold is not counted)",
		"a new one": "a new one (not known to this build)",
	} {
		if got := lr.Directive(directive); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestSummaryPrices: the sum is of the report's plan, priced when it has rates,
// and absent where the hours are nonsense.
func TestSummaryPrices(t *testing.T) {
	r := sample.Flawed()
	s := report.Summarise(r)
	if s.Estimate == nil || s.Estimate.Total.Price == nil || s.Estimate.Total.Hours.Middle != s.Hours {
		t.Fatalf("got %+v for %g hours", s.Estimate, s.Hours)
	}
	r.Rates = nil
	if s = report.Summarise(r); s.Estimate == nil || s.Estimate.Total.Price != nil {
		t.Errorf("without rates: got %+v", s.Estimate)
	}
	r.Plan[0].Hours = -1
	if s = report.Summarise(r); s.Estimate != nil {
		t.Errorf("with negative hours: got %+v", s.Estimate)
	}
	if s = report.Summarise(sample.Clean()); s.Estimate != nil {
		t.Errorf("nothing to do: got %+v", s.Estimate)
	}
	if e, err := plan.Price(sample.Hostile(10), &lr.Rates{Currency: "USD", Hour: 1}); err != nil || strings.Contains(e.Schema, "<") {
		t.Errorf("a hostile report has a price all the same: %v", err)
	}
}
