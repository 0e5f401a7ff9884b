package limits

import (
	"strconv"
	"strings"
)

// parameter reads a number among the parameters of a structured field (RFC 9651):
// t in `"user";r=0;t=12`.
func parameter(field, name string) (int, bool) {
	for _, member := range strings.Split(field, ",") {
		for _, p := range strings.Split(member, ";") {
			k, v, ok := strings.Cut(strings.TrimSpace(p), "=")
			if !ok || k != name {
				continue
			}
			if n, err := strconv.Atoi(v); err == nil && n >= 0 && n < 1e6 {
				return n, true
			}
		}
	}
	return 0, false
}
