package chat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Selector picks values from a frame: "/choices/*/delta/content" is a JSON
// pointer (RFC 6901) in which * stands for every member or element. A condition
// keeps it to some frames: "/delta where /type=text-delta", and
// "/answer where event=message,agent_message" for the name of a server-sent
// event. The path "" selects a frame that is itself a text.
type Selector struct {
	Path  []string
	Where *Condition
}

// Condition is the part of a selector after "where".
type Condition struct {
	Event bool     // the name of the event; else Path
	Path  []string // of a member of the same frame
	Any   []string // the values that hold
}

// ErrSelector says that a text is no selector.
var ErrSelector = errors.New("no selector: write /path/*/member, or /path where /type=value")

// maxSelector bounds the text of a selector and the depth that it reaches.
const maxSelector = 512

// ParseSelector reads the text form.
func ParseSelector(s string) (Selector, error) {
	if len(s) > maxSelector {
		return Selector{}, fmt.Errorf("%.40q…: %w", s, ErrSelector)
	}
	path, cond, has := strings.Cut(s, " where ")
	out := Selector{}
	var ok bool
	if out.Path, ok = pointer(strings.TrimSpace(path)); !ok {
		return Selector{}, fmt.Errorf("%q: %w", s, ErrSelector)
	}
	if !has {
		return out, nil
	}
	left, right, ok := strings.Cut(strings.TrimSpace(cond), "=")
	if !ok || right == "" {
		return Selector{}, fmt.Errorf("%q: %w", s, ErrSelector)
	}
	c := &Condition{Any: strings.Split(right, ",")}
	if left == "event" {
		c.Event = true
	} else if c.Path, ok = pointer(left); !ok || len(c.Path) == 0 {
		return Selector{}, fmt.Errorf("%q: %w", s, ErrSelector)
	}
	out.Where = c
	return out, nil
}

// pointer reads a JSON pointer; "" is the whole value.
func pointer(s string) ([]string, bool) {
	if s == "" {
		return nil, true
	}
	if !strings.HasPrefix(s, "/") {
		return nil, false
	}
	var out []string
	for tok := range strings.SplitSeq(s[1:], "/") {
		// RFC 6901, 4: ~1 first, then ~0.
		out = append(out, strings.ReplaceAll(strings.ReplaceAll(tok, "~1", "/"), "~0", "~"))
	}
	return out, true
}

func pointerText(path []string) string {
	var b strings.Builder
	for _, tok := range path {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(tok, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// String is the text form; ParseSelector reads it back.
func (s Selector) String() string {
	out := pointerText(s.Path)
	switch {
	case s.Where == nil:
	case s.Where.Event:
		out += " where event=" + strings.Join(s.Where.Any, ",")
	default:
		out += " where " + pointerText(s.Where.Path) + "=" + strings.Join(s.Where.Any, ",")
	}
	return out
}

// Select lists the values that the selector picks from the frame, in the order
// of the document's arrays; members of objects under * come sorted.
func (s Selector) Select(f Frame) []any {
	if s.Where != nil && !s.Where.holds(f) {
		return nil
	}
	var out []any
	walk(f.Value, s.Path, func(v any) { out = append(out, v) })
	return out
}

func (c *Condition) holds(f Frame) bool {
	if c.Event {
		return among(f.Event, c.Any)
	}
	held := false
	walk(f.Value, c.Path, func(v any) { held = held || among(scalar(v), c.Any) })
	return held
}

func among(s string, list []string) bool {
	for _, x := range list {
		if s == x {
			return true
		}
	}
	return false
}

// walk calls visit for each value that the path leads to.
func walk(v any, path []string, visit func(any)) {
	if len(path) == 0 {
		visit(v)
		return
	}
	switch v := v.(type) {
	case map[string]any:
		if path[0] != "*" {
			if next, ok := v[path[0]]; ok {
				walk(next, path[1:], visit)
			}
			return
		}
		for _, k := range sortedKeys(v) {
			walk(v[k], path[1:], visit)
		}
	case []any:
		if path[0] == "*" {
			for _, next := range v {
				walk(next, path[1:], visit)
			}
			return
		}
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(v) {
			walk(v[i], path[1:], visit)
		}
	}
}

// scalar is a leaf as text, "" for anything else.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// selectAll joins what the selectors pick over all frames: for each frame, the
// first selector that picks something.
func selectAll(sel []Selector, frames []Frame) []string {
	var out []string
	for _, f := range frames {
		for _, s := range sel {
			vs := s.Select(f)
			if len(vs) == 0 {
				continue
			}
			for _, v := range vs {
				if t := scalar(v); t != "" {
					out = append(out, t)
				}
			}
			break
		}
	}
	return out
}

// picks reports whether a selector picks anything, text or not, but null.
func picks(sel []Selector, frames []Frame) bool {
	for _, f := range frames {
		for _, s := range sel {
			for _, v := range s.Select(f) {
				if v != nil {
					return true
				}
			}
		}
	}
	return false
}
