package plan

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"

	lr "github.com/launchready/launchready"
)

// EstimateSchema names the contract of Estimate; scripts depend on it.
const EstimateSchema = "launchready.estimate/v1"

// HoursPerDay are the hours of a day that go into the work; the rest goes into
// reviews, releases and people.
const HoursPerDay = 6

// Bounds of what is priced: beyond them something else was meant.
const (
	mostRate  = 100_000 // of a unit of money, an hour
	mostHours = 100_000 // of a work item
)

// Range is a low, a middle and a high value.
type Range struct {
	Low    float64 `json:"low"`
	Middle float64 `json:"middle"`
	High   float64 `json:"high"`
}

func (r Range) plus(s Range) Range { return Range{r.Low + s.Low, r.Middle + s.Middle, r.High + s.High} }

func (r Range) times(f float64) Range { return Range{r.Low * f, r.Middle * f, r.High * f} }

// Sum is some of the plan, added up.
type Sum struct {
	Items    int    `json:"items"`
	Findings int    `json:"findings"`
	Hours    Range  `json:"hours"`
	Days     Range  `json:"days"`
	Price    *Range `json:"price,omitempty"` // only with a rate
}

// Line is a work item with its price.
type Line struct {
	ID       string      `json:"id"`
	Title    string      `json:"title"`
	Package  string      `json:"package,omitempty"`
	How      string      `json:"how"`
	Owner    string      `json:"owner,omitempty"`
	Worst    lr.Severity `json:"worst"`
	Blocks   bool        `json:"blocks"`
	Findings int         `json:"findings"`
	Hours    Range       `json:"hours"`
	Price    *Range      `json:"price,omitempty"`
	Guard    []string    `json:"guard,omitempty"`
	Covered  int         `json:"covered,omitempty"`
	Front    *Range      `json:"hours_guard,omitempty"`
}

// PackageSum is what the plan holds of one package of work.
type PackageSum struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Sum
}

// Now is what needs no change of the code: directives in front of the
// application, and what is settled at the edge.
type Now struct {
	Directives []string `json:"directives"`
	Covered    int      `json:"covered"` // findings that the directives stop, until the code is mended
	Front      Sum      `json:"front"`   // to put the directives in front
	Edge       Sum      `json:"edge"`    // work items that are settled at the edge for good
}

// AcceptedRisk is a failure that its owner waived: it is not priced.
type AcceptedRisk struct {
	Check    string `json:"check"`
	Owner    string `json:"owner"`
	Until    string `json:"until"`
	Findings int    `json:"findings"`
}

