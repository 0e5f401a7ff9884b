package demo

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"text/template"
)

// exportTable sends a conversation as a table.
func (s *Server) exportTable(w http.ResponseWriter, c chat, ms []message) error {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	rows := [][]string{{"conversation", "from", "text", "at"}, {c.Title, "", "", c.CreatedAt}}
	for _, m := range ms {
		rows = append(rows, []string{c.Title, m.Role, m.Content, m.CreatedAt})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = s.cell(row[i])
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	attach(w, slugify(c.Title)+".csv", "text/csv; charset=utf-8")
	w.Write(b.Bytes()) //nolint:errcheck // the caller has gone
	return nil
}

// cell is a text as a spreadsheet takes it: one that begins like a formula gets
// an apostrophe.
func (s *Server) cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) && !s.flaws.Has("input/export-formula") {
		return "'" + text
	}
	return text
}

// folded breaks the lines of a text at the width that the query asks for.
func (s *Server) folded(r *http.Request, text string) (string, error) {
	if s.flaws.Has("input/command-injection") && r.URL.Query().Get("width") != "" {
		cmd := exec.CommandContext(r.Context(), "sh", "-c", "fold -s -w "+r.URL.Query().Get("width")) //nolint:gosec // the flaw
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		if err != nil && len(out) == 0 {
			return "", invalid(fieldError{"width", "must be a number"})
		}
		return string(out), nil
	}
	width, err := intQuery(r, "width", 0, 20, 400)
	if err != nil || width == 0 {
		return text, err
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		at := 0
		for _, word := range strings.SplitAfter(line, " ") {
			if at+len(word) > width && at > 0 {
				b.WriteByte('\n')
				at = 0
			}
			b.WriteString(word)
			at += len(word)
		}
	}
	return b.String(), nil
}

// filledIn is a saved prompt with {{name}} and {{company}} replaced.
func (s *Server) filledIn(ctx context.Context, p *principal, text string) (string, error) {
	v, err := s.profileOf(ctx, p)
	if err != nil {
		return "", err
	}
	if s.flaws.Has("input/template-injection") {
		t, err := template.New("prompt").Funcs(template.FuncMap{"name": func() string { return v.Name }, "company": func() string { return v.Tenant.Name }}).Parse(text)
		if err != nil {
			return text, nil
		}
		var b strings.Builder
		if t.Execute(&b, v) != nil {
			return text, nil
		}
		return b.String(), nil
	}
	return strings.NewReplacer("{{name}}", v.Name, "{{company}}", v.Tenant.Name).Replace(text), nil
}

// squeezed is a text without gaps of more than one space.
func squeezed(text string) string {
	for strings.Contains(text, "  ") {
		text = strings.Replace(text, "  ", " ", 1)
	}
	return text
}

// squeezedSearch reads a search, whose gaps count for nothing.
func squeezedSearch(r *http.Request) (searched, error) {
	var in searched
	if err := decodeInto(r, &in); err != nil {
		return in, err
	}
	in.Query = squeezed(in.Query)
	if faults := faultsOf(in); len(faults) > 0 {
		return in, invalid(faults...)
	}
	return in, nil
}

// titled is the condition on the title that a list of documents is filtered by,
// with its arguments after those of the list.
func (s *Server) titled(r *http.Request) (string, []any) {
	title := r.URL.Query().Get("title")
	if title == "" {
		return "", nil
	}
	if s.flaws.Has("input/sql-injection") {
		return ` and title like '%` + title + `%'`, nil
	}
	return ` and instr(lower(title), ?` + strconv.Itoa(3) + `) > 0`, []any{strings.ToLower(title)}
}
