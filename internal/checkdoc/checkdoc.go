// Package checkdoc prints the scorecard's checks for people: a page a row under
// docs/checks, one check on a terminal, and the list of all. The checks are the
// one source, so nothing printed here can say what they do not.
package checkdoc

import (
	"fmt"
	"io"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/nearest"
)

// Pages returns the file name and the text of a page for each row, and of the
// index that leads to them.
func Pages(rows []lr.Row) map[string]string {
	out := map[string]string{"README.md": index(rows)}
	for i := range rows {
		out[rows[i].ID+".md"] = page(&rows[i])
	}
	return out
}

const printed = "<!-- Printed from the checks by make docs; edit the checks. -->\n"

func index(rows []lr.Row) string {
	var b strings.Builder
	b.WriteString(printed + "# Checks\n\n| row | passes when | checks |\n|---|---|---|\n")
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %d |\n", r.Title, r.ID, r.Pass, len(r.Checks))
	}
	return b.String()
}

func page(r *lr.Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\nThe row `%s` passes when %s.\n\n| check | what must be true | severity | |\n|---|---|---|---|\n", printed, r.Title, r.ID, r.Pass)
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", c.ID, anchor(c.ID), cell(c.Title), c.Severity, weight(c))
	}
	for _, c := range r.Checks {
		b.WriteString("\n")
		section(&b, c)
	}
	return b.String()
}

func section(b *strings.Builder, c *lr.Check) {
	fmt.Fprintf(b, "## %s\n\n**%s**\n\n", c.ID, c.Title)
	fmt.Fprintf(b, "Severity %s · %s · needs %s · %s\n\n", c.Severity, weight(c), Needs(c.Needs), effect(c.Effect))
	fmt.Fprintf(b, "Why it matters: %s\n\nFix: %s\n", strings.TrimSpace(c.Why), strings.TrimSpace(c.Fix))
	if c.Guard != "" {
		fmt.Fprintf(b, "\nGuard: %s\n", "`"+c.Guard+"`"+lr.Aside(c.Guard))
	}
	if len(c.Refs) > 0 {
		refs := make([]string, len(c.Refs))
		for i, r := range c.Refs {
			refs[i] = Ref(r)
		}
		fmt.Fprintf(b, "\nReferences: %s\n", strings.Join(refs, " · "))
	}
}

// anchor is the heading's name as Markdown renderers make it.
func anchor(id string) string { return strings.ReplaceAll(id, "/", "") }

func cell(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "|", `\|`), "\n", " ") }

func weight(c *lr.Check) string {
	if c.Extra {
		return "extra"
	}
	return "required"
}

func effect(e lr.Effect) string {
	switch e {
	case lr.Reads:
		return "reads, and creates objects as their owner"
	case lr.Writes:
		return "tries to change objects of the run (with --mutate)"
	case lr.Destroys:
		return "tries to delete objects of the run, or ends sessions (with --mutate)"
	case lr.Spends:
		return "asks the model, which spends money (with budget.usd or --spend)"
	case lr.Loads:
		return "sends bursts (with --load)"
	}
	return e.String()
}

// Needs lists in words what a check cannot run without.
func Needs(n lr.Need) string {
	var out []string
	for _, w := range []struct {
		need lr.Need
		word string
	}{
		{lr.Routes, "routes"}, {lr.Credentials, "a signed-in identity"}, {lr.TwoTenants, "identities in two tenants"},
		{lr.TwoRoles, "two roles in a tenant"}, {lr.Chat, "an assistant that answers"}, {lr.Domain, "a domain"},
		{lr.Repository, "the repository"}, {lr.Logs, "the application's logs"}, {lr.Database, "the database"}, {lr.Owner, "what the configuration states"}, {lr.Callback, "a listener that the target reaches"}, {lr.Changes, "consent to changes (--mutate)"},
	} {
		if n&w.need != 0 {
			out = append(out, w.word)
		}
	}
	if len(out) == 0 {
		return "nothing but the address"
	}
	return strings.Join(out, ", ")
}

// Ref is a reference as a reader looks it up.
func Ref(r lr.Ref) string {
	if r.Source == "CWE" || r.Source == "RFC" {
		return r.Source + "-" + r.ID
	}
	return r.Source + " " + r.ID
}

// Find returns the check of that id. The error of an unknown one says what may
// have been meant.
func Find(rows []lr.Row, id string) (*lr.Check, error) {
	ids := IDs(rows)
	for i := range rows {
		for _, c := range rows[i].Checks {
			if c.ID == id {
				return c, nil
			}
		}
	}
	return nil, fmt.Errorf("there is no check %q%s", id, nearest.Hint(id, ids))
}

// IDs lists the ids of all checks in the scorecard's order.
func IDs(rows []lr.Row) []string {
	var out []string
	for i := range rows {
		for _, c := range rows[i].Checks {
			out = append(out, c.ID)
		}
	}
	return out
}

// Explain writes one check for a terminal of that width.
func Explain(w io.Writer, c *lr.Check, width int, bold func(string) string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n\n", bold(c.ID), c.Title)
	fmt.Fprintf(&b, "severity  %s, %s\nneeds     %s\neffect    %s\n", c.Severity, weight(c), Needs(c.Needs), effect(c.Effect))
	if c.Guard != "" {
		fmt.Fprintf(&b, "guard     %s\n", lr.Directive(c.Guard))
	}
	for _, p := range []struct{ name, text string }{{"Why it matters", c.Why}, {"Fix", c.Fix}} {
		fmt.Fprintf(&b, "\n%s\n%s\n", bold(p.name), wrap(p.text, width))
	}
	if len(c.Refs) > 0 {
		b.WriteString("\n" + bold("References") + "\n")
		for _, r := range c.Refs {
			b.WriteString("  " + Ref(r) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// wrap breaks paragraphs at width and leaves indented code and lists alone.
func wrap(text string, width int) string {
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "```") {
			out = append(out, "  "+line)
			continue
		}
		cur := " "
		for _, word := range strings.Fields(line) {
			if len([]rune(cur))+1+len([]rune(word)) > width && cur != " " {
				out, cur = append(out, cur), " "
			}
			cur += " " + word
		}
		out = append(out, strings.TrimRight(cur, " "))
	}
	return strings.Join(out, "\n")
}
