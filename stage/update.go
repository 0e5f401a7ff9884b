package stage

import (
	"maps"
	"sort"

	lr "github.com/launchready/launchready"
)

// updateBody is the owner's last view of the object, as far as the schema takes
// it, with one free-text field changed to a fresh canary. A PATCH sends the
// changed field and what is required; a PUT sends all.
func (s *Stage) updateBody(b *lr.Body, o *lr.Object, f *filler, method string) any {
	sc := orOpen(b.Schema)
	view := unwrap(o.Body)
	if len(sc.Properties) == 1 {
		// {"article": {…}}: the object stands inside its noun.
		for n, inner := range sc.Properties {
			if inner.Type == "object" && len(inner.Properties) > 0 {
				sub := &lr.Body{Type: b.Type, Schema: inner}
				return map[string]any{n: s.updateBody(sub, o, f, method)}
			}
		}
	}
	out := map[string]any{}
	if marker := s.markerOf(o.Resource); marker != "" && len(sc.Properties) == 0 {
		if method == "PUT" {
			out, _ = copyOf(o.Body).(map[string]any)
		}
		if out == nil {
			out = map[string]any{}
		}
		mark(out, marker, f.canary())
		return out
	}
	if len(sc.Properties) == 0 {
		if method == "PUT" {
			maps.Copy(out, scalars(view))
		}
		if field := textField(view, sc); field != "" {
			out[field] = f.canary()
		} else {
			out["title"], out["name"] = f.canary(), f.canary()
		}
		return out
	}
	field := textField(view, sc)
	for n, p := range sc.Properties {
		need := sc.Requires(n) || method == "PUT" && !ownedByServer(n)
		if p.ReadOnly || n == field || !need {
			continue
		}
		if v, ok := view[n]; ok && v != nil {
			out[n] = v
		} else if v, ok := f.value(n, p, required, sc.Requires(n), 1); ok && sc.Requires(n) {
			out[n] = v
		}
	}
	if field != "" {
		out[field] = f.text(norm(field), orOpen(sc.Properties[field]))
	} else {
		for n, v := range f.object(sc, every, 0) {
			if _, had := out[n]; !had {
				out[n] = v
			}
		}
	}
	return out
}

// changedField names the field that updateBody changes, for update masks.
func changedField(rt *lr.Route, o *lr.Object) string {
	if o == nil || rt.Body == nil {
		return ""
	}
	return textField(unwrap(o.Body), orOpen(rt.Body.Schema))
}

// textField picks the field that an update changes: a free text that the schema
// takes and the owner's view shows, so that the change can be read back.
func textField(view map[string]any, sc *lr.Schema) string {
	var seen, hidden []string
	for n, p := range sc.Properties {
		if p.ReadOnly || !freeText(n, p) {
			continue
		}
		if _, ok := view[n].(string); ok {
			seen = append(seen, n)
		} else {
			hidden = append(hidden, n)
		}
	}
	if len(sc.Properties) == 0 {
		for n, v := range view {
			if _, ok := v.(string); ok && freeText(n, &lr.Schema{Type: "string"}) {
				seen = append(seen, n)
			}
		}
	}
	sort.Strings(seen)
	sort.Strings(hidden)
	if len(seen) > 0 {
		return seen[0]
	}
	if len(hidden) > 0 {
		return hidden[0]
	}
	return ""
}

func scalars(m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		switch v.(type) {
		case string, float64, bool:
			out[k] = v
		}
	}
	return out
}

// unwrap finds the object itself in a reply that wraps it: {"data": {…}},
// {"article": {…}}.
func unwrap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	for _, k := range []string{"data", "result", "item", "object", "payload"} {
		if in, ok := m[k].(map[string]any); ok {
			return unwrap(in)
		}
	}
	if len(m) <= 2 {
		var only map[string]any
		for _, v := range m {
			if in, ok := v.(map[string]any); ok {
				if only != nil {
					return m
				}
				only = in
			}
		}
		if only != nil && (len(m) == 1 || hasFlag(m)) {
			return only
		}
	}
	return m
}

func hasFlag(m map[string]any) bool {
	for k := range m {
		switch norm(k) {
		case "status", "success", "ok", "message", "code", "error":
			return true
		}
	}
	return false
}
