package plan_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/plan"
)

var rates = &lr.Rates{Currency: "USD", Hour: 100, Senior: 200}

func price(t *testing.T, r *lr.Report, rates *lr.Rates) *plan.Estimate {
	t.Helper()
	e, err := plan.Price(r, rates)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestPrice(t *testing.T) {
	r := &lr.Report{Product: "Acme", Plan: []lr.WorkItem{
		{ID: "a", Package: plan.Application, Findings: []string{"1", "2"}, HoursLow: 2, Hours: 4, HoursHigh: 8, How: plan.BySenior, Guard: []string{"roles", "ownership"}, Covered: 1, HoursGuard: 2},
		{ID: "b", Package: plan.Mail, Findings: []string{"3"}, HoursLow: 0.75, Hours: 1, HoursHigh: 1.5, How: plan.ByEdge},
		{ID: "c", Package: plan.Application, Findings: []string{"4"}, HoursLow: 1, Hours: 2, HoursHigh: 4, How: plan.ByCode, Guard: []string{"ownership"}, Covered: 1, HoursGuard: 1},
	}}
	e := price(t, r, rates)
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"a senior's hours at the senior's rate", *e.Items[0].Price, plan.Range{Low: 400, Middle: 800, High: 1600}},
		{"others at the rate", *e.Items[1].Price, plan.Range{Low: 75, Middle: 100, High: 150}},
		{"the total's hours", e.Total.Hours, plan.Range{Low: 3.75, Middle: 7, High: 13.5}},
		{"the total's price", *e.Total.Price, plan.Range{Low: 575, Middle: 1100, High: 2150}},
		{"days of six hours", e.Total.Days, plan.Range{Low: 0.6, Middle: 1.2, High: 2.3}},
		{"the findings", e.Total.Findings, 4},
		{"the senior's part", e.Senior.Hours, plan.Range{Low: 2, Middle: 4, High: 8}},
		{"the edge's part", *e.Now.Edge.Price, plan.Range{Low: 75, Middle: 100, High: 150}},
		{"in front", e.Now.Front.Hours, plan.Range{Low: 2.25, Middle: 3, High: 4.5}},
		{"in front, at the rate", *e.Now.Front.Price, plan.Range{Low: 225, Middle: 300, High: 450}},
		{"what is stopped in front", e.Now.Covered, 2},
		{"directives, each once", strings.Join(e.Now.Directives, " "), "ownership roles"},
		{"packages in the order they come up", e.Packages[0].Title + ", " + e.Packages[1].Title, "Application auth and isolation, Mail"},
		{"a package's items", e.Packages[0].Items, 2},
		{"a package's price", *e.Packages[0].Price, plan.Range{Low: 500, Middle: 1000, High: 2000}},
		{"rows that nobody asked for", len(e.Unasked), len(lr.RowIDs())},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	bare := price(t, r, nil)
	if bare.Total.Price != nil || bare.Items[0].Price != nil || bare.Total.Hours != e.Total.Hours {
		t.Errorf("without rates: got %+v", bare.Total)
	}
	same := price(t, r, &lr.Rates{Currency: "USD", Hour: 100})
	if *same.Items[0].Price != (plan.Range{Low: 200, Middle: 400, High: 800}) {
		t.Errorf("without a senior rate: got %+v", *same.Items[0].Price)
	}
}

// TestPriceLeavesOut: what is accepted, suspected, unknown or not asked is told
// and not priced.
func TestPriceLeavesOut(t *testing.T) {
	suspected := lr.Finding{ID: "s"}
	waived := check("isolation/foreign-read", lr.Skipped, found("w1", "GET /a", "", lr.Critical), found("w2", "GET /b", "", lr.Critical), suspected)
	waived.Waived = &lr.Waiver{Check: waived.ID, Owner: "cto", Until: "2027-01-31"}
	open := check("secrets/history", lr.Unknown)
	open.Required = true
	r := &lr.Report{Rows: rows(check("auth/x", lr.Passed, suspected), waived, open, check("cors/x", lr.Passed))}
	r.Rows[3].Verdict = lr.Passed
	e := price(t, r, rates)
	if len(e.Items) != 0 || e.Total.Price == nil || *e.Total.Price != (plan.Range{}) {
		t.Errorf("something is priced: %+v", e.Total)
	}
	if len(e.Accepted) != 1 || e.Accepted[0] != (plan.AcceptedRisk{Check: waived.ID, Owner: "cto", Until: "2027-01-31", Findings: 3}) {
		t.Errorf("accepted: got %+v", e.Accepted)
	}
	if e.Suspected != 1 {
		t.Errorf("suspected: got %d, want the one that is not accepted", e.Suspected)
	}
	if !slices.Contains(e.Open, "secrets") || slices.Contains(e.Open, "cors") {
		t.Errorf("open: got %v", e.Open)
	}
	if slices.Contains(e.Unasked, "auth") || !slices.Contains(e.Unasked, "operations") {
		t.Errorf("not asked: got %v", e.Unasked)
	}
}

