// Package junit draws a report as JUnit XML, as Jenkins and GitLab read it: a
// suite a row of the scorecard, a case a check.
//
// A check that was not asked never shows as passed. One that its row cannot pass
// without is an error, which is red: the run that has one ends with exit code 3.
// One that the row can pass without is skipped, and so is what does not apply,
// what the owner accepted, and what is only suspected. A failure is a confirmed
// finding.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

const (
	mostLine = 1000
	mostText = 8 << 10
	mostBody = 3 << 20 // of the whole file
	mostList = 50      // findings or subjects of one check
)

type testsuites struct {
	XMLName  xml.Name    `xml:"testsuites"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Suites   []testsuite `xml:"testsuite"`
}

type testsuite struct {
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr"`
	Timestamp  string     `xml:"timestamp,attr,omitempty"`
	Properties []property `xml:"properties>property"`
	Cases      []testcase `xml:"testcase"`
}

type property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type testcase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	Failure *outcome `xml:"failure"`
	Error   *outcome `xml:"error"`
	Skipped *outcome `xml:"skipped"`
	Out     string   `xml:"system-out,omitempty"`
}

type outcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Write draws the report.
func Write(w io.Writer, r *lr.Report) error {
	doc := draw(report.Tidy(r))
	var b strings.Builder
	b.WriteString(xml.Header)
	e := xml.NewEncoder(&b)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return fmt.Errorf("write the report as JUnit: %w", err)
	}
	b.WriteString("\n")
	// The encoder writes line ends as references, which people read badly; in
	// attributes there are none.
	text := strings.NewReplacer("&#xA;", "\n", "&#x9;", "\t", "&#39;", "'").Replace(b.String())
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write the report as JUnit: %w", err)
	}
	return nil
}

func draw(r *lr.Report) testsuites {
	d := &drawing{report: r, names: map[string]int{}}
	out := testsuites{Name: "Launch Ready", Time: seconds(r.Seconds)}
	for i := range r.Rows {
		out.Suites = append(out.Suites, d.suite(&r.Rows[i]))
	}
	if len(r.Rows) == 0 || r.Interrupted {
		why := "nothing was asked"
		if r.Interrupted {
			why = "the run was interrupted: what it did not reach is unknown"
		}
		s := testsuite{Name: "run", Cases: []testcase{d.open("run", "run", why)}}
		out.Suites = append(out.Suites, s.counted(r))
	}
	for _, s := range out.Suites {
		out.Tests, out.Failures, out.Errors = out.Tests+s.Tests, out.Failures+s.Failures, out.Errors+s.Errors
	}
	return out
}

// drawing is one document under way.
type drawing struct {
	report *lr.Report
	names  map[string]int
	spent  int
}

func (d *drawing) suite(row *lr.RowReport) testsuite {
	s := testsuite{Name: line(row.Title)}
	if s.Name == "" {
		s.Name = line(row.ID)
	}
	for _, p := range []property{
		{"row", row.ID}, {"verdict", row.Verdict.String()}, {"reason", row.Reason}, {"passes when", row.Pass},
		{"product", d.report.Product}, {"target", d.report.Target}, {"run", d.report.Run},
	} {
		if p.Value = line(p.Value); p.Value != "" {
			s.Properties = append(s.Properties, p)
		}
	}
	for i := range row.Checks {
		s.Cases = append(s.Cases, d.check(row, &row.Checks[i]))
	}
	if len(row.Checks) == 0 && row.Verdict != lr.Passed {
		s.Cases = append(s.Cases, d.open(row.ID, row.ID, row.Reason))
	}
	return s.counted(d.report)
}

