package config

import (
	"math"
	"regexp"
	"sort"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/nearest"
)

// Plan says what work costs.
type Plan struct {
	Rate       float64 `yaml:"rate" doc:"What an hour costs of whoever knows the code."`
	SeniorRate float64 `yaml:"senior_rate" doc:"What an hour of a senior engineer costs. Default: rate."`
	Currency   string  `yaml:"currency" doc:"Its currency, three letters (ISO 4217). Default: USD."`
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// judgePlan holds rates to what prices something, and owners to the rows there are.
func (c *Config) judgePlan() {
	d := c.doc
	for _, x := range []struct {
		path  string
		value float64
	}{{"plan.rate", c.Plan.Rate}, {"plan.senior_rate", c.Plan.SeniorRate}} {
		if _, stands := d.at[x.path]; !stands || d.failedAt(x.path) {
			continue
		}
		if math.IsNaN(x.value) || x.value <= 0 || x.value > 100_000 {
			d.fail(d.place(x.path), "%g is no rate: give what an hour costs", x.value)
		}
	}
	if c.Plan.SeniorRate > 0 && c.Plan.Rate == 0 {
		d.fail(d.place("plan.senior_rate"), "plan.senior_rate needs plan.rate, the price of every other hour")
	}
	if cur := c.Plan.Currency; cur != "" && !currencyForm.MatchString(cur) {
		d.fail(d.place("plan.currency"), "%q is no currency: three capital letters, like USD or EUR", clip(cur))
	}
	rows := make([]string, 0, len(c.Owners.Rows))
	for row := range c.Owners.Rows {
		rows = append(rows, row)
	}
	sort.Strings(rows)
	for _, row := range rows {
		if !known(row, lr.RowIDs()) {
			d.fail(d.place("owners.rows."+row), "there is no row %q%s", clip(row), nearest.Hint(row, lr.RowIDs()))
		}
	}
}
