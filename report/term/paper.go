package term

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/report"
)

// Styles are the ANSI codes this package writes. Colour repeats what a word and
// a symbol already say.
const (
	reset  = "\x1b[0m"
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
)

// paper is a page of a given width that text is set on.
type paper struct {
	b     strings.Builder
	color bool
	width int
}

func newPaper(o Options) *paper {
	w := o.Width
	if w <= 0 {
		w = 80
	}
	return &paper{color: o.Color, width: min(max(w, 48), 120)}
}

// in paints text that is already inert.
func (p *paper) in(style, s string) string {
	if !p.color || s == "" {
		return s
	}
	return style + s + reset
}

func (p *paper) line(parts ...string) {
	p.b.WriteString(strings.TrimRight(strings.Join(parts, ""), " "))
	p.b.WriteByte('\n')
}

func (p *paper) section(title, aside string) {
	p.line()
	if cells(title)+cells(aside) > p.width {
		aside = ""
	}
	p.line(p.in(bold, strings.ToUpper(title)), p.in(dim, aside))
}

// field sets a label and a text wrapped beside it; lines of the text stay lines.
func (p *paper) field(indent int, label, text string) {
	const labels = 9
	pad := strings.Repeat(" ", indent)
	first := pad + p.in(dim, fit(label, labels))
	for _, l := range wrap(text, p.width-indent-labels) {
		p.line(first, l)
		first = pad + strings.Repeat(" ", labels)
	}
}

// command sets a command on lines of its own, whole: it is there to be copied.
func (p *paper) command(indent int, label, text string) {
	p.line(strings.Repeat(" ", indent), p.in(dim, fit(label, 9)), p.in(cyan, report.Line(text)))
}

// text wraps a paragraph with a hanging indent.
func (p *paper) text(lead, hang, s string) {
	for i, l := range wrap(s, p.width-cells(hang)) {
		if i == 0 {
			p.line(lead, l)
		} else {
			p.line(hang, l)
		}
	}
}

// verdict is the symbol and the word of a verdict, in the same six cells.
func (p *paper) verdict(v lr.Verdict) string {
	switch v {
	case lr.Passed:
		return p.in(green, "✓ PASSED ")
	case lr.Failed:
		return p.in(bold+red, "✗ FAILED ")
	case lr.Skipped:
		return p.in(dim, "– SKIPPED")
	}
	return p.in(yellow, "? UNKNOWN")
}

func (p *paper) severity(s lr.Severity) string {
	word := strings.ToUpper(s.String())
	switch s {
	case lr.Critical, lr.High:
		return p.in(bold+red, word)
	case lr.Medium:
		return p.in(yellow, word)
	}
	return p.in(dim, word)
}

// cells is the number of terminal columns that inert text takes.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// fit pads or cuts one line to exactly n columns.
func fit(s string, n int) string {
	s = report.Line(s)
	if w := cells(s); w <= n {
		return s + strings.Repeat(" ", n-w)
	}
	var b strings.Builder
	used := 0
	for _, r := range s {
		if w := runeCells(r); used+w > n-1 {
			break
		} else {
			used += w
		}
		b.WriteRune(r)
	}
	return b.String() + "…" + strings.Repeat(" ", n-1-used)
}

// wrap breaks inert text at spaces, and words longer than a line anywhere.
func wrap(s string, n int) []string {
	n = max(n, 16)
	var out []string
	for _, para := range strings.Split(report.Inert(s), "\n") {
		para = strings.ReplaceAll(para, "\t", "    ")
		lead := para[:len(para)-len(strings.TrimLeft(para, " "))]
		if cells(lead) > n/2 {
			lead = ""
		}
		line, used := lead, cells(lead)
		fresh := true
		for _, word := range strings.Fields(para) {
			w := cells(word)
			if !fresh && used+1+w > n {
				out = append(out, line)
				line, used, fresh = lead, cells(lead), true
			}
			if !fresh {
				line += " "
				used++
			}
			for _, r := range word {
				if used+runeCells(r) > n {
					out = append(out, line)
					line, used = lead, cells(lead)
				}
				line += string(r)
				used += runeCells(r)
			}
			fresh = false
		}
		out = append(out, line)
	}
	return out
}

// chop breaks one inert line at n columns, spaces kept: it is evidence.
func chop(s string, n int) []string {
	n = max(n, 16)
	var out []string
	from, used := 0, 0
	for i, r := range s {
		if w := runeCells(r); used+w > n {
			out = append(out, s[from:i])
			from, used = i, w
		} else {
			used += w
		}
	}
	return append(out, s[from:])
}
