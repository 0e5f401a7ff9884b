package surface

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	uuidRE   = regexp.MustCompile(`^(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	numberRE = regexp.MustCompile(`^\d+$`)
	hexRE    = regexp.MustCompile(`^(?i)[0-9a-f]{12,}$`)
	prefixRE = regexp.MustCompile(`^[a-z]{2,12}[_-][A-Za-z0-9]{8,}$`)
)

// Template turns a concrete path into a template: segments that look like keys
// become parameters, named by the collection before them.
func Template(path string) string {
	segs := split(path)
	used := map[string]bool{}
	var b strings.Builder
	for i, g := range segs {
		b.WriteByte('/')
		if strings.Contains(g.text, "{") || i == 0 && !numberRE.MatchString(g.text) && !uuidRE.MatchString(g.text) || !keyLike(g.text) {
			b.WriteString(g.text)
			continue
		}
		name := "id"
		if i > 0 && segs[i-1].param == "" && !frame(segs[i-1].text) && !keyLike(segs[i-1].text) {
			name = strings.ReplaceAll(nounOf(segs[i-1].text), " ", "_") + "_id"
		}
		for n, base := 2, name; used[name]; n++ {
			name = fmt.Sprintf("%s_%d", base, n)
		}
		used[name] = true
		b.WriteString("{" + name + "}")
	}
	if strings.HasSuffix(path, "/") {
		b.WriteByte('/')
	}
	return b.String()
}

// keyLike reports a segment that is a key by its looks: a number, a UUID, hex,
// a prefixed key such as chat_8f2k…, or letters mixed with digits at length.
func keyLike(s string) bool {
	switch {
	case versionSegment(s) && !numberRE.MatchString(s):
		return false
	case numberRE.MatchString(s), uuidRE.MatchString(s):
		return true
	}
	digits, letters, upper := 0, 0, 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z':
			letters++
		case r >= 'A' && r <= 'Z':
			letters++
			upper++
		}
	}
	switch {
	case hexRE.MatchString(s) && digits > 0:
		return true
	case prefixRE.MatchString(s) && digits > 0:
		return true
	}
	return len(s) >= 16 && digits >= 2 && letters >= 2 && !strings.Contains(s, ".") && strings.Count(s, "-") <= 1
}
