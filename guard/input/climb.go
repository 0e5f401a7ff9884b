package input

import (
	"net/url"
	"strings"
)

// climbs reports whether a value of a query, read up to three times, has a segment
// of dots alone, as ../../etc/passwd: what names a file by it leaves its folder
// (CWE-22). A filter that takes "../" out makes one of "....//".
func climbs(raw string) bool {
	if !strings.Contains(raw, "..") && !strings.Contains(raw, "%") {
		return false
	}
	for pair := range strings.SplitSeq(raw, "&") {
		_, v, _ := strings.Cut(pair, "=")
		for range 3 {
			text := strings.ReplaceAll(v, `\`, "/")
			if strings.Contains(text, "/") {
				for s := range strings.SplitSeq(text, "/") {
					if len(s) > 1 && strings.Trim(s, ".") == "" {
						return true
					}
				}
			}
			next, err := url.QueryUnescape(v)
			if err != nil || next == v {
				break
			}
			v = next
		}
	}
	return false
}
