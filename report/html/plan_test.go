package html_test

import (
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report/sample"
)

func planOf(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `aria-labelledby="plan"`)
	if !ok {
		t.Fatal("the page has no plan")
	}
	section, _, _ := strings.Cut(rest, "</section>")
	return section
}

// TestPlan: what a founder acts on stands in the plan, and prices only when the
// report has a rate.
func TestPlan(t *testing.T) {
	priced := planOf(t, draw(t, sample.Flawed()))
	for _, want := range []string{"Auth is decided in several places", "When to bring in a senior engineer", "Application auth and isolation", "USD 1,335–5,070", "8–30 hours", "1.5–5 days",
		"the launch waits for it", "by a senior engineer", "In front (" + lr.NoGuard + ")", "backend@harbor.test", "launchready audit --only isolation/foreign-read,isolation/existence-oracle"} {
		if !strings.Contains(priced, want) {
			t.Errorf("the plan lacks %q", want)
		}
	}
	r := sample.Flawed()
	r.Rates, r.RedFlags = nil, nil
	bare := planOf(t, draw(t, r))
	for _, no := range []string{"USD", "Price", "When to bring in a senior engineer", "<th scope=\"col\">Price"} {
		if strings.Contains(bare, no) {
			t.Errorf("without rates and red flags the plan says %q", no)
		}
	}
	if !strings.Contains(bare, "8–30 hours") {
		t.Error("without rates the plan has no hours")
	}
}

// TestPlanOfMany: of many steps the first stand there and the others unfold.
func TestPlanOfMany(t *testing.T) {
	r := sample.Flawed()
	r.Plan[0].Steps = []string{"one", "two", "three", "four", "five", "Ask again: `launchready audit`"}
	got := planOf(t, draw(t, r))
	first, rest, ok := strings.Cut(got, `<details class="more"><summary>2 more steps</summary>`)
	if !ok || !strings.Contains(first, "three") || strings.Contains(first, "<p>four") || !strings.Contains(rest, "five") {
		t.Errorf("got:\n%s", got)
	}
}

// TestFlagsWithoutAPlan: a clean run may still name nobody for an incident.
func TestFlagsWithoutAPlan(t *testing.T) {
	r := sample.Clean()
	r.RedFlags = []lr.RedFlag{{ID: "no-incident-owner", Title: "No incident has an owner", Evidence: []string{"nobody is named"}, Advice: "Name somebody."}}
	if got := draw(t, r); !strings.Contains(got, "No incident has an owner") || !strings.Contains(got, "nobody is named") {
		t.Error("the red flag is not on the page")
	}
	if got := draw(t, sample.Clean()); strings.Contains(got, "senior engineer") {
		t.Error("a clean page speaks of a senior engineer")
	}
}
