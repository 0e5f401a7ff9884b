package launchready

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Provider is the model provider that stands behind the target in this
// environment, or what stands in for it, with a door of its own: what it was
// asked, and how it is made to fail. A check of what the product does when its
// provider fails needs one.
type Provider struct {
	Traffic Request // tells what came to it
	Calls   string  // JSON pointer to the number of calls in the reply, refused ones too
	Tokens  string  // to the number of tokens that it wrote; "" where it does not tell
	Fail    Request // makes the next calls be refused
	// FailBody is the JSON of Fail: a text $status is the status, $calls the
	// number of calls. Nil sends none; $status and $calls stand in the path as well.
	FailBody any
	Mend     Request // makes it well again
}

// Failing is the request after which so many calls are refused with the status.
func (p *Provider) Failing(status, calls int) (*Request, error) {
	r := p.Fail.Clone()
	fill := strings.NewReplacer("$status", strconv.Itoa(status), "$calls", strconv.Itoa(calls))
	r.Path = fill.Replace(r.Path)
	if p.FailBody == nil {
		return r, nil
	}
	var filled func(v any) any
	filled = func(v any) any {
		switch v := v.(type) {
		case string:
			switch v {
			case "$status":
				return status
			case "$calls":
				return calls
			}
			return fill.Replace(v)
		case map[string]any:
			out := make(map[string]any, len(v))
			for k, e := range v {
				out[k] = filled(e)
			}
			return out
		case []any:
			out := make([]any, len(v))
			for i, e := range v {
				out[i] = filled(e)
			}
			return out
		}
		return v
	}
	b, err := json.Marshal(filled(p.FailBody))
	if err != nil {
		return nil, err
	}
	r.Body = b
	r.SetHeader("Content-Type", "application/json")
	return r, nil
}
