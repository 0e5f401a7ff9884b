package oracle

import (
	"strings"

	lr "github.com/launchready/launchready"
)

// Find returns those of the values that the reply holds, in the raw text or in
// one of its decodings, in the order of values.
func Find(values []string, x *lr.Exchange) []string {
	if x == nil || len(values) == 0 {
		return nil
	}
	found := make([]bool, len(values))
	left := 0
	for _, v := range values {
		if v != "" {
			left++
		}
	}
	Decodings(x, func(text string) bool {
		for i, v := range values {
			if !found[i] && v != "" && strings.Contains(text, v) {
				found[i] = true
				left--
			}
		}
		return left > 0
	})
	if left > 0 {
		folded := fold(string(x.Body))
		for i, v := range values {
			// Folding joins neighbours, so only values too long to arise by
			// chance are looked for in it.
			if f := fold(v); !found[i] && len(f) >= 20 && strings.Contains(folded, f) {
				found[i] = true
			}
		}
	}
	var hits []string
	for i, v := range values {
		if found[i] {
			hits = append(hits, v)
		}
	}
	return hits
}

// CanariesIn lists the canaries that a reply holds, decodings included.
func CanariesIn(x *lr.Exchange) []string {
	var out []string
	seen := map[string]bool{}
	Decodings(x, func(text string) bool {
		for _, c := range Canaries(text) {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
		return true
	})
	return out
}

// Without returns the values that do not stand in any of the texts.
func Without(values []string, texts ...string) []string {
	var out []string
next:
	for _, v := range values {
		for _, t := range texts {
			if strings.Contains(t, v) {
				continue next
			}
		}
		out = append(out, v)
	}
	return out
}

// RequestText is all that a request itself says: a reply that only echoes it
// tells nothing.
func RequestText(r *lr.Request) string {
	var b strings.Builder
	b.WriteString(r.Path)
	b.WriteByte('\n')
	b.WriteString(urlText(r.Path))
	b.WriteByte('\n')
	for k, vs := range r.Header {
		for _, v := range vs {
			b.WriteString(k + ": " + v + "\n")
		}
	}
	b.Write(r.Body)
	return b.String()
}
