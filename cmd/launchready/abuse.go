package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/internal/checkdoc"
	"github.com/launchready/launchready/internal/nearest"
	"github.com/launchready/launchready/plan"
	"github.com/launchready/launchready/report/estimate"
	"github.com/launchready/launchready/report/term"
)

// abuseFlags say what tokens cost.
type abuseFlags struct {
	on      bool
	model   string
	table   string
	in, out float64
}

var abuseOnly = []string{"model", "prices", "input-per-mtok", "output-per-mtok"}

func (f *abuseFlags) register(c *cobra.Command) {
	fl := c.Flags()
	fl.BoolVar(&f.on, "abuse", false, "say what abuse would cost at the limits that the run met")
	fl.StringVar(&f.model, "model", "", "with --abuse: the model whose list price counts")
	fl.StringVar(&f.table, "prices", "", "with --abuse: a JSON file of prices in the form of LiteLLM's model_prices_and_context_window.json")
	fl.Float64Var(&f.in, "input-per-mtok", 0, "with --abuse: US dollars for a million tokens of prompt")
	fl.Float64Var(&f.out, "output-per-mtok", 0, "with --abuse: US dollars for a million tokens of reply")
	complete(c, "model", chat.Models()...)
}

// alone refuses flags that say nothing without --abuse.
func (f *abuseFlags) alone(changed func(string) bool) error {
	for _, name := range abuseOnly {
		if changed(name) {
			return setup(fmt.Errorf("--%s needs --abuse", name))
		}
	}
	return nil
}

func (p *program) estimateAbuse(f *estimateFlags, args []string, changed func(string) bool) error {
	if err := oneOf("format", f.format, estimateFormats); err != nil {
		return err
	}
	for _, name := range []string{"rate", "senior-rate", "currency"} {
		if changed(name) {
			return setup(fmt.Errorf("--%s prices hours, and --abuse tokens: give one of them", name))
		}
	}
	price, err := p.tokenPrice(&f.abuse, changed)
	if err != nil {
		return setup(err)
	}
	rep, err := p.priced(args)
	if err != nil {
		return err
	}
	a, err := plan.PriceAbuse(rep, price)
	if err != nil {
		return setup(fmt.Errorf("estimate: %w", err))
	}
	return p.page(f.output, func(w io.Writer) error {
		switch f.format {
		case "json":
			return estimate.AbuseJSON(w, a)
		case "md":
			return estimate.AbuseMarkdown(w, a)
		}
		return term.Abuse(w, a, p.look(w))
	})
}

// tokenPrice is what tokens cost: by the flags, else by the configuration of the
// project, else a guess that says so.
func (p *program) tokenPrice(f *abuseFlags, changed func(string) bool) (plan.TokenPrice, error) {
	var out plan.TokenPrice
	switch {
	case f.model != "":
		price, err := p.listPrice(f)
		if err != nil {
			return out, err
		}
		out = plan.TokenPrice{In: price.InPerMTok, Out: price.OutPerMTok, Model: f.model}
	case f.table != "":
		return out, fmt.Errorf("--prices needs --model, whose price counts")
	default:
		price, guessed := p.configuredPrice()
		out = plan.TokenPrice{In: price.InPerMTok, Out: price.OutPerMTok, Guess: guessed}
	}
	if changed("input-per-mtok") {
		out.In, out.Model = f.in, ""
	}
	if changed("output-per-mtok") {
		out.Out, out.Model = f.out, ""
	}
	if changed("input-per-mtok") && changed("output-per-mtok") {
		out.Guess = false
	}
	return out, plan.CheckPrice(out)
}

// listPrice is that of a model by the user's table, or by the built-in one.
func (p *program) listPrice(f *abuseFlags) (chat.Price, error) {
	if f.table == "" {
		price, ok := chat.PriceOf(f.model)
		if !ok {
			return price, fmt.Errorf("--model %q: not in the built-in table (%s)%s; give --prices, or --input-per-mtok and --output-per-mtok",
				f.model, strings.Join(chat.Models(), ", "), nearest.Hint(f.model, chat.Models()))
		}
		return price, nil
	}
	file, err := os.Open(p.path(f.table))
	if err != nil {
		return chat.Price{}, fmt.Errorf("--prices: %w", err)
	}
	defer file.Close()
	table, err := chat.ReadTable(file)
	if err != nil {
		return chat.Price{}, fmt.Errorf("--prices %s: %w", f.table, err)
	}
	price, ok := table.Of(f.model)
	if !ok {
		return price, fmt.Errorf("--model %q: not in %s", f.model, f.table)
	}
	return price, nil
}

// configuredPrice is what the project's configuration says. Whether its secrets
// can be read is no matter of a price, so a file with faults is passed over.
func (p *program) configuredPrice() (chat.Price, bool) {
	file, err := config.Find(p.dir, p.env)
	if err != nil {
		return chat.Usual(), true
	}
	c, err := config.Load(config.Options{Path: file, Dir: p.dir, Env: p.env, Now: p.now(), Checks: checkdoc.IDs(scorecard())})
	if err != nil {
		p.progress("%s was not read for a price: %v", file, err)
		return chat.Usual(), true
	}
	return assembly.Price(c)
}
