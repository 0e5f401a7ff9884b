package spf

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Qualifier is what a directive results in when its mechanism matches (RFC 7208
// section 4.6.2).
type Qualifier byte

// The qualifiers.
const (
	QPass     Qualifier = '+'
	QFail     Qualifier = '-'
	QSoftFail Qualifier = '~'
	QNeutral  Qualifier = '?'
)

// Result is the result of check_host that the qualifier stands for.
func (q Qualifier) Result() Result {
	switch q {
	case QFail:
		return Fail
	case QSoftFail:
		return SoftFail
	case QNeutral:
		return Neutral
	}
	return Pass
}

// Kind is the mechanism or modifier of a term, in lower case.
type Kind string

// The mechanisms of section 5 and the modifiers of section 6. Any other modifier
// keeps its own name.
const (
	All      Kind = "all"
	Include  Kind = "include"
	A        Kind = "a"
	MX       Kind = "mx"
	PTR      Kind = "ptr"
	IP4      Kind = "ip4"
	IP6      Kind = "ip6"
	Exists   Kind = "exists"
	Redirect Kind = "redirect"
	Exp      Kind = "exp"
)

// Term is one directive or modifier of a record (RFC 7208 section 4.6.1).
type Term struct {
	Text      string // as written
	At        int    // where it begins in the record, in bytes from 0
	Kind      Kind
	Modifier  bool
	Qualifier Qualifier // of a mechanism; QPass where none is written
	Domain    string    // the domain-spec as written, macros and all; "" where none is
	Prefix    netip.Prefix
	Bits4     int // of a and mx: how much of an IPv4 address must agree, 32 where unsaid
	Bits6     int // of a and mx: the same of IPv6, 128 where unsaid

	spec macros
}

// Costs reports that the term counts towards the limit of ten (section 4.6.4).
func (t Term) Costs() bool {
	switch t.Kind {
	case Include, A, MX, PTR, Exists:
		return !t.Modifier
	case Redirect:
		return t.Modifier
	}
	return false
}

// Macro reports that what the term asks for depends on the message.
func (t Term) Macro() bool { return t.spec.varies() }

// Record is a parsed SPF record.
type Record struct {
	Text  string
	Terms []Term // in the order written, those with errors left out
}

// Find is the first term of a kind, nil where there is none. A modifier that
// merely has the name of a mechanism is none of it.
func (r *Record) Find(k Kind) *Term {
	modifier := k == Redirect || k == Exp
	for i := range r.Terms {
		if r.Terms[i].Kind == k && r.Terms[i].Modifier == modifier {
			return &r.Terms[i]
		}
	}
	return nil
}

// SyntaxError is an error in a record. Any of them makes the whole record a
// permerror (RFC 7208 section 4.6).
type SyntaxError struct {
	Term    string // as written
	At      int    // of what is wrong, in bytes from the begin of the record
	Text    string // what is wrong
	Unknown bool   // the term is a mechanism that does not exist
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("at %d, %q: %s", e.At, clip(e.Term), e.Text)
}

// IsRecord reports whether a TXT text is an SPF record: it begins with the
// version and nothing but a space follows that (RFC 7208 section 4.5).
func IsRecord(txt string) bool {
	const version = "v=spf1"
	return len(txt) >= len(version) && strings.EqualFold(txt[:len(version)], version) &&
		(len(txt) == len(version) || txt[len(version)] == ' ')
}

// Parse reads a record whole, by the grammar of RFC 7208 section 12, and tells
// every error in it. A record with errors is usable by no receiver; its sound
// terms are returned for inspection.
func Parse(txt string) (*Record, []*SyntaxError) {
	r := &Record{Text: txt}
	if !IsRecord(txt) {
		return r, []*SyntaxError{{Term: txt, Text: "it does not begin with v=spf1"}}
	}
	var errs []*SyntaxError
	seen := map[Kind]bool{}
	for at := len("v=spf1"); at < len(txt); {
		if txt[at] == ' ' {
			at++
			continue
		}
		end := at
		for end < len(txt) && txt[end] != ' ' {
			end++
		}
		t, err := parseTerm(txt[at:end])
		t.Text, t.At = txt[at:end], at
		if err == nil && t.Modifier && (t.Kind == Redirect || t.Kind == Exp) {
			if seen[t.Kind] {
				err = &SyntaxError{Text: string(t.Kind) + "= is there twice (section 6)"}
			}
			seen[t.Kind] = true
		}
		if err != nil {
			err.Term, err.At = t.Text, err.At+at
			errs = append(errs, err)
		} else {
			r.Terms = append(r.Terms, t)
		}
		at = end
	}
	return r, errs
}

func syntax(at int, format string, args ...any) *SyntaxError {
	return &SyntaxError{At: at, Text: fmt.Sprintf(format, args...)}
}

// parseTerm reads one term; positions are within it.
func parseTerm(s string) (Term, *SyntaxError) {
	var t Term
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7E {
			return t, syntax(i, "the byte 0x%02x is not allowed (section 3.1)", s[i])
		}
	}
	n := nameEnd(s)
	if n > 0 && n < len(s) && s[n] == '=' {
		return parseModifier(s, n)
	}
	at := 0
	t.Qualifier = QPass
	if strings.IndexByte("+-~?", s[0]) >= 0 {
		t.Qualifier, at = Qualifier(s[0]), 1
	}
	n = at + nameEnd(s[at:])
	t.Kind = Kind(strings.ToLower(s[at:n]))
	rest := s[n:]
	switch t.Kind {
	case All:
		if rest != "" {
			return t, syntax(n, "all takes no argument (section 5.1)")
		}
		return t, nil
	case IP4, IP6:
		return t, parseNetwork(&t, rest, n)
	case A, MX:
		domain, err := parseCIDR(&t, rest, n)
		if err != nil || domain == "" {
			return t, err
		}
		return t, parseDomain(&t, domain, n)
	case PTR:
		if rest == "" {
			return t, nil
		}
		return t, parseDomain(&t, rest, n)
	case Include, Exists:
		return t, parseDomain(&t, rest, n)
	}
	return t, &SyntaxError{At: at, Text: "no mechanism is called that (section 5)", Unknown: true}
}

