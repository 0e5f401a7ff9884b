package surface

import lr "github.com/launchready/launchready"

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
