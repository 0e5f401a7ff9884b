package policy

import (
	"fmt"
	"math"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/spend"
)

// Spend says what chat routes may cost, in US dollars.
type Spend struct {
	Prices       map[string]Price `yaml:"prices"`            // by model; a name that ends in * stands for all that begin so
	Model        string           `yaml:"model,omitempty"`   // what is taken where a body names none
	MaxTokens    int64            `yaml:"max_tokens"`        // of a reply
	Context      int64            `yaml:"context,omitempty"` // tokens that the application adds to each prompt
	PerToken     int64            `yaml:"bytes_per_token,omitempty"`
	User         float64          `yaml:"user_day,omitempty"`
	Organisation float64          `yaml:"organisation_day,omitempty"`
	Total        float64          `yaml:"total_day,omitempty"`
	Request      float64          `yaml:"request,omitempty"` // the most that one may reserve
}

// Price is that of a model, in US dollars for a million tokens.
type Price struct {
	Input  float64 `yaml:"input"`
	Output float64 `yaml:"output"`
}

func money(f float64) bool { return f >= 0 && f <= 1e6 && !math.IsNaN(f) }

func (j *judge) prices(at string, all map[string]Price) {
	for n, pr := range all {
		if !money(pr.Input) || !money(pr.Output) || pr.Input == 0 && pr.Output == 0 || n == "" || n == "*" {
			j.fail(at+"."+key(n), "%s: %q needs input and output, US dollars for a million tokens", at, n)
		}
	}
}

func prices(all map[string]Price) map[string]spend.Price {
	out := map[string]spend.Price{}
	for n, pr := range all {
		out[n] = spend.PerMillion(pr.Input, pr.Output)
	}
	return out
}

func (j *judge) spend(p *Policy) {
	s := p.Spend
	if s == nil {
		return
	}
	if len(s.Prices) == 0 {
		j.fail("spend", "spend needs prices: a model without one is refused")
	}
	j.prices("spend.prices", s.Prices)
	if s.MaxTokens < 1 || s.MaxTokens > 1<<20 || s.Context < 0 || s.Context > 1<<24 || s.PerToken < 0 || s.PerToken > 4 {
		j.fail("spend", "spend: max_tokens is above 0, context not below 0, bytes_per_token 1 to 4")
	}
	for what, f := range map[string]float64{"user_day": s.User, "organisation_day": s.Organisation, "total_day": s.Total, "request": s.Request} {
		if !money(f) {
			j.fail("spend."+what, "spend.%s is no amount of dollars", what)
		}
	}
	if s.User == 0 && s.Organisation == 0 && s.Total == 0 {
		j.fail("spend", "spend bounds nothing: say user_day, organisation_day or total_day")
	}
	if s.Organisation > 0 && s.Total == 0 && s.User == 0 && !p.Auth.tenants() {
		j.fail("spend.organisation_day", "spend.organisation_day needs auth.tenant_claim")
	}
	chat := false
	for i, r := range p.Routes {
		chat = chat || r.Chat && !r.Blocked
		if r.Chat && r.Modes["spend"] == guard.Off && p.modelSpend() == nil {
			j.fail(fmt.Sprintf("routes[%d].modes", i), "%s asks the model and spend is off there: say chat: false if it costs nothing", r.Path)
		}
	}
	if !chat {
		j.fail("spend", "spend bounds nothing: no route says chat: true")
	}
	if p.Stores == nil || p.Stores.Ledger == "" {
		j.fail("spend", "spend needs state.ledger, where it is written down: sqlite:FILE, ${env:NAME} of a Postgres, or memory, which a restart empties")
	}
}

// charged wants said twice that a route is charged where it may be charged a second time.
func (j *judge) charged(p *Policy, at string, r Route, twice func(at, what, path, why string)) {
	if !p.atBoth(r) {
		return
	}
	const what = "charged at the front"
	if why := p.apart(r); why != "" {
		twice(at, what, r.Path, r.Path+" is charged by spend, and once more by model.spend for what it asks through the model's listener, since "+why+": say modes: {spend: off} there, unless it asks its model past the listener")
		return
	}
	j.needed = append(j.needed, what+" "+r.Path) // which it was before the policy said how to know its calls
}

// atBoth reports a route that the front charges where the model's listener charges too.
func (p *Policy) atBoth(r Route) bool {
	mode, own := r.Modes["spend"]
	if !own {
		mode = p.Modes["spend"]
	}
	return r.Chat && !r.Blocked && mode != guard.Off && p.Spend != nil && p.modelSpend() != nil
}

// apart is why what the route asks through the listener is not known there as its own, or "".
func (p *Policy) apart(r Route) string {
	switch c := p.Model.Context; {
	case r.Public:
		return "nobody signs in there, of whom an assertion could tell"
	case p.Auth == nil || p.Auth.Assertion == nil || p.Auth.Assertion.Secret == "" || c == nil || p.Auth.Assertion.Secret != c.Key:
		return "auth.assertion and model.context have not the same secret"
	case c.Audience != "" && c.Audience != p.Auth.Assertion.Audience:
		return "auth.assertion and model.context have not the same audience"
	}
	for _, k := range p.Model.Keys {
		if !k.Signed {
			return "a call with key " + k.Name + " needs no assertion"
		}
	}
	return ""
}

// Notes say what is no mistake, and not to be seen in the file.
func (p *Policy) Notes() []string {
	var out []string
	for i, r := range p.Routes {
		if !p.atBoth(r) {
			continue
		}
		said := "is charged twice for what it asks through the model's listener, since " + p.apart(r)
		if p.apart(r) == "" {
			said = "is charged once, for what it asks through the model's listener with its assertion; what it asks past the listener in the same request is not charged"
		}
		out = append(out, p.text.at(fmt.Sprintf("routes[%d]", i))+": "+r.Path+" "+said)
	}
	return out
}

type spender struct {
	check *spend.Check
	tap   spend.Tap
}

func (p *Policy) spends(s *State) (*spender, error) {
	c := p.Spend
	if c == nil {
		return nil, nil
	}
	l, err := p.ledger(s)
	if err != nil {
		return nil, err
	}
	o := spend.Options{Ledger: l, Prices: prices(c.Prices), Model: c.Model, MaxTokens: c.MaxTokens, Context: c.Context, PerToken: c.PerToken,
		User: spend.Dollars(c.User), Organisation: spend.Dollars(c.Organisation), Total: spend.Dollars(c.Total), Request: spend.Dollars(c.Request), Now: s.clock(), Log: s.Log, Tally: s.Spent}
	check, tap := spend.New(o)
	return &spender{check, tap}, nil
}
