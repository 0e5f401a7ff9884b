package secretscan

import (
	"fmt"
	"strconv"
	"strings"
)

// shape is what a token looks like: literals, and runs of a set of bytes. The
// notation is a small part of that of regular expressions,
//
//	ghp_[0-9A-Za-z]{36}    (sk|rk)_live_[0-9A-Za-z]{10,99}
//
// literals, sets with {n} or {n,m} or {n,}, and groups of literal alternatives. A shape
// is matched at the offset where its keyword stands, so no text is walked twice.
type shape []element

// element is a literal, or between least and most bytes of a set.
type element struct {
	literal     string
	set         *[256]bool
	least, most int
}

// longest bounds a run whose shape does not.
const longest = 4096

// parseShapes compiles one notation; groups of alternatives give several shapes.
func parseShapes(s string) ([]shape, error) {
	open := groupAt(s)
	if open < 0 {
		one, err := parseShape(s)
		if err != nil {
			return nil, err
		}
		return []shape{one}, nil
	}
	length := strings.IndexByte(s[open:], ')')
	if length < 0 {
		return nil, fmt.Errorf("shape %q: a group is not closed", s)
	}
	var out []shape
	for _, alternative := range strings.Split(s[open+1:open+length], "|") {
		more, err := parseShapes(s[:open] + alternative + s[open+length+1:])
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// groupAt finds the first parenthesis outside of a set.
func groupAt(s string) int {
	inSet := false
	for i := range len(s) {
		switch {
		case i > 0 && s[i-1] == '\\':
		case s[i] == '[':
			inSet = true
		case s[i] == ']':
			inSet = false
		case s[i] == '(' && !inSet:
			return i
		}
	}
	return -1
}

func parseShape(s string) (shape, error) {
	var out shape
	for i := 0; i < len(s); {
		if s[i] != '[' {
			c := s[i]
			if c == '\\' && i+1 < len(s) {
				i++
				c = s[i]
			}
			if n := len(out); n > 0 && out[n-1].set == nil {
				out[n-1].literal += string(c)
			} else {
				out = append(out, element{literal: string(c)})
			}
			i++
			continue
		}
		set, n, err := parseSet(s[i:])
		if err != nil {
			return nil, fmt.Errorf("shape %q: %w", s, err)
		}
		i += n
		e := element{set: set, least: 1, most: 1}
		if i < len(s) && s[i] == '{' {
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return nil, fmt.Errorf("shape %q: a count is not closed", s)
			}
			if e.least, e.most, err = parseCount(s[i+1 : i+end]); err != nil {
				return nil, fmt.Errorf("shape %q: %w", s, err)
			}
			i += end + 1
		}
		out = append(out, e)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("shape %q is empty", s)
	}
	return out, nil
}

func parseSet(s string) (*[256]bool, int, error) {
	end := strings.IndexByte(s, ']')
	if end < 2 {
		return nil, 0, fmt.Errorf("the set %q is empty or not closed", s)
	}
	var set [256]bool
	in := s[1:end]
	for i := 0; i < len(in); i++ {
		if i+2 < len(in) && in[i+1] == '-' {
			for c := int(in[i]); c <= int(in[i+2]); c++ {
				set[c] = true
			}
			i += 2
			continue
		}
		set[in[i]] = true
	}
	return &set, end + 1, nil
}

func parseCount(s string) (least, most int, err error) {
	from, to, ranged := strings.Cut(s, ",")
	if least, err = strconv.Atoi(from); err != nil {
		return 0, 0, fmt.Errorf("count %q: %w", s, err)
	}
	switch {
	case !ranged:
		return least, least, nil
	case to == "":
		return least, longest, nil
	}
	if most, err = strconv.Atoi(to); err != nil {
		return 0, 0, fmt.Errorf("count %q: %w", s, err)
	}
	return least, most, nil
}

// keyword is the literal that the shape begins with, in lower case.
func (s shape) keyword() string { return strings.ToLower(s[0].literal) }

// match returns where the shape ends when it begins at data[at], or -1. Runs are as
// long as they can be.
func (s shape) match(data []byte, at int) int {
	if len(s) == 0 {
		return at
	}
	e := s[0]
	if e.set == nil {
		if len(data)-at < len(e.literal) || string(data[at:at+len(e.literal)]) != e.literal {
			return -1
		}
		return s[1:].match(data, at+len(e.literal))
	}
	n := 0
	for n < e.most && at+n < len(data) && e.set[data[at+n]] {
		n++
	}
	if n < e.least {
		return -1
	}
	if len(s) == 1 {
		return at + n
	}
	for ; n >= e.least; n-- {
		if end := s[1:].match(data, at+n); end >= 0 {
			return end
		}
	}
	return -1
}

// whole reports whether the shape is all of data.
func (s shape) whole(data []byte) bool { return s.match(data, 0) == len(data) }
