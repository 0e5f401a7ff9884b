package sarif

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

const (
	mostTags = 20 // GitHub refuses more
	mostLine = 1000
	mostText = 16 << 10
)

// newRule describes a check: what must be true, why, and how to fix it. Its
// severity is that of its worst finding, so that an alert never cries louder
// than what was found.
func newRule(row *lr.RowReport, c *lr.CheckReport) rule {
	severity, sure := c.Severity, true
	if len(c.Findings) > 0 {
		severity, sure = worst(c)
	}
	title := sentence(c.Title, c.ID)
	r := rule{
		ID: short(c.ID), Name: pascal(c.ID),
		ShortDescription:     message{Text: title},
		FullDescription:      message{Text: strings.TrimSpace(title + " " + sentence(plain(c.Why), ""))},
		HelpURI:              report.Page(row.ID, c.ID),
		DefaultConfiguration: configuration{level(severity, sure)},
		Properties:           ruleProperties{Tags: tags(row, c), Precision: "very-high", Severity: score(severity)},
	}
	if !sure {
		r.Properties.Precision = "medium"
		// What is only suspected fails no gate: GitHub's fails a pull request on
		// high and critical.
		r.Properties.Severity = score(min(severity, lr.Medium))
	}
	fix := ""
	if len(c.Findings) > 0 {
		fix = c.Findings[0].Fix
	}
	r.Help = help(c, fix)
	return r
}

// worst is the severity of the worst finding, confirmed before suspected.
func worst(c *lr.CheckReport) (s lr.Severity, sure bool) {
	for _, f := range c.Findings {
		ok := f.Confidence == lr.Confirmed
		if ok && !sure {
			s, sure = f.Severity, true
		} else if ok == sure {
			s = max(s, f.Severity)
		}
	}
	return s, sure
}

// score is the number that GitHub reads: above 9.0 critical, from 7.0 high, from
// 4.0 medium, below low.
func score(s lr.Severity) string {
	switch s {
	case lr.Critical:
		return "9.5"
	case lr.High:
		return "8.0"
	case lr.Medium:
		return "5.5"
	case lr.Low:
		return "3.0"
	}
	return "1.0"
}

func level(s lr.Severity, sure bool) string {
	switch {
	case sure && s >= lr.High:
		return "error"
	case s >= lr.Medium:
		return "warning"
	}
	return "note"
}

func tags(row *lr.RowReport, c *lr.CheckReport) []string {
	out := []string{"security", short(row.ID)}
	for _, ref := range c.Refs {
		if len(out) == mostTags {
			break
		}
		if ref.Source == "CWE" {
			out = append(out, "external/cwe/cwe-"+short(ref.ID)) // as GitHub groups them
			continue
		}
		out = append(out, short(ref.Source+" "+ref.ID))
	}
	return unique(out)
}

// unique keeps the first of each: a set of tags has no element twice (3.8.2).
func unique(list []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func help(c *lr.CheckReport, fix string) message {
	var text, md strings.Builder
	for _, part := range []struct{ head, body string }{{"Why it matters", c.Why}, {"How to fix it", fix}} {
		if body := report.Inert(report.Bound(strings.TrimSpace(part.body), mostText)); body != "" {
			fmt.Fprintf(&text, "%s: %s\n\n", part.head, plain(body))
			fmt.Fprintf(&md, "## %s\n\n%s\n\n", part.head, report.Paragraphs(body))
		}
	}
	if len(c.Refs) > 0 {
		var refs []string
		for _, ref := range c.Refs {
			refs = append(refs, short(ref.Source+" "+ref.ID))
		}
		fmt.Fprintf(&text, "References: %s\n", strings.Join(refs, ", "))
		fmt.Fprintf(&md, "## References\n\n%s\n", report.Code(strings.Join(refs, ", ")))
	}
	if text.Len() == 0 {
		text.WriteString(sentence(c.Title, c.ID))
	}
	return message{Text: strings.TrimSpace(text.String()), Markdown: strings.TrimSpace(md.String())}
}

// plain takes the marks of the catalogue's Markdown away.
func plain(s string) string {
	var out []string
	for _, l := range strings.Split(s, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(l), "```") {
			out = append(out, strings.ReplaceAll(l, "**", ""))
		}
	}
	return strings.Join(out, "\n")
}

func short(s string) string { return report.Line(report.Bound(s, mostLine)) }

// sentence is text on one line that ends as a sentence does; the fallback stands
// in for none.
func sentence(s, fallback string) string {
	s = strings.TrimSpace(strings.ReplaceAll(report.Bound(s, mostLine), "\n", " "))
	if s == "" {
		s = fallback
	}
	s = report.Line(s)
	if s != "" && !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// pascal is the friendly name of a rule: auth/no-credential is AuthNoCredential.
func pascal(id string) string {
	var b strings.Builder
	up := true
	for _, r := range short(id) {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
			if up {
				r = []rune(strings.ToUpper(string(r)))[0]
			}
			b.WriteRune(r)
			up = false
		default:
			up = true
		}
	}
	return b.String()
}
