package edge

import (
	"context"
	"fmt"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
)

// Questions is the driver of last resort: it reads a zone by asking for each set,
// and cannot write.
type Questions struct{ Network lr.Network }

var _ Driver = Questions{}

// Name says how it reads.
func (q Questions) Name() string { return "questions to " + q.Network.Resolver() }

// Read asks for each set of records. The time to live is that of a cache.
func (q Questions) Read(ctx context.Context, keys []Key) (*State, error) {
	s := &State{Sets: map[Key][]Value{}}
	for _, k := range keys {
		if k.Kind != Records {
			continue
		}
		m := new(dns.Msg)
		m.SetQuestion(dns.Fqdn(k.Name), dns.StringToType[k.Type])
		m.SetEdns0(udpSize, false)
		r, err := exchange(ctx, q.Network, q.Network.Resolver(), m)
		if err != nil {
			return nil, err
		}
		if r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError {
			return nil, fmt.Errorf("ask for %s: the server answers %s", k, dns.RcodeToString[r.Rcode])
		}
		for _, rr := range r.Answer {
			if RR(rr.Header().Name, dns.TypeToString[rr.Header().Rrtype]) == k {
				s.Sets[k] = append(s.Sets[k], Value{Data: DataOf(rr), TTL: rr.Header().Ttl})
			}
		}
	}
	return s, nil
}

// Apply refuses.
func (q Questions) Apply(context.Context, []Change) error { return ErrReadOnly }
