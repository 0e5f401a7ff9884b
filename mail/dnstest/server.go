// Package dnstest serves a mail.Zone on loopback, over UDP and TCP, and can
// misbehave at chosen names in the ways that real servers do. It is for tests.
package dnstest

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/mail"
)

// Fault is a way to misbehave.
type Fault int

// The faults. Silent answers nothing.
const (
	None Fault = iota
	ServFail
	Refused
	Silent
	Garbage  // bytes that are no message
	Loop     // a compressed name that points at itself
	Cut      // truncated over UDP and over TCP
	CutUDP   // truncated over UDP only
	WrongID  // an answer to somebody else, then nothing
	Other    // the answer to another question
	Header   // the twelve bytes of a header alone
	NoEDNS   // FORMERR as long as the question carries EDNS
	Oversize // more over UDP than the question allows, and not marked as cut
	CloseTCP // UDP is cut, TCP closes without a word
)

// Server is an authoritative server for tests.
type Server struct {
	Addr string // 127.0.0.1:port, both transports

	zone   mail.Resolver
	mu     sync.Mutex
	faults map[string]Fault
	asked  []string
}

// Start serves a zone until the test ends.
func Start(t testing.TB, zone mail.Resolver) *Server {
	t.Helper()
	s := &Server{zone: zone, faults: map[string]Fault{}}
	for range 20 {
		var listen net.ListenConfig
		l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("listen: %v", err)
		}
		p, err := listen.ListenPacket(t.Context(), "udp", l.Addr().String())
		if err != nil {
			_ = l.Close() // the port is taken on the other transport
			continue
		}
		s.Addr = l.Addr().String()
		tcp := &dns.Server{Listener: l, Handler: s, ReadTimeout: 2 * time.Second}
		udp := &dns.Server{PacketConn: p, Handler: s}
		var ready sync.WaitGroup
		for _, server := range []*dns.Server{tcp, udp} {
			ready.Add(1)
			server.NotifyStartedFunc = ready.Done
			go func() { _ = server.ActivateAndServe() }()
			t.Cleanup(func() { _ = server.Shutdown() })
		}
		ready.Wait()
		return s
	}
	t.Fatal("no port is free on both transports")
	return nil
}

// Zone serves the text of a zone file, with its origin at the root.
func Zone(t testing.TB, text string) *Server {
	t.Helper()
	z, err := mail.ParseZone(strings.NewReader(text), ".")
	if err != nil {
		t.Fatal(err)
	}
	return Start(t, z)
}

// Client asks the server, with a timeout that keeps tests of silence short.
func (s *Server) Client() *mail.Client {
	return &mail.Client{Server: s.Addr, Timeout: 600 * time.Millisecond, Tries: 1}
}

// Fail makes the server misbehave for a name.
func (s *Server) Fail(name string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[strings.ToLower(name)] = f
}

// Asked are the questions so far, as "TXT example.test".
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// ServeDNS answers one question.
func (s *Server) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	if len(q.Question) != 1 {
		return
	}
	question := q.Question[0]
	tcp := w.LocalAddr().Network() == "tcp"
	name := mail.Unescape(question.Name)
	s.mu.Lock()
	fault := s.faults[strings.ToLower(name)]
	s.asked = append(s.asked, fmt.Sprintf("%s %s", mail.Type(question.Qtype), name))
	s.mu.Unlock()

	reply := new(dns.Msg).SetReply(q)
	reply.Authoritative = true
	reply.Compress = true
	switch fault {
	case ServFail:
		reply.Rcode = dns.RcodeServerFailure
	case Refused:
		reply.Rcode = dns.RcodeRefused
	case Silent:
		return
	case Garbage:
		raw(w, q, []byte("\x84\x00\xff\xff\xff\xff\xff\xff\xff\xffgarbage"))
		return
	case Loop:
		// One question, one answer; the name of the answer is a pointer to itself.
		body := []byte{0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0}
		packed, _ := q.Pack()
		body = append(body, packed[12:12+len(question.Name)+1+4]...)
		at := len(body) + 2
		body = append(body, 0xC0|byte(at>>8), byte(at)) //nolint:gosec // a question is short
		raw(w, q, append(body, 0, 16, 0, 1, 0, 0, 0, 60, 0, 2, 1, 'x'))
		return
	case Header:
		raw(w, q, []byte{0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0})
		return
	case WrongID:
		reply.Id++
		_ = w.WriteMsg(reply)
		return
	case Other:
		reply.Question[0].Name = "other.invalid."
	case CloseTCP:
		if tcp {
			_ = w.Close()
			return
		}
		reply.Truncated = true
	case Cut, CutUDP:
		reply.Truncated = fault == Cut || !tcp
		if !reply.Truncated {
			s.fill(reply, name, mail.Type(question.Qtype))
		}
	case NoEDNS:
		if q.IsEdns0() != nil {
			reply.Rcode = dns.RcodeFormatError
			break
		}
		fallthrough
	case None, Oversize:
		s.fill(reply, name, mail.Type(question.Qtype))
	}
	if fault == Other {
		s.fill(reply, name, mail.Type(question.Qtype))
	}
	if !tcp && fault != Oversize {
		size := dns.MinMsgSize
		if opt := q.IsEdns0(); opt != nil {
			size = int(opt.UDPSize())
		}
		cut := reply.Truncated
		reply.Truncate(size)
		reply.Truncated = reply.Truncated || cut
	}
	if w.WriteMsg(reply) != nil { // a name in the zone that no message can hold
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure))
	}
}

// fill puts what the zone holds into a reply: the chain and the records.
func (s *Server) fill(reply *dns.Msg, name string, t mail.Type) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	a, err := s.zone.Lookup(ctx, name, t)
	if err != nil {
		reply.Rcode = dns.RcodeServerFailure
		return
	}
	reply.Rcode = int(a.Code)
	at := name
	for _, next := range a.Chain {
		reply.Answer = append(reply.Answer, mail.Record{Name: at, Type: mail.CNAME, TTL: 60, Host: next}.RR())
		at = next
	}
	for _, r := range a.Records {
		r.Name = at
		if rr := r.RR(); rr != nil {
			reply.Answer = append(reply.Answer, rr)
		}
	}
	if len(a.Records) == 0 {
		reply.Ns = append(reply.Ns, &dns.SOA{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60}, Ns: ".", Mbox: "."})
	}
}

// raw writes bytes after the identifier of the question.
func raw(w dns.ResponseWriter, q *dns.Msg, body []byte) {
	_, _ = w.Write(append(binary.BigEndian.AppendUint16(nil, q.Id), body...))
}
