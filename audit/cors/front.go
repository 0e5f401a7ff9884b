package cors

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// Front tells which origins the target answered as its own front ends, of what a
// run has learned; nil where none was. Origins of attacks are not among them: a
// policy that lets those in is what the checks find.
func Front(m *lr.Memo) *lr.FrontReport {
	k, ok := lr.Recalled[*knowledge](m, "cors allowed")
	if !ok || k == nil || len(k.allows) == 0 {
		return nil
	}
	f := &lr.FrontReport{}
	seen := map[string]bool{}
	for _, a := range k.allows {
		f.Origins = append(f.Origins, a.origin.String())
		if v, _ := get(a.x.Header, allowCredentials); v == "true" {
			f.Credentials = true
		}
		v, _ := get(a.x.Header, "Access-Control-Expose-Headers")
		for _, n := range strings.Split(v, ",") {
			if n = strings.TrimSpace(n); n != "" && n != "*" && !seen[strings.ToLower(n)] {
				seen[strings.ToLower(n)] = true
				f.Expose = append(f.Expose, n)
			}
		}
	}
	return f
}
