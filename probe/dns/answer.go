package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	wire "github.com/miekg/dns"
)

// mostChain is how many CNAME records are followed.
const mostChain = 12

// ErrChain is a chain of CNAME records that is too long, or a circle.
var ErrChain = errors.New("the CNAME records lead nowhere")

// Answer is what a server said to one question. Names are plain text, in lower
// case, without the final dot.
type Answer struct {
	Name string
	Type uint16
	Code int  // of the last name of the chain (RFC 6604 section 3)
	AA   bool // the server has authority
	AD   bool // the resolver says that it validated (RFC 4035 section 3.2.3)
	RA   bool // the server resolves for who asks

	Chain   []*wire.CNAME // in order
	Records []wire.RR     // of the type asked, at the end of the chain
	SOA     *wire.SOA     // of the authority section: the zone that denies
	Refers  []*wire.NS    // of the authority section: who knows, where the server does not
	Msg     *wire.Msg

	open string // where the chain goes on, and the server left it to the asker
}

// Read takes an answer apart. Whatever the message holds, it ends.
func Read(msg *wire.Msg, name string, kind uint16) *Answer {
	a := &Answer{Name: Plain(name), Type: kind, Code: msg.Rcode, AA: msg.Authoritative, AD: msg.AuthenticatedData, RA: msg.RecursionAvailable, Msg: msg}
	at := a.Name
	for range mostChain + 1 {
		var next *wire.CNAME
		for _, rr := range msg.Answer {
			h := rr.Header()
			if Plain(h.Name) != at || h.Class != wire.ClassINET {
				continue
			}
			if h.Rrtype == kind {
				a.Records = append(a.Records, rr)
			} else if cname, ok := rr.(*wire.CNAME); ok && next == nil {
				next = cname
			}
		}
		if len(a.Records) > 0 || next == nil {
			break
		}
		a.Chain = append(a.Chain, next)
		at = Plain(next.Target)
		a.open = at
	}
	for _, rr := range msg.Ns {
		switch rr := rr.(type) {
		case *wire.SOA:
			if a.SOA == nil {
				a.SOA = rr
			}
		case *wire.NS:
			a.Refers = append(a.Refers, rr)
		}
	}
	if len(a.Records) > 0 || len(a.Chain) == 0 || a.SOA != nil || a.Code != wire.RcodeSuccess {
		a.open = ""
	}
	return a
}

// Missing reports that the name, or the last one of its chain, does not exist.
func (a *Answer) Missing() bool { return a.Code == wire.RcodeNameError }

// Void reports that there is no such record, for certain.
func (a *Answer) Void() bool {
	return a.Missing() || a.Code == wire.RcodeSuccess && len(a.Records) == 0
}

// Err is nil where the server answered for certain, with records or with their
// absence.
func (a *Answer) Err() error {
	if a.Code == wire.RcodeSuccess || a.Missing() {
		return nil
	}
	return fmt.Errorf("%s %s: the server answered %s", wire.Type(a.Type), clip(a.Name), Code(a.Code))
}

// End is the last name of the chain, the name itself without one.
func (a *Answer) End() string {
	if len(a.Chain) == 0 {
		return a.Name
	}
	return Plain(a.Chain[len(a.Chain)-1].Target)
}

// Addrs are the addresses among the records.
func (a *Answer) Addrs() []netip.Addr {
	var out []netip.Addr
	for _, rr := range a.Records {
		if addr, ok := Address(rr); ok && !slices.Contains(out, addr) {
			out = append(out, addr)
		}
	}
	return out
}

// Address is that of an A or AAAA record.
func Address(rr wire.RR) (netip.Addr, bool) {
	switch rr := rr.(type) {
	case *wire.A:
		addr, ok := netip.AddrFromSlice(rr.A)
		return addr.Unmap(), ok
	case *wire.AAAA:
		return netip.AddrFromSlice(rr.AAAA)
	}
	return netip.Addr{}, false
}

// Lines are the records as a zone file has them, chain first, for a report.
func (a *Answer) Lines() []string {
	out := make([]string, 0, len(a.Chain)+len(a.Records)+1)
	for _, rr := range a.Chain {
		out = append(out, Line(rr))
	}
	for _, rr := range a.Records {
		out = append(out, Line(rr))
	}
	if len(a.Records) == 0 {
		out = append(out, fmt.Sprintf("%s. %s: %s", clip(a.End()), wire.Type(a.Type), a.Outcome()))
	}
	return out
}

// Outcome is a void answer in words.
func (a *Answer) Outcome() string {
	switch {
	case a.Missing():
		return "NXDOMAIN, the name does not exist"
	case a.Code == wire.RcodeSuccess && len(a.Records) == 0:
		return "no such record"
	case a.Code == wire.RcodeSuccess:
		return "answered"
	}
	return Code(a.Code)
}

// mostLine bounds a record in a report: a TXT record may have 64 KB.
const mostLine = 300

// Line is a record on one line, without its time to live.
func Line(rr wire.RR) string {
	h := rr.Header()
	data := strings.TrimPrefix(rr.String(), h.String())
	line := h.Name + " " + wire.Type(h.Rrtype).String() + " " + strings.Join(strings.Fields(data), " ")
	if len(line) > mostLine {
		return strings.ToValidUTF8(line[:mostLine], "") + "…"
	}
	return line
}

// Code is a response code in words.
func Code(code int) string {
	if s, ok := wire.RcodeToString[code]; ok {
		return s
	}
	return fmt.Sprintf("RCODE%d", code)
}
