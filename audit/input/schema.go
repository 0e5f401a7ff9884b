package input

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
)

// breach is one value that the description forbids, at one place of a body.
type breach struct {
	keyword string // of JSON Schema: "type", "maxLength"
	path    []any  // names of members, and 0 for the first element of a list
	value   any
	absent  bool // the member is left out
	// stands reports that what the owner sees breaks the keyword; nil compares it
	// with the value.
	stands  func(got any, shown bool, plain any) bool
	gravity lr.Severity
}

func (b *breach) place() string {
	var out strings.Builder
	for i, p := range b.path {
		switch p := p.(type) {
		case string:
			if i > 0 {
				out.WriteByte('.')
			}
			out.WriteString(p)
		default:
			out.WriteString("[]")
		}
	}
	return out.String()
}

// mostNested is how deep into a body breaches are looked for.
const mostNested = 3

// breachesOf lists what the description of a body forbids, each member for itself
// and in the order of their names: all else in the body stays right, so that a
// refusal is of this.
func breachesOf(t *lr.Trial, sc *lr.Schema) []breach {
	if sc == nil {
		return nil
	}
	return members(t, sc, nil)
}

func members(t *lr.Trial, sc *lr.Schema, at []any) []breach {
	if len(at) >= mostNested || len(sc.OneOf) > 0 {
		return nil
	}
	var out []breach
	for _, name := range slices.Sorted(maps.Keys(sc.Properties)) {
		p := sc.Properties[name]
		if p == nil || p.ReadOnly || secretName(name) {
			continue
		}
		path := append(slices.Clone(at), name)
		required := sc.Requires(name)
		if required {
			out = append(out, missing(path, p)...)
		}
		out = append(out, values(t, p, path, required)...)
	}
	if len(sc.Properties) > 0 && !sc.Open {
		w := word(t)
		out = append(out, breach{keyword: "additionalProperties", path: append(slices.Clone(at), w), value: w, gravity: extraGravity(sc)})
	}
	return out
}

// secretName keeps passwords and tokens as they are: one that is wrong fails for
// another reason.
func secretName(name string) bool {
	n := strings.ToLower(name)
	return strings.Contains(n, "password") || strings.Contains(n, "secret") || credentialName(name)
}

// values are the breaches of one member's own schema.
func values(t *lr.Trial, p *lr.Schema, path []any, required bool) []breach {
	if len(p.OneOf) > 0 {
		return nil
	}
	out := slices.Concat(typed(t, p, path), bounded(t, p, path, required), listed(t, p, path), formatted(t, p, path))
	switch p.Type {
	case "object":
		out = append(out, members(t, p, path)...)
	case "array":
		if p.Items != nil && len(path) < mostNested {
			out = append(out, values(t, p.Items, append(slices.Clone(path), 0), false)...)
		}
	}
	return out
}

// keywords are the words of JSON Schema that a check is about.
type keywords map[string]bool

func words(names ...string) keywords {
	out := keywords{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

// coverage counts the cases of a check by keyword: one keyword at one place of
// one route each.
type coverage struct {
	mu    sync.Mutex
	asked map[string]int
	told  map[string]int
}

func (c *coverage) count(keyword string, told bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked, c.told = map[string]int{}, map[string]int{}
	}
	c.asked[keyword]++
	if told {
		c.told[keyword]++
	}
}

func (c *coverage) String() string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(c.asked)) {
		out = append(out, fmt.Sprintf("%s %d of %d", k, c.told[k], c.asked[k]))
	}
	return strings.Join(out, ", ")
}

// mostCases is how many breaches of one check are sent to one route.
func mostCases(p lr.Profile) int {
	switch p {
	case lr.Quick:
		return 12
	case lr.Deep:
		return 200
	}
	return 30
}

// schemaCheck puts the breaches of some keywords to every maker, and the same of
// parameters to every route that has some, and tells how much of the description
// was asked.
func schemaCheck(ks keywords) func(context.Context, *lr.Trial) error {
	return func(ctx context.Context, t *lr.Trial) error {
		makers, err := makersOf(ctx, t)
		if err != nil {
			return err
		}
		cover := &coverage{}
		err = askMakers(ctx, t, makers, func(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
			return m.breached(ctx, t, c, ks, cover)
		})
		nothing := errors.Is(err, errNothing)
		if err != nil && !nothing {
			return err
		}
		asked, err := parameterBreaches(ctx, t, ks, cover)
		if err != nil {
			return err
		}
		switch {
		case nothing && !asked && len(makers) == 0:
			t.Unknown(application, "no route makes an object of a JSON body that the run could read back and take away again")
		case nothing && !asked:
			t.NotApplicable("the description says nothing of the kind where it could be asked: %s", strings.Join(slices.Sorted(maps.Keys(ks)), ", "))
		default:
			told := 0
			for _, n := range cover.told {
				told += n
			}
			if told > 0 {
				e := lr.Evidence{Records: []string{"cases of schema keywords that were told, of those asked: " + cover.String()}}
				t.Pass(e, application, "schema keywords asked, one case for each place of each route: %s conclusive", cover)
			}
		}
		return nil
	}
}

