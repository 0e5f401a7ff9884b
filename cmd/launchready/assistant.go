package main

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/internal/assembly"
	"github.com/launchready/launchready/report"
)

// planAssistant says how a run would look for the assistant and what it would cost
// at most.
func (p *program) planAssistant(w *lines, cfg *config.Config, a *assembly.Assembly, pre *audit.Preview) {
	o := a.Outlook
	w.add("")
	w.add("%s  %s", p.bold("Assistant"), planLook(o, pre))
	for _, e := range o.Endpoints {
		w.add("  asks        %s", report.Line(e))
	}
	price := fmt.Sprintf("$%g and $%g for a million tokens of prompt and reply, at most %d and %d of them a request", o.Price.InPerMTok, o.Price.OutPerMTok, o.Price.Context, o.Price.Output)
	if o.Guessed {
		price += "; a guess: set chat.price"
	}
	w.add("  price       %s", price)
	usd := cfg.Budget.USD
	if usd == 0 {
		w.add("  costs       nothing: budget.usd is 0, so no request reaches the model")
		return
	}
	enough := ""
	if o.Each > 0 {
		enough = fmt.Sprintf("; a request is counted at $%.4f until its reply tells its usage, so that it is enough for %d requests or more", o.Each, int(usd/o.Each+1e-9))
	}
	w.add("  costs       at most $%.2f (budget.usd%s)%s", usd, tokensWord(cfg.Budget.Tokens), enough)
	if n := audit.Questions(pre.Ask, a.Audit.Profile, len(o.Endpoints)); n > 0 {
		w.add("  needs       about %d requests, which would be $%.2f if no reply told its usage", n, float64(n)*o.Each)
		w.add("  profiles    %s", profileCosts(o, pre))
	}
	if a.Audit.Listener != nil {
		w.add("  listens     for what the target sends where it should not")
	} else {
		w.add("  deaf        %s", report.Line(a.Audit.Deaf))
	}
}

// profileCosts is what each profile would ask of the model, at the worst.
func profileCosts(o assembly.Outlook, pre *audit.Preview) string {
	var out []string
	for _, f := range []lr.Profile{lr.Quick, lr.Standard, lr.Deep} {
		n := audit.Questions(pre.Ask, f, len(o.Endpoints))
		out = append(out, fmt.Sprintf("%s about %d requests and %.3g million tokens, $%.2f", f, n, float64(n)*float64(o.Price.Context+o.Price.Output)/1e6, float64(n)*o.Each))
	}
	return strings.Join(out, "; ") + " at the worst"
}

func tokensWord(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", and %d tokens", n)
}

func planLook(o assembly.Outlook, pre *audit.Preview) string {
	for _, c := range pre.Ask {
		if c.Needs&lr.Chat != 0 {
			if o.Named {
				return "the configuration names it; other ways to the same model are looked for"
			}
			return "is looked for by a question whose answer has to be computed"
		}
	}
	return "no check of this run asks it; requests to these routes reach it all the same"
}

// doctorAssistant meets the assistant, tells what it can do and prints the
// configuration that gives it back. In production it has to be told to.
func (p *program) doctorAssistant(ctx context.Context, w *lines, cfg *config.Config, a *assembly.Assembly, told bool) {
	switch {
	case a.Audit.Listener != nil:
		w.add("%s listener  hears what the target sends", p.mark(true))
	case a.Audit.Deaf != "":
		w.add("%s listener  %s", p.mark(false), report.Line(a.Audit.Deaf))
	}
	if cfg.Budget.USD == 0 {
		w.add("%s assistant was not asked: budget.usd is 0", p.mark(false))
		return
	}
	if cfg.Target.Environment == "production" && !told {
		w.add("%s assistant was not asked: this is production, where that spends money and leaves conversations: --spend USD lets it", p.mark(false))
		return
	}
	if len(a.Outlook.Endpoints) == 0 {
		w.add("%s assistant none: no route looks like one; name it as chat.request", p.mark(false))
		return
	}
	m, err := a.Meet(ctx, audit.Ordinary(a.Cast.Accounts()))
	if err != nil {
		w.add("%s assistant %s", p.mark(false), report.Line(err.Error()))
		notes(w, m)
		return
	}
	k := m.Assistant.Skills()
	w.add("%s assistant %s, spoken to as %s", p.mark(true), report.Line(k.Subject), k.Shape)
	w.add("    computes   %s", listOr(k.Computes, "nothing it was asked: it keeps to its subject, and checks that need a computed answer stay open"))
	w.add("    remembers  %s", yesNo(k.Remembers))
	w.add("    uploads    %s", yesNo(k.Uploads))
	w.add("    streams    %s", yesNo(k.Streams))
	var twins []string
	for _, t := range m.Assistant.Twins() {
		twins = append(twins, twinWord(t))
	}
	w.add("    twins      %s", report.Line(listOr(twins, "none")))
	s := a.Audit.Spent()
	w.add("    spent      %s, %d tokens, $%.4f", report.Count(s.Calls, "request"), s.Tokens, s.USD)
	notes(w, m)
	text, err := m.Config.YAML()
	if err != nil {
		w.add("    %s", report.Line(err.Error()))
		return
	}
	w.add("")
	w.add("To ask it without looking, keep this in %s:", config.FileName)
	w.add("")
	for line := range strings.Lines(string(text)) {
		w.add("  %s", report.Inert(a.Redact.String(strings.TrimRight(line, "\n"))))
	}
}

func notes(w *lines, m *assembly.Meeting) {
	if m == nil {
		return
	}
	if m.Left > 0 {
		w.add("    left       %s that no route removes", report.Count(m.Left, "conversation"))
	}
	for _, n := range m.Notes {
		w.add("    note: %s", report.Line(n))
	}
}

func twinWord(t lr.Assistant) string {
	k := t.Skills()
	word := k.Subject
	if c, ok := t.(*chat.Assistant); ok && c.Shape.Mode == chat.Socket {
		return word + " (WebSocket)"
	}
	if k.Streams {
		word += " (stream)"
	}
	return word
}

func listOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, ", ")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
