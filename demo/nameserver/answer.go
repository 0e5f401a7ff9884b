package nameserver

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// serve answers one question at one of the addresses.
func (s *Server) serve(w dns.ResponseWriter, q *dns.Msg, at netip.Addr) {
	if s.delay > 0 {
		time.Sleep(s.delay)
	}
	s.edit.RLock()
	defer s.edit.RUnlock()
	if q.Opcode != dns.OpcodeQuery || len(q.Question) != 1 || q.Question[0].Qclass != dns.ClassINET {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeNotImplemented))
		return
	}
	question := q.Question[0]
	name := strings.ToLower(question.Name)
	s.count(name, question.Qtype, at)
	tcp := w.LocalAddr().Network() == "tcp"
	if s.misbehave(w, q, name, tcp) {
		return
	}
	if question.Qtype == dns.TypeAXFR || question.Qtype == dns.TypeIXFR {
		s.transfer(w, q, name, at, tcp)
		return
	}
	s.send(w, q, s.reply(q, name, question.Qtype, at), tcp)
}

// send cuts a reply to what the asker takes.
func (s *Server) send(w dns.ResponseWriter, q, reply *dns.Msg, tcp bool) {
	if opt := q.IsEdns0(); opt != nil {
		reply.SetEdns0(1232, opt.Do())
	}
	if !tcp {
		size := dns.MinMsgSize
		if opt := q.IsEdns0(); opt != nil {
			size = min(max(int(opt.UDPSize()), dns.MinMsgSize), 4096)
		}
		reply.Truncate(size)
	}
	if w.WriteMsg(reply) != nil { // a name that no message can hold
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure))
	}
}

// reply answers as the server at an address does.
func (s *Server) reply(q *dns.Msg, name string, t uint16, at netip.Addr) *dns.Msg {
	reply := new(dns.Msg).SetReply(q)
	reply.Compress = true
	signed := q.IsEdns0() != nil && q.IsEdns0().Do()
	z := s.zoneAt(name, t, at)
	if at.String() == resolverAt || z == nil && s.resolves(at) {
		reply.RecursionAvailable = true
		if !q.RecursionDesired {
			reply.Rcode = dns.RcodeRefused
			return reply
		}
		s.resolve(reply, name, t, signed)
		reply.AuthenticatedData = reply.AuthenticatedData && (signed || q.AuthenticatedData)
		return reply
	}
	if z == nil {
		reply.Rcode = dns.RcodeRefused
		return reply
	}
	f := z.find(name, t)
	reply.Authoritative = f.cut == "" || len(f.answer) > 0
	reply.Rcode = f.code
	z.fill(reply, f, signed)
	if f.cut != "" {
		z.refer(reply, f.cut, signed, s.hosts)
	}
	s.serials(reply, z, at)
	return reply
}

// zoneAt is the deepest zone that an address serves a name from. Of a delegation
// the parent knows the DS records (RFC 4035 section 3.1.4.1).
func (s *Server) zoneAt(name string, t uint16, at netip.Addr) *zone {
	from := name
	if t == dns.TypeDS && name != "." {
		from = parentOf(name)
	}
	for n := from; ; n = parentOf(n) {
		if z := s.zones[n]; z != nil && slices.Contains(z.at, at) {
			return z
		}
		if n == "." {
			break
		}
	}
	if z := s.zones[name]; t == dns.TypeDS && z != nil && slices.Contains(z.at, at) {
		return z
	}
	return nil
}

// fill puts what was found into a reply, with signatures where they are asked for.
func (z *zone) fill(reply *dns.Msg, f found, signed bool) {
	reply.Answer = append(reply.Answer, f.answer...)
	if signed {
		for _, set := range sets(f.answer) {
			reply.Answer = append(reply.Answer, z.seal(set)...)
			h := set[0].Header()
			if name := strings.ToLower(h.Name); !z.exists[name] { // of a wildcard: the name itself does not exist (RFC 4035 section 3.1.3.3)
				reply.Ns = append(reply.Ns, z.deny(name, true)...)
			}
		}
	}
	if f.denied == "" {
		return
	}
	soa := z.names[z.origin][dns.TypeSOA]
	reply.Ns = append(reply.Ns, soa...)
	if signed {
		reply.Ns = append(reply.Ns, z.seal(soa)...)
		reply.Ns = append(reply.Ns, z.deny(f.denied, f.code == dns.RcodeNameError)...)
	}
}

