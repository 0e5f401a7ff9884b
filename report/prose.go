package report

import (
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// This file writes Markdown that stays text. Where it is shown, on GitHub and
// GitLab, far more than Markdown acts: mentions notify people, addresses, issue
// numbers and commit hashes become links, words between colons become pictures,
// and escapes do not help, because all that is looked for in the rendered text.
// It is not looked for in code. So a word that is plainly a word stays as it is,
// and everything else is set as code.

var (
	// word is letters, joined by single marks, with a sentence's marks around it.
	word = expr.Lazy(`^[("'“‘]*\p{L}[\p{L}'’]*(?:[-/_]\p{L}[\p{L}'’]*)*[.,;:!?)"'”’…]*$`)
	// figure is a short number.
	figure = expr.Lazy(`^\(?[0-9]{1,6}(?:[.,][0-9]{1,3})?%?[.,;:)]*$`)
	// commit is what may be the hash of one.
	commit = expr.Lazy(`(?i)^[^\p{L}]*[a-f]{7,40}[^\p{L}]*$`)
	edges  = expr.Lazy(`^([(“‘]*)(.*?)([.,;:!?)”’…]*)$`)
	ticked = expr.Lazy("`([^`\n]+)`")
	item   = expr.Lazy(`^\s{0,3}(?:[-*]|[0-9]{1,3}[.)]) +(.*)$`)
)

// Prose is text as Markdown in which nothing acts, on one line.
func Prose(s string) string {
	s = strings.ReplaceAll(Line(s), "**", "")
	var out []string
	at := 0
	for _, m := range ticked().FindAllStringSubmatchIndex(s, -1) {
		out = append(out, words(s[at:m[0]])...)
		out = append(out, Code(s[m[2]:m[3]]))
		at = m[1]
	}
	out = append(out, words(s[at:])...)
	line := strings.Join(out, " ")
	// A mark that followed code stands at it again.
	return closing().ReplaceAllString(line, "$1$2")
}

var closing = expr.Lazy("(`) ([.,;:!?)]+(?: |$))")

func words(s string) []string {
	var out []string
	for _, w := range strings.Fields(s) {
		switch {
		case strings.Trim(w, ".,;:!?)") == "" && len(w) <= 3 || w == "–" || w == "—" || w == "…":
			out = append(out, w)
		case (word().MatchString(w) || figure().MatchString(w)) && !commit().MatchString(w):
			out = append(out, strings.ReplaceAll(w, "_", `\_`))
		default:
			m := edges().FindStringSubmatch(w)
			if m == nil || m[2] == "" {
				m = []string{w, "", w, ""}
			}
			out = append(out, m[1]+Code(m[2])+m[3])
		}
	}
	return out
}

// Code is text as a span of code that it cannot leave, on one line.
func Code(s string) string {
	s = Line(s)
	if strings.TrimSpace(s) == "" {
		return ""
	}
	mark := strings.Repeat("`", ticks(s)+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " " // CommonMark takes one space at each side away
	}
	return mark + s + mark
}

// Fence is text as a block of code that it cannot leave.
func Fence(s, language string) string {
	s = strings.TrimRight(Inert(s), "\n")
	mark := strings.Repeat("`", max(3, ticks(s)+1))
	return mark + language + "\n" + s + "\n" + mark + "\n"
}

// ticks is the longest run of backticks.
func ticks(s string) int {
	longest, n := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}

// Paragraphs is a text of the catalogue, which has paragraphs, lists and code, as
// Markdown in which nothing acts.
func Paragraphs(s string) string {
	var b strings.Builder
	lines := strings.Split(Inert(s), "\n")
	for i := 0; i < len(lines); i++ {
		t := strings.TrimSpace(lines[i])
		switch m := item().FindStringSubmatch(lines[i]); {
		case strings.HasPrefix(t, "```"):
			var code []string
			for i++; i < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[i]), "```"); i++ {
				code = append(code, lines[i])
			}
			b.WriteString(Fence(strings.Join(code, "\n"), ""))
		case t == "":
			b.WriteString("\n")
		case m != nil:
			b.WriteString("- " + Prose(m[1]) + "\n")
		default:
			b.WriteString(Prose(t) + "\n")
		}
	}
	return strings.TrimSpace(b.String())
}
