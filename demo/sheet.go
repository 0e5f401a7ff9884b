package demo

import (
	"encoding/csv"
	"io"
	"strings"
	"unicode"
)

// sheet writes messages for a spreadsheet.
func (s *Server) sheet(w io.Writer, ms []message) error {
	c := csv.NewWriter(w)
	c.Write([]string{"at", "from", "text"}) //nolint:errcheck // Error tells
	for _, m := range ms {
		c.Write([]string{m.CreatedAt, m.Role, s.cell(m.Content)}) //nolint:errcheck // Error tells
	}
	c.Flush()
	return c.Error()
}

// cell keeps a text from being a formula, and from steering a terminal.
func (s *Server) cell(text string) string {
	if s.flaws.Has("model/formula-in-export") {
		return text
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
	if first := strings.TrimLeft(text, " "); first != "" && strings.IndexByte("=+-@\t\r", first[0]) >= 0 {
		return "'" + text
	}
	return text
}
