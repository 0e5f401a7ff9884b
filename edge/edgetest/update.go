package edgetest

import (
	"slices"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/edge"
)

// update processes an UPDATE (RFC 2136 section 3): prerequisites, a scan that
// changes nothing, then all or nothing.
func (s *Server) update(m *dns.Msg) int {
	zone := dns.CanonicalName(s.Zone)
	if dns.CanonicalName(m.Question[0].Name) != zone || m.Question[0].Qtype != dns.TypeSOA {
		return dns.RcodeNotAuth
	}
	if code := s.prerequisites(m.Answer); code != dns.RcodeSuccess {
		return code
	}
	for _, rr := range m.Ns {
		if !dns.IsSubDomain(zone, dns.CanonicalName(rr.Header().Name)) {
			return dns.RcodeNotZone
		}
	}
	next := slices.Clone(s.rrs)
	for _, rr := range m.Ns {
		h := rr.Header()
		same := func(o dns.RR) bool {
			return dns.CanonicalName(o.Header().Name) == dns.CanonicalName(h.Name)
		}
		switch h.Class {
		case dns.ClassINET: // 2.5.1
			if slices.ContainsFunc(next, func(o dns.RR) bool {
				return same(o) && (o.Header().Rrtype == dns.TypeCNAME) != (h.Rrtype == dns.TypeCNAME)
			}) {
				continue // section 3.4.2.2: ignored without a word
			}
			next = slices.DeleteFunc(next, func(o dns.RR) bool {
				return same(o) && o.Header().Rrtype == h.Rrtype && (equal(o, rr) || h.Rrtype == dns.TypeCNAME)
			})
			next = append(next, dns.Copy(rr))
		case dns.ClassNONE: // 2.5.4
			next = slices.DeleteFunc(next, func(o dns.RR) bool { return same(o) && o.Header().Rrtype == h.Rrtype && equal(o, rr) })
		case dns.ClassANY:
			apex := dns.CanonicalName(h.Name) == zone
			next = slices.DeleteFunc(next, func(o dns.RR) bool {
				if !same(o) || apex && (o.Header().Rrtype == dns.TypeSOA || o.Header().Rrtype == dns.TypeNS) {
					return false
				}
				return h.Rrtype == dns.TypeANY || o.Header().Rrtype == h.Rrtype
			})
		default:
			return dns.RcodeFormatError
		}
	}
	for i, rr := range next {
		if soa, ok := rr.(*dns.SOA); ok {
			c := *soa
			c.Serial++
			next[i] = &c
		}
	}
	s.rrs = next
	return dns.RcodeSuccess
}

func equal(a, b dns.RR) bool { return edge.DataOf(a) == edge.DataOf(b) }

// prerequisites are those of section 3.2.
func (s *Server) prerequisites(rrs []dns.RR) int {
	type set struct {
		name   string
		rrtype uint16
	}
	want := map[set][]string{}
	for _, rr := range rrs {
		h := rr.Header()
		k := set{dns.CanonicalName(h.Name), h.Rrtype}
		have := s.set(k.name, k.rrtype)
		switch h.Class {
		case dns.ClassANY:
			if len(have) == 0 {
				return dns.RcodeNXRrset
			}
		case dns.ClassNONE:
			if len(have) > 0 {
				return dns.RcodeYXRrset
			}
		case dns.ClassINET:
			want[k] = append(want[k], edge.DataOf(rr))
		default:
			return dns.RcodeFormatError
		}
	}
	for k, data := range want {
		have := s.set(k.name, k.rrtype)
		slices.Sort(have)
		slices.Sort(data)
		if !slices.Equal(have, data) {
			return dns.RcodeNXRrset
		}
	}
	return dns.RcodeSuccess
}

func (s *Server) set(name string, rrtype uint16) []string {
	var out []string
	for _, rr := range s.rrs {
		if dns.CanonicalName(rr.Header().Name) == name && (rr.Header().Rrtype == rrtype || rrtype == dns.TypeANY) {
			out = append(out, edge.DataOf(rr))
		}
	}
	return out
}
