package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/markdown"
	"github.com/launchready/launchready/report/sample"
)

func actions(t *testing.T, env ...string) (p *program, errs *bytes.Buffer, summary string) {
	t.Helper()
	summary = filepath.Join(t.TempDir(), "summary.md")
	errs = &bytes.Buffer{}
	p = &program{dir: t.TempDir(), out: &bytes.Buffer{}, err: errs, environ: append([]string{"GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY=" + summary}, env...)}
	p.guardLogs()
	return p, errs, summary
}

func TestAnnotations(t *testing.T) {
	p, errs, summary := actions(t)
	if err := os.WriteFile(summary, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := sample.Flawed()
	r.Config = "ci/launchready.yaml"
	r.Rows[0].Checks[0].Findings[0].Message = "50% of it,\nall: of it"
	p.github(r)
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	if want := `::error file=ci/launchready.yaml,line=1,title=auth/no-credential GET /v1/billing/invoices::50%25 of it,\nall: of it%0AAsk again with: launchready audit replay lr-96983de48ad4`; lines[0] != want {
		t.Errorf("got  %s\nwant %s", lines[0], want)
	}
	kinds := map[string]int{}
	for _, l := range lines {
		kind, _, _ := strings.Cut(l, " ")
		kinds[kind]++
	}
	if kinds["::error"] != 5 || kinds["::warning"] != 4 || len(kinds) != 2 {
		t.Errorf("got %v", kinds)
	}
	if !strings.Contains(errs.String(), "::warning file=ci/launchready.yaml,line=1,title=monitoring/alert-drill could not be asked::no drill has been run\n") {
		t.Errorf("what could not be asked is not told:\n%s", errs)
	}
	text, err := os.ReadFile(summary)
	if err != nil || !strings.HasPrefix(string(text), "before\n"+markdown.Mark) {
		t.Errorf("the summary is not appended: %.80s, %v", text, err)
	}
}

func TestAnnotationsEscape(t *testing.T) {
	got := annotation{"error", "a:b,c", "x::y, %", "m\r\n::error::z %0A"}.String()
	if want := "::error file=a%3Ab%2Cc,line=1,title=x%3A%3Ay%2C %25::m%0D%0A::error::z %250A"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p, errs, _ := actions(t)
	p.github(sample.Hostile(10))
	for _, l := range strings.Split(strings.TrimSpace(errs.String()), "\n") {
		if !strings.HasPrefix(l, "::error file=") && !strings.HasPrefix(l, "::warning file=") || strings.Contains(l, "title=::") {
			t.Errorf("a line of somebody else's: %.100s", l)
		}
	}
	if strings.ContainsAny(errs.String(), "\x1b\r\u202e") {
		t.Error("it is not inert")
	}
}

// TestMostAnnotations: GitHub shows ten of each kind; the last says how many more.
func TestMostAnnotations(t *testing.T) {
	r := sample.Flawed()
	c := &r.Rows[1].Checks[0]
	for range 20 {
		c.Findings = append(c.Findings, c.Findings[0])
	}
	list := annotations(report.Tidy(r))
	errs := 0
	for _, a := range list {
		if a.kind == "error" {
			errs++
		}
	}
	if errs != 10 || list[9].title != "16 more" {
		t.Errorf("%d errors, the tenth %+v", errs, list[9])
	}
}

func TestNoAnnotations(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*program)
		summary bool
	}{
		{"not on GitHub", func(p *program) {
			p.environ = []string{"GITHUB_STEP_SUMMARY=" + p.environ[1][len("GITHUB_STEP_SUMMARY="):]}
		}, false},
		{"quiet", func(p *program) { p.quiet = true }, true},
		{"JSON logs", func(p *program) { p.logFormat = "json" }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, errs, summary := actions(t)
			c.change(p)
			p.github(sample.Flawed())
			if errs.Len() > 0 {
				t.Errorf("got %s", errs)
			}
			if _, err := os.Stat(summary); (err == nil) != c.summary {
				t.Errorf("the summary: %v", err)
			}
		})
	}
}

func TestSummaryIsBounded(t *testing.T) {
	p, errs, summary := actions(t)
	full := bytes.Repeat([]byte("x"), mostSummary-100)
	if err := os.WriteFile(summary, full, 0o600); err != nil {
		t.Fatal(err)
	}
	p.github(&lr.Report{Readiness: lr.NotEnoughTested})
	if got, err := os.ReadFile(summary); err != nil || !bytes.Equal(got, full) {
		t.Errorf("it was written past what GitHub takes: %d bytes, %v", len(got), err)
	}
	if !strings.Contains(errs.String(), "warning: the summary of the step was not written") {
		t.Errorf("got %s", errs)
	}
}
