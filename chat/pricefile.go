package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// mostTable bounds a table of prices: the largest known one has 2 MB.
const mostTable = 16 << 20

// Table is a price table of the user's, by the name of the model in lower case.
type Table map[string]Price

// listed is one entry of the table that LiteLLM keeps and others write:
// model_prices_and_context_window.json, dollars a token.
type listed struct {
	In      *float64 `json:"input_cost_per_token"`
	Out     *float64 `json:"output_cost_per_token"`
	Context any      `json:"max_input_tokens"`
	Output  any      `json:"max_output_tokens"`
}

// ReadTable reads a table of prices in that form. Entries without a price, of
// pictures and sounds, are left out.
func ReadTable(r io.Reader) (Table, error) {
	b, err := io.ReadAll(io.LimitReader(r, mostTable+1))
	if err != nil {
		return nil, err
	}
	if len(b) > mostTable {
		return nil, fmt.Errorf("a table of more than %d MB", mostTable>>20)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, fmt.Errorf("no table of prices: %w", err)
	}
	out := Table{}
	for name, entry := range raw {
		var l listed
		if json.Unmarshal(entry, &l) != nil || l.In == nil || l.Out == nil {
			continue
		}
		p := Price{InPerMTok: *l.In * 1e6, OutPerMTok: *l.Out * 1e6}
		if !(p.InPerMTok >= 0 && p.InPerMTok <= 1e6 && p.OutPerMTok >= 0 && p.OutPerMTok <= 1e6) {
			return nil, fmt.Errorf("%.80q: its price is none", name)
		}
		p.Context, _ = whole(l.Context)
		p.Output, _ = whole(l.Output)
		out[strings.ToLower(name)] = p
	}
	if len(out) == 0 {
		return nil, errors.New("no entry with input_cost_per_token and output_cost_per_token")
	}
	return out, nil
}

// Of is the price of a model: the entry of its name, with or without the
// provider's in front.
func (t Table) Of(model string) (Price, bool) {
	name := strings.ToLower(model)
	if p, ok := t[name]; ok {
		return p, true
	}
	p, ok := t[name[strings.LastIndexByte(name, '/')+1:]]
	return p, ok
}
