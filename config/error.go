package config

import (
	"fmt"
	"regexp"
	"strings"
)

// Position is where a value stands. Line 0 means that it stands in no file:
// File then names the flag or the environment variable it came from.
type Position struct {
	File         string
	Line, Column int
}

// String is file:line:column, or the name of what it came from.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is one mistake in the configuration.
type Error struct {
	Position
	Message string
	Excerpt string // the line with a caret under the place; secrets are masked
}

// Error is one line: position and message.
func (e *Error) Error() string {
	if e.Position == (Position{}) {
		return e.Message
	}
	return e.Position.String() + ": " + e.Message
}

// Errors are all mistakes found, in the order of the file.
type Errors []*Error

// Error is a line for each mistake.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the mistakes to errors.As.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, x := range e {
		out[i] = x
	}
	return out
}

// Detail is the mistakes with their excerpts, for a person.
func (e Errors) Detail() string {
	var b strings.Builder
	for _, x := range e {
		b.WriteString(x.Error() + "\n")
		if x.Excerpt != "" {
			b.WriteString(x.Excerpt + "\n")
		}
	}
	return b.String()
}

var (
	// A field with a secret's name, and its value up to the end of the flow.
	secretField    = regexp.MustCompile(`(?i)((?:["']?[\w-]*(?:passw|passphrase|pwd|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key|session)[\w-]*["']?)\s*:\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^,}\]#\n]+)`)
	keepField      = regexp.MustCompile(`^["']?(?:\$\{(?:env|file):[^}"']*\}|file:[^\s"']+|\$[a-z_]+|/[\w/~-]*|header:[\w-]+|cookie:[\w-]+|POST /[\w/.-]*)["']?\s*$`)
	wholeReference = regexp.MustCompile(`^(?:"\$\{(?:env|file):[\w./#-]+\}"|'\$\{(?:env|file):[\w./#-]+\}'|"file:[\w./#-]+"|'file:[\w./#-]+'|\$\{(?:env|file):[\w./#-]+\}|file:[\w./#-]+)\s*(?:[,}#]|$)`)
	looksKeyed     = regexp.MustCompile(`^\s*(?:- )*["']?[\w.*/{}-]+["']?\s*:(?:\s|$)|^\s*[-#{}\[\]]|^\s*$|^\s*(?:<<|\?|---)`)
	longWord       = regexp.MustCompile(`[A-Za-z0-9+/=_-]{24,}`)
)

// excerpt shows the line of a position, secrets masked, with a caret. hide
// masks everything after the key that stands on the line.
func (d *document) excerpt(p Position, hide bool) string {
	if p.Line < 1 || p.Line > len(d.lines) || p.File != d.name {
		return ""
	}
	line := strings.ReplaceAll(strings.TrimRight(d.lines[p.Line-1], "\r"), "\t", " ")
	col := min(max(p.Column, 1), len([]rune(line))+1)
	shown := safeLine(line)
	if hide && wholeReference.MatchString(string([]rune(line)[col-1:])) {
		hide = false // it names where the secret lies, and that is what to correct
	}
	if hide {
		before := string([]rune(line)[:col-1])
		blank := strings.Repeat(" ", len(before)-len(strings.TrimRight(before, " ")))
		shown = safeLine(strings.TrimRight(before, " ")) + blank + "[secret]"
	}
	if r := []rune(shown); len(r) > 160 {
		shown = string(r[:160]) + "…"
	}
	if !hide && shown != line {
		// Masking moved the text; the caret would point beside it.
		return fmt.Sprintf("  %4d | %s", p.Line, shown)
	}
	if col > 160 {
		return fmt.Sprintf("  %4d | %s", p.Line, shown)
	}
	return fmt.Sprintf("  %4d | %s\n       | %s^", p.Line, shown, strings.Repeat(" ", col-1))
}

// safeLine masks what may be a secret in a line of the file: values of fields
// with a secret's name, known shapes, long words, and whole lines that continue
// a value, because their field stands elsewhere.
func safeLine(line string) string {
	if !looksKeyed.MatchString(line) {
		return strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " "))) + "[…]"
	}
	line = secretField.ReplaceAllStringFunc(line, func(f string) string {
		m := secretField.FindStringSubmatch(f)
		if keepField.MatchString(m[2]) {
			return f
		}
		return m[1] + "[secret]"
	})
	line = mask(line)
	return longWord.ReplaceAllStringFunc(line, func(w string) string {
		if strings.ContainsAny(w, "0123456789") {
			return "[secret]"
		}
		return w
	})
}