// Estimate is a priced plan.
type Estimate struct {
	Schema      string         `json:"schema"`
	Run         string         `json:"run"`
	Product     string         `json:"product"`
	Target      string         `json:"target"`
	Readiness   lr.Readiness   `json:"readiness"`
	Rates       *lr.Rates      `json:"rates,omitempty"`
	HoursPerDay float64        `json:"hours_per_day"`
	Items       []Line         `json:"items"`
	Packages    []PackageSum   `json:"packages"`
	Total       Sum            `json:"total"`
	Now         Now            `json:"now"`
	Senior      Sum            `json:"senior"`
	RedFlags    []lr.RedFlag   `json:"red_flags"`
	Accepted    []AcceptedRisk `json:"accepted"`
	Open        []string       `json:"open"`    // rows that are unknown: what they hide is not priced
	Unasked     []string       `json:"unasked"` // rows that the run did not ask for
	Suspected   int            `json:"suspected"`
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// CheckRates refuses rates that price nothing.
func CheckRates(r lr.Rates) error {
	var errs []error
	for _, x := range []struct {
		name string
		v    float64
	}{{"rate", r.Hour}, {"senior rate", r.Senior}} {
		switch {
		case x.name == "senior rate" && x.v == 0: // the same as the rate
		case math.IsNaN(x.v) || x.v <= 0:
			errs = append(errs, fmt.Errorf("a %s of %g prices nothing: give what an hour costs", x.name, x.v))
		case x.v > mostRate:
			errs = append(errs, fmt.Errorf("a %s of %g an hour is more than %d", x.name, x.v, mostRate))
		}
	}
	if !currencyForm.MatchString(r.Currency) {
		errs = append(errs, fmt.Errorf("currency %q: three capital letters, like USD or EUR", r.Currency))
	}
	return errors.Join(errs...)
}

// Price prices the plan of a report; without rates it adds the hours up. A report
// without a plan, and with confirmed failures, is planned first.
func Price(r *lr.Report, rates *lr.Rates) (*Estimate, error) {
	if rates != nil {
		if err := CheckRates(*rates); err != nil {
			return nil, err
		}
	}
	items, flags := r.Plan, r.RedFlags
	if len(items) == 0 {
		items, _ = Make(Input{Rows: r.Rows, FailOn: r.FailOn})
	}
	e := &Estimate{
		Schema: EstimateSchema, Run: r.Run, Product: r.Product, Target: r.Target, Readiness: r.Readiness, Rates: rates, HoursPerDay: HoursPerDay,
		Items: []Line{}, Packages: []PackageSum{}, RedFlags: append([]lr.RedFlag{}, flags...), Accepted: []AcceptedRisk{}, Open: []string{}, Unasked: []string{},
		Now: Now{Directives: []string{}},
	}
	for _, w := range items {
		if err := e.add(w); err != nil {
			return nil, err
		}
	}
	sums := []*Sum{&e.Total, &e.Senior, &e.Now.Front, &e.Now.Edge}
	for i := range e.Packages {
		sums = append(sums, &e.Packages[i].Sum)
	}
	for _, s := range sums {
		s.Days = Range{days(s.Hours.Low), days(s.Hours.Middle), days(s.Hours.High)}
		if rates != nil && s.Price == nil {
			s.Price = &Range{}
		}
	}
	e.leftOut(r)
	return e, nil
}

// Hours is the range of a work item; one of an older report has none, and gets
// that of code.
func Hours(w lr.WorkItem) Range {
	r := Range{w.HoursLow, w.Hours, w.HoursHigh}
	if r.High == 0 {
		r.Low, r.High = quarter(w.Hours*codeLow), quarter(w.Hours*codeHigh)
	}
	return r
}

// PriceOf is what a work item costs; nil without rates.
func PriceOf(w lr.WorkItem, rates *lr.Rates) *Range { return priced(Hours(w), w.How, rates) }

func priced(hours Range, how string, rates *lr.Rates) *Range {
	if rates == nil {
		return nil
	}
	hour := rates.Hour
	if how == BySenior && rates.Senior > 0 {
		hour = rates.Senior
	}
	p := hours.times(hour)
	return &p
}

func (e *Estimate) add(w lr.WorkItem) error {
	h := Hours(w)
	for _, x := range []float64{h.Low, h.Middle, h.High, w.HoursGuard} {
		if !(x >= 0 && x <= mostHours) { // NaN is neither
			return fmt.Errorf("work item %q: %g hours are none", w.ID, x)
		}
	}
	if !(h.Low <= h.Middle && h.Middle <= h.High) {
		return fmt.Errorf("work item %q: its hours are not in order: %g, %g, %g", w.ID, h.Low, h.Middle, h.High)
	}
	l := Line{
		ID: w.ID, Title: w.Title, Package: w.Package, How: w.How, Owner: w.Owner, Worst: w.Worst, Blocks: w.Blocks,
		Findings: len(w.Findings), Hours: h, Price: priced(h, w.How, e.Rates), Guard: w.Guard, Covered: w.Covered,
	}
	one := Sum{Items: 1, Findings: l.Findings, Hours: h, Price: l.Price}
	e.Total.add(one)
	e.pack(w.Package).add(one)
	if w.How == BySenior {
		e.Senior.add(one)
	}
	if w.How == ByEdge {
		e.Now.Edge.add(one)
	}
	if len(w.Guard) > 0 && w.HoursGuard > 0 {
		f := Range{quarter(w.HoursGuard * edgeLow), w.HoursGuard, quarter(w.HoursGuard * edgeHigh)}
		l.Front = &f
		e.Now.Covered += w.Covered
		e.Now.Front.add(Sum{Items: 1, Findings: w.Covered, Hours: f, Price: priced(f, ByGuard, e.Rates)})
		for _, g := range w.Guard {
			if at, there := slices.BinarySearch(e.Now.Directives, g); !there {
				e.Now.Directives = slices.Insert(e.Now.Directives, at, g)
			}
		}
	}
	e.Items = append(e.Items, l)
	return nil
}

// days are working days, to the tenth.
func days(hours float64) float64 { return math.Round(hours/HoursPerDay*10) / 10 }

func (s *Sum) add(o Sum) {
	s.Items += o.Items
	s.Findings += o.Findings
	s.Hours = s.Hours.plus(o.Hours)
	if o.Price != nil {
		var p Range
		if s.Price != nil {
			p = *s.Price
		}
		p = p.plus(*o.Price)
		s.Price = &p
	}
}

// pack is the sum of a package, in the order in which packages come up.
func (e *Estimate) pack(id string) *Sum {
	for i := range e.Packages {
		if e.Packages[i].ID == id {
			return &e.Packages[i].Sum
		}
	}
	title := PackageTitle(id)
	if title == "" {
		title = "Other work"
	}
	e.Packages = append(e.Packages, PackageSum{ID: id, Title: title})
	return &e.Packages[len(e.Packages)-1].Sum
}

// leftOut notes what no item prices.
func (e *Estimate) leftOut(r *lr.Report) {
	for _, id := range lr.RowIDs() {
		if !slices.ContainsFunc(r.Rows, func(row lr.RowReport) bool { return row.ID == id }) {
			e.Unasked = append(e.Unasked, id)
		}
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Verdict == lr.Unknown || row.Untested() {
			e.Open = append(e.Open, row.ID)
		}
		for _, c := range row.Checks {
			if c.Waived != nil {
				e.Accepted = append(e.Accepted, AcceptedRisk{c.ID, c.Waived.Owner, c.Waived.Until, len(c.Findings)})
			}
			for _, f := range c.Findings {
				switch {
				case c.Waived != nil:
				case f.Waived != nil:
					e.Accepted = append(e.Accepted, AcceptedRisk{c.ID, f.Waived.Owner, f.Waived.Until, 1})
				case f.Confidence != lr.Confirmed:
					e.Suspected++
				}
			}
		}
	}
}
