package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/probe/signin"
	"github.com/launchready/launchready/report"
)

func (p *program) doctorVerb() *cobra.Command {
	f := &auditFlags{}
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Sign every identity in, meet the assistant, and say what is dead",
		Long: `Sign every identity in, meet the assistant, and say what is dead.

It reaches the target, reads the API's description, signs each identity in and asks who
it is. It meets the assistant, within the budget of money (--spend 0 leaves it alone),
and prints the configuration by which it was spoken to; in production only when --spend is
given. It creates nothing but the conversations of that, and removes them. Exit code 0 when an audit can start, 2 when it cannot.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := p.settings(f, c.Flags().Changed)
			if err != nil {
				return err
			}
			a, err := p.assemble(c.Context(), cfg, f, assembly.Options{})
			if err != nil {
				return err
			}
			defer a.Close()
			return p.doctor(c.Context(), cfg, a, c.Flags().Changed("spend"))
		},
	}
	p.targetFlags(c, f)
	spendFlag(c, f)
	return c
}

func (p *program) doctor(ctx context.Context, cfg *config.Config, a *assembly.Assembly, told bool) error {
	w := &lines{}
	x, err := a.Client.Do(ctx, nil, &lr.Request{Method: "GET", Path: "/", Note: "doctor"})
	if err != nil {
		return setup(fmt.Errorf("reach the target: %w", err))
	}
	w.add("%s target %s answers (%s, %d)", p.mark(true), a.Client.Base(), x.Proto, x.Status)
	if s := a.Surface; s != nil {
		w.add("%s surface %d routes, %s", p.mark(true), len(s.Routes), s.Format)
	} else {
		w.add("%s surface: no description was found: name one as target.spec", p.mark(false))
	}
	problems := map[string][]signin.Problem{}
	fatal := 0
	for _, pr := range a.Cast.Preflight(ctx) {
		problems[pr.Identity] = append(problems[pr.Identity], pr)
		if pr.Fatal {
			fatal++
		}
	}
	name := len("surface")
	for _, acc := range a.Cast.Accounts() {
		name = max(name, len(acc.Name))
	}
	for _, acc := range a.Cast.Accounts() {
		ps := problems[acc.Name]
		line := fmt.Sprintf("%s of %s", orNone(acc.Role), acc.Tenant)
		if acc.UserID != "" {
			line += ", user " + report.Line(acc.UserID)
		}
		if acc.TenantID != "" {
			line += ", tenant " + report.Line(acc.TenantID)
		}
		w.add("%s %-*s  %s", p.mark(len(ps) == 0), name, acc.Name, line)
		p.problems(w, ps)
	}
	p.problems(w, problems[""])
	if fatal == 0 {
		p.doctorAssistant(ctx, w, cfg, a, told)
	}
	if err := w.to(p.out); err != nil {
		return err
	}
	if fatal > 0 {
		return setup(errors.New("an audit cannot start like this"))
	}
	_, err = fmt.Fprintln(p.out, "\nnext: launchready audit")
	return err
}

func (p *program) problems(w *lines, ps []signin.Problem) {
	for _, pr := range ps {
		word := "warning"
		if pr.Fatal {
			word = "wrong"
		}
		w.add("    %s: %s", word, report.Line(pr.What))
		if pr.Do != "" {
			w.add("    do: %s", report.Line(pr.Do))
		}
	}
}

// mark is a symbol, with a colour that only repeats it.
func (p *program) mark(ok bool) string {
	symbol, color := "✗", "\x1b[31m"
	if ok {
		symbol, color = "✓", "\x1b[32m"
	}
	if p.colored(p.out) {
		return color + symbol + "\x1b[0m"
	}
	return symbol
}
