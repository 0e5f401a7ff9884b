package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/plan"
)

// TestPlanDrift holds the printed parts of docs/plan.md to the code: method,
// packages, hours, directives, red flags and questions.
func TestPlanDrift(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "plan.md")
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(old)
	for name, part := range map[string]string{
		"method": bullets(plan.Method()), "packages": packagesDoc(), "hours": hoursDoc(), "directives": directivesDoc(),
		"red flags": flagsDoc(), "score": bullets(plan.ScoreMethod()), "questions": questionsDoc(),
	} {
		begin, end := "<!-- "+name+": printed by make docs -->\n", "<!-- end of "+name+" -->"
		head, rest, found := strings.Cut(text, begin)
		_, tail, ended := strings.Cut(rest, end)
		if !found || !ended {
			t.Fatalf("%s has no place for %s", path, name)
		}
		text = head + begin + "\n" + part + "\n" + end + tail
	}
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != string(old) {
		t.Errorf("%s is stale: run make docs", path)
	}
}

// bullets is a sentence a line, as a list.
func bullets(sentences []string) string { return "- " + strings.Join(sentences, "\n- ") + "\n" }

func packagesDoc() string {
	var b strings.Builder
	b.WriteString("| package of work | jobs |\n|---|---|\n")
	for _, p := range plan.Packages() {
		var jobs []string
		for _, j := range plan.Jobs() {
			if j.Package == p.ID {
				jobs = append(jobs, j.Title)
			}
		}
		fmt.Fprintf(&b, "| %s | %s |\n", p.Title, strings.Join(jobs, " · "))
	}
	return b.String()
}

func hoursDoc() string {
	titles := map[string]string{}
	for _, j := range plan.Jobs() {
		titles[j.ID] = j.Title
	}
	var b strings.Builder
	b.WriteString("| check | job | first | further | application |\n|---|---|---:|---:|---:|\n")
	for _, e := range plan.Efforts() {
		fmt.Fprintf(&b, "| `%s` | %s | %g | %g | %g |\n", e.Check, titles[e.Job], e.First, e.Further, e.Wide)
	}
	return b.String()
}

func directivesDoc() string {
	var b strings.Builder
	b.WriteString("| directive | hours |\n|---|---:|\n")
	for _, d := range plan.Directives() {
		fmt.Fprintf(&b, "| `%s` | %g |\n", d.Name, d.Hours)
	}
	return b.String()
}

func flagsDoc() string {
	var b strings.Builder
	b.WriteString("| red flag | raised | advice |\n|---|---|---|\n")
	for _, f := range plan.Flags() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.Title, f.Raised, f.Advice)
	}
	return b.String()
}

func questionsDoc() string {
	var b strings.Builder
	b.WriteString("| name | question | row | weight | |\n|---|---|---|---:|---|\n")
	for _, q := range plan.Questions() {
		mark := ""
		if q.Critical {
			mark = "critical"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %d | %s |\n", q.ID, q.Text, q.Row, q.Weight, mark)
	}
	return b.String()
}
