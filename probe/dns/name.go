package dns

import "strings"

// Plain is a name in lower case, without its final dot; "" is the root. What a
// zone file escapes stays escaped.
func Plain(name string) string {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, `\.`) {
		return name
	}
	return strings.TrimSuffix(name, ".")
}

// Below reports whether a name is the other or stands below it.
func Below(name, above string) bool {
	return above == "" || name == above || strings.HasSuffix(name, "."+above)
}

// Parent is the name above; "" is the root.
func Parent(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}

// escape writes a name as the library wants it. A name that it cannot read in the
// way that it is meant is none: fits says so before.
func escape(name string) string { return name + "." }

// fits reports whether a name can be asked for: labels of 1 to 63 bytes, 253 in
// all (RFC 1035 section 2.3.4), and nothing that a zone file would read otherwise.
func fits(name string) bool {
	if name == "" {
		return true // the root
	}
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' || strings.IndexByte(`"();@\`, name[i]) >= 0 {
			return false
		}
	}
	return true
}

// clip is a name as it may be shown, whatever it holds.
func clip(s string) string {
	shown := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	if len(shown) > mostName {
		return shown[:mostName] + "…"
	}
	return shown
}

// mostName bounds a name in a message: no longer one can be asked for.
const mostName = 253
