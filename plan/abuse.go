package plan

import (
	"errors"
	"fmt"
	"math"

	lr "github.com/launchready/launchready"
)

// AbuseSchema names the contract of Abuse; scripts depend on it.
const AbuseSchema = "launchready.abuse/v1"

// TokenPrice is what a model's tokens cost, in dollars for a million of each, and
// where that is from.
type TokenPrice struct {
	In    float64 `json:"input_per_mtok"`
	Out   float64 `json:"output_per_mtok"`
	Model string  `json:"model,omitempty"`
	Guess bool    `json:"guess,omitempty"` // nobody said what the model costs
}

// Most that is worked with: beyond them something else was meant.
const (
	mostPrice  = 1e6
	mostTokens = 1e9 // of one question
	mostAsked  = 1e9
)

// CheckPrice refuses a price that is none.
func CheckPrice(p TokenPrice) error {
	var errs []error
	for _, x := range []struct {
		name string
		v    float64
	}{{"prompt", p.In}, {"reply", p.Out}} {
		if !(x.v >= 0 && x.v <= mostPrice) { // NaN is neither
			errs = append(errs, fmt.Errorf("a price of %g dollars for a million tokens of %s is none", x.v, x.name))
		}
	}
	return errors.Join(errs...)
}

// Span is from the least to the most. Open says that the most is not known: what
// is there is what was seen.
type Span struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	Open bool    `json:"open,omitempty"`
}

func (s Span) times(f float64) Span { return Span{s.Low * f, s.High * f, s.Open} }

// AbuseCase is one caller who asks without a pause.
type AbuseCase struct {
	Who          string  `json:"who"`      // user, organisation
	Question     string  `json:"question"` // ordinary, heaviest
	Limited      bool    `json:"limited"`
	PerHour      Span    `json:"questions_per_hour"`
	PromptTokens int     `json:"prompt_tokens"` // of one question
	ReplyTokens  int     `json:"reply_tokens"`
	Told         bool    `json:"tokens_told"` // by the target; else they are counted as four bytes each
	Each         float64 `json:"usd_each"`
	Tokens       Span    `json:"tokens_per_hour"`
	USD          Span    `json:"usd_per_hour"`
	How          string  `json:"how"` // by which the questions an hour come about
}

// Abuse is what one caller's abuse would cost, at the limits that a run met.
type Abuse struct {
	Schema  string      `json:"schema"`
	Run     string      `json:"run"`
	Product string      `json:"product"`
	Target  string      `json:"target"`
	Price   TokenPrice  `json:"price"`
	Cases   []AbuseCase `json:"cases"`
	Unknown []string    `json:"unknown"` // what the figures rest on, or lack
}

// PriceAbuse works out what abuse costs from what the bursts of a report were let
// do. A report without any gives no case and says what is missing.
func PriceAbuse(r *lr.Report, price TokenPrice) (*Abuse, error) {
	if err := CheckPrice(price); err != nil {
		return nil, err
	}
	out := &Abuse{Schema: AbuseSchema, Run: r.Run, Product: r.Product, Target: r.Target, Price: price, Cases: []AbuseCase{}, Unknown: []string{}}
	got, err := allowances(r)
	if err != nil {
		return nil, err
	}
	if price.Guess {
		out.miss("nobody said what the model costs: the price is that of a small model; give --model, or --input-per-mtok and --output-per-mtok, or set chat.price")
	}
	prompt, answer := got[lr.AllowancePrompt], got[lr.AllowanceAnswer]
	for _, who := range []string{lr.AllowanceUser, lr.AllowanceOrganisation} {
		a := got[who]
		if a == nil || a.Taken == 0 {
			out.miss("how often one %s may ask was not found out: run launchready audit --only limits --load", who)
			continue
		}
		rate, how := perHour(a)
		c := AbuseCase{Who: who, Question: "ordinary", Limited: a.Refused > 0, PerHour: rate, How: how, PromptTokens: a.PromptTokens, ReplyTokens: a.ReplyTokens, Told: a.Told}
		if !a.Told {
			out.miss("the target does not tell the tokens of an ordinary question, so what ordinary questions of one %s cost is not known", who)
		} else {
			out.Cases = append(out.Cases, c.priced(price))
		}
		if prompt == nil || answer == nil || prompt.Taken == 0 || answer.ReplyTokens == 0 {
			out.miss("how much one question of a %s may hold, or its answer, was not found out", who)
			continue
		}
		h := AbuseCase{Who: who, Question: "heaviest", Limited: c.Limited, PerHour: rate, How: how, PromptTokens: prompt.PromptTokens, ReplyTokens: answer.ReplyTokens, Told: answer.Told}
		if who == lr.AllowanceUser && prompt.Refused > 0 {
			switch heavy, why := perHour(prompt); {
			case heavy.Open: // so many at the least, and as many as of any kind at the most
				h.PerHour.Low, h.How, h.Limited = min(h.PerHour.Low, heavy.Low), "heavy questions: "+why+"; at the most as many as ordinary ones", true
			case heavy.High < h.PerHour.High:
				h.PerHour, h.How, h.Limited = Span{min(h.PerHour.Low, heavy.Low), heavy.High, false}, "heavy questions: "+why, true
			}
		}
		out.Cases = append(out.Cases, h.priced(price))
	}
	if len(out.Cases) > 0 {
		out.miss("one address or one person with many accounts or organisations costs as much for each of them, where nothing bounds how many can be signed up")
		out.miss("what tools, searches and further calls of the model behind one answer cost is in it only as far as the target tells their tokens")
	}
	return out, nil
}

