// Package edgetest serves a zone on loopback as a primary name server does: by UDP
// and TCP, with transfers and signed updates (RFC 1034, 5936, 2136, 8945), so that
// drivers are tried against the protocol. It is for tests.
package edgetest

import (
	"net"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/edge"
)

// Server is the primary of one zone.
type Server struct {
	Addr string
	Zone string

	mu      sync.Mutex
	rrs     []dns.RR
	beyond  []dns.RR
	key     string
	secret  string
	deny    bool // transfers are refused
	before  func(*dns.Msg) bool
	after   func(*dns.Msg) bool
	Refused int // updates that were refused
	watch   func([]dns.RR)
}

// Options say how the server behaves.
type Options struct {
	Key, Secret string // of TSIG; "" takes unsigned updates
	NoTransfer  bool
	Before      func(*dns.Msg) bool // sees every message first; false: no answer, no effect
	After       func(*dns.Msg) bool // sees it when it took effect; false: no answer
	Watch       func([]dns.RR)      // sees the zone after each message
	Beyond      string              // records of other zones, which questions find too
}

// Start serves the text of a zone file until the test ends.
func Start(t testing.TB, zone, text string, o Options) *Server {
	t.Helper()
	s := &Server{Zone: zone, key: strings.ToLower(dns.Fqdn(o.Key)), secret: o.Secret, deny: o.NoTransfer, before: o.Before, after: o.After, watch: o.Watch}
	if o.Key == "" {
		s.key = ""
	}
	s.rrs, s.beyond = parse(t, text, dns.Fqdn(zone)), parse(t, o.Beyond, ".")
	for range 20 {
		var listen net.ListenConfig
		l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c, err := listen.ListenPacket(t.Context(), "udp", l.Addr().String())
		if err != nil {
			_ = l.Close()
			continue
		}
		s.Addr = l.Addr().String()
		secrets := map[string]string{}
		if s.key != "" {
			secrets[s.key] = s.secret
		}
		for _, server := range []*dns.Server{{Listener: l, Handler: s, TsigSecret: secrets, MsgAcceptFunc: accept}, {PacketConn: c, Handler: s, TsigSecret: secrets, MsgAcceptFunc: accept}} {
			var ready sync.WaitGroup
			ready.Add(1)
			server.NotifyStartedFunc = ready.Done
			go func() { _ = server.ActivateAndServe() }()
			t.Cleanup(func() { _ = server.Shutdown() })
			ready.Wait()
		}
		return s
	}
	t.Fatal("no port is free on both transports")
	return nil
}

func parse(t testing.TB, text, origin string) []dns.RR {
	t.Helper()
	var out []dns.RR
	p := dns.NewZoneParser(strings.NewReader(text), origin, "")
	p.SetDefaultTTL(edge.Fresh)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		out = append(out, rr)
	}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// accept takes updates as well, which the library refuses by default.
func accept(h dns.Header) dns.MsgAcceptAction {
	if op := int(h.Bits>>11) & 0xF; op == dns.OpcodeUpdate {
		return dns.MsgAccept
	}
	return dns.DefaultMsgAcceptFunc(h)
}

// Dump is the zone as sorted lines, the serial of its SOA taken out.
func (s *Server) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, rr := range s.rrs {
		if soa, ok := rr.(*dns.SOA); ok {
			c := *soa
			c.Serial = 0
			rr = &c
		}
		lines = append(lines, rr.String())
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n") + "\n"
}

// Change lets somebody else change the zone.
func (s *Server) Change(do func([]dns.RR) []dns.RR) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rrs = do(s.rrs)
}

// ServeDNS answers.
func (s *Server) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := new(dns.Msg).SetReply(q)
	r.Authoritative = true
	if len(q.Question) != 1 {
		r.Rcode = dns.RcodeFormatError
		_ = w.WriteMsg(r)
		return
	}
	signed := q.IsTsig() != nil
	if signed && w.TsigStatus() != nil || s.key != "" && (q.Opcode == dns.OpcodeUpdate || q.Question[0].Qtype == dns.TypeAXFR) && !signed {
		r.Rcode = dns.RcodeNotAuth
		_ = w.WriteMsg(r)
		return
	}
	if signed {
		t := q.IsTsig()
		r.SetTsig(t.Hdr.Name, t.Algorithm, 300, int64(t.TimeSigned)) //nolint:gosec // a time
	}
	if s.before != nil && !s.before(q) {
		_ = w.Close()
		return
	}
	switch {
	case q.Opcode == dns.OpcodeUpdate:
		if r.Rcode = s.update(q); r.Rcode != dns.RcodeSuccess {
			s.Refused++
		}
	case q.Question[0].Qtype == dns.TypeAXFR:
		if s.deny {
			r.Rcode = dns.RcodeRefused
			break
		}
		soa := slices.IndexFunc(s.rrs, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeSOA })
		r.Answer = append([]dns.RR{s.rrs[soa]}, append(slices.Delete(slices.Clone(s.rrs), soa, soa+1), s.rrs[soa])...)
	default:
		s.fill(r, q.Question[0])
	}
	if s.watch != nil {
		s.watch(slices.Clone(s.rrs))
	}
	if s.after != nil && !s.after(q) {
		_ = w.Close()
		return
	}
	_ = w.WriteMsg(r)
}

func (s *Server) fill(r *dns.Msg, q dns.Question) {
	known := false
	for _, rr := range append(slices.Clone(s.rrs), s.beyond...) {
		h := rr.Header()
		if dns.IsSubDomain(dns.CanonicalName(q.Name), dns.CanonicalName(h.Name)) {
			known = true
		}
		if dns.CanonicalName(h.Name) == dns.CanonicalName(q.Name) && (h.Rrtype == q.Qtype || h.Rrtype == dns.TypeCNAME) {
			r.Answer = append(r.Answer, rr)
		}
	}
	if !known {
		r.Rcode = dns.RcodeNameError
	}
	if len(r.Answer) == 0 {
		for _, rr := range s.rrs {
			if rr.Header().Rrtype == dns.TypeSOA {
				r.Ns = append(r.Ns, rr)
			}
		}
	}
}
