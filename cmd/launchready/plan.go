package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/report"
)

func (p *program) planVerb() *cobra.Command {
	f := &auditFlags{}
	c := &cobra.Command{
		Use:   "plan",
		Short: "Say what an audit would ask, and send none of it",
		Long: `Say what an audit would ask, and send none of it.

Where the API's description lies at the target it is fetched; nothing else is sent.`,
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
			pre, err := audit.Plan(a.Audit)
			if err != nil {
				return setup(err)
			}
			return p.showPlan(cfg, a, pre)
		},
	}
	p.targetFlags(c, f)
	c.Flags().StringSliceVar(&f.only, "only", nil, "ids of rows or checks, separated by commas")
	effectFlags(c, f)
	return c
}

func (p *program) showPlan(cfg *config.Config, a *assembly.Assembly, pre *audit.Preview) error {
	w := &lines{}
	t := a.Audit.Target
	w.add("%s  %s (%s)", p.bold("Target"), cfg.Target.URL, cfg.Target.Environment)
	w.add("  hosts       %s", strings.Join(append([]string{cfg.Target.URL.Host}, cfg.Target.Hosts...), ", "))
	w.add("  budget      %s", budgetWords(cfg.Budget))
	who := map[string][]string{}
	for _, acc := range a.Cast.Accounts() {
		who[acc.Tenant] = append(who[acc.Tenant], acc.Name+" ("+acc.Role+")")
	}
	for _, tenant := range cfg.Tenants.Names() {
		w.add("  tenant      %s: %s", tenant, orNone(strings.Join(who[tenant], ", ")))
	}
	if s := a.Surface; s != nil {
		w.add("  surface     %d routes, %s", len(t.Routes), s.Format)
	} else {
		w.add("  surface     no description was found: name one as target.spec")
	}
	for _, warn := range a.Audit.Warnings {
		w.add("  repaired    %s", warn)
	}
	w.add("")
	w.add("%s  by these routes, as each tenant, removed at the end", p.bold("Creates"))
	for _, rt := range pre.Creates {
		w.add("  %s", rt)
	}
	if len(pre.Creates) == 0 {
		w.add("  nothing")
	}
	w.add("")
	w.add("%s  %s", p.bold("Asks"), report.Count(len(pre.Ask), "check"))
	for _, c := range pre.Ask {
		w.add("  %-34s %-9s %s", c.ID, c.Effect, c.Title)
	}
	if len(pre.Open) > 0 {
		w.add("")
		w.add("%s  %s", p.bold("Leaves open"), report.Count(len(pre.Open), "check"))
		for _, l := range pre.Open {
			w.add("  %-34s %s%s", l.Check.ID, l.Why, extra(l.Check))
		}
	}
	p.planMaterial(w, t)
	p.planAssistant(w, cfg, a, pre)
	w.add("")
	w.add("next: launchready audit doctor signs in and proves each identity")
	return w.to(p.out)
}

// planMaterial says what the owner could give, that more is asked of.
func (p *program) planMaterial(w *lines, t *lr.Target) {
	valued := slices.ContainsFunc(t.Secrets, func(s lr.KeptSecret) bool { return !s.Value.IsZero() })
	m := t.Material
	first := true
	for _, g := range []struct {
		given     bool
		key, what string
	}{
		{m.Repository != "", "source.repository", "its files and history are searched for keys; routes, guards and variables are read from it"},
		{len(m.Bundles) > 0, "source.bundles", "what browsers get is searched for keys"},
		{len(m.Images) > 0, "source.images", "saved container images are searched for keys, layer by layer"},
		{len(m.Logs) > 0, "source.logs", "logs of the server and of CI are searched for keys, and for a secret that the run sends"},
		{valued, "secrets.NAME.value", "your own secrets are looked for in all that is shipped, logged and answered; they are kept nowhere"},
		{t.Database != nil, "database.url", "row-level security is read and tried out, in transactions that are rolled back"},
		{t.AskKey != nil, "--verify", "the providers of keys that are found are asked whether those are active"},
	} {
		if g.given {
			continue
		}
		if first {
			w.add("")
			w.add("%s  what is not given", p.bold("Could add"))
			first = false
		}
		w.add("  %-34s %s", g.key, g.what)
	}
}

func extra(c *lr.Check) string {
	if c.Extra {
		return " (extra: its row can pass without it)"
	}
	return ""
}

func orNone(s string) string {
	if s == "" {
		return "no identity"
	}
	return s
}

func budgetWords(b config.Budget) string {
	rate := "no limit of rate"
	if b.Rate > 0 {
		rate = "at most " + b.Rate.String()
	}
	return fmt.Sprintf("%d requests, %s, %g minutes", b.Requests, rate, b.Minutes)
}
