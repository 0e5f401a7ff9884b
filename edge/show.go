package edge

import (
	"fmt"
	"io"
	"strings"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
)

// Comparison is what checks said before and would say after.
type Comparison struct{ Before, After []Checked }

// Show writes plans for a person: the difference of each set as lines of a zone
// file, why, what to know, what to do by hand, and the checks before and after.
func Show(w io.Writer, plans []*Plan, rows Comparison) error {
	b := &strings.Builder{}
	for _, p := range plans {
		fmt.Fprintf(b, "zone %s, read from %s\n", p.Zone, p.Driver)
		if len(p.Items) == 0 {
			fmt.Fprintln(b, "  nothing to change")
		}
		for _, item := range p.Items {
			fmt.Fprintf(b, "\n%s\n", item.Key)
			for _, v := range item.Removed() {
				fmt.Fprintf(b, "  - %s\n", item.line(v))
			}
			for _, v := range item.Added() {
				fmt.Fprintf(b, "  + %s\n", item.line(v))
			}
			if kept := len(item.Before) - len(item.Removed()); kept > 0 {
				fmt.Fprintf(b, "    %d other in this set: not touched\n", kept)
			}
			fmt.Fprintf(b, "    %s\n", item.Why)
			if len(item.Checks) > 0 {
				fmt.Fprintf(b, "    for %s\n", strings.Join(item.Checks, ", "))
			}
			for _, r := range item.Risks {
				word := "RISK"
				if r.Irreversible {
					word = "IRREVERSIBLE"
				}
				fmt.Fprintf(b, "    %s: %s\n", word, r.Text)
			}
		}
		for _, f := range p.Files {
			fmt.Fprintf(b, "\npublish at %s\n", f.Where)
			for line := range strings.SplitSeq(strings.TrimRight(f.Text, "\r\n"), "\n") {
				fmt.Fprintf(b, "  | %s\n", strings.TrimRight(line, "\r"))
			}
			fmt.Fprintf(b, "    %s\n", f.Why)
		}
		if len(p.Notes) > 0 {
			fmt.Fprintln(b, "\nby hand:")
			for _, n := range p.Notes {
				fmt.Fprintf(b, "  * %s\n", n)
			}
		}
		fmt.Fprintln(b)
	}
	rows.show(b)
	_, err := io.WriteString(w, b.String())
	return err
}

// line is a value as a line: of a zone file, or name = JSON.
func (i Item) line(v Value) string {
	if i.Key.Kind != Records {
		return i.Key.Name + " = " + v.Data
	}
	s := fmt.Sprintf("%s %d IN %s %s", dns.Fqdn(i.Key.Name), v.TTL, i.Key.Type, v.Data)
	if v.Proxied {
		s += "  (proxied)"
	}
	return s
}

// show writes the checks whose verdict the plan changes, and counts the others.
func (c Comparison) show(b *strings.Builder) {
	if len(c.Before) == 0 || len(c.After) != len(c.Before) {
		return
	}
	counts := func(list []Checked) string {
		n := map[lr.Verdict]int{}
		for _, x := range list {
			n[x.Verdict]++
		}
		return fmt.Sprintf("%d passed, %d failed, %d unknown", n[lr.Passed], n[lr.Failed], n[lr.Unknown])
	}
	rows := map[string][2][]Checked{}
	var order []string
	for i := range c.Before {
		row, _, _ := strings.Cut(c.Before[i].ID, "/")
		r, known := rows[row]
		if !known {
			order = append(order, row)
		}
		r[0], r[1] = append(r[0], c.Before[i]), append(r[1], c.After[i])
		rows[row] = r
	}
	for _, row := range order {
		fmt.Fprintf(b, "row %-6s before: %s\n           after:  %s\n", row, counts(rows[row][0]), counts(rows[row][1]))
	}
	var failed []Checked
	for i := range c.Before {
		before, after := c.Before[i], c.After[i]
		switch {
		case before.Verdict != after.Verdict:
			fmt.Fprintf(b, "  %-32s %s -> %s\n", before.ID, before.Verdict, after.Verdict)
			if after.Verdict == lr.Failed {
				fmt.Fprintf(b, "    %s\n", after.Message)
			}
		case after.Verdict == lr.Failed:
			failed = append(failed, after)
		}
	}
	if len(failed) > 0 {
		fmt.Fprintf(b, "not answered by this, %d that stay failed:\n", len(failed))
	}
	for _, f := range failed {
		fmt.Fprintf(b, "  %-32s %s\n", f.ID, f.Message)
	}
}

// Worse lists checks that pass now and would fail.
func (c Comparison) Worse() []string {
	var out []string
	for i := range min(len(c.Before), len(c.After)) {
		if c.After[i].Verdict == lr.Failed && c.Before[i].Verdict != lr.Failed {
			out = append(out, c.After[i].ID+": "+c.After[i].Message)
		}
	}
	return out
}
