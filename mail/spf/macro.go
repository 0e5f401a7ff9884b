package spf

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// macro is one piece of a macro-string: literal text, or an expansion.
type macro struct {
	text   string // where letter is 0
	letter byte   // lower case
	escape bool   // the letter was upper case: percent-encode (RFC 7208 section 7.3)
	keep   int    // how many labels from the right; 0 is all
	turn   bool   // reverse
	delims string // where to split; "" is "."
}

type macros []macro

// varies reports that the expansion depends on the message or the client. %{d}
// alone does not.
func (m macros) varies() bool {
	return slices.ContainsFunc(m, func(p macro) bool { return p.letter != 0 && p.letter != 'd' })
}

// parseSpec reads a domain-spec: a macro-string that ends in a macro or in a
// top-level label (section 7.1).
func parseSpec(s string) (macros, *SyntaxError) {
	if s == "" {
		return nil, syntax(0, "the domain is empty")
	}
	m, err := parseMacros(s, false)
	if err != nil {
		return nil, err
	}
	if last := m[len(m)-1]; last.letter != 0 || strings.HasSuffix(s, "%%") || strings.HasSuffix(s, "%_") || strings.HasSuffix(s, "%-") {
		return m, nil
	}
	end := strings.TrimSuffix(s, ".")
	dot := strings.LastIndexByte(end, '.')
	if top := end[dot+1:]; dot < 0 || !topLabel(top) {
		return nil, syntax(dot+1, "the domain does not end in a dot and a top-level label, nor in a macro (section 7.1)")
	}
	return m, nil
}

// topLabel is letters, digits and inner hyphens, not digits alone.
func topLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	other := false
	for i := range len(s) {
		if !letter(s[i]) && !isDigit(s[i]) && s[i] != '-' {
			return false
		}
		other = other || !isDigit(s[i])
	}
	return other
}

// parseMacros reads a macro-string. The letters c, r and t are for explanations
// only (section 7.2).
func parseMacros(s string, explanation bool) (macros, *SyntaxError) {
	var out macros
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			out = append(out, macro{text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			lit.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			return nil, syntax(i-1, "a percent sign ends the text; %%%% stands for one")
		}
		switch s[i] {
		case '%':
			lit.WriteByte('%')
		case '_':
			lit.WriteByte(' ')
		case '-':
			lit.WriteString("%20")
		case '{':
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return nil, syntax(i-1, "a macro is not closed by }")
			}
			p, why := parseMacro(s[i+1:i+end], explanation)
			if why != "" {
				return nil, syntax(i-1, "%%{%s}: %s", clip(s[i+1:i+end]), why)
			}
			flush()
			out = append(out, p)
			i += end
		default:
			return nil, syntax(i-1, "%%%c is no macro", s[i])
		}
	}
	flush()
	return out, nil
}

func parseMacro(s string, explanation bool) (macro, string) {
	if s == "" {
		return macro{}, "it has no letter"
	}
	p := macro{letter: s[0] | 0x20, escape: s[0]&0x20 == 0}
	switch {
	case !letter(s[0]) || !strings.Contains("slodiphcrtv", string(p.letter)):
		return p, "no macro has that letter (section 7.2)"
	case strings.Contains("crt", string(p.letter)) && !explanation:
		return p, "this letter is allowed in explanations only (section 7.2)"
	}
	s = s[1:]
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n > 0 {
		keep, err := strconv.Atoi(s[:n])
		if err != nil {
			keep = 1 << 20 // more labels than a name can have
		}
		if keep == 0 {
			return p, "zero labels cannot be kept (section 7.1)"
		}
		p.keep = keep
		s = s[n:]
	}
	if s != "" && s[0]|0x20 == 'r' {
		p.turn = true
		s = s[1:]
	}
	for i := range len(s) {
		if strings.IndexByte(".-+,/_=", s[i]) < 0 {
			return p, "it has a character that is no delimiter (section 7.1)"
		}
	}
	p.delims = s
	return p, ""
}

// mostExpanded bounds the text that macros can grow to: a domain-spec is cut to
// 253 bytes anyway, and an explanation fits one line of SMTP many times over.
const mostExpanded = 8 << 10

// expand writes the text out for one check.
func (e *evaluation) expand(ctx context.Context, m macros, at frame) string {
	var out strings.Builder
	for _, p := range m {
		if p.letter == 0 {
			out.WriteString(p.text)
		} else {
			v := p.transform(e.value(ctx, p.letter, at))
			if p.escape {
				v = escapeURL(v)
			}
			out.WriteString(v)
		}
		if out.Len() > mostExpanded {
			return out.String()[:mostExpanded]
		}
	}
	return out.String()
}

// transform splits, turns and cuts (section 7.3).
func (p macro) transform(v string) string {
	if p.keep == 0 && !p.turn && p.delims == "" {
		return v
	}
	delims := p.delims
	if delims == "" {
		delims = "."
	}
	var parts []string
	for {
		i := strings.IndexAny(v, delims)
		if i < 0 {
			break
		}
		parts = append(parts, v[:i])
		v = v[i+1:]
	}
	parts = append(parts, v)
	if p.turn {
		slices.Reverse(parts)
	}
	if p.keep > 0 && p.keep < len(parts) {
		parts = parts[len(parts)-p.keep:]
	}
	return strings.Join(parts, ".")
}

// escapeURL percent-encodes all but the unreserved characters of RFC 3986.
func escapeURL(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if letter(c) || isDigit(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// value is what a letter stands for (section 7.2).
func (e *evaluation) value(ctx context.Context, letter byte, at frame) string {
	switch letter {
	case 's':
		return e.local + "@" + e.senderDomain
	case 'l':
		return e.local
	case 'o':
		return e.senderDomain
	case 'd':
		return at.domain
	case 'i':
		return dotted(e.ip)
	case 'p':
		return e.clientName(ctx, at.domain)
	case 'h':
		return e.HELO
	case 'c':
		return e.ip.String()
	case 'r':
		if e.Receiver == "" {
			return "unknown"
		}
		return e.Receiver
	case 't':
		return strconv.FormatInt(e.Now.Unix(), 10)
	case 'v':
		if e.ip.Is4() {
			return "in-addr"
		}
		return "ip6"
	}
	return ""
}

// dotted writes an address for %{i}: IPv6 as nibbles with dots, in the
// case that the public test suite wants.
func dotted(ip netip.Addr) string {
	if ip.Is4() {
		return ip.String()
	}
	const hex = "0123456789ABCDEF"
	b := ip.As16()
	out := make([]byte, 0, 63)
	for i, c := range b {
		if i > 0 {
			out = append(out, '.')
		}
		out = append(out, hex[c>>4], '.', hex[c&15])
	}
	return string(out)
}
