package input

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"

	lr "github.com/launchready/launchready"
)

func hugeNumber() *lr.Check {
	return &lr.Check{
		ID:       "input/huge-number",
		Title:    "A number is kept as it was sent, or refused",
		Why:      "A number that is cut to the width of a machine's word passes the rule that looks at it before, and means something else behind: 4,294,967,297 seats that cost as much as one, a limit that turns negative and limits nothing.",
		Fix:      "Judge the number as it was written, before it is put into a type of fixed width, and refuse what does not fit, what is not finite and what is out of bounds, with 422.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "190"}, {Source: "CWE", ID: "681"}, {Source: "CWE", ID: "1284"}, {Source: "ASVS", ID: "v5.0.0-2.2.1"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			makers, err := makersOf(ctx, t)
			if err != nil {
				return err
			}
			makers = slices.DeleteFunc(slices.Clone(makers), func(m *maker) bool { return len(m.numbers()) == 0 })
			if len(makers) == 0 {
				t.NotApplicable("no number is kept of a body that could be read back")
				return nil
			}
			return askMakers(ctx, t, makers, hugeNumbers)
		},
	}
}

// numbers are the numeric members that a maker takes.
func (m *maker) numbers() []string {
	var out []string
	ps := m.route.Body.Schema.Properties
	for _, name := range slices.Sorted(maps.Keys(ps)) {
		if p := ps[name]; !p.ReadOnly && !p.Mixed && len(p.Enum) == 0 && (p.Type == "integer" || p.Type == "number") {
			out = append(out, name)
		}
	}
	return out
}

// hugeNumbers sends a right value with one more bit set than words of a usual
// width have: what is kept of it in that width is the right value again.
func hugeNumbers(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
	for _, name := range m.numbers() {
		right := int64(3)
		if p := m.route.Body.Schema.Properties[name]; p.Minimum != nil && *p.Minimum > 3 && *p.Minimum < 1<<30 {
			right = int64(*p.Minimum)
		} else if p.Maximum != nil && *p.Maximum < 3 && *p.Maximum > 0 {
			right = int64(*p.Maximum)
		}
		for _, n := range hugeOf(right) {
			r, err := m.request(ctx, t)
			if err != nil {
				return err
			}
			if err := withRaw(r, name, n); err != nil {
				return err
			}
			x, err := c.send(ctx, t, m.door, r, "a huge number in "+name)
			if err != nil {
				return err
			}
			err = c.judge(ctx, t, m, x, 0, func(st *lr.State) string {
				got, shown := inner(st.Body)[name]
				return bent(name, n, got, shown, right)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func hugeOf(right int64) []string {
	var out []string
	for _, width := range []uint{8, 16, 32, 64} {
		n := new(big.Int).Lsh(big.NewInt(1), width)
		out = append(out, n.Add(n, big.NewInt(right)).String())
	}
	return append(out, "9223372036854775808", "-9223372036854775809", "1e400")
}

// bent says what became of a number that was not refused: cut, with the sign
// turned, or no number.
func bent(name, sent string, got any, shown bool, right int64) string {
	if !shown {
		return ""
	}
	f, ok := got.(float64)
	switch {
	case ok && f == float64(right):
		return fmt.Sprintf("%s: %s is kept as %d: it is cut to the width of a word, and no rule saw what was sent", name, sent, right)
	case ok && f < 0 && sent[0] != '-':
		return fmt.Sprintf("%s: %s is kept as %s: its sign is turned", name, sent, number(f))
	case got == "Infinity" || got == "-Infinity" || got == "NaN" || got == "inf":
		return fmt.Sprintf("%s: %s is kept as %q, which is no number", name, sent, got)
	}
	return ""
}

func number(f float64) string {
	b, err := json.Marshal(f)
	if err != nil {
		return fmt.Sprint(f)
	}
	return string(b)
}