// counted fills the numbers of a suite in.
func (s testsuite) counted(r *lr.Report) testsuite {
	var took float64
	for _, c := range s.Cases {
		var n float64
		_, _ = fmt.Sscan(c.Time, &n) // written by seconds
		took += n
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	s.Time = seconds(took)
	if !r.Started.IsZero() {
		s.Timestamp = r.Started.UTC().Format(time.RFC3339)
	}
	return s
}

// open is a case that could not be decided.
func (d *drawing) open(row, name, why string) testcase {
	return testcase{Class: d.class(row), Name: d.name(name), Time: seconds(0), Error: &outcome{Message: line("not tested: " + why), Type: "unknown"}}
}

// class groups a row's cases: viewers take what is before the last point for a
// package.
func (d *drawing) class(row string) string {
	return "launchready." + strings.ReplaceAll(line(row), ".", "_")
}

// name is the check's id: readers tell cases of two runs apart by it, and see one
// of two that are called alike.
func (d *drawing) name(id string) string {
	id = line(id)
	d.names[id]++
	if n := d.names[id]; n > 1 {
		return fmt.Sprintf("%s (%d)", id, n)
	}
	return id
}

func (d *drawing) check(row *lr.RowReport, c *lr.CheckReport) testcase {
	out := testcase{Class: d.class(row.ID), Name: d.name(c.ID), Time: seconds(c.Seconds), Out: d.bounded(said(c))}
	var sure, maybe []lr.Finding
	accepted := c.Waived
	for _, f := range c.Findings {
		switch {
		case f.Waived != nil:
			accepted = f.Waived
		case f.Confidence == lr.Confirmed:
			sure = append(sure, f)
		default:
			maybe = append(maybe, f)
		}
	}
	switch {
	case c.Waived != nil, accepted != nil && len(sure) == 0 && c.Verdict != lr.Passed:
		out.Skipped = &outcome{Message: line(fmt.Sprintf("accepted by %s until %s: %s", accepted.Owner, accepted.Until, accepted.Reason))}
	case c.Verdict == lr.Failed && len(sure) > 0:
		msg := sure[0].Subject + ": " + sure[0].Message
		if n := len(sure); n > 1 {
			msg = fmt.Sprintf("%d findings, the first: %s", n, msg)
		}
		out.Failure = &outcome{Message: line(msg), Type: sure[0].Severity.String(), Text: d.bounded(findings(sure))}
	case c.Verdict == lr.Failed && len(maybe) > 0:
		out.Skipped = &outcome{Message: line("suspected by shape only, which decides nothing: " + maybe[0].Subject + ": " + maybe[0].Message)}
	case c.Verdict == lr.Failed:
		out.Failure = &outcome{Message: line(c.Title + ": " + c.Reason), Type: c.Severity.String()}
	case c.Verdict == lr.Unknown && c.Required:
		out.Error = &outcome{Message: line("not tested: " + c.Reason), Type: "unknown"}
	case c.Verdict == lr.Unknown:
		out.Skipped = &outcome{Message: line("not tested: " + c.Reason)}
	case c.Verdict == lr.Skipped:
		out.Skipped = &outcome{Message: line(c.Reason)}
	}
	return out
}

// findings are the body of a failure. GitLab shows it and not the message.
func findings(list []lr.Finding) string {
	var b strings.Builder
	for i, f := range list {
		if i == mostList {
			fmt.Fprintf(&b, "… and %s more\n", report.Count(len(list)-i, "finding"))
			break
		}
		state := ""
		if f.State != "" {
			state = ", " + f.State
		}
		fmt.Fprintf(&b, "%s (%s%s, %s)\n  %s\n", line(f.Subject), f.Severity, line(state), line(f.ID), line(f.Message))
		for _, w := range witness(f) {
			fmt.Fprintf(&b, "  witness: %s\n", line(w))
		}
		if i == 0 || f.Fix != list[i-1].Fix {
			for n, l := range strings.Split(report.Inert(report.Bound(f.Fix, mostText)), "\n") {
				if n == 0 {
					l = "fix: " + l
				}
				b.WriteString(strings.TrimRight("  "+l, " ") + "\n")
			}
		}
		if f.Replay != "" {
			fmt.Fprintf(&b, "  replay: %s\n", line(f.Replay))
		}
	}
	return b.String()
}

func witness(f lr.Finding) []string {
	for i := len(f.Evidence) - 1; i >= 0; i-- {
		for _, w := range f.Evidence[i].Witness {
			if w != "" {
				return []string{w}
			}
		}
	}
	return nil
}

// said is what else is known of a check.
func said(c *lr.CheckReport) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", line(c.Title), c.Verdict)
	if c.Reason != "" {
		fmt.Fprintf(&b, "%s\n", line(c.Reason))
	}
	if c.Asked > 0 {
		fmt.Fprintf(&b, "%d asked, %d right\n", c.Asked, c.Passed)
	}
	for i, f := range c.Findings {
		if i == mostList {
			fmt.Fprintf(&b, "… and %s more\n", report.Count(len(c.Findings)-i, "finding"))
			break
		}
		fmt.Fprintf(&b, "%s %s: %s\n", f.Confidence, f.Severity, line(f.Subject+": "+f.Message))
	}
	for i, o := range c.Open {
		if i == mostList {
			fmt.Fprintf(&b, "… and %s more that could not be asked\n", report.Count(len(c.Open)-i, "subject"))
			break
		}
		fmt.Fprintf(&b, "could not be asked: %s\n", line(o))
	}
	if len(c.Findings) > 0 && c.Findings[0].Replay != "" {
		fmt.Fprintf(&b, "replay: %s\n", line(c.Findings[0].Replay))
	}
	return b.String()
}

// bounded keeps the file at a size that readers take.
func (d *drawing) bounded(s string) string {
	s = report.Bound(s, 2*mostText)
	if d.spent += len(s); d.spent > mostBody {
		return "This is in the JSON report."
	}
	return s
}

func line(s string) string { return report.Line(report.Bound(s, mostLine)) }

func seconds(f float64) string { return fmt.Sprintf("%.3f", max(f, 0)) }
