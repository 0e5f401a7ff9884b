package markdown

import (
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// findings draws each finding as a line that opens to its evidence. Where the
// evidence does not fit any more, the line stands without it.
func (p *page) findings(title string, list []report.Entry) {
	for i, e := range list {
		if i == 0 && !p.add(fmt.Sprintf("\n### %s\n\n", title)) {
			p.left += len(list) - 1
			return
		}
		if whole := detailed(e); len(whole) <= p.room {
			p.add(whole)
			continue
		}
		p.add(fmt.Sprintf("- %s%s %s %s: %s\n\n", strings.ToUpper(e.Finding.Severity.String()), fresh(e.Finding), check(e), code(e.Finding.Subject), prose(e.Finding.Message)))
	}
}

func detailed(e report.Entry) string {
	f := e.Finding
	var b strings.Builder
	state := ""
	if f.State == lr.StateNew {
		state = " <b>new</b>"
	}
	if report.Flaky(f) {
		state += " <b>flaky</b>"
	}
	fmt.Fprintf(&b, "<details><summary><b>%s</b>%s %s %s</summary>\n\n", strings.ToUpper(f.Severity.String()), state, tagged(e.Check.ID), tagged(f.Subject))
	fmt.Fprintf(&b, "%s\n", prose(f.Message))
	if c := report.Chance(f); c != "" {
		fmt.Fprintf(&b, "\n**Rate.** %s\n", prose(c))
	}
	for i, item := range shown(f.Evidence) {
		if i == 0 {
			b.WriteString("\n")
		}
		b.WriteString(evidence(item))
	}
	if e.Check.Why != "" {
		fmt.Fprintf(&b, "\n**Why it matters.**\n\n%s\n", report.Paragraphs(report.Bound(e.Check.Why, mostFix)))
	}
	if f.Fix != "" {
		fmt.Fprintf(&b, "\n**Fix.**\n\n%s\n", report.Paragraphs(report.Bound(f.Fix, mostFix)))
	}
	if f.Guard != "" {
		fmt.Fprintf(&b, "\n**Guard.** %s%s\n", code(f.Guard), lr.Aside(f.Guard))
	}
	if f.Replay != "" {
		fmt.Fprintf(&b, "\n**Ask again** (%s, %s, %s):\n\n%s", check(e), f.Confidence, code(f.ID), report.Fence(report.Line(report.Bound(f.Replay, mostLine)), "sh"))
	}
	b.WriteString("\n</details>\n\n")
	return b.String()
}

// shown are the last of a finding's items: the deciding one is at the end.
func shown(list []lr.EvidenceItem) []lr.EvidenceItem {
	return list[max(0, len(list)-mostItems):]
}

func evidence(e lr.EvidenceItem) string {
	var b strings.Builder
	head := prose(e.Note)
	if e.As != "" {
		head = strings.TrimSpace(code(e.As) + " " + head)
	}
	if head == "" {
		head = prose(e.Kind)
	}
	if e.Status != 0 {
		head += fmt.Sprintf(" → %d", e.Status)
	}
	fmt.Fprintf(&b, "- %s\n", head)
	for _, w := range e.Witness {
		if w != "" {
			fmt.Fprintf(&b, "- witness %s\n", code(w))
			break
		}
	}
	var texts []string
	for _, s := range []string{e.Request, e.Response, e.Text} {
		if s != "" {
			texts = append(texts, around(s, e.Witness))
		}
	}
	if len(texts) == 0 {
		return b.String()
	}
	return b.String() + "\n" + report.Fence(strings.Join(texts, "\n\n"), "http") + "\n"
}

// around is the part of a text that holds what decided.
func around(s string, witness []string) string {
	for _, w := range witness {
		if at := strings.Index(s, w); w != "" && at > mostText-len(w) {
			from := max(0, at-mostText/4)
			return fmt.Sprintf("… %d bytes cut … ", from) + report.Bound(strings.ToValidUTF8(s[from:], ""), mostText)
		}
	}
	return report.Bound(s, mostText)
}
