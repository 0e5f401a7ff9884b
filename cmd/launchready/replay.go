package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/nearest"
	"github.com/launchready/launchready/report"
	"github.com/launchready/launchready/report/term"
)

func (p *program) replayVerb() *cobra.Command {
	f := &auditFlags{}
	var from string
	c := &cobra.Command{
		Use:   "replay FINDING",
		Short: "Ask one finding again: open, fixed or inconclusive",
		Long: `Ask one finding again: open, fixed or inconclusive.

FINDING is the id that a report gives it (lr-…), or a check and a subject. The last runs
are remembered in .launchready/reports; --report names another report. It signs in again,
makes fresh objects and runs the one check. Exit code 0 fixed, 1 open, 3 inconclusive, and
2 when it could not start. Fixed means that the same subject was asked and is right: a
route that is gone, or an owner who does not get the object either, is inconclusive.`,
		Example: `  launchready audit replay lr-5f0c2d81ab34
  launchready audit replay isolation/foreign-read "GET /v1/chats/{id}"
  launchready audit replay lr-5f0c2d81ab34 --mutate --target https://fix.staging.acme.test`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.replay(c.Context(), f, from, strings.Join(args, " "), c.Flags().Changed)
		},
	}
	p.targetFlags(c, f)
	fl := c.Flags()
	fl.StringVar(&from, "report", "", "JSON report that has the finding (default: the last runs)")
	effectFlags(c, f)
	fl.StringArrayVarP(&f.outputs, "output", "o", nil, "FORMAT=FILE, repeatable; formats: "+strings.Join(formats, ", "))
	fl.BoolVarP(&f.yes, "yes", "y", false, "do not ask before creating objects in production")
	return c
}

func (p *program) replay(ctx context.Context, f *auditFlags, from, what string, changed func(string) bool) error {
	outs, err := p.outputs(f.outputs)
	if err != nil {
		return err
	}
	if !onStdout(outs) {
		outs = append(outs, table)
	}
	cfg, err := p.settings(f, changed)
	if err != nil {
		return err
	}
	check, subject, rep, err := p.findingOf(cfg, from, what)
	if err != nil {
		return setup(err)
	}
	if rep != nil && !changed("target") {
		if err := ofTarget(rep, cfg); err != nil {
			return setup(fmt.Errorf("the finding is %w", err))
		}
	}
	c, err := audit.Lookup(scorecard(), check)
	if err != nil {
		return setup(err)
	}
	if c.Effect > lr.Reads && !f.mutate {
		return setup(fmt.Errorf("%s %s, which needs consent: give --mutate", c.ID, c.Effect))
	}
	if err := p.consent(cfg, f.yes); err != nil {
		return err
	}
	f.only = []string{c.ID}
	var a *audit.Replayed
	err = p.ledgered(ctx, cfg, f, func(o audit.Options) (err error) {
		a, err = audit.Replay(ctx, o, c.ID, subject)
		return err
	})
	if err != nil {
		return err
	}
	p.code = a.ExitCode()
	again := "launchready audit replay " + quoted(what)
	if from != "" {
		again += " --report " + quoted(from)
	}
	if f.mutate {
		again += " --mutate"
	}
	if flags := f.again(); flags != "" {
		again += " " + flags
	}
	return p.answer(a, again, outs)
}

// quoted is a word for a POSIX shell, as it is where it needs no quotes.
func quoted(s string) string {
	plain := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:", r))
	}
	if s != "" && strings.IndexFunc(s, plain) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(report.Line(s), "'", `'\''`) + "'"
}

// answer says what came out on stdout, unless a format was asked for there.
func (p *program) answer(a *audit.Replayed, again string, outs []output) error {
	var files []output
	said := false
	for _, o := range outs {
		if o != table {
			files = append(files, o)
			continue
		}
		said = true
		v := term.Answer{Word: string(a.Answer), Check: a.Check.ID, Title: a.Check.Title, ID: lr.Fingerprint(a.Check.ID, a.Subject), Subject: a.Subject,
			Reason: a.Reason, Report: a.Report, Finding: a.Finding, Again: again}
		if err := term.Replay(p.out, v, term.Options{Color: p.colored(p.out), Width: p.width(p.out)}); err != nil {
			return setup(err)
		}
	}
	if !said {
		p.progress("%s: %s", strings.ToUpper(string(a.Answer)), report.Line(a.Reason))
	}
	return p.write(a.Report, files)
}

