package spend

import (
	"strings"

	"github.com/launchready/launchready/guard/state"
)

// Tally counts amounts and refusals, for who watches. At is front or model; the unit is
// dollars or tokens. No caller is named.
type Tally interface {
	// Reserved counts the worst case of a request. Of what one asks the model in a
	// request of the front, a part was reserved there already.
	Reserved(at, unit string, amount float64)
	// Settled counts what reservations came to.
	Settled(at, unit string, amount float64)
	// Refused counts a request, or a stream that was ended: by the budget of a user, an
	// organisation, a key, the total or one request; by none that it could be charged
	// to, or no way to tell its cost; by the ledger, where that did not answer.
	Refused(at, unit, budget string)
}

const (
	atFront = "front"
	atModel = "model"

	dollars = "dollars"
	tokens  = "tokens"

	byRequest = "request"
	byNone    = "none"
	byLedger  = "ledger"
)

// uncounted is nobody's tally.
type uncounted struct{}

func (uncounted) Reserved(string, string, float64) {}
func (uncounted) Settled(string, string, float64)  {}
func (uncounted) Refused(string, string, string)   {}

// inUnit is an amount as people read it.
func inUnit(unit string, m state.Money) float64 {
	if unit == dollars {
		return float64(m) / float64(state.Dollar)
	}
	return float64(m)
}

// kindOf is the kind of an account, of those that the budgets name.
func kindOf(account string) string {
	name, _, _ := strings.Cut(account, "/")
	return strings.TrimPrefix(name, ofTokens)
}
