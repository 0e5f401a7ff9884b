package chat

import (
	"math"
	"slices"
	"strings"
)

// Price is what a model's tokens cost, and the most of them that one request to
// the target can take: with it the worst case of a request is known before it is
// sent.
type Price struct {
	InPerMTok  float64 // US dollars for a million tokens of prompt
	OutPerMTok float64 // of reply
	Context    int     // the most tokens of prompt that one request takes, all turns of tools together
	Output     int     // likewise of reply
}

// Usual is taken where neither the configuration nor a request names a model
// that the table knows. It is a guess about the price of a small model and the
// prompt of a support assistant, and the plan says so.
func Usual() Price { return Price{InPerMTok: 0.80, OutPerMTok: 2.00, Context: 6000, Output: 1000} }

// priced is a family of models: names that begin so.
type priced struct {
	name string
	Price
}

// prices lists list prices and limits of well-known models, as their makers
// publish them; the longest name that fits counts. A configuration overrides
// each of the four numbers.
var prices = [...]priced{
	{"claude-haiku-4", Price{1, 5, 200_000, 64_000}},
	{"claude-opus-4", Price{15, 75, 200_000, 32_000}},
	{"claude-sonnet-4", Price{3, 15, 200_000, 64_000}},
	{"gemini-2.5-flash", Price{0.30, 2.50, 1_048_576, 65_536}},
	{"gemini-2.5-pro", Price{2.50, 15, 1_048_576, 65_536}},
	{"gpt-4.1", Price{2, 8, 1_047_576, 32_768}},
	{"gpt-4.1-mini", Price{0.40, 1.60, 1_047_576, 32_768}},
	{"gpt-4.1-nano", Price{0.10, 0.40, 1_047_576, 32_768}},
	{"gpt-4o", Price{2.50, 10, 128_000, 16_384}},
	{"gpt-4o-mini", Price{0.15, 0.60, 128_000, 16_384}},
	{"gpt-5", Price{1.25, 10, 400_000, 128_000}},
	{"gpt-5-mini", Price{0.25, 2, 400_000, 128_000}},
	{"gpt-5-nano", Price{0.05, 0.40, 400_000, 128_000}},
	{"mistral-large", Price{2, 6, 128_000, 128_000}},
	{"mistral-small", Price{0.10, 0.30, 128_000, 128_000}},
}

// Models lists the names that the table knows, sorted.
func Models() []string {
	out := make([]string, 0, len(prices))
	for _, p := range prices {
		out = append(out, p.name)
	}
	slices.Sort(out)
	return out
}

// PriceOf is the price of a model by its name: "gpt-4o-mini-2024-07-18",
// "openai/gpt-4o-mini".
func PriceOf(model string) (Price, bool) {
	name := strings.ToLower(model[strings.LastIndexByte(model, '/')+1:])
	best := -1
	for i, p := range prices {
		if strings.HasPrefix(name, p.name) && (best < 0 || len(p.name) > len(prices[best].name)) {
			best = i
		}
	}
	if best < 0 {
		return Price{}, false
	}
	return prices[best].Price, true
}

// pico is money in millionths of a millionth of a dollar: whole numbers add up
// without loss, and a rounded price is rounded up.
type pico int64

// perToken is the price of one token.
func perToken(perMTok float64) pico {
	// One dollar a million tokens is 1e6 pico a token. The small term keeps what
	// is whole in decimals from being rounded up for its binary form.
	return pico(math.Ceil(perMTok*1e6 - 1e-6))
}

// cost is what so many tokens cost; it stays at the top where it would overflow.
func (p Price) cost(in, out int) pico {
	return saturate(perToken(p.InPerMTok), in, saturate(perToken(p.OutPerMTok), out, 0))
}

func saturate(each pico, n int, add pico) pico {
	if n > 0 && each > (math.MaxInt64/4-add)/pico(n) {
		return math.MaxInt64 / 4
	}
	return each*pico(max(n, 0)) + add
}

// Worst is the most that one request costs, in dollars.
func (p Price) Worst() float64 { return float64(p.cost(p.Context, p.Output)) / 1e12 }
