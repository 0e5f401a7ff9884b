package secretscan

import "bytes"

// joinedView puts string literals together that the source code joins, so that a key
// which was split is seen: "sk_live_" + "…", ("abc" "def"), ["a", "b"].join("").
// What it tells is claimed: the first part alone may look like a secret, too.
func (s *Scanner) joinedView(c *collector, d *document, data []byte, at place, from, to int) []claim {
	if d.format != source && d.format != unknown && d.format != settings && d.format != shell {
		return nil
	}
	var claims []claim
	k := cursor{data: data, at: at}
	for i := from; i < to; {
		n := bytes.IndexByte(data[i:to], '"')
		if m := bytes.IndexByte(data[i:min(to, i+max(n, 0)+boolInt(n < 0)*(to-i))], '\''); m >= 0 && (n < 0 || m < n) {
			n = m
		}
		if n < 0 {
			return claims
		}
		i += n + 1
		next := joinAt(data, i)
		if next < 0 {
			continue
		}
		text, open, end := joinFrom(data, i, data[i-1])
		if text == nil {
			continue
		}
		in := d.inside("joined literals", "")
		in.depth = deepest // nothing is looked for in it but keys
		in.format = d.format
		before := c.told
		s.document(c, in, text, k.pin(i))
		i = max(end, i)
		if c.told > before {
			claims = append(claims, claim{open, i})
		}
	}
	return claims
}

// joinAt returns where the literal that follows the quote before data[i] begins, or -1
// where no other literal follows.
func joinAt(data []byte, i int) int {
	operator := false
	for n := 0; i < len(data) && n < 80; n++ {
		switch c := data[i]; c {
		case ' ', '\t', '\n', '\r':
		case '+', '.', '&', '\\':
			if operator && c != '\\' {
				return -1
			}
			operator = true
		case ',':
			if operator || !joins(data, i) {
				return -1
			}
			operator = true
		case '"', '\'', '`':
			if n == 0 {
				return -1
			}
			return i + 1
		default:
			return -1
		}
		i++
	}
	return -1
}

// joins reports whether the list around data[i] ends in .join("").
func joins(data []byte, i int) bool {
	end := bytes.IndexByte(data[i:min(len(data), i+400)], ']')
	return end > 0 && bytes.HasPrefix(data[i+end:], []byte(`].join("")`)) || end > 0 && bytes.HasPrefix(data[i+end:], []byte(`].join('')`))
}

// joinFrom returns the statement with its literals joined: the beginning of the line,
// for the name, and one literal; and where they begin and end. data[i-1] is the quote that ends the first one.
func joinFrom(data []byte, i int, quote byte) (text []byte, open, end int) {
	open = bytes.LastIndexByte(data[max(0, i-400):i-1], quote)
	if open < 0 {
		return nil, 0, i
	}
	open += max(0, i-400)
	start := max(0, open-200)
	start += bytes.LastIndexByte(data[start:open], '\n') + 1
	first := data[open+1 : i-1]
	if len(first) == 0 || bytes.IndexByte(first, '\n') >= 0 {
		return nil, 0, i
	}
	text = append(text, data[start:open]...)
	if len(bytes.TrimSpace(text)) == 0 && start > 1 {
		// The name stands on the line before: NAME = (
		above := data[bytes.LastIndexByte(data[max(0, start-200):start-1], '\n')+1+max(0, start-200) : start-1]
		text = append(text[:0], bytes.TrimSpace(above)...)
	}
	text = append(text, quote)
	body := len(text)
	text = append(text, first...)
	plain := true // what is joined looks like parts of a key and not like prose
	for parts := 0; parts < 64; parts++ {
		next := joinAt(data, i)
		if next < 0 {
			break
		}
		end := bytes.IndexByte(data[next:min(len(data), next+600)], data[next-1])
		if end < 0 {
			break
		}
		part := data[next : next+end]
		if len(part) == 0 || !isToken(part[0]) || !isToken(text[len(text)-1]) || bytes.IndexByte(part, '\n') >= 0 {
			plain = false
		}
		text = append(text, part...)
		i = next + end + 1
	}
	if !plain || len(text)-body < 16 || bytes.IndexByte(text[body:], ' ') >= 0 || len(text)-body > longestValue {
		return nil, 0, i
	}
	return append(text, quote, '\n'), open, i
}
