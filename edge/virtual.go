package edge

import (
	"context"
	"strings"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/mail"
)

// answer answers one message; nil is silence.
func (o *Overlay) answer(ctx context.Context, q *dns.Msg, network, address string) *dns.Msg {
	if len(q.Question) != 1 || q.Opcode != dns.OpcodeQuery || q.Question[0].Qclass != dns.ClassINET {
		return o.forward(ctx, q, network, address)
	}
	question := q.Question[0]
	k := RR(mail.Unescape(question.Name), dns.TypeToString[question.Qtype])
	switch question.Qtype {
	case dns.TypeAXFR, dns.TypeIXFR, dns.TypeANY, dns.TypeRRSIG, dns.TypeDS, dns.TypeDNSKEY, dns.TypeNSEC, dns.TypeNSEC3, dns.TypeNSEC3PARAM:
		return o.forward(ctx, q, network, address)
	}
	if !inside(k.Name, o.Zone) || o.delegated(k.Name) {
		return o.forward(ctx, q, network, address)
	}
	if o.Changed != nil {
		cname := RR(k.Name, "CNAME")
		if !o.Changed[k] && !o.Changed[cname] {
			return o.unchanged(ctx, q, k, network, address)
		}
	}
	return o.local(ctx, q, k, network, address)
}

// unchanged is the answer of the real zone, but for what exists only as planned.
func (o *Overlay) unchanged(ctx context.Context, q *dns.Msg, k Key, network, address string) *dns.Msg {
	r := o.forward(ctx, q, network, address)
	if r == nil || r.Rcode != dns.RcodeNameError || len(r.Answer) > 0 {
		return r
	}
	if o.exists(k.Name, true) {
		r.Rcode = dns.RcodeSuccess
		return r
	}
	if wild, ok := o.wildcard(k.Name); ok && (o.Changed[RR(wild, k.Type)] || o.Changed[RR(wild, "CNAME")]) {
		return o.local(ctx, q, k, network, address)
	}
	return r
}

// local answers from the planned zone.
func (o *Overlay) local(ctx context.Context, q *dns.Msg, k Key, network, address string) *dns.Msg {
	r := new(dns.Msg).SetReply(q)
	recursive := address == o.Resolver()
	r.Authoritative, r.RecursionAvailable = !recursive, recursive
	if opt := q.IsEdns0(); opt != nil {
		r.SetEdns0(udpSize, false)
	}
	at := k.Name
	for range mostChain {
		owner := at
		if !o.exists(at, false) {
			wild, ok := o.wildcard(at)
			if !ok {
				if o.Changed == nil { // else others may stand there that were not read
					r.Rcode = dns.RcodeNameError
				}
				break
			}
			owner = wild
		}
		if rrs := o.records(owner, at, k.Type); len(rrs) > 0 {
			r.Answer = append(r.Answer, rrs...)
			return r
		}
		alias := o.records(owner, at, "CNAME")
		if len(alias) == 0 {
			break
		}
		r.Answer = append(r.Answer, alias[0])
		target, ok := alias[0].(*dns.CNAME)
		if !ok {
			break
		}
		at = RR(mail.Unescape(target.Target), "").Name
		if inside(at, o.Zone) && !o.delegated(at) && o.Changed == nil {
			continue
		}
		if !recursive {
			return r // the asker follows it
		}
		next := new(dns.Msg).SetQuestion(target.Target, q.Question[0].Qtype)
		next.Id = dns.Id()
		if tail := o.answer(ctx, next, network, address); tail != nil {
			r.Answer = append(r.Answer, tail.Answer...)
			r.Rcode, r.Ns = tail.Rcode, tail.Ns
		} else {
			r.Rcode = dns.RcodeServerFailure
		}
		return r
	}
	r.Ns = append(r.Ns, o.soa())
	return r
}

// records are those of a set, at the name that was asked.
func (o *Overlay) records(owner, at, rrtype string) []dns.RR {
	var out []dns.RR
	for _, v := range o.Sets[RR(owner, rrtype)] {
		if rr, err := Parse(at, rrtype, v.TTL, v.Data); err == nil {
			out = append(out, rr)
		}
	}
	return out
}

func (o *Overlay) soa() dns.RR {
	if rrs := o.records(o.Zone, o.Zone, "SOA"); len(rrs) > 0 {
		return rrs[0]
	}
	return &dns.SOA{Hdr: dns.RR_Header{Name: dns.Fqdn(o.Zone), Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 300}, Ns: ".", Mbox: ".", Minttl: 300}
}

// exists reports a name that holds something or has something below it. planned
// looks at what the plan makes alone.
func (o *Overlay) exists(name string, planned bool) bool {
	for k, vs := range o.Sets {
		if k.Kind != Records || len(vs) == 0 || planned && !o.Changed[k] {
			continue
		}
		if inside(k.Name, name) {
			return true
		}
	}
	return false
}

// wildcard is the one beside the closest encloser (RFC 4592 section 3.3.1).
func (o *Overlay) wildcard(name string) (string, bool) {
	for rest := name; ; {
		_, parent, ok := strings.Cut(rest, ".")
		if !ok || !inside(parent, o.Zone) {
			return "", false
		}
		if wild := "*." + parent; o.exists(wild, false) {
			return wild, true
		}
		if o.exists(parent, false) {
			return "", false
		}
		rest = parent
	}
}

// delegated reports a name at or below a cut, which other servers answer for.
func (o *Overlay) delegated(name string) bool {
	for at := name; inside(at, o.Zone) && at != o.Zone; {
		if len(o.Sets[RR(at, "NS")]) > 0 {
			return true
		}
		_, parent, ok := strings.Cut(at, ".")
		if !ok {
			return false
		}
		at = parent
	}
	return false
}

// forward asks the server that was meant.
func (o *Overlay) forward(ctx context.Context, q *dns.Msg, network, address string) *dns.Msg {
	r, err := once(ctx, o.Network, network, address, q)
	if err != nil {
		return nil
	}
	return r
}
