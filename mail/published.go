package mail

import "context"

// State is what stands at a name that may hold one record of a standard.
type State int

// The states. Unknown is a question without answer: nothing is proved.
const (
	Unknown  State = iota
	Found          // one record, valid or not
	Absent         // none, by the word of the server
	Multiple       // more than one, which readers take as none
)

func (s State) String() string { return [...]string{"unknown", "found", "absent", "multiple"}[s] }

// Published is what a domain publishes at a name that may hold one record R of a
// standard, among texts that are none of it.
type Published[R any] struct {
	Name   string // that was asked
	State  State
	Record *R // where State is Found
	Chain  []string
	Other  int // TXT records that are none of this standard
	Err    error
}

// Publication looks up the one record at a name, as MTA-STS (RFC 8461 section 3.1)
// and TLS-RPT (RFC 8460 section 3) do. is tells the standard's texts from others.
func Publication[R any](ctx context.Context, r Resolver, name string, is func(string) bool, parse func(string) *R) *Published[R] {
	out := &Published[R]{Name: name}
	asked, err := Domain(name)
	if err != nil {
		out.State = Absent
		return out
	}
	out.Name = asked
	a, err := Ask(ctx, r, asked, TXT)
	out.Chain = a.Chain
	if err != nil {
		out.Err = err
		return out
	}
	out.State = Absent
	for _, txt := range a.Texts() {
		switch {
		case !is(txt):
			out.Other++
		case out.State == Absent:
			out.State, out.Record = Found, parse(txt)
		default:
			out.State, out.Record = Multiple, nil
		}
	}
	return out
}