func (a *Abuse) miss(format string, args ...any) {
	a.Unknown = append(a.Unknown, fmt.Sprintf(format, args...))
}

// allowances finds what the checks of a report measured, the first of each kind.
func allowances(r *lr.Report) (map[string]*lr.Allowance, error) {
	out := map[string]*lr.Allowance{}
	for i := range r.Rows {
		for j := range r.Rows[i].Checks {
			c := &r.Rows[i].Checks[j]
			a := c.Allowance
			if a == nil || out[a.Of] != nil {
				continue
			}
			for _, n := range []int{a.Sent, a.Taken, a.Refused, a.PromptTokens, a.ReplyTokens} {
				if n < 0 || n > mostTokens {
					return nil, fmt.Errorf("%s: an allowance of %d is none", c.ID, n)
				}
			}
			for _, s := range []float64{a.Seconds, a.Wait} {
				if !(s >= 0 && s <= mostAsked) {
					return nil, fmt.Errorf("%s: %g seconds are none", c.ID, s)
				}
			}
			out[a.Of] = a
		}
	}
	return out, nil
}

// perHour is how many questions an hour a caller gets who asks without a pause.
func perHour(a *lr.Allowance) (Span, string) {
	speed := math.Inf(1)
	if a.Seconds > 0 {
		speed = min(float64(a.Taken)/a.Seconds*3600, mostAsked)
	}
	taken := float64(a.Taken)
	switch {
	case a.Refused == 0 && math.IsInf(speed, 1):
		return Span{taken, taken, true}, fmt.Sprintf("%d questions were all taken, and how fast is not known", a.Taken)
	case a.Refused == 0:
		return Span{speed, speed, true}, fmt.Sprintf("nothing stopped %d questions in %.2g s: at that speed for an hour", a.Taken, a.Seconds)
	case a.Wait > 0:
		// After each wait one question is taken at the least, and as many as at first
		// at the most: which of the two a counter does, no refusal tells.
		low, high := taken+3600/a.Wait, taken*max(3600/a.Wait, 1)
		return Span{min(low, high, speed), min(high, speed), false}, fmt.Sprintf("%d of %d were taken, and a refusal names %g s: one more each time at the least, %d at the most", a.Taken, a.Sent, a.Wait, a.Taken)
	}
	return Span{taken, taken, true}, fmt.Sprintf("%d of %d were taken, and no refusal says when more are", a.Taken, a.Sent)
}

func (c AbuseCase) priced(p TokenPrice) AbuseCase {
	c.Each = (float64(c.PromptTokens)*p.In + float64(c.ReplyTokens)*p.Out) / 1e6
	c.Tokens = c.PerHour.times(float64(c.PromptTokens + c.ReplyTokens))
	c.USD = c.PerHour.times(c.Each)
	return c
}
