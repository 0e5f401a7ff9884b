package code

import (
	"encoding/json"
	"sort"
	"strings"
)

// lineMap says for a byte of generated text the line of the original.
type lineMap struct {
	starts []int // offset of each generated line
	marks  [][]mark
}

type mark struct{ column, line int }

// newLineMap decodes the mappings of a source map, version 3. Without a map a
// line is itself.
func newLineMap(generated, sourceMap []byte) lineMap {
	m := lineMap{starts: []int{0}}
	for i, c := range generated {
		if c == '\n' {
			m.starts = append(m.starts, i+1)
		}
	}
	var v struct {
		Mappings string `json:"mappings"`
	}
	if json.Unmarshal(sourceMap, &v) != nil {
		return m
	}
	line := 0
	for _, group := range strings.Split(v.Mappings, ";") {
		column := 0
		var marks []mark
		for _, segment := range strings.Split(group, ",") {
			d := vlq(segment)
			if len(d) > 0 {
				column += d[0]
			}
			if len(d) >= 4 {
				line += d[2]
				marks = append(marks, mark{column, line + 1})
			}
		}
		m.marks = append(m.marks, marks)
	}
	return m
}

func vlq(s string) []int {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	var out []int
	value, shift := 0, 0
	for i := range len(s) {
		d := strings.IndexByte(digits, s[i])
		if d < 0 || shift > 30 {
			return out
		}
		value |= (d & 31) << shift
		if shift += 5; d&32 != 0 {
			continue
		}
		if value&1 == 1 {
			value = -(value >> 1)
		} else {
			value >>= 1
		}
		out = append(out, value)
		value, shift = 0, 0
	}
	return out
}

// line of the original for an offset of the generated text; 0 when unknown.
func (m lineMap) line(offset int) int {
	i := sort.SearchInts(m.starts, offset+1) - 1
	if i < 0 {
		return 0
	}
	if m.marks == nil {
		return i + 1
	}
	if i >= len(m.marks) {
		return 0
	}
	column := offset - m.starts[i]
	marks := m.marks[i]
	j := sort.Search(len(marks), func(k int) bool { return marks[k].column > column }) - 1
	for ; i >= 0 && (j < 0 || len(marks) == 0); i-- { // the statement began on an earlier line
		if marks = m.marks[i]; len(marks) > 0 {
			j = len(marks) - 1
			break
		}
	}
	if j < 0 {
		return 0
	}
	return marks[j].line
}
