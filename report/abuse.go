package report

import (
	"fmt"
	"math"

	"github.com/launchready/launchready/plan"
)

// PerHour is a span an hour in words: "80–1,200 an hour", "at least 72,000 an hour".
func PerHour(s plan.Span, unit string) string { return span(s, unit, thousands) + " an hour" }

// Dollars is a span of money in words: "$1.20–18.00", cents where it is small.
func Dollars(s plan.Span) string { return span(s, "$", cents) }

func span(s plan.Span, unit string, word func(float64) string) string {
	low, high := word(s.Low), word(s.High)
	switch {
	case s.Open:
		return "at least " + unit + low
	case low == high:
		return unit + high
	}
	return unit + low + "–" + high
}

func cents(v float64) string {
	if v >= 100 {
		return thousands(v)
	}
	return fmt.Sprintf("%.2f", math.Ceil(v*100-1e-9)/100)
}

// Caller is who abuses, in words.
func Caller(c plan.AbuseCase) string {
	return "one " + Line(c.Who) + ", " + Line(c.Question) + " questions"
}

// TokensOf is what one question and its answer hold.
func TokensOf(c plan.AbuseCase) string {
	s := fmt.Sprintf("%s + %s tokens a question", thousands(float64(c.PromptTokens)), thousands(float64(c.ReplyTokens)))
	if !c.Told {
		s += " (four bytes each)"
	}
	return s
}

// PriceOfTokens is what tokens are counted at.
func PriceOfTokens(p plan.TokenPrice) string {
	s := fmt.Sprintf("$%g and $%g for a million tokens of prompt and reply", p.In, p.Out)
	if p.Model != "" {
		s += ", as " + Line(p.Model) + " costs"
	}
	if p.Guess {
		s += "; a guess"
	}
	return s
}