// TestPriceOfOlderReports: a report without a plan is planned, and a work item
// without a range gets one.
func TestPriceOfOlderReports(t *testing.T) {
	e := price(t, &lr.Report{Rows: rows(check("auth/alg-none", lr.Failed, found("a", "GET /a", "", lr.High)))}, rates)
	if len(e.Items) != 1 || e.Items[0].ID != "auth-tokens" || len(e.RedFlags) != 0 {
		t.Errorf("without a plan: got %+v", e)
	}
	e = price(t, &lr.Report{Plan: []lr.WorkItem{{ID: "guard-ownership", Title: "t", Findings: []string{"1"}, Hours: 3, How: "guard"}}}, rates)
	if e.Items[0].Hours != (plan.Range{Low: 1.5, Middle: 3, High: 6}) || e.Packages[0].Title != "Other work" {
		t.Errorf("an older item: got %+v in %+v", e.Items[0], e.Packages)
	}
}

func TestPriceRefuses(t *testing.T) {
	item := func(low, h, high, front float64) *lr.Report {
		return &lr.Report{Plan: []lr.WorkItem{{ID: "x", HoursLow: low, Hours: h, HoursHigh: high, HoursGuard: front}}}
	}
	for _, c := range []struct {
		name   string
		report *lr.Report
		rates  *lr.Rates
		want   string
	}{
		{"no rate", item(1, 1, 1, 0), &lr.Rates{Currency: "USD"}, "a rate of 0 prices nothing"},
		{"a negative rate", item(1, 1, 1, 0), &lr.Rates{Currency: "USD", Hour: -1}, "a rate of -1 prices nothing"},
		{"a rate that is no number", item(1, 1, 1, 0), &lr.Rates{Currency: "USD", Hour: math.NaN()}, "a rate of NaN prices nothing"},
		{"an infinite rate", item(1, 1, 1, 0), &lr.Rates{Currency: "USD", Hour: math.Inf(1)}, "is more than"},
		{"a negative senior rate", item(1, 1, 1, 0), &lr.Rates{Currency: "USD", Hour: 1, Senior: -2}, "a senior rate of -2"},
		{"no currency", item(1, 1, 1, 0), &lr.Rates{Hour: 1}, `currency ""`},
		{"a currency that is none", item(1, 1, 1, 0), &lr.Rates{Hour: 1, Currency: "US$"}, `currency "US$"`},
		{"negative hours", item(0, -3, 0, 0), rates, `work item "x": -`},
		{"hours without end", item(1, 1e9, 1e9, 0), rates, `work item "x": 1e+09 hours are none`},
		{"hours in front", item(1, 1, 1, -1), rates, "-1 hours"},
		{"no hours at all", item(math.NaN(), 1, 2, 0), rates, "NaN hours"},
		{"a range out of order", item(3, 2, 4, 0), rates, "not in order: 3, 2, 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := plan.Price(c.report, c.rates)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want an error with %q", e, err, c.want)
			}
		})
	}
}

// TestPriceAddsUp: over drawn reports the total is the sum of the items, and of
// the packages, and the senior's, the edge's and the front's parts fit in.
func TestPriceAddsUp(t *testing.T) {
	for seed := range uint64(200) {
		report := drawn(rand.New(rand.NewPCG(seed, 2)))
		items, _ := plan.Make(plan.Input{Rows: report, Owners: named})
		e := price(t, &lr.Report{Rows: report, Plan: items}, rates)
		var hours, money, packs, findings float64
		for _, l := range e.Items {
			hours, money, findings = hours+l.Hours.Middle, money+l.Price.Middle, findings+float64(l.Findings)
		}
		for _, p := range e.Packages {
			packs += p.Hours.Middle
		}
		if hours != e.Total.Hours.Middle || packs != hours || math.Abs(money-e.Total.Price.Middle) > 1e-6 || findings != float64(e.Total.Findings) {
			t.Errorf("seed %d: the items are %g hours and %g, the packages %g, the total %+v", seed, hours, money, packs, e.Total)
		}
		if e.Senior.Hours.High > e.Total.Hours.High || e.Now.Covered > e.Total.Findings || e.Total.Hours.Low > e.Total.Hours.High {
			t.Errorf("seed %d: a part is more than the whole: %+v", seed, e)
		}
	}
}
