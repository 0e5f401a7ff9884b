package surface

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// Aliases groups routes that are one operation under several prefixes, /api
// and /v1, or several versions. A missing check often is in one of them only.
// Groups have two members at least and stand in the order of their first.
func Aliases(routes []*lr.Route) [][]*lr.Route {
	groups := map[string][]*lr.Route{}
	var order []string
	for _, rt := range routes {
		if rt == nil {
			continue
		}
		key := rt.Method + " " + bare(rt.Path)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], rt)
	}
	var out [][]*lr.Route
	for _, key := range order {
		if len(groups[key]) > 1 {
			out = append(out, groups[key])
		}
	}
	return out
}

// bare is the path without leading frame segments, with parameters emptied.
func bare(path string) string {
	segs := split(path)
	for len(segs) > 0 && segs[0].param == "" && frame(segs[0].text) {
		segs = segs[1:]
	}
	return strings.ToLower(emptied(segs))
}

// Prefixes lists the frames that routes stand under: "", "/v1", "/api/v2".
func Prefixes(routes []*lr.Route) []string {
	seen := map[string]bool{"": true}
	for _, rt := range routes {
		if rt == nil {
			continue
		}
		segs := split(rt.Path)
		for n := 1; n < len(segs) && segs[n-1].param == "" && frame(segs[n-1].text); n++ {
			seen[emptied(segs[:n])] = true
		}
	}
	return sortedKeys(seen)
}
