package mail

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/miekg/dns"
)

// Zone is a Resolver over records in memory, such as the zone that a plan
// would make. The zero value holds nothing. It must not be added to while it is
// asked.
type Zone struct {
	// Beyond answers for names that are neither in the zone nor below Apex; nil:
	// such names do not exist.
	Beyond Resolver
	// Apex is the name that the zone begins at; "" is everything.
	Apex string

	records map[string][]Record
	above   map[string]bool // names that exist because something is below them
}

// mostZone bounds what ParseZone reads.
const mostZone = 100_000

// ParseZone reads a zone file (RFC 1035 section 5). Records of types that mail
// does not ask for only make their names exist. $INCLUDE is refused.
func ParseZone(r io.Reader, origin string) (*Zone, error) {
	z := &Zone{Apex: strings.TrimSuffix(origin, ".")}
	p := dns.NewZoneParser(r, dns.Fqdn(origin), "")
	p.SetDefaultTTL(3600)
	for n := 0; ; n++ {
		rr, ok := p.Next()
		if !ok {
			break
		}
		if n == mostZone {
			return nil, fmt.Errorf("zone %s: more than %d records", origin, mostZone)
		}
		if record, known := FromRR(rr); known {
			z.Add(record)
		} else {
			z.exist(strings.ToLower(plain(rr.Header().Name)))
		}
	}
	if err := p.Err(); err != nil {
		return nil, fmt.Errorf("zone %s: %w", origin, err)
	}
	return z, nil
}

// Add puts records into the zone.
func (z *Zone) Add(records ...Record) {
	if z.records == nil {
		z.records = map[string][]Record{}
	}
	for _, r := range records {
		r.Name, r.Host = strings.TrimSuffix(r.Name, "."), strings.TrimSuffix(r.Host, ".")
		name := strings.ToLower(r.Name)
		z.records[name] = append(z.records[name], r)
		z.exist(name)
	}
}

func (z *Zone) exist(name string) {
	if z.above == nil {
		z.above = map[string]bool{}
	}
	for !z.above[name] {
		z.above[name] = true
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			return
		}
		name = rest
	}
}

// Lookup answers as an authoritative server does: NXDOMAIN only where nothing
// is below the name either (RFC 8020), wildcards by RFC 4592, CNAME records
// followed.
func (z *Zone) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	name = strings.TrimSuffix(name, ".")
	out := Answer{Name: name, Type: t}
	for at := name; ; {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if !z.holds(at) && z.Beyond != nil {
			a, err := z.Beyond.Lookup(ctx, at, t)
			a.Name, a.Chain = name, append(out.Chain, a.Chain...)
			return a, err
		}
		records, exists := z.at(strings.ToLower(at))
		if !exists {
			out.Code = NXDomain
			return out, nil
		}
		target := ""
		for _, r := range records {
			switch {
			case r.Type == t:
				r.Name = at
				out.Records = append(out.Records, r)
			case r.Type == CNAME:
				target = r.Host
			}
		}
		if len(out.Records) > 0 || target == "" {
			return out, nil
		}
		if len(out.Chain) == mostChain {
			return out, fmt.Errorf("%s %s: %w", t, clip(name), ErrChain)
		}
		out.Chain = append(out.Chain, target)
		at = target
	}
}

func (z *Zone) holds(name string) bool {
	name = strings.ToLower(name)
	apex := strings.ToLower(z.Apex)
	return apex == "" && z.above[name] || apex != "" && (name == apex || strings.HasSuffix(name, "."+apex))
}

// at finds the records of a name, or those of the wildcard beside its closest
// encloser (RFC 4592 section 3.3.1).
func (z *Zone) at(name string) ([]Record, bool) {
	if z.above[name] {
		return z.records[name], true
	}
	for rest := name; ; {
		_, parent, ok := strings.Cut(rest, ".")
		if !ok {
			return nil, false
		}
		if z.above[parent] {
			records, ok := z.records["*."+parent]
			return records, ok
		}
		rest = parent
	}
}
