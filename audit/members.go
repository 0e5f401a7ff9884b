package audit

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/launchready/launchready/surface"
)

// holding finds the outermost object with the member, through objects alone.
func holding(v any, field, at string, depth int) (map[string]any, string) {
	m, ok := v.(map[string]any)
	if !ok || depth > deepest {
		return nil, ""
	}
	if scalarOf(m[field]) != "" {
		return m, at
	}
	var found map[string]any
	where := ""
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if !plainKey(k) {
			continue
		}
		if in, path := holding(m[k], field, at+"."+k, depth+1); in != nil {
			if found != nil {
				return nil, "" // which of the two was made cannot be told
			}
			found, where = in, path
		}
	}
	return found, where
}

// alike visits the objects within one that have the members of such a one: an
// answer to a message, say, is a message too.
func alike(root, m map[string]any, at string, visit func(at string, m map[string]any)) {
	if strings.Count(at, ".") > deepest {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		in, ok := m[k].(map[string]any)
		if !ok || !plainKey(k) {
			continue
		}
		same := 0
		for n := range in {
			if _, has := root[n]; has {
				same++
			}
		}
		if float64(same) >= alikeShare*float64(max(len(in), 1)) && float64(same) >= alikeShare*float64(len(root)-1) {
			visit(at+"."+k, in)
		}
		alike(root, in, at+"."+k, visit)
	}
}

// plainKey reports a member that a path can name: none that is a key itself, as in a
// dictionary of objects by theirs.
func plainKey(k string) bool {
	return k != "" && !strings.ContainsAny(k, ".[]*'\"$@ ") && len(k) < 100 && !surface.KeyLike(k)
}

func scalarOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func every(items []map[string]any, field string) bool {
	return !slices.ContainsFunc(items, func(m map[string]any) bool { return scalarOf(m[field]) == "" })
}

// listsIn finds the lists of objects of a document, through objects alone.
func listsIn(v any, at string, depth int, into map[string][]map[string]any) {
	switch v := v.(type) {
	case []any:
		items := []map[string]any{}
		for _, e := range v[:min(len(v), mostListItems)] {
			m, ok := e.(map[string]any)
			if !ok {
				return
			}
			items = append(items, m)
		}
		into[at] = items
	case map[string]any:
		if depth > deepest {
			return
		}
		for k, e := range v {
			if plainKey(k) {
				listsIn(e, at+"."+k, depth+1, into)
			}
		}
	}
}
