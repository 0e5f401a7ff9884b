package input

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

func deepJSON() *lr.Check {
	return &lr.Check{
		ID:       "input/deep-json",
		Title:    "Nesting and lists have an end",
		Why:      "A hundred kilobytes of brackets exhaust the stack of a parser that calls itself, and one that does not keeps a value that breaks the parser of whoever reads it. A list without a bound makes each request for it as dear as its author likes.",
		Fix:      "Bound the depth (32 is plenty) and the number of elements while parsing, before anything is kept; most validators and gateways have a setting for both.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "674"}, {Source: "CWE", ID: "770"}, {Source: "RFC", ID: "8259"}, {Source: "OWASP API", ID: "API4:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachMaker(ctx, t, deepBodies)
		},
	}
}

const (
	deep      = 1000    // levels that no client means
	abyss     = 100_000 // levels that a careless parser does not survive
	crowd     = 20_000  // elements of a list that nobody filled by hand
	keptDeep  = 500
	keptCrowd = 10_000
)

func deepBodies(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
	at, listed := m.roomy(), m.crowdable()
	for _, levels := range []int{deep, abyss} {
		name := at
		if name == "" {
			name = word(t) // the parser reads it; who keeps it is told by input/schema-extra
		}
		what := fmt.Sprintf("JSON of %d levels", levels)
		x, say, err := m.breaks(ctx, t, c, what, func(r *lr.Request) error {
			nested := `{"lr":` + strings.Repeat("[", levels) + strings.Repeat("]", levels) + `}`
			return withRaw(r, name, nested)
		})
		if err != nil {
			return err
		}
		if say != "" {
			c.broke(x, what, say)
			return nil
		}
		if x == nil {
			continue
		}
		err = c.judge(ctx, t, m, x, 0, func(st *lr.State) string {
			if n := depthOf(st.Exchange.Body); n >= keptDeep && at != "" {
				return fmt.Sprintf("%s is kept %d levels deep, and comes back so to every reader", name, n)
			}
			return ""
		})
		if err != nil || len(c.wrongs) > 0 {
			return err
		}
	}
	if listed == "" {
		return nil
	}
	what := fmt.Sprintf("a list of %d elements in %s", crowd, listed)
	x, say, err := m.breaks(ctx, t, c, what, func(r *lr.Request) error {
		return withRaw(r, listed, crowded(m.route.Body.Schema.Properties[listed].Items))
	})
	if err != nil || x == nil {
		return err
	}
	if say != "" {
		c.broke(x, what, say)
		return nil
	}
	return c.judge(ctx, t, m, x, lr.Low, func(st *lr.State) string {
		got, _ := inner(st.Body)[listed].([]any)
		if len(got) < keptCrowd {
			return ""
		}
		return fmt.Sprintf("%s is kept with %d elements: nothing bounds it", listed, len(got))
	})
}

// roomy is a member that takes any JSON, "" where there is none.
func (m *maker) roomy() string {
	ps := m.route.Body.Schema.Properties
	for _, name := range slices.Sorted(maps.Keys(ps)) {
		if p := ps[name]; p.Type == "object" && p.Open && !p.ReadOnly {
			return name
		}
	}
	return ""
}

// crowdable is a list of plain values that the description does not bound.
func (m *maker) crowdable() string {
	ps := m.route.Body.Schema.Properties
	for _, name := range slices.Sorted(maps.Keys(ps)) {
		p := ps[name]
		if p.Type == "array" && p.MaxItems == 0 && !p.ReadOnly && p.Items != nil && len(p.Items.Enum) == 0 && (p.Items.Type == "string" || p.Items.Type == "integer") && p.Items.Format == "" && p.Items.Pattern == "" {
			return name
		}
	}
	return ""
}

func crowded(items *lr.Schema) string {
	one := `"lr"`
	if items.Type == "integer" {
		one = "1"
	}
	return "[" + strings.Repeat(one+",", crowd-1) + one + "]"
}

// withRaw writes a member into the request's body, byte for byte.
func withRaw(r *lr.Request, name, raw string) error {
	m := map[string]json.RawMessage{}
	if len(r.Body) > 0 {
		if err := json.Unmarshal(r.Body, &m); err != nil {
			return fmt.Errorf("read a body of our own: %w", err)
		}
	}
	delete(m, name)
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write a body: %w", err)
	}
	key, err := json.Marshal(name)
	if err != nil {
		return fmt.Errorf("write a body: %w", err)
	}
	if b = b[:len(b)-1]; len(m) > 0 {
		b = append(b, ',')
	}
	// Not through the encoder, which would refuse what a hostile client sends.
	r.Body = slices.Concat(b, key, []byte{':'}, []byte(raw), []byte{'}'})
	return nil
}

// depthOf is how deep brackets are nested in a JSON text.
func depthOf(body []byte) int {
	depth, most, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			most = max(most, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return most
}
