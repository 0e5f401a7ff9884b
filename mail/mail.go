// Package mail holds what the standards of mail authentication share: a question
// to the DNS whose answer tells a name that does not exist from one without
// such a record and from a server that failed, because SPF, DKIM, DMARC and
// MTA-STS decide differently on each.
//
// The standards are the packages below: spf, dkim, dmarc, mtasts, tlsrpt.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Type is the type of a resource record (RFC 1035 section 3.2.2).
type Type uint16

// The types that mail asks for.
const (
	A     Type = 1
	NS    Type = 2
	CNAME Type = 5
	PTR   Type = 12
	MX    Type = 15
	TXT   Type = 16
	AAAA  Type = 28
	SPF   Type = 99 // withdrawn by RFC 7208 section 3.1
)

func (t Type) String() string {
	switch t {
	case A:
		return "A"
	case NS:
		return "NS"
	case CNAME:
		return "CNAME"
	case PTR:
		return "PTR"
	case MX:
		return "MX"
	case TXT:
		return "TXT"
	case AAAA:
		return "AAAA"
	case SPF:
		return "SPF"
	}
	return fmt.Sprintf("TYPE%d", uint16(t))
}

// Code is the response code of an answer (RFC 1035 section 4.1.1).
type Code int

// The codes that decide something.
const (
	NoError  Code = 0
	FormErr  Code = 1
	ServFail Code = 2
	NXDomain Code = 3
	NotImp   Code = 4
	Refused  Code = 5
)

func (c Code) String() string {
	switch c {
	case NoError:
		return "NOERROR"
	case FormErr:
		return "FORMERR"
	case ServFail:
		return "SERVFAIL"
	case NXDomain:
		return "NXDOMAIN"
	case NotImp:
		return "NOTIMP"
	case Refused:
		return "REFUSED"
	}
	return fmt.Sprintf("RCODE%d", int(c))
}

// Record is one resource record. Only the fields of its type are set.
type Record struct {
	Name string // as plain text, without the final dot; see Client for odd bytes
	Type Type
	TTL  uint32 // seconds

	Text       []string   // TXT, SPF: the character-strings, each byte as it came
	Addr       netip.Addr // A, AAAA
	Host       string     // CNAME, MX, NS, PTR; "" is the root
	Preference uint16     // MX
}

// Joined is the text of a TXT record as every standard of mail reads it: the
// character-strings without anything between (RFC 7208 section 3.3, RFC 6376
// section 3.6.2.2).
func (r Record) Joined() string {
	if len(r.Text) == 1 {
		return r.Text[0]
	}
	return strings.Join(r.Text, "")
}

// Answer is what a server said to one question.
type Answer struct {
	Name      string   // asked
	Type      Type     // asked
	Code      Code     // of the last name of the chain (RFC 6604 section 3)
	Authentic bool     // the resolver says that it validated (AD, RFC 4035 section 3.2.3)
	Chain     []string // the names that CNAME records led to, in order
	Records   []Record // of the type asked, at the end of the chain
}

// Missing reports that the name does not exist: NXDOMAIN. Nothing exists below
// it either (RFC 8020).
func (a Answer) Missing() bool { return a.Code == NXDomain }

// Void reports a lookup without result: the name is missing, or exists without
// such a record (RFC 7208 section 4.6.4, RFC 2308).
func (a Answer) Void() bool {
	return a.Code == NXDomain || a.Code == NoError && len(a.Records) == 0
}

// Err is nil where the server answered for certain, with records or with their
// absence, and else says which code kept it from that. A caller that treats an
// error as temporary is right.
func (a Answer) Err() error {
	if a.Code == NoError || a.Code == NXDomain {
		return nil
	}
	return fmt.Errorf("%s %s: %w", a.Type, a.Name, &CodeError{Code: a.Code})
}

// Texts are the joined texts of the TXT records.
func (a Answer) Texts() []string {
	var out []string
	for _, r := range a.Records {
		if r.Type == TXT {
			out = append(out, r.Joined())
		}
	}
	return out
}

// CodeError is an answer that is no answer: SERVFAIL, REFUSED and the like.
type CodeError struct{ Code Code }

func (e *CodeError) Error() string { return "the server answered " + e.Code.String() }

// Resolver asks the DNS. The error is for an answer that could not be had or
// read at all: a timeout, a closed connection, a message that is none. What the
// server said, SERVFAIL included, is in the Answer.
type Resolver interface {
	Lookup(ctx context.Context, name string, t Type) (Answer, error)
}

// Ask looks up and folds both kinds of failure into one error, for callers to
// whom either is "temporary" (RFC 7208 section 2.6.6).
func Ask(ctx context.Context, r Resolver, name string, t Type) (Answer, error) {
	a, err := r.Lookup(ctx, name, t)
	if err != nil {
		return a, err
	}
	return a, a.Err()
}

// ErrName is a name that the DNS cannot hold.
var ErrName = errors.New("not a domain name")

// Domain brings a domain as people type it into the form that is looked up:
// lower case, A-labels (RFC 5890), no final dot. It needs at least one label;
// labels of 1 to 63 bytes, 253 in all (RFC 1035 section 2.3.4).
func Domain(name string) (string, error) {
	name = strings.TrimSuffix(name, ".")
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("%w: %q", ErrName, clip(name))
	}
	for i := range len(name) {
		if name[i] >= 0x80 {
			ascii, err := idna.Lookup.ToASCII(name)
			if err != nil {
				return "", fmt.Errorf("%w: %q: %w", ErrName, name, err)
			}
			name = ascii
			break
		}
	}
	if !Fits(name) {
		return "", fmt.Errorf("%w: %q", ErrName, clip(name))
	}
	return strings.ToLower(name), nil
}

// Fits reports whether a plain name without final dot can be put into a
// question: no empty label, none over 63 bytes, 253 in all.
func Fits(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return true
}

// Reverse is the name at which the PTR record of an address stands (RFC 1035
// section 3.5, RFC 3596 section 2.5).
func Reverse(ip netip.Addr) string {
	ip = ip.Unmap()
	if ip.Is4() {
		b := ip.As4()
		return fmt.Sprintf("%d.%d.%d.%d.in-addr.arpa", b[3], b[2], b[1], b[0])
	}
	const hex = "0123456789abcdef"
	var out strings.Builder
	b := ip.As16()
	for i := len(b) - 1; i >= 0; i-- {
		out.WriteByte(hex[b[i]&15])
		out.WriteByte('.')
		out.WriteByte(hex[b[i]>>4])
		out.WriteByte('.')
	}
	return out.String() + "ip6.arpa"
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
