// Package nearest finds the word that a mistyped one was meant to be.
package nearest

import "strings"

// Of returns the candidate closest to word, or "" when none is close enough to
// be a likely slip: at most a third of its letters may differ.
func Of(word string, candidates []string) string {
	best, score := "", 1+max(1, min(len(word)/3, 4))
	w := fold(word)
	for _, c := range candidates {
		f := fold(c)
		if f == w {
			return c
		}
		d := distance(w, f, score)
		// A word typed in part is a likely slip too: "credential" for "no-credential".
		if d >= score && len(w) >= 4 && strings.Contains(f, w) {
			d = score - 1
		}
		if d < score {
			best, score = c, d
		}
	}
	return best
}

// Hint returns `, did you mean "x"?`, or "" when nothing is near.
func Hint(word string, candidates []string) string {
	if c := Of(word, candidates); c != "" {
		return `, did you mean "` + c + `"?`
	}
	return ""
}

func fold(s string) string {
	return strings.NewReplacer("-", "_", " ", "_", ".", "_").Replace(strings.ToLower(s))
}

// distance is the optimal string alignment distance, cut off at limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return min(prev[len(b)], limit)
}