// refer names the servers that a delegation leads to.
func (z *zone) refer(reply *dns.Msg, cut string, signed bool, hosts map[string][]netip.Addr) {
	ns := z.names[cut][dns.TypeNS]
	reply.Ns = append(reply.Ns, ns...)
	if ds := z.names[cut][dns.TypeDS]; signed && ds != nil {
		reply.Ns = append(append(reply.Ns, ds...), z.seal(ds)...)
	} else if signed {
		reply.Ns = append(reply.Ns, z.deny(cut, false)...)
	}
	for _, rr := range ns {
		host := strings.ToLower(rr.(*dns.NS).Ns) //nolint:forcetypeassert // the set is of NS records
		if !dns.IsSubDomain(z.origin, host) {
			continue
		}
		for _, a := range hosts[host] {
			h := dns.RR_Header{Name: host, Class: dns.ClassINET, Ttl: 3600, Rrtype: dns.TypeA}
			if a.Is4() {
				reply.Extra = append(reply.Extra, &dns.A{Hdr: h, A: a.AsSlice()})
			} else {
				h.Rrtype = dns.TypeAAAA
				reply.Extra = append(reply.Extra, &dns.AAAA{Hdr: h, AAAA: a.AsSlice()})
			}
		}
	}
}

// serials lets one server have another serial than the rest.
func (s *Server) serials(reply *dns.Msg, z *zone, at netip.Addr) {
	for _, line := range z.does["serial"] {
		host, serial, _ := strings.Cut(line, " ")
		n, err := strconv.ParseUint(serial, 10, 32)
		if err != nil || !slices.Contains(s.hosts[host], at) {
			continue
		}
		for i, rr := range reply.Answer {
			if soa, ok := rr.(*dns.SOA); ok {
				other := *soa
				other.Serial = uint32(n)
				reply.Answer[i] = &other
			}
		}
	}
}

// resolves reports whether the server at an address resolves for anyone.
func (s *Server) resolves(at netip.Addr) bool {
	for _, z := range s.zones {
		for _, host := range z.does["recursion"] {
			if slices.Contains(s.hosts[host], at) {
				return true
			}
		}
	}
	return false
}

// resolve walks the zones from the root as a resolver does.
func (s *Server) resolve(reply *dns.Msg, name string, t uint16, signed bool) {
	reply.AuthenticatedData = true
	for range mostChain {
		z, f := s.walk(name, t)
		if z == nil {
			reply.Rcode, reply.AuthenticatedData = dns.RcodeServerFailure, false
			return
		}
		reply.Rcode = f.code
		reply.AuthenticatedData = reply.AuthenticatedData && z.secure
		z.fill(reply, f, signed)
		if n := len(f.answer); n > 0 && f.next == "" && f.cut != "" {
			f.next = strings.ToLower(f.answer[n-1].(*dns.CNAME).Target) //nolint:forcetypeassert // only a CNAME leads into a delegation
		}
		if f.next == "" {
			return
		}
		name = f.next
	}
	reply.Rcode = dns.RcodeServerFailure
}

// walk follows the delegations down to the zone that has the name; nil where no
// server of a delegation has its zone.
func (s *Server) walk(name string, t uint16) (*zone, found) {
	z := s.zones["."]
	for z != nil {
		f := z.find(name, t)
		if f.cut == "" || len(f.answer) > 0 {
			return z, f
		}
		child := s.zones[f.cut]
		if child == nil || child == z || !s.reachable(z, child) {
			return nil, found{}
		}
		z = child
	}
	return nil, found{}
}

// reachable reports whether a delegation names a server that has the zone.
func (s *Server) reachable(parent, child *zone) bool {
	for _, rr := range parent.names[child.origin][dns.TypeNS] {
		for _, a := range s.hosts[strings.ToLower(rr.(*dns.NS).Ns)] { //nolint:forcetypeassert // the set is of NS records
			if slices.Contains(child.at, a) {
				return true
			}
		}
	}
	return false
}

// transfer gives a zone away, or does not.
func (s *Server) transfer(w dns.ResponseWriter, q *dns.Msg, name string, at netip.Addr, tcp bool) {
	z := s.zones[name]
	open := z != nil && tcp && slices.Contains(z.at, at) &&
		slices.ContainsFunc(z.does["transfer"], func(host string) bool { return slices.Contains(s.hosts[host], at) })
	if !open {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(q, dns.RcodeRefused))
		return
	}
	soa := z.names[z.origin][dns.TypeSOA]
	var all []dns.RR
	for _, name := range z.order {
		for t, rrs := range z.names[name] {
			if t != dns.TypeSOA {
				all = append(all, rrs...)
			}
		}
	}
	all = append(append(slices.Clone(soa), all...), soa...)
	for part := range slices.Chunk(all, 200) {
		reply := new(dns.Msg).SetReply(q)
		reply.Authoritative, reply.Compress, reply.Answer = true, true, part
		if w.WriteMsg(reply) != nil {
			return
		}
	}
}

// sets parts records by name and type, in their order.
func sets(rrs []dns.RR) [][]dns.RR {
	var out [][]dns.RR
	for _, rr := range rrs {
		h := rr.Header()
		i := slices.IndexFunc(out, func(set []dns.RR) bool {
			return set[0].Header().Rrtype == h.Rrtype && strings.EqualFold(set[0].Header().Name, h.Name)
		})
		if i < 0 {
			out = append(out, nil)
			i = len(out) - 1
		}
		out[i] = append(out[i], rr)
	}
	return out
}
