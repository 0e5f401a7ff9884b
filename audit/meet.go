package audit

import (
	"context"
	"errors"

	lr "github.com/launchready/launchready"
)

const noAssistant = "the target has no assistant that the configuration or the specification names"

// meet finds the target's assistant, when a check of the run asks it.
func (r *run) meet(ctx context.Context) {
	r.mute = noAssistant
	if r.Meet == nil || r.halted() != "" || !r.asks(lr.Chat) {
		return
	}
	as := Ordinary(r.Target.Accounts)
	if as == nil {
		r.mute = "no identity is configured, and an assistant is asked as its users ask it"
		return
	}
	a, err := r.Meet(ctx, r.watched, as, r.Target.Routes)
	r.sought = true
	switch {
	case err == nil:
		r.assistant, r.mute = a, ""
	case !r.stopped(ctx, err):
		r.mute = err.Error()
	}
}

// asks reports whether a check of the run needs it and may be asked.
func (r *run) asks(n lr.Need) bool {
	for _, row := range r.rows {
		for _, c := range row.Checks {
			if c.Needs&n != 0 && r.consent(c) == "" {
				return true
			}
		}
	}
	return false
}

// Ordinary is an account that asks as users do: not an administrator's, where
// there is another.
func Ordinary(accounts []*lr.Account) *lr.Account {
	for _, a := range accounts {
		if !a.Spare && !a.Privileged() && a.Role != "viewer" {
			return a
		}
	}
	for _, a := range accounts {
		if !a.Spare {
			return a
		}
	}
	return nil
}

// moneyless reports an error by which the money keeps a question from being asked.
func moneyless(err error) bool { return errors.Is(err, lr.ErrMoney) }

// talked is what the report tells of the assistant; nil where nobody looked for
// one and no request reached the model.
func (r *run) talked() *lr.AssistantReport {
	var s lr.Spent
	if r.Spent != nil {
		s = r.Spent()
	}
	if !r.sought && s.Calls == 0 {
		return nil
	}
	out := &lr.AssistantReport{Calls: s.Calls, Guessed: s.Guessed, Tokens: s.Tokens, Utility: r.useful}
	switch {
	case r.assistant != nil:
		k := r.assistant.Skills()
		out.Subject, out.Preset = k.Subject, k.Shape
		out.Computes, out.Remembers, out.Uploads, out.Streams = k.Computes, k.Remembers, k.Uploads, k.Streams
		for _, t := range r.assistant.Twins() {
			out.Twins = append(out.Twins, t.Skills().Subject)
		}
	case r.sought:
		out.Reason = r.mute
		if out.Reason == "" {
			out.Reason = r.halted()
		}
	}
	return out
}

// Questions is about how many requests to the model the checks would take, with
// so many ways to it: a round figure for a plan, and no bound, which the budget is.
func Questions(checks []*lr.Check, p lr.Profile, endpoints int) int {
	n := 0
	for _, c := range checks {
		if c.Needs&lr.Chat == 0 || c.Effect < lr.Spends {
			continue
		}
		if c.Effect == lr.Loads {
			n += 60 // a burst
			continue
		}
		n += 2*p.Tries(c.Severity) + 1 // each with its control, and what it plants
	}
	if n == 0 {
		return 0
	}
	return n + questions(p) + 6*endpoints
}