func (m *maker) breached(ctx context.Context, t *lr.Trial, c *tally, ks keywords, cover *coverage) error {
	var all []breach
	for _, b := range breachesOf(t, m.route.Body.Schema) {
		if ks[b.keyword] && !(b.absent && m.route.Method == "PATCH") {
			all = append(all, b)
		}
	}
	if most := mostCases(t.Profile); len(all) > most {
		all = spread(all, most)
	}
	for _, b := range all {
		r, body, err := m.body(ctx, t)
		if err != nil {
			return err
		}
		if !set(body, b.path, b, m.route.Body.Schema) {
			continue
		}
		if r.Body, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write a body: %w", err)
		}
		x, err := c.send(ctx, t, m.door, r, b.keyword+" of "+b.place()+" broken")
		if err != nil {
			return err
		}
		before := c.told()
		err = c.judge(ctx, t, m, x, b.gravity, func(st *lr.State) string { return b.look(m, st) })
		if err != nil {
			return err
		}
		cover.count(b.keyword, c.told() > before)
	}
	return nil
}

// spread takes n of the breaches, evenly.
func spread(all []breach, n int) []breach {
	out := make([]breach, 0, n)
	for i := range n {
		out = append(out, all[i*len(all)/n])
	}
	return out
}

// look says what the owner sees of the breach, "" nothing wrong.
func (b *breach) look(m *maker, st *lr.State) string {
	if !st.Exists || st.Body == nil {
		return ""
	}
	got, shown := at(inner(st.Body), b.path)
	plain, _ := at(m.plain, b.path)
	if b.stands != nil {
		if !b.stands(got, shown, plain) {
			return ""
		}
	} else if !shown || !alike(got, b.value) {
		return ""
	}
	switch {
	case b.absent:
		return fmt.Sprintf("an object without %s is made, which the description requires", b.place())
	case b.keyword == "required":
		return fmt.Sprintf("an object with null for %s is made, which the description requires", b.place())
	case b.keyword == "additionalProperties":
		return "a member that the description does not know is kept, and comes back to every reader"
	}
	return fmt.Sprintf("%s is kept as %s, which breaks %s", b.place(), short(b.value), b.keyword)
}

// at is the value at a place of the owner's view.
func at(v any, path []any) (any, bool) {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				return nil, false
			}
			if v, ok = m[p]; !ok {
				return nil, false
			}
		case int:
			l, ok := v.([]any)
			if !ok || len(l) <= p {
				return nil, false
			}
			v = l[p]
		}
	}
	return v, true
}

// set writes the breach into a body; what is above it and not there is made as
// the description wants it. It reports whether there was a place.
func set(body map[string]any, path []any, b breach, sc *lr.Schema) bool {
	name, ok := path[0].(string)
	if !ok {
		return false
	}
	if len(path) == 1 {
		if b.absent {
			_, had := body[name]
			delete(body, name)
			return had
		}
		body[name] = b.value
		return true
	}
	var p *lr.Schema
	if sc != nil {
		p = sc.Properties[name]
	}
	if p == nil {
		return false
	}
	if _, element := path[1].(int); element {
		list, _ := body[name].([]any)
		if len(path) == 2 {
			body[name] = []any{b.value}
			return true
		}
		first, ok := sample(p.Items, 0).(map[string]any)
		if !ok {
			return false
		}
		if len(list) > 0 {
			if have, ok := list[0].(map[string]any); ok {
				first = maps.Clone(have)
			}
		}
		if !set(first, path[2:], b, p.Items) {
			return false
		}
		body[name] = []any{first}
		return true
	}
	in, ok := body[name].(map[string]any)
	if !ok {
		if in, ok = sample(p, 0).(map[string]any); !ok {
			return false
		}
	}
	in = maps.Clone(in)
	if !set(in, path[1:], b, p) {
		return false
	}
	body[name] = in
	return true
}
