package input

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	lr "github.com/launchready/launchready"
)

func duplicateKeys() *lr.Check {
	return &lr.Check{
		ID:       "input/duplicate-keys",
		Title:    "A member that comes twice is judged as it is kept",
		Why:      "JSON does not say which of two members of one name counts. Where the validator takes the first and the handler the last, the value that was judged is not the one that is kept, and every rule can be walked around.",
		Fix:      "Judge what was decoded, not the text beside it; or refuse a body with a name that comes twice, with 400.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "RFC", ID: "8259"}, {Source: "CWE", ID: "436"}, {Source: "CWE", ID: "235"}, {Source: "ASVS", ID: "v5.0.0-1.5.3"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			makers, err := makersOf(ctx, t)
			if err != nil {
				return err
			}
			if err := askMakers(ctx, t, makers, twice); !errors.Is(err, errNothing) {
				return err
			}
			t.Unknown(application, "no route refuses a value that its description forbids, so nothing is judged that a second member could walk around")
			return nil
		},
	}
}

// mostTwice is how many members of a route are said twice.
const mostTwice = 3

// twice sends a member with a right value and with one that is refused when it
// comes alone, in both orders. Either value may count, but the wrong one may not
// be kept.
func twice(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
	said := 0
	for _, b := range breachesOf(t, m.route.Body.Schema) {
		name, ok := b.path[0].(string)
		if said == mostTwice || !ok || len(b.path) != 1 || b.absent || b.value == nil || b.keyword == "type" || b.keyword == "additionalProperties" {
			continue
		}
		alone, body, err := m.body(ctx, t)
		if err != nil {
			return err
		}
		right, had := body[name]
		if !had {
			if right = sample(m.route.Body.Schema.Properties[name], 0); right == nil {
				continue
			}
		}
		body[name] = b.value
		if alone.Body, err = json.Marshal(body); err != nil {
			return err
		}
		x, err := (&tries{}).send(ctx, t, m.door, alone, b.keyword+" of "+name+" broken, once")
		if err != nil {
			return err
		}
		if x.Status != 400 && x.Status != 422 {
			continue // it is not judged: the checks of the schema tell
		}
		said++
		for _, order := range [][2]any{{right, b.value}, {b.value, right}} {
			r, body, err := m.body(ctx, t)
			if err != nil {
				return err
			}
			if r.Body, err = doubled(body, name, order[0], order[1]); err != nil {
				return err
			}
			x, err := c.send(ctx, t, m.door, r, name+" twice, once right and once wrong")
			if err != nil {
				return err
			}
			err = c.judge(ctx, t, m, x, 0, func(st *lr.State) string {
				if got, shown := at(inner(st.Body), b.path); !st.Exists || !shown || !alike(got, b.value) {
					return ""
				}
				return fmt.Sprintf("%s is kept as %s, which is refused when it comes alone: of two members of that name one is judged and the other is kept", name, short(b.value))
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// doubled is the body with the member first and last.
func doubled(body map[string]any, name string, first, last any) ([]byte, error) {
	delete(body, name)
	rest, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	pair := func(v any) []byte {
		b, err := json.Marshal(map[string]any{name: v})
		if err != nil {
			return nil
		}
		return b[1 : len(b)-1]
	}
	parts := [][]byte{pair(first)}
	if len(rest) > 2 {
		parts = append(parts, rest[1:len(rest)-1])
	}
	parts = append(parts, pair(last))
	return append(append([]byte{'{'}, bytes.Join(parts, []byte{','})...), '}'), nil
}
