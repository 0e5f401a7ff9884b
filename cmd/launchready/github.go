package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/markdown"
)

// What GitHub Actions shows of one step.
const (
	mostAnnotations = 10      // of each kind
	mostSummary     = 1 << 20 // bytes
)

// onGitHub reports that the program runs in a step of GitHub Actions.
func (p *program) onGitHub() bool {
	v, _ := p.env("GITHUB_ACTIONS")
	return v == "true"
}

// github tells GitHub what was found: annotations on stderr, because stdout is the
// result, and the summary of the step. Neither decides anything, so what goes
// wrong here is a warning.
func (p *program) github(r *lr.Report) {
	if !p.onGitHub() {
		return
	}
	r = report.Tidy(r)
	if !p.quiet && p.logFormat != "json" {
		var b strings.Builder
		for _, a := range annotations(r) {
			b.WriteString(a.String() + "\n")
		}
		if _, err := io.WriteString(p.commands(), b.String()); err != nil {
			p.warn("the annotations were not written: %v", err)
		}
	}
	if err := p.summarise(r); err != nil {
		p.warn("the summary of the step was not written: %v", err)
	}
}

// summarise appends the report to the summary of the step.
func (p *program) summarise(r *lr.Report) error {
	file, ok := p.env("GITHUB_STEP_SUMMARY")
	if !ok || file == "" {
		return nil
	}
	var text bytes.Buffer
	if err := markdown.Write(&text, r); err != nil {
		return err
	}
	if fi, err := os.Stat(file); err == nil && fi.Size()+int64(text.Len()) > mostSummary {
		return fmt.Errorf("%s holds %d bytes already, and GitHub takes %d", file, fi.Size(), mostSummary)
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // GitHub names it
	if err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	return errors.Join(err, f.Close())
}

// annotation is one workflow command that GitHub shows beside the change.
type annotation struct{ kind, file, title, message string }

func (a annotation) String() string {
	return fmt.Sprintf("::%s file=%s,line=1,title=%s::%s", a.kind, property(a.file), property(a.title), data(a.message))
}

// data escapes the message of a command, property the value of a property: what
// is not escaped would end it, and could begin another command.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}

// annotations are an error for each blocker, and a warning for each other
// confirmed finding and each required check that could not be asked.
func annotations(r *lr.Report) []annotation {
	s := report.Summarise(r)
	file := r.Config
	if file == "" {
		file = "launchready.yaml"
	}
	line := func(s string) string { return report.Line(report.Bound(s, 500)) }
	found := func(kind string, e report.Entry) annotation {
		text := line(e.Finding.Message)
		if e.Finding.Replay != "" {
			text += "\nAsk again with: " + line(e.Finding.Replay)
		}
		return annotation{kind, line(file), line(e.Check.ID + " " + e.Finding.Subject), text}
	}
	var errs, warnings []annotation
	for _, e := range s.Blockers {
		errs = append(errs, found("error", e))
	}
	for _, e := range s.Others {
		warnings = append(warnings, found("warning", e))
	}
	for _, g := range s.Unknown {
		if g.Check != nil && g.Check.Required && g.Check.Verdict == lr.Unknown {
			why := g.Why
			if why == "" && len(g.Open) > 0 {
				why = g.Open[0]
			}
			warnings = append(warnings, annotation{"warning", line(file), line(g.Check.ID + " could not be asked"), line(why)})
		}
	}
	return append(most(errs), most(warnings)...)
}

// most keeps what GitHub shows; the last says how many there are beside.
func most(list []annotation) []annotation {
	more := len(list) - mostAnnotations + 1
	if len(list) <= mostAnnotations {
		return list
	}
	kept := list[:mostAnnotations-1]
	return append(kept[:len(kept):len(kept)], annotation{list[0].kind, list[0].file, fmt.Sprintf("%d more", more), fmt.Sprintf("%d more are in the summary of this step and in the reports.", more)})
}
