package nameserver

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Fault is a way to misbehave at a name, whatever the zone has there.
type Fault string

// The faults. They are those of mail/dnstest, for whole zones.
const (
	None     Fault = ""
	ServFail Fault = "servfail"
	Refused  Fault = "refused"
	Silent   Fault = "silent"   // no answer at all
	Garbage  Fault = "garbage"  // bytes that are no message
	Loop     Fault = "loop"     // a compressed name that points at itself
	Cut      Fault = "cut"      // truncated over UDP and over TCP
	CutUDP   Fault = "cut-udp"  // truncated over UDP only
	WrongID  Fault = "wrong-id" // an answer to somebody else
	Other    Fault = "other"    // the answer to another question
	Header   Fault = "header"   // the twelve bytes of a header alone
	NoEDNS   Fault = "no-edns"  // FORMERR as long as the question carries EDNS
	CloseTCP Fault = "close-tcp"
	Oversize Fault = "oversize" // more over UDP than was allowed, and not marked as cut
)

// Fail makes every server misbehave for a name.
func (s *Server) Fail(name string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[strings.ToLower(dns.Fqdn(name))] = f
}

// Asked is how often a question was asked, whichever server it was.
func (s *Server) Asked(name, kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[strings.ToLower(dns.Fqdn(name))+" "+kind]
}

// mostAsked bounds the count: anyone may ask for anything.
const mostAsked = 20_000

func (s *Server) count(name string, t uint16, _ netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) < mostAsked {
		s.asked[name+" "+dns.Type(t).String()]++
	}
}

// fault is what was set for a name, by Fail or by its zone.
func (s *Server) fault(name string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.faults[name]; ok {
		return f
	}
	for _, z := range s.zones {
		for _, line := range z.does["fault"] {
			if at, f, _ := strings.Cut(line, " "); at == name {
				return Fault(f)
			}
		}
	}
	return None
}

// misbehave answers a name that has a fault; false where it is to be answered
// as usual.
func (s *Server) misbehave(w dns.ResponseWriter, q *dns.Msg, name string, tcp bool) bool {
	f := s.fault(name)
	reply := new(dns.Msg).SetReply(q)
	reply.RecursionAvailable = true
	switch f {
	case None:
		return false
	case ServFail:
		reply.Rcode = dns.RcodeServerFailure
	case Refused:
		reply.Rcode = dns.RcodeRefused
	case Silent:
		return true
	case Garbage:
		raw(w, q, []byte("\x84\x00\xff\xff\xff\xff\xff\xff\xff\xffgarbage"))
		return true
	case Loop:
		// One question, one answer; the name of the answer is a pointer to itself.
		body := []byte{0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0}
		packed, err := q.Pack()
		if err != nil {
			return true
		}
		body = append(body, packed[12:12+len(q.Question[0].Name)+1+4]...)
		at := len(body) + 2
		body = append(body, 0xC0|byte(at>>8), byte(at)) //nolint:gosec // a question is short
		raw(w, q, append(body, 0, 16, 0, 1, 0, 0, 0, 60, 0, 2, 1, 'x'))
		return true
	case Header:
		raw(w, q, []byte{0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0})
		return true
	case WrongID:
		reply.Id++
	case Other:
		reply.Question = slices.Clone(reply.Question)
		reply.Question[0].Name = "other.invalid."
	case Cut, CutUDP:
		if tcp && f == CutUDP {
			return false
		}
		reply.Truncated = true
	case CloseTCP:
		if tcp {
			_ = w.Close()
			return true
		}
		reply.Truncated = true
	case NoEDNS:
		if q.IsEdns0() == nil {
			return false
		}
		reply.Rcode = dns.RcodeFormatError
	case Oversize:
		for i := range 200 {
			reply.Answer = append(reply.Answer, &dns.TXT{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 60}, Txt: []string{fmt.Sprintf("%0200d", i)}})
		}
	default:
		return false
	}
	_ = w.WriteMsg(reply)
	return true
}

// raw writes bytes after the identifier of the question.
func raw(w dns.ResponseWriter, q *dns.Msg, body []byte) {
	_, _ = w.Write(append(binary.BigEndian.AppendUint16(nil, q.Id), body...))
}
