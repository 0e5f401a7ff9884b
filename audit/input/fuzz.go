package input

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

func fuzz() *lr.Check {
	return &lr.Check{
		ID:       "input/fuzz",
		Title:    "No body that nobody thought of breaks the server",
		Why:      "What a schema lets through may still be what the code behind never met: a text of spaces, an empty list, a name of signs only. Each that breaks the code is an outage that waits for its user.",
		Fix:      "Judge the value that the code needs, not only its type: a name has a letter, a list has an element. Catch what remains at one place, and answer 422 where the input was at fault.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "20"}, {Source: "CWE", ID: "755"}, {Source: "CWE", ID: "248"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachMaker(ctx, t, fuzzed)
		},
	}
}

// rounds is how many bodies are made by chance for a route.
func rounds(p lr.Profile) int {
	switch p {
	case lr.Quick:
		return 4
	case lr.Deep:
		return 60
	}
	return 6
}

// unthought are texts that a schema usually allows and code often does not.
var unthought = []string{"   ", "", "0", "-", "%s%n%x", "null", "e\u0301\u0301\u0301", "\u00df\u0130\u0131", "\U0001f469\u200d\U0001f680", "\r\n\r\n"}

func fuzzed(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
	h := fnv.New64a()
	h.Write([]byte(t.Check.ID + m.String()))
	random := rand.New(rand.NewPCG(uint64(t.Seed), h.Sum64())) //nolint:gosec // reproducible chance is the point
	var bodies []func([]byte) []byte
	for _, s := range unthought {
		bodies = append(bodies, func(b []byte) []byte { return allTexts(b, s) })
	}
	for range rounds(t.Profile) {
		seed := random.Uint64()
		bodies = append(bodies, func(b []byte) []byte { return mutated(b, seed) })
	}
	for _, change := range bodies {
		var sent []byte
		x, say, err := m.breaks(ctx, t, c, "a body made by chance", func(r *lr.Request) error {
			r.Body = change(r.Body)
			sent = r.Body
			return nil
		})
		if err != nil {
			return err
		}
		if say != "" {
			known, err := m.breaksOnAnything(ctx, t)
			if err != nil {
				return err
			}
			if known {
				return errKnown
			}
			c.broke(x, "a body like "+short(string(sent)), say)
			c.wrongs[len(c.wrongs)-1].gravity = lr.Medium
			return nil
		}
		switch {
		case x == nil:
		case refusal(x):
			c.refused++
		case x.OK() && (m.changes != nil || madeBy(m.door, x) != nil):
			c.idle++
		}
	}
	return nil
}

var errKnown = fmt.Errorf("it breaks on fields of the wrong type or on a NUL as well, which hygiene/server-error tells")

// breaksOnAnything asks with the mistakes that the row hygiene sends: a route that
// breaks on those has one fault, and it is told there.
func (m *maker) breaksOnAnything(ctx context.Context, t *lr.Trial) (bool, error) {
	for _, s := range []any{"lr\x00x", map[string]any{"lr": []int{1}}} {
		r, body, err := m.body(ctx, t)
		if err != nil {
			return false, err
		}
		for name, v := range body {
			if _, ok := v.(string); ok {
				body[name] = s
			}
		}
		if r.Body, err = json.Marshal(body); err != nil {
			return false, err
		}
		x, err := (&tries{}).send(ctx, t, m.door, r, "a mistake that other checks send")
		if over := ended(ctx, err); over != nil {
			return false, over
		}
		if err == nil && faulty(x) {
			return true, nil
		}
	}
	return false, nil
}

// allTexts puts the text into every member that has one.
func allTexts(b []byte, s string) []byte {
	var m map[string]any
	if json.Unmarshal(b, &m) != nil {
		return b
	}
	for name, v := range m {
		if _, ok := v.(string); ok {
			m[name] = s
		}
	}
	if out, err := json.Marshal(m); err == nil {
		return out
	}
	return b
}

// mutated changes one thing of a JSON text, which may be no JSON then.
func mutated(b []byte, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // reproducible chance is the point
	var m map[string]any
	if json.Unmarshal(b, &m) != nil || len(m) == 0 || r.IntN(4) == 0 {
		return mangled(b, r)
	}
	names := slices.Sorted(maps.Keys(m))
	name := names[r.IntN(len(names))]
	odd := []any{nil, true, 0, -1, 1e300, "", " ", []any{}, map[string]any{}, []any{nil}, []any{[]any{}}, map[string]any{"": nil}, strings.Repeat("\u00e4", 40), unthought[r.IntN(len(unthought))]}
	m[name] = odd[r.IntN(len(odd))]
	if out, err := json.Marshal(m); err == nil {
		return out
	}
	return b
}

// mangled drops, doubles or turns a few bytes.
func mangled(b []byte, r *rand.Rand) []byte {
	if len(b) < 4 {
		return b
	}
	i := r.IntN(len(b) - 2)
	switch r.IntN(3) {
	case 0:
		return slices.Concat(b[:i], b[i+1:])
	case 1:
		return slices.Concat(b[:i], bytes.Repeat(b[i:i+1], 3), b[i:])
	}
	out := slices.Clone(b)
	out[i] ^= byte(1 + r.IntN(255)) //nolint:gosec // 1 to 255
	return out
}
