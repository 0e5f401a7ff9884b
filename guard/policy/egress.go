package policy

import (
	"fmt"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/spend"
	"github.com/launchready/launchready/guard/state"
)

// ModelSpend says what requests to the model provider may cost in a day, in US dollars
// and in tokens. What it leaves out is as in the section spend, where there is one:
// users, organisations and the whole have one account, wherever they spend.
type ModelSpend struct {
	Mode         guard.Mode       `yaml:"mode,omitempty"`                 // enforce (default), observe
	Prices       map[string]Price `yaml:"prices,omitempty"`               // by model; a name that ends in * stands for all that begin so
	PerToken     int64            `yaml:"bytes_per_token,omitempty"`      // of prompts
	Reference    int64            `yaml:"tokens_per_reference,omitempty"` // of an image or a file that the provider fetches
	Key          float64          `yaml:"key_day,omitempty"`              // of each virtual key
	User         float64          `yaml:"user_day,omitempty"`             // of each user that a signed header names
	Organisation float64          `yaml:"organisation_day,omitempty"`
	Total        float64          `yaml:"total_day,omitempty"`
	Request      float64          `yaml:"request,omitempty"` // the most that one may reserve
	Tokens       *ModelTokens     `yaml:"tokens,omitempty"`
}

// ModelTokens are how many tokens of prompts and completions may be used in a day.
type ModelTokens struct {
	Key          int64 `yaml:"key_day,omitempty"`
	User         int64 `yaml:"user_day,omitempty"`
	Organisation int64 `yaml:"organisation_day,omitempty"`
	Total        int64 `yaml:"total_day,omitempty"`
}

// modelSpend is the section with what it takes from spend; nil where there is none.
func (p *Policy) modelSpend() *ModelSpend {
	if p.Model == nil || p.Model.Spend == nil {
		return nil
	}
	m := *p.Model.Spend
	if s := p.Spend; s != nil {
		if len(m.Prices) == 0 {
			m.Prices = s.Prices
		}
		if m.PerToken == 0 {
			m.PerToken = s.PerToken
		}
		for _, v := range []struct {
			to   *float64
			from float64
		}{{&m.User, s.User}, {&m.Organisation, s.Organisation}, {&m.Total, s.Total}, {&m.Request, s.Request}} {
			if *v.to == 0 {
				*v.to = v.from
			}
		}
	}
	if m.Tokens == nil {
		m.Tokens = &ModelTokens{}
	}
	return &m
}

func (j *judge) modelSpend(p *Policy) {
	m := p.modelSpend()
	if m == nil {
		return
	}
	const at = "model.spend"
	if m.Mode != "" && m.Mode != guard.Enforce && m.Mode != guard.Observe {
		j.fail(at+".mode", "%s.mode %q: one of enforce, observe; without the section nothing is counted", at, m.Mode)
	}
	j.prices(at+".prices", p.Model.Spend.Prices)
	dollars := m.Key + m.User + m.Organisation + m.Total
	for what, f := range map[string]float64{"key_day": m.Key, "user_day": m.User, "organisation_day": m.Organisation, "total_day": m.Total, "request": m.Request} {
		if !money(f) {
			j.fail(at+"."+what, "%s.%s is no amount of dollars", at, what)
		}
	}
	t := m.Tokens
	for what, n := range map[string]int64{"key_day": t.Key, "user_day": t.User, "organisation_day": t.Organisation, "total_day": t.Total} {
		if n < 0 || n > 1<<50 {
			j.fail(at+".tokens."+what, "%s.tokens.%s is no number of tokens", at, what)
		}
	}
	switch {
	case dollars == 0 && *t == ModelTokens{}:
		j.fail(at, "%s bounds nothing: say key_day, user_day, organisation_day or total_day, in dollars or under tokens", at)
	case (dollars > 0 || m.Request > 0) && len(m.Prices) == 0:
		j.fail(at, "%s needs prices: a model without one is refused", at)
	}
	if m.PerToken < 0 || m.PerToken > 4 {
		j.fail(at+".bytes_per_token", "%s.bytes_per_token is 1 to 4", at)
	}
	if m.Reference < 0 || m.Reference > 1<<24 {
		j.fail(at+".tokens_per_reference", "%s.tokens_per_reference is no number of tokens", at)
	}
	if p.Model.MaxTokens == 0 {
		j.fail("model", "%s needs model.max_tokens: a completion without a bound has no worst case", at)
	}
	named := m.Key + m.Organisation + m.Total + float64(t.Key+t.Organisation+t.Total)
	for i, k := range p.Model.Keys { // no user is known of these
		if !k.Signed && named == 0 && m.User+float64(t.User) > 0 {
			j.fail(fmt.Sprintf("model.keys[%d]", i), "key %q names no user and has no budget: say key_day, organisation_day or total_day", k.Name)
		}
	}
	if p.Stores == nil || p.Stores.Ledger == "" {
		j.fail(at, "%s needs state.ledger, where it is written down: sqlite:FILE, ${env:NAME} of a Postgres, or memory, which a restart empties", at)
	}
}

// egress makes the meter of the model's listener, on the ledger of spend.
func (p *Policy) egress(s *State) (*spend.Egress, error) {
	m := p.modelSpend()
	l, err := p.ledger(s)
	if err != nil {
		return nil, err
	}
	return spend.NewEgress(spend.EgressOptions{Ledger: l, Prices: prices(m.Prices), PerToken: m.PerToken, Reference: m.Reference, Request: spend.Dollars(m.Request),
		Money:   spend.Budgets{Key: spend.Dollars(m.Key), User: spend.Dollars(m.User), Organisation: spend.Dollars(m.Organisation), Total: spend.Dollars(m.Total)},
		Tokens:  spend.Budgets{Key: state.Money(m.Tokens.Key), User: state.Money(m.Tokens.User), Organisation: state.Money(m.Tokens.Organisation), Total: state.Money(m.Tokens.Total)},
		Observe: m.Mode == guard.Observe, Now: s.clock(), Log: s.Log, Tally: s.Spent}), nil
}
