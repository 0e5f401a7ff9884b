package chat

import (
	"slices"
	"strings"
)

// leaf is one place in the frames of a reply and all that stands there, joined
// in the order of the frames.
type leaf struct {
	sel   Selector
	parts []string
}

func (l *leaf) text() string { return joined(l.parts) }

// joined puts the parts of a text together. Where each tells the whole again as far
// as it has come, the last one is all of it.
func joined(parts []string) string {
	if swells(parts) {
		return parts[len(parts)-1]
	}
	return strings.Join(parts, "")
}

// swells reports parts that each begin with the one before, and grow.
func swells(parts []string) bool {
	grown := 0
	for i := 1; i < len(parts); i++ {
		if parts[i-1] == "" || !strings.HasPrefix(parts[i], parts[i-1]) {
			return false
		}
		if len(parts[i]) > len(parts[i-1]) {
			grown++
		}
	}
	return grown >= 2
}

// maxLeaves bounds the places that are looked at.
const maxLeaves = 2000

// kinds are the members by which a frame says what it is.
var kinds = []string{"type", "event", "kind", "op"}

// leaves lists the places of text in the frames. Where frames say what they are,
// by an event's name or a member such as type, each kind has places of its own:
// a stream's tokens must not be joined with its headings.
func leaves(frames []Frame) []*leaf {
	var out []*leaf
	at := map[string]*leaf{}
	for _, f := range frames {
		c := conditionOf(f)
		visitLeaves(f.Value, nil, 0, func(path []string, value string) {
			s := Selector{Path: slices.Clone(path), Where: c}
			key := s.String()
			l := at[key]
			if l == nil {
				if len(out) == maxLeaves {
					return
				}
				l = &leaf{sel: s}
				at[key] = l
				out = append(out, l)
			}
			l.parts = append(l.parts, value)
		})
	}
	return out
}

// conditionOf is what tells a frame's kind, nil when nothing does.
func conditionOf(f Frame) *Condition {
	if m, ok := f.Value.(map[string]any); ok {
		for _, k := range kinds {
			if v, ok := m[k].(string); ok && v != "" && len(v) <= 64 && !strings.ContainsAny(v, ", ") {
				return &Condition{Path: []string{k}, Any: []string{v}}
			}
		}
	}
	if f.Event != "" && !strings.ContainsAny(f.Event, ", ") {
		return &Condition{Event: true, Any: []string{f.Event}}
	}
	return nil
}

// visitLeaves walks a value; elements of arrays share one place.
func visitLeaves(v any, path []string, depth int, visit func([]string, string)) {
	if depth > 24 {
		return
	}
	switch v := v.(type) {
	case string:
		// Frames within frames are usual: {"data": "{\"text\": …}"} is one.
		visit(path, v)
	case map[string]any:
		for _, k := range sortedKeys(v) {
			visitLeaves(v[k], append(path, k), depth+1, visit)
		}
	case []any:
		for _, e := range v {
			visitLeaves(e, append(path, "*"), depth+1, visit)
		}
	}
}

// replyLeaf finds the place that holds the answer to the question. Of several,
// the one that holds least beside it: a stream tells the whole again at its end,
// and a log of it may stand in a field of its own.
func replyLeaf(frames []Frame, q Question) *leaf {
	var best *leaf
	for _, l := range leaves(frames) {
		if !q.Answered(l.text()) || l.quotes(q) {
			continue
		}
		if best == nil || better(l, best) {
			best = l
		}
	}
	return best
}

// quotes reports a place that repeats the question: a transcript.
func (l *leaf) quotes(q Question) bool { return strings.Contains(bare(l.text()), bare(q.Text)) }

// better prefers what arrives in parts, for that is what is shown first, then
// what is shorter.
func better(a, b *leaf) bool {
	inParts := func(l *leaf) bool { return len(l.parts) > 1 && !swells(l.parts) }
	if inParts(a) != inParts(b) {
		return inParts(a)
	}
	if x, y := len(a.text()), len(b.text()); x != y {
		return x < y
	}
	return len(a.parts) < len(b.parts)
}