// nameEnd is where the name at the front of s ends: ALPHA *(ALPHA / DIGIT / "-" / "_" / ".").
func nameEnd(s string) int {
	for i := range len(s) {
		c := s[i]
		if letter(c) || i > 0 && (isDigit(c) || c == '-' || c == '_' || c == '.') {
			continue
		}
		return i
	}
	return len(s)
}

func parseModifier(s string, n int) (Term, *SyntaxError) {
	t := Term{Kind: Kind(strings.ToLower(s[:n])), Modifier: true, Domain: s[n+1:]}
	var err *SyntaxError
	if t.Kind == Redirect || t.Kind == Exp {
		t.spec, err = parseSpec(t.Domain)
	} else {
		t.spec, err = parseMacros(t.Domain, true) // section 6: unknown ones are ignored, but must be well formed
	}
	if err != nil {
		err.At += n + 1
	}
	return t, err
}

// parseDomain reads ":" domain-spec.
func parseDomain(t *Term, s string, at int) *SyntaxError {
	if s == "" || s[0] != ':' {
		return syntax(at, "%s needs a colon and a domain here (section 5)", t.Kind)
	}
	var err *SyntaxError
	t.Domain = s[1:]
	if t.spec, err = parseSpec(t.Domain); err != nil {
		err.At += at + 1
	}
	return err
}

// parseCIDR cuts a dual-cidr-length off the end and returns what stands before.
func parseCIDR(t *Term, s string, at int) (string, *SyntaxError) {
	t.Bits4, t.Bits6 = 32, 128
	end := trimDigits(s)
	if end < len(s) && strings.HasSuffix(s[:end], "//") {
		var err *SyntaxError
		if t.Bits6, err = bits(s[end:], 128, at+end); err != nil {
			return "", err
		}
		s = s[:end-2]
		end = trimDigits(s)
	}
	if end < len(s) && strings.HasSuffix(s[:end], "/") {
		var err *SyntaxError
		if t.Bits4, err = bits(s[end:], 32, at+end); err != nil {
			return "", err
		}
		s = s[:end-1]
	}
	return s, nil
}

func trimDigits(s string) int {
	end := len(s)
	for end > 0 && isDigit(s[end-1]) {
		end--
	}
	return end
}

// bits reads a prefix length, which has no leading zero (section 5.6).
func bits(s string, most, at int) (int, *SyntaxError) {
	n, err := strconv.Atoi(s)
	if err != nil || len(s) > 3 || n > most || len(s) > 1 && s[0] == '0' {
		return 0, syntax(at, "a prefix length is a number from 0 to %d without leading zeros", most)
	}
	return n, nil
}

// parseNetwork reads ":" address ["/" length].
func parseNetwork(t *Term, s string, at int) *SyntaxError {
	if s == "" || s[0] != ':' {
		return syntax(at, "%s needs a colon and an address here (section 5.6)", t.Kind)
	}
	address, length, cut := strings.Cut(s[1:], "/")
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Zone() != "" || ip.Is4() != (t.Kind == IP4) {
		return syntax(at+1, "%q is not an address of %s", clip(address), t.Kind)
	}
	n := ip.BitLen()
	if cut {
		var bad *SyntaxError
		if n, bad = bits(length, ip.BitLen(), at+1+len(address)+1); bad != nil {
			return bad
		}
	}
	t.Prefix = netip.PrefixFrom(ip, n)
	return nil
}

func letter(c byte) bool  { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
