package edge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Data brings the data of a record into the form in which it is compared. What
// cannot be read is left as it is, so that it is at least equal to itself.
func Data(rrtype, data string) string {
	rr, err := Parse(".", rrtype, 0, data)
	if err != nil {
		return strings.TrimSpace(data)
	}
	return DataOf(rr)
}

// Parse reads one record whose data stands in the form of a zone file.
func Parse(name, rrtype string, ttl uint32, data string) (dns.RR, error) {
	if strings.ContainsAny(data, "\r\n") || strings.ContainsAny(name, " \t\r\n;()\"") {
		return nil, fmt.Errorf("%s %s: a record is one line", name, rrtype)
	}
	rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", dns.Fqdn(name), ttl, rrtype, data))
	if err == nil && rr == nil {
		err = fmt.Errorf("there is nothing")
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", name, rrtype, err)
	}
	return rr, nil
}

// DataOf is the data of a record, without its name, time and type.
func DataOf(rr dns.RR) string {
	switch rr := rr.(type) { // names are equal in any case (RFC 4343)
	case *dns.CNAME:
		return strings.ToLower(rr.Target)
	case *dns.NS:
		return strings.ToLower(rr.Ns)
	case *dns.MX:
		return fmt.Sprintf("%d %s", rr.Preference, strings.ToLower(rr.Mx))
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String())
}

// Text is the joined text of a TXT record's data (RFC 7208 section 3.3).
func Text(data string) string {
	rr, err := Parse(".", "TXT", 0, data)
	if err != nil {
		return ""
	}
	txt, ok := rr.(*dns.TXT)
	if !ok {
		return ""
	}
	var b strings.Builder
	for _, s := range txt.Txt {
		b.WriteString(unescape(s))
	}
	return b.String()
}

// Quote writes a text as the data of a TXT record, in strings of at most 255 bytes.
func Quote(text string) string {
	var parts []string
	for first := true; first || text != ""; first = false {
		n := min(len(text), 255)
		var b strings.Builder
		b.WriteByte('"')
		for i := range n {
			switch c := text[i]; {
			case c == '"' || c == '\\':
				b.WriteByte('\\')
				b.WriteByte(c)
			case c < ' ' || c > '~':
				fmt.Fprintf(&b, `\%03d`, c)
			default:
				b.WriteByte(c)
			}
		}
		b.WriteByte('"')
		parts = append(parts, b.String())
		text = text[n:]
	}
	return strings.Join(parts, " ")
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			if i+2 < len(s) && isDigit(s[i]) && isDigit(s[i+1]) && isDigit(s[i+2]) {
				b.WriteByte((s[i]-'0')*100 + (s[i+1]-'0')*10 + s[i+2] - '0')
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// JSON brings a JSON text into the form in which it is compared: keys sorted.
func JSON(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return strings.TrimSpace(text)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return strings.TrimSpace(text)
	}
	return string(b)
}

// Sort puts a set into the order in which it is hashed and shown.
func Sort(vs []Value) []Value {
	out := slices.Clone(vs)
	slices.SortFunc(out, func(a, b Value) int {
		return cmp.Or(cmp.Compare(a.Data, b.Data), cmp.Compare(a.TTL, b.TTL), cmp.Compare(a.Comment, b.Comment), cmp.Compare(a.Extra, b.Extra))
	})
	return out
}

// Equal reports that two sets hold the same values.
func Equal(a, b []Value) bool { return slices.Equal(Sort(a), Sort(b)) }

// Minus is what a has and b has not.
func Minus(a, b []Value) []Value {
	left := slices.Clone(b)
	var out []Value
	for _, v := range a {
		if i := slices.Index(left, v); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		out = append(out, v)
	}
	return out
}

// Added is what the change brings.
func (c Change) Added() []Value { return Minus(c.After, c.Before) }

// Removed is what the change takes away.
func (c Change) Removed() []Value { return Minus(c.Before, c.After) }

// Back is the change that undoes this one.
func (c Change) Back() Change { return Change{Key: c.Key, Before: c.After, After: c.Before} }

// Hash is the fingerprint of a set, the precondition of a change.
func Hash(vs []Value) string {
	h := sha256.New()
	for _, v := range Sort(vs) {
		fmt.Fprintf(h, "%q %d %t %q %q\n", v.Data, v.TTL, v.Proxied, v.Comment, v.Extra)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// middle is the state between the creation of what is new and the deletion of
// what is old; ok is false where both happen at once. Two records of one mail
// standard beside each other are an error of that standard (RFC 7208 section 4.5),
// a CNAME stands alone (RFC 1034 section 3.6.2), and a null MX too (RFC 7505
// section 3); a record whose proxying or comment changes is the same record.
func (c Change) middle() (middle []Value, ok bool) {
	added, removed := c.Added(), c.Removed()
	if c.Key.Kind != Records || len(added) == 0 || len(removed) == 0 {
		return nil, false
	}
	switch c.Key.Type {
	case "TXT", "CNAME":
		return nil, false
	}
	for _, v := range added {
		if c.Key.Type == "MX" && nullMX(v.Data) || slices.ContainsFunc(removed, func(r Value) bool { return r.Data == v.Data }) {
			return nil, false
		}
	}
	for _, v := range removed {
		if c.Key.Type == "MX" && nullMX(v.Data) {
			return nil, false
		}
	}
	// One set has one time to live (RFC 2181 section 5.2).
	for _, v := range c.After {
		if v.TTL != c.Before[0].TTL {
			return nil, false
		}
	}
	return append(slices.Clone(c.Before), added...), true
}

func nullMX(data string) bool {
	f := strings.Fields(data)
	return len(f) == 2 && f[1] == "."
}
