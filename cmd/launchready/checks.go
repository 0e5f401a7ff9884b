package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/checkdoc"
)

// listed is a check as `checks --json` gives it.
type listed struct {
	ID       string      `json:"id"`
	Row      string      `json:"row"`
	Title    string      `json:"title"`
	Severity lr.Severity `json:"severity"`
	Required bool        `json:"required"`
	Effect   string      `json:"effect"`
	Needs    string      `json:"needs"`
	Guard    string      `json:"guard,omitempty"`
	Refs     []lr.Ref    `json:"refs"`
}

func (p *program) checksVerb() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "checks [ROW]",
		Short: "List every check",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return rowIDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			rows, err := chosen(args)
			if err != nil {
				return err
			}
			if asJSON {
				return p.checksJSON(rows)
			}
			return p.checksTable(rows)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

func (p *program) checksJSON(rows []lr.Row) error {
	out := []listed{}
	for _, r := range rows {
		for _, c := range r.Checks {
			out = append(out, listed{c.ID, r.ID, c.Title, c.Severity, !c.Extra, c.Effect.String(), checkdoc.Needs(c.Needs), c.Guard, c.Refs})
		}
	}
	e := json.NewEncoder(p.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

func (p *program) checksTable(rows []lr.Row) error {
	for i, r := range rows {
		if i > 0 {
			fmt.Fprintln(p.out)
		}
		fmt.Fprintf(p.out, "%s\n", p.bold(r.ID+"  "+r.Title))
		w := tabwriter.NewWriter(p.out, 0, 8, 2, ' ', 0)
		for _, c := range r.Checks {
			must := "required"
			if c.Extra {
				must = "extra"
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", c.ID, c.Severity, must, c.Effect, c.Title)
		}
		if err := w.Flush(); err != nil {
			return fmt.Errorf("list checks: %w", err)
		}
	}
	return nil
}
