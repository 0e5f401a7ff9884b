package database

import (
	"regexp"
	"strings"
	"unicode"
)

// AlwaysTrue reports whether an expression of a policy lets every row through:
// true, 1 = 1, or one of those beside OR. It reads the form in which Postgres
// prints expressions, and says no where it cannot tell.
func AlwaysTrue(expr string) bool {
	v, known := constant(expr, 0)
	return known && v
}

// constant works an expression out as far as its value is in sight.
func constant(expr string, depth int) (value, known bool) {
	expr = bare(expr)
	if depth > 20 || expr == "" {
		return false, false
	}
	if parts := split(expr, "OR"); len(parts) > 1 {
		all := true
		for _, p := range parts {
			v, ok := constant(p, depth+1)
			if ok && v {
				return true, true
			}
			all = all && ok
		}
		return false, all
	}
	if parts := split(expr, "AND"); len(parts) > 1 {
		all := true
		for _, p := range parts {
			v, ok := constant(p, depth+1)
			if ok && !v {
				return false, true
			}
			all = all && ok
		}
		return true, all
	}
	if rest, ok := strings.CutPrefix(upper(expr), "NOT "); ok {
		v, known := constant(expr[len(expr)-len(rest):], depth+1)
		return !v, known
	}
	switch upper(expr) {
	case "TRUE", "'T'::BOOLEAN", "'TRUE'::BOOLEAN":
		return true, true
	case "FALSE", "'F'::BOOLEAN", "'FALSE'::BOOLEAN":
		return false, true
	}
	if m := equality.FindStringSubmatch(expr); m != nil {
		if l, r := bare(m[1]), bare(m[3]); literal.MatchString(l) && literal.MatchString(r) {
			return (l == r) == (m[2] == "="), true
		}
	}
	return false, false
}

var (
	equality = regexp.MustCompile(`^(.+?)\s*(=|<>)\s*(.+)$`)
	literal  = regexp.MustCompile(`^(-?\d+(\.\d+)?|'(?:[^']|'')*'(::[a-z ]+)?)$`)
)

func upper(s string) string { return strings.ToUpper(s) }

// bare takes the brackets off that enclose all of an expression.
func bare(s string) string {
	for {
		s = strings.TrimSpace(s)
		if len(s) < 2 || s[0] != '(' || closing(s) != len(s)-1 {
			return s
		}
		s = s[1 : len(s)-1]
	}
}

// closing is where the bracket that a text begins with is closed, -1 where it is not.
func closing(s string) int {
	depth := 0
	end := -1
	walk(s, func(i int, c byte) bool {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				end = i
				return false
			}
		}
		return true
	})
	return end
}

// walk visits the bytes of an expression outside its quotes.
func walk(s string, visit func(i int, c byte) bool) {
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		default:
			if !visit(i, c) {
				return
			}
		}
	}
}

// split parts an expression at a word that stands outside brackets and quotes.
func split(s, word string) []string {
	var out []string
	depth, from := 0, 0
	walk(s, func(i int, c byte) bool {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth == 0 && i >= from && i+len(word) < len(s) && upper(s[i:i+len(word)]) == word && edge(s, i-1) && edge(s, i+len(word)):
			out = append(out, s[from:i])
			from = i + len(word)
		}
		return true
	})
	return append(out, s[from:])
}

func edge(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return true
	}
	c := rune(s[i])
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_' && c < 0x80
}

// Mentions reports whether a name stands in an SQL text as a word, quoted or not.
func Mentions(text, name string) bool {
	if name == "" {
		return false
	}
	low, want := strings.ToLower(text), strings.ToLower(name)
	for at := 0; ; {
		i := strings.Index(low[at:], want)
		if i < 0 {
			return false
		}
		i += at
		if edge(low, i-1) && edge(low, i+len(want)) {
			return true
		}
		at = i + 1
	}
}