// findingOf tells the check and the subject that the words name: an id that some
// report knows, with that report, or the two themselves.
func (p *program) findingOf(cfg *config.Config, from, what string) (check, subject string, rep *lr.Report, err error) {
	check, subject, two := strings.Cut(strings.TrimSpace(what), " ")
	isID := strings.HasPrefix(check, "lr-")
	if two && !isID {
		subject = strings.TrimSpace(subject)
		rep, err := p.reportOf(cfg, from, check, subject)
		return check, subject, rep, err
	}
	if !isID {
		if _, err := audit.Lookup(scorecard(), check); err != nil {
			return "", "", nil, err
		}
	}
	reps, err := p.reports(cfg, from)
	if err != nil {
		return "", "", nil, err
	}
	if len(reps) == 0 {
		return "", "", nil, fmt.Errorf("no run is remembered here, so %s is not known: name its report by --report, or give the check and the subject", check)
	}
	found := func(c lr.CheckReport, f lr.Finding) bool { return f.ID == check || !isID && c.ID == check }
	for _, rep := range reps {
		var hits []lr.Finding
		for _, row := range rep.Rows {
			for _, c := range row.Checks {
				for _, fi := range c.Findings {
					if found(c, fi) {
						hits = append(hits, fi)
						check = c.ID
					}
				}
			}
		}
		if len(hits) == 1 {
			return check, hits[0].Subject, rep, nil
		}
		if len(hits) > 1 {
			return "", "", nil, fmt.Errorf("%s has several findings; name one of them:%s", check, nearby(rep, check, ""))
		}
	}
	if !isID {
		return "", "", nil, fmt.Errorf("%s has no finding in the runs remembered here: give the subject with it, or its report by --report", check)
	}
	return "", "", nil, fmt.Errorf("no finding is called %s%s%s", check, nearest.Hint(check, idsOf(reps)), nearby(reps[0], "", check))
}

// reportOf is the report that a check and a subject are taken from: the one that
// is named, or the last that has the finding; nil where none has.
func (p *program) reportOf(cfg *config.Config, from, check, subject string) (*lr.Report, error) {
	reps, err := p.reports(cfg, from)
	if err != nil {
		return nil, err
	}
	if from != "" {
		return reps[0], nil
	}
	id := lr.Fingerprint(check, subject)
	for _, rep := range reps {
		if slices.Contains(idsOf([]*lr.Report{rep}), id) {
			return rep, nil
		}
	}
	return nil, nil
}

// mostListed bounds what an error enumerates.
const mostListed = 10

// nearby names findings of a report, one a line: those of the check, or those
// whose id begins most like the word.
func nearby(rep *lr.Report, check, like string) string {
	var lines []string
	for share := len(like); share >= 0 && len(lines) == 0; share-- {
		for _, row := range rep.Rows {
			for _, c := range row.Checks {
				for _, f := range c.Findings {
					if (check == "" || c.ID == check) && strings.HasPrefix(f.ID, like[:share]) {
						lines = append(lines, fmt.Sprintf("\n  %s  %s  %s", f.ID, c.ID, report.Line(f.Subject)))
					}
				}
			}
		}
		if share <= len("lr-") {
			share = 0
		}
	}
	if n := len(lines) - mostListed; n > 0 {
		lines = append(lines[:mostListed], fmt.Sprintf("\n  … and %d more", n))
	}
	if len(lines) == 0 {
		return "; the last run has no finding"
	}
	if like != "" {
		return "; the last run has:" + strings.Join(lines, "")
	}
	return strings.Join(lines, "")
}

func idsOf(reps []*lr.Report) []string {
	var out []string
	for _, rep := range reps {
		for _, row := range rep.Rows {
			for _, c := range row.Checks {
				for _, f := range c.Findings {
					out = append(out, f.ID)
				}
			}
		}
	}
	return out
}
