package intake

import "strings"

// caretLine is one command, its carets undone, and where it begins.
type caretLine struct {
	text         string
	line, column int
}

// unescapeCarets undoes the quoting of cmd.exe: ^ takes the meaning from the next
// character, except between quotes that no ^ stands before. Line breaks end
// commands; what argument parsing has to see stays.
func unescapeCarets(text string) []caretLine {
	var out []caretLine
	var b strings.Builder
	line, column, quoted := 1, 1, false
	begun := caretLine{line: 1, column: 1}
	end := func() {
		if strings.TrimSpace(b.String()) != "" && len(out) < maxCommands {
			begun.text = b.String()
			out = append(out, begun)
		}
		b.Reset()
		quoted = false
		begun = caretLine{line: line, column: column}
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for i := 0; i < len(text); i++ {
		c := text[i]
		column++
		switch {
		case c == '^' && !quoted && i+1 < len(text):
			i++
			column++
			if text[i] == '\n' { // the line goes on; a break right after is meant
				line, column = line+1, 1
				if i+1 < len(text) && text[i+1] == '\n' {
					i++
					line++
					b.WriteByte('\n')
				}
				continue
			}
			b.WriteByte(text[i])
		case c == '\n':
			line, column = line+1, 1
			if quoted { // Chrome writes a break inside of quotes as it is
				b.WriteByte(c)
				continue
			}
			end()
		case c == '&' && !quoted:
			end()
		case c == '"':
			quoted = !quoted
			b.WriteByte(c)
		case c == 0:
		case c == '%' && percentName.MatchString(text[i:min(len(text), i+200)]):
			name := percentName.FindStringSubmatch(text[i:min(len(text), i+200)])[1]
			b.WriteString(mark + name + mark)
			i += len(name) + 1
			column += len(name) + 1
		default:
			b.WriteByte(c)
		}
	}
	end()
	return out
}

// cmd splits a text of cmd.exe into commands: carets first, then the argument
// rules of the Microsoft C runtime, where \" and "" inside of quotes are a quote.
func (r *reading) cmd(text string) []command {
	var out []command
	for _, l := range unescapeCarets(text) {
		var cmd command
		var b strings.Builder
		have, quoted := false, false
		s := l.text
		word := func() {
			if have && len(cmd) < maxWords {
				cmd = append(cmd, word{b.String(), l.line, l.column})
			}
			b.Reset()
			have = false
		}
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case c == '\\':
				n := 1
				for i+n < len(s) && s[i+n] == '\\' {
					n++
				}
				have = true
				if i+n >= len(s) || s[i+n] != '"' {
					b.WriteString(s[i : i+n])
					i += n - 1
					continue
				}
				b.WriteString(strings.Repeat(`\`, n/2))
				i += n - 1
				if n%2 == 1 {
					b.WriteByte('"')
					i++
				}
			case c == '"' && quoted && i+1 < len(s) && s[i+1] == '"':
				b.WriteByte('"')
				i++
			case c == '"':
				have, quoted = true, !quoted
			case (c == ' ' || c == '\t' || c == '\n') && !quoted:
				word()
			default:
				have = true
				b.WriteByte(c)
			}
		}
		if quoted {
			r.fault(&node{line: l.line, column: l.column}, "a quote of the command that begins here is never closed")
		}
		word()
		if len(cmd) > 0 {
			out = append(out, cmd)
		}
	}
	return out
}
