package config

import (
	"strings"
	"testing"
)

func TestPlan(t *testing.T) {
	c, err := parse(t, head+"plan: {rate: 120, senior_rate: 200.5}\nowners: {rows: {auth: anna, email: ops}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Plan != (Plan{120, 200.5, "USD"}) || c.Origin("plan.currency") != "default" {
		t.Errorf("got %+v, currency from %s", c.Plan, c.Origin("plan.currency"))
	}
	if c.Owners.Rows["auth"] != "anna" || c.Owners.Rows["email"] != "ops" {
		t.Errorf("owners of rows: got %v", c.Owners.Rows)
	}
	bare, err := parse(t, head)
	if err != nil {
		t.Fatal(err)
	}
	if bare.Plan != (Plan{}) {
		t.Errorf("nobody said what an hour costs: got %+v", bare.Plan)
	}
}

func TestPlanMistakes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"zero":                {"plan: {rate: 0}\n", "4:14: 0 is no rate: give what an hour costs"},
		"negative":            {"plan: {rate: -5}\n", "rate cannot be negative"},
		"no number":           {"plan: {rate: dear}\n", "rate must be a number"},
		"too much":            {"plan: {rate: 100001}\n", "100001 is no rate"},
		"zero, senior":        {"plan: {rate: 1, senior_rate: 0}\n", "0 is no rate"},
		"senior alone":        {"plan: {senior_rate: 200}\n", "plan.senior_rate needs plan.rate"},
		"currency":            {"plan: {rate: 1, currency: dollars}\n", `"dollars" is no currency`},
		"owner of no row":     {"owners: {rows: {atuh: anna}}\n", `there is no row "atuh", did you mean "auth"?`},
		"not a number at all": {"plan: {rate: .nan}\n", "rate must be a number"},
		"a key that is wrong": {"plan: {rates: 1}\n", `unknown key "rates" in plan, did you mean "rate"?`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, head+c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
