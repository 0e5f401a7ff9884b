package input

import (
	"bytes"
	"context"
	"encoding/json"

	lr "github.com/launchready/launchready"
)

func malformedJSON() *lr.Check {
	return &lr.Check{
		ID:       "input/malformed-json",
		Title:    "What is not JSON makes nothing",
		Why:      "Where two readers of one body differ, what one of them judged is not what the other does: a filter in front sees the first value, the handler the second. A body that was cut on the way is kept as if it were whole.",
		Fix:      "Read the whole body with a strict parser, to its end: in Go ask for `io.EOF` after the value, elsewhere parse the text and not the stream. Answer 400.",
		Guard:    "validate",
		Severity: lr.Low,
		Refs:     []lr.Ref{{Source: "RFC", ID: "8259"}, {Source: "CWE", ID: "20"}, {Source: "CWE", ID: "436"}, {Source: "ASVS", ID: "v5.0.0-1.5.3"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			return eachMaker(ctx, t, malformedBodies)
		},
	}
}

// spoiled is a way to make a JSON text no JSON text.
type spoiled struct {
	name    string
	spoil   func(whole []byte) []byte
	gravity lr.Severity
}

// spoilings leave all members in the text, so that what is made of it shows them.
func spoilings() []spoiled {
	trimmed := func(b []byte) []byte { return bytes.TrimRight(b, " \r\n}") }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	return []spoiled{
		{"without its last brace", trimmed, lr.Medium},
		{"with a brace too many", func(b []byte) []byte { return join(b, []byte("}")) }, 0},
		{"with a second value behind it", func(b []byte) []byte { return join(b, []byte(`{"lr":1}`)) }, 0},
		{"with text behind it", func(b []byte) []byte { return join(b, []byte(" lr")) }, 0},
		{"with text before it", func(b []byte) []byte { return join([]byte("lr "), b) }, 0},
		{"with a comma too many", func(b []byte) []byte { return join(trimmed(b), []byte(",}")) }, 0},
		{"with single quotes", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`"`), []byte(`'`)) }, 0},
		{"with a comment", func(b []byte) []byte { return join(trimmed(b), []byte("/* lr */}")) }, 0},
		{"with a number that JSON does not know", func(b []byte) []byte { return join(trimmed(b), []byte(`,"lr":NaN}`)) }, 0},
	}
}

func malformedBodies(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
	for _, s := range spoilings() {
		r, body, err := m.body(ctx, t)
		if err != nil {
			return err
		}
		if len(body) == 0 {
			return nil
		}
		told := texts(body)
		if r.Body, err = json.Marshal(body); err != nil {
			return err
		}
		r.Body = s.spoil(r.Body)
		x, err := c.send(ctx, t, m.door, r, "JSON "+s.name)
		if err != nil {
			return err
		}
		err = c.judge(ctx, t, m, x, s.gravity, func(st *lr.State) string {
			if !m.made(st, told) {
				return ""
			}
			return "a body " + s.name + " is taken, and what stands in it is kept"
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// texts are the fresh texts of a body, by which its object is known again.
func texts(body map[string]any) []string {
	var out []string
	for _, v := range body {
		if s, ok := v.(string); ok && len(s) >= 12 {
			out = append(out, s)
		}
	}
	return out
}

// made reports whether the owner sees an object of this request: a creation is
// known by its being there, a change by a text of the body.
func (m *maker) made(st *lr.State, told []string) bool {
	if !st.Exists {
		return false
	}
	if m.changes == nil {
		return true
	}
	for _, s := range told {
		if bytes.Contains(st.Exchange.Body, []byte(s)) {
			return true
		}
	}
	return false
}
