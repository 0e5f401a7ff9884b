package input

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

func controlText() *lr.Check {
	return &lr.Check{
		ID:    "input/control-text",
		Title: "No text makes what holds it unreadable",
		Why: "A text with a NUL, a lone half of a surrogate pair or a control character is taken by one layer and refused by the next. One such title, and the list that shows it " +
			"is an error for everybody in the company, until somebody deletes the row by hand.",
		Fix:      "Refuse what is no Unicode text (lone surrogates, bytes that are no UTF-8) and NUL when it comes in, and write JSON with an encoder, never by hand.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "176"}, {Source: "CWE", ID: "158"}, {Source: "CWE", ID: "116"}, {Source: "RFC", ID: "8259"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			makers, err := makersOf(ctx, t)
			if err != nil {
				return err
			}
			return eachMaker(ctx, t, func(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
				if m.changes != nil && slices.ContainsFunc(makers, func(o *maker) bool { return o.changes == nil && o.route.Resource == m.route.Resource }) {
					return nil // the same readers show what was created
				}
				return controlTexts(ctx, t, m, c)
			})
		},
	}
}

// oddTexts are what stands between the quotes of a JSON string, after a word.
var oddTexts = []struct{ name, raw string }{
	{"NUL", `\u0000lr`},
	{"a lone half of a surrogate pair", `\ud800lr`},
	{"the other half", `\udc00`},
	{"control characters", `\u0001\u0007\u001b[31m\u007f\u0085`},
	{"characters that turn the direction", "\u202e\u2066lr\u2069"},
	{"characters without width", "\u200b\u200d\u2060\ufeff"},
	{"characters that are none", "\ufffe\uffff"},
	{"the last character there is", "\U0010ffff"},
	{"bytes that are no UTF-8", "\xff\xc0\xaf\xed\xa0\x80"},
}

// controlTexts makes an object of each odd text, and reads it and its list as its
// owner: what could be read before must be readable after. How the text itself
// comes back does not matter.
func controlTexts(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
	places := m.free()
	own := m.object
	if m.changes == nil {
		own = t.Stage.Object(m.route.Resource, m.as)
	}
	if len(places) == 0 || own == nil {
		return nil
	}
	readers, err := m.readersOf(ctx, t, own)
	if err != nil || len(readers) == 0 {
		return err
	}
	for _, odd := range oddTexts {
		r, body, err := m.body(ctx, t)
		if err != nil {
			return err
		}
		for _, name := range places {
			if s, ok := body[name].(string); ok {
				const end = "lrEND"
				r.Body = bytes.Replace(r.Body, []byte(`"`+s+`"`), []byte(`"`+cut(s, 24)+end+`"`), 1)
				r.Body = bytes.ReplaceAll(r.Body, []byte(end), []byte(odd.raw))
			}
		}
		x, err := c.send(ctx, t, m.door, r, "a text with "+odd.name)
		if err != nil {
			return err
		}
		if refusal(x) {
			c.refused++
			continue
		}
		o := m.changes
		if o == nil {
			o = madeBy(m.door, x)
		}
		if o == nil || !x.OK() {
			continue
		}
		seen, say, err := m.poisoned(ctx, t, readers, o)
		if err != nil {
			return err
		}
		if say == "" {
			c.idle++
			continue
		}
		c.wrongs = append(c.wrongs, wrong{say: fmt.Sprintf("a text with %s is kept, and from then on %s", odd.name, say), xs: []*lr.Exchange{x, seen}})
		m.undo(ctx, t, o)
		return nil
	}
	return nil
}

// free are the members of the body that take any text.
func (m *maker) free() []string {
	var out []string
	for name, p := range m.route.Body.Schema.Properties {
		if p.Type == "string" && len(p.Enum) == 0 && p.Format == "" && p.Pattern == "" && p.Const == nil && !p.ReadOnly && !secretName(name) && !urlName(name) && (p.MaxLength == 0 || p.MaxLength >= 60) {
			out = append(out, name)
		}
	}
	return out
}

func cut(s string, n int) string {
	if len(s) > n {
		s = s[len(s)-n:]
	}
	return strings.Trim(s, `"\`)
}
