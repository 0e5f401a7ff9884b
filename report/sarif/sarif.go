// Package sarif draws a report as SARIF 2.1.0, for code scanning.
//
// What viewers do decides where the standard leaves a choice. Only findings are
// results: GitHub shows every result as an alert, whatever its kind, so what
// could not be asked is a notification of the invocation and what passed is a
// rule without a result. Every result has a physical location, because GitHub
// refuses the whole file for one that has none; it is the configuration file,
// which is in the repository and names the target, without a region, because a
// line would let the uploader overwrite the fingerprint by that of the line. The
// route is the logical location. What is suspected is never above a warning.
package sarif

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

const (
	mostResults  = 5000 // that GitHub takes
	mostNotes    = 1000
	mostEvidence = 3 << 20
	root         = "%SRCROOT%"
	schemaURI    = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

// Write draws the report.
func Write(w io.Writer, r *lr.Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(true) // pages embed SARIF
	if err := e.Encode(draw(report.Tidy(r))); err != nil {
		return fmt.Errorf("write the report as SARIF: %w", err)
	}
	return nil
}

// drawing is one log under way.
type drawing struct {
	report *lr.Report
	at     map[string]int // index of a rule by id
	spent  int            // bytes of evidence
	cut    int            // findings whose exchange was left out
}

func draw(r *lr.Report) log {
	d := &drawing{report: r, at: map[string]int{}}
	out := run{
		Tool: tool{driver{
			Name: "launchready", FullName: "Launch Ready", InformationURI: report.Home, Version: version(r.Tool), Rules: []rule{},
		}},
		AutomationDetails:  automation{"launchready/" + short(r.Run)},
		OriginalURIBaseIDs: map[string]location{root: {Description: &message{Text: "The root of the repository that holds the configuration."}}},
		ColumnKind:         "utf16CodeUnits",
		Results:            []result{},
		Properties: map[string]any{
			"product": short(r.Product), "target": short(r.Target), "readiness": string(r.Readiness), "seed": r.Seed,
			"requests": r.Requests, "coverage": r.Coverage, "partial": r.Partial,
		},
	}
	var entries []report.Entry
	for i := range r.Rows {
		for j := range r.Rows[i].Checks {
			c := &r.Rows[i].Checks[j]
			if _, twice := d.at[c.ID]; !twice {
				d.at[c.ID] = len(out.Tool.Driver.Rules)
				out.Tool.Driver.Rules = append(out.Tool.Driver.Rules, newRule(&r.Rows[i], c))
			}
			for k := range c.Findings {
				entries = append(entries, report.Entry{Row: &r.Rows[i], Check: c, Finding: &c.Findings[k]})
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b report.Entry) int { // what is cut is the least
		return cmp.Or(cmp.Compare(b.Finding.Confidence, a.Finding.Confidence), cmp.Compare(b.Finding.Severity, a.Finding.Severity))
	})
	for _, e := range entries[:min(len(entries), mostResults)] {
		out.Results = append(out.Results, d.result(e))
	}
	out.Invocations = []invocation{d.invocation(len(entries) - len(out.Results))}
	return log{Schema: schemaURI, Version: "2.1.0", Runs: []run{out}}
}

// version is that of the program, without its name.
func version(tool string) string {
	if v := short(strings.TrimPrefix(tool, "launchready ")); v != "" {
		return v
	}
	return "dev"
}

func (d *drawing) result(e report.Entry) result {
	f := e.Finding
	sure := f.Confidence == lr.Confirmed
	subject := short(f.Subject)
	if subject == "" {
		subject = "application"
	}
	out := result{
		RuleID: short(e.Check.ID), RuleIndex: d.at[e.Check.ID], Kind: "fail", Level: level(f.Severity, sure),
		Message: message{Text: text(subject + ": " + sentence(f.Message, e.Check.Title) + ask(f))},
		Locations: []location{{
			Physical: &physical{artifact{file(d.report.Config), root}},
			Logical:  []logical{{subject, subject, "resource"}},
		}},
		Fingerprints: map[string]string{"primaryLocationLineHash": short(f.ID), "launchReadyFinding/v1": short(f.ID)},
		Suppressions: []suppression{}, // none, which is not the same as not known (3.27.23)
		Properties: map[string]any{
			"confidence": f.Confidence.String(), "severity": f.Severity.String(), "security-severity": score(f.Severity), "replay": short(f.Replay),
		},
	}
	if f.Guard != "" {
		out.Properties["guard"] = short(f.Guard)
	}
	if w := witness(f); w != "" {
		out.Properties["witness"] = w
	}
	if d.report.Baseline != nil {
		out.BaselineState = lr.StateUnchanged
		if f.State == lr.StateNew {
			out.BaselineState = lr.StateNew
		}
	}
	if w := e.Waiver(); w != nil {
		out.Suppressions = append(out.Suppressions, suppression{
			"external", "accepted", short(fmt.Sprintf("%s (accepted by %s until %s)", w.Reason, w.Owner, w.Until)),
		})
	}
	out.Request, out.Response = d.exchange(f)
	return out
}

func ask(f *lr.Finding) string {
	if f.Replay == "" {
		return ""
	}
	return " Ask again with: " + short(f.Replay)
}

func witness(f *lr.Finding) string {
	for _, e := range f.Evidence {
		for _, w := range e.Witness {
			if w != "" {
				return short(w)
			}
		}
	}
	return ""
}

var placeholder = regexp.MustCompile(`\{(\d+)\}`)

// text keeps a message from being read as more than text: a bracket would begin
// a link (3.11.6), a number in braces is a placeholder (3.11.5).
func text(s string) string {
	s = strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`).Replace(s)
	return placeholder.ReplaceAllString(s, "{{$1}}")
}

// file is the place of a result, a relative address below the repository's root.
func file(name string) string {
	name = path.Clean(strings.ReplaceAll(report.Bound(name, mostLine), `\`, "/"))
	if name == "." || path.IsAbs(name) || strings.HasPrefix(name, "..") || strings.Contains(name, ":") {
		name = "launchready.yaml"
	}
	return (&url.URL{Path: report.Line(name)}).EscapedPath()
}

// invocation tells how the run went, and what it could not ask.
func (d *drawing) invocation(left int) invocation {
	r := d.report
	code := r.ExitCode()
	out := invocation{ExecutionSuccessful: !r.Interrupted, ExitCode: code, ExitDescription: report.Word(r), Notifications: []notification{}}
	if r.Baseline != nil && r.Baseline.Exit != nil {
		out.ExitDescription += "; the exit code is of what is new since run " + short(r.Baseline.Run)
	}
	if !r.Started.IsZero() {
		out.StartTime = r.Started.UTC().Format(time.RFC3339)
		out.EndTime = r.Started.Add(time.Duration(r.Seconds * float64(time.Second))).UTC().Format(time.RFC3339)
	}
	add := func(level, say string, rule *ruleRef) {
		if len(out.Notifications) < mostNotes {
			out.Notifications = append(out.Notifications, notification{level, message{Text: text(short(say))}, rule})
		}
	}
	if left > 0 {
		add("warning", fmt.Sprintf("%d findings of lesser severity are in the JSON report only", left), nil)
	}
	if d.cut > 0 {
		add("note", fmt.Sprintf("the exchanges of %d findings are in the JSON report only", d.cut), nil)
	}
	for _, g := range report.Summarise(r).Unknown {
		if g.Check == nil {
			add("warning", fmt.Sprintf("The row %s could not be decided: %s", g.Row.ID, g.Why), nil)
			continue
		}
		rule := &ruleRef{short(g.Check.ID), d.at[g.Check.ID]}
		level := "note"
		if g.Check.Required && g.Check.Verdict == lr.Unknown {
			level = "warning"
		}
		if g.Why != "" {
			add(level, g.Check.ID+" could not be asked: "+g.Why, rule)
		}
		for _, subject := range g.Open {
			add(level, g.Check.ID+" could not be asked of "+subject, rule)
		}
	}
	for _, w := range r.Warnings {
		add("note", w, nil)
	}
	for _, o := range r.Orphans {
		add("warning", "left behind at the target: "+o, nil)
	}
	return out
}
