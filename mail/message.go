package mail

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// escape writes a plain name as the library wants it: fully qualified, with
// everything that is special in a zone file escaped.
func escape(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c == '\\' && i+1 < len(name) && name[i+1] == '.':
			b.WriteByte(c) // a dot inside a label, as unescape leaves it
		case strings.IndexByte(` '@;()"\`, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('.')
	return b.String()
}

// unescape undoes the zone-file form. In a name a dot inside a label stays
// escaped, for it would make another name.
func unescape(s string, name bool) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if i+2 < len(s) && digit(s[i]) && digit(s[i+1]) && digit(s[i+2]) {
			b.WriteByte((s[i]-'0')*100 + (s[i+1]-'0')*10 + s[i+2] - '0')
			i += 2
			continue
		}
		if name && s[i] == '.' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func plain(name string) string { return unescape(strings.TrimSuffix(name, "."), true) }

// Unescape reads a name of the library or of a zone file as plain text, without
// its final dot.
func Unescape(name string) string { return plain(name) }

// FromRR reads a record of the library; false for a type that mail does not
// ask for.
func FromRR(rr dns.RR) (Record, bool) {
	h := rr.Header()
	out := Record{Name: plain(h.Name), Type: Type(h.Rrtype), TTL: h.Ttl}
	switch rr := rr.(type) {
	case *dns.A:
		addr, ok := netip.AddrFromSlice(rr.A)
		out.Addr = addr.Unmap()
		return out, ok
	case *dns.AAAA:
		addr, ok := netip.AddrFromSlice(rr.AAAA)
		out.Addr = addr
		return out, ok
	case *dns.TXT:
		out.Text = texts(rr.Txt)
	case *dns.SPF:
		out.Text = texts(rr.Txt)
	case *dns.MX:
		out.Host, out.Preference = plain(rr.Mx), rr.Preference
	case *dns.PTR:
		out.Host = plain(rr.Ptr)
	case *dns.NS:
		out.Host = plain(rr.Ns)
	case *dns.CNAME:
		out.Host = plain(rr.Target)
	default:
		return Record{}, false
	}
	return out, true
}

func texts(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = unescape(s, false)
	}
	return out
}

// RR writes the record for the library, nil for a type that it does not know.
func (r Record) RR() dns.RR {
	h := dns.RR_Header{Name: escape(r.Name), Rrtype: uint16(r.Type), Class: dns.ClassINET, Ttl: r.TTL}
	switch r.Type {
	case A:
		return &dns.A{Hdr: h, A: r.Addr.AsSlice()}
	case AAAA:
		b := r.Addr.As16()
		return &dns.AAAA{Hdr: h, AAAA: b[:]}
	case TXT:
		return &dns.TXT{Hdr: h, Txt: escaped(r.Text)}
	case SPF:
		return &dns.SPF{Hdr: h, Txt: escaped(r.Text)}
	case MX:
		return &dns.MX{Hdr: h, Mx: escape(r.Host), Preference: r.Preference}
	case PTR:
		return &dns.PTR{Hdr: h, Ptr: escape(r.Host)}
	case NS:
		return &dns.NS{Hdr: h, Ns: escape(r.Host)}
	case CNAME:
		return &dns.CNAME{Hdr: h, Target: escape(r.Host)}
	}
	return nil
}

// escaped cuts each string to what a character-string holds.
func escaped(in []string) []string {
	var out []string
	for _, s := range in {
		for first := true; first || s != ""; first = false {
			n := min(len(s), 255)
			var b strings.Builder
			for i := range n {
				switch c := s[i]; {
				case c == '"' || c == '\\':
					b.WriteByte('\\')
					b.WriteByte(c)
				case c < ' ' || c > '~':
					fmt.Fprintf(&b, `\%03d`, c)
				default:
					b.WriteByte(c)
				}
			}
			out = append(out, b.String())
			s = s[n:]
		}
	}
	return out
}

// ErrChain is a chain of CNAME records that loops or is longer than ten.
var ErrChain = errors.New("the chain of CNAME records does not end")

// mostChain bounds a chain of CNAME records; resolvers stop at about as many.
const mostChain = 10

// read takes the answer to a question out of a message: it follows the CNAME
// records that the message holds. next is the name that is still to be asked
// where the message ends at a CNAME, "" where all is said.
func read(msg *dns.Msg, name string, t Type) (a Answer, next string, err error) {
	a = Answer{Name: name, Type: t, Code: Code(msg.Rcode), Authentic: msg.AuthenticatedData}
	at := name
	for {
		var target string
		for _, rr := range msg.Answer {
			if rr.Header().Class != dns.ClassINET || !strings.EqualFold(plain(rr.Header().Name), at) {
				continue
			}
			r, ok := FromRR(rr)
			switch {
			case !ok:
			case r.Type == t:
				a.Records = append(a.Records, r)
			case r.Type == CNAME && target == "":
				target = r.Host
			}
		}
		if len(a.Records) > 0 || target == "" {
			if len(a.Records) == 0 && at != name && a.Code == NoError && !negative(msg) {
				return a, at, nil // the server left the target to the asker
			}
			return a, "", nil
		}
		if len(a.Chain) == mostChain {
			return a, "", fmt.Errorf("%s %s: %w", t, clip(name), ErrChain)
		}
		a.Chain = append(a.Chain, target)
		at = target
	}
}

// negative reports the SOA record that an answer without data carries (RFC 2308
// section 2.2).
func negative(msg *dns.Msg) bool {
	for _, rr := range msg.Ns {
		if rr.Header().Rrtype == dns.TypeSOA {
			return true
		}
	}
	return false
}
