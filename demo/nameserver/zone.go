package nameserver

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"text/template"

	"github.com/miekg/dns"
)

// behaviour lists the words by which the comments of a zone say what its servers
// do. A word may stand on several lines.
var behaviour = [...]string{
	"lame",       // a server of the zone that does not have it
	"transfer",   // a server that gives the whole zone to anyone
	"recursion",  // a server that resolves for anyone
	"serial",     // a server and the serial that it has: "ns2.example.test. 7"
	"unsigned",   // the zone has no keys: "yes"
	"nsec3",      // iterations of the hash that proves absence (RFC 5155); without it NSEC does
	"signatures", // "expired", or "soon": they end tomorrow
	"ds",         // a delegation that is vouched for: "child.test", or "child.test wrong" for a key that the child has not
	"fault",      // a name and how its questions fail: "name.test servfail"
}

// zone is one zone and how its servers behave.
type zone struct {
	origin string
	names  map[string]map[uint16][]dns.RR
	exists map[string]bool // names with records, and names that something is below of
	order  []string        // of the names that exist, canonical (RFC 4034 section 6.1)
	does   map[string][]string
	at     []netip.Addr // who serves it
	signer
	vouched []dns.RR // what its parent says of its key
	secure  bool

	mu     sync.Mutex
	sealed map[string][]dns.RR // signatures made so far
}

// readZone fills a template in and reads it.
func readZone(origin, text string, o Options) (*zone, error) {
	t, err := template.New(origin).Funcs(template.FuncMap{
		"flaw":  func(id string) bool { return o.Flaws != nil && o.Flaws(id) },
		"value": func(name string) string { return o.Values[name] },
		"key": func(prefix string, n int) string {
			if o.Key == nil {
				return ""
			}
			return o.Key(prefix, n)
		},
	}).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, nil); err != nil {
		return nil, err
	}
	z := &zone{origin: strings.ToLower(dns.Fqdn(origin)), names: map[string]map[uint16][]dns.RR{}, exists: map[string]bool{}, does: map[string][]string{}, sealed: map[string][]dns.RR{}}
	if err := z.behave(b.String()); err != nil {
		return nil, err
	}
	p := dns.NewZoneParser(&b, z.origin, "")
	p.SetDefaultTTL(3600)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		z.add(rr)
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	if len(z.names[z.origin][dns.TypeSOA]) != 1 || len(z.names[z.origin][dns.TypeNS]) == 0 {
		return nil, fmt.Errorf("it has not one SOA record and name servers")
	}
	if z.does["unsigned"] == nil {
		if err := z.open(z.origin, o.Now, z.word("signatures")); err != nil {
			return nil, err
		}
		z.add(z.key)
	}
	z.sort()
	return z, nil
}

// behave reads the comments.
func (z *zone) behave(text string) error {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), ";")
		word, value, two := strings.Cut(strings.TrimSpace(rest), ":")
		if !ok || !two || strings.Contains(word, " ") {
			continue // a comment for people
		}
		if !slices.Contains(behaviour[:], word) {
			return fmt.Errorf("%q is no word for what a server does", word)
		}
		value = strings.ToLower(strings.TrimSpace(value))
		if name, rest, two := strings.Cut(value, " "); two {
			value = dns.Fqdn(name) + " " + rest
		} else if strings.Contains(value, ".") {
			value = dns.Fqdn(value)
		}
		z.does[word] = append(z.does[word], value)
	}
	return nil
}

// word is the first value of a behaviour, "" for none.
func (z *zone) word(w string) string {
	if len(z.does[w]) == 0 {
		return ""
	}
	return z.does[w][0]
}

func (z *zone) add(rr dns.RR) {
	h := rr.Header()
	name := strings.ToLower(h.Name)
	if z.names[name] == nil {
		z.names[name] = map[uint16][]dns.RR{}
	}
	z.names[name][h.Rrtype] = append(z.names[name][h.Rrtype], rr)
	for at := name; !z.exists[at] && dns.IsSubDomain(z.origin, at); at = parentOf(at) {
		z.exists[at] = true
		if at == z.origin || at == "." {
			break
		}
	}
}

func (z *zone) sort() {
	z.order = z.order[:0]
	for name := range z.exists {
		if z.cut(name) == "" || z.cut(name) == name {
			z.order = append(z.order, name)
		}
	}
	slices.SortFunc(z.order, canonical)
}

// canonical compares names label by label from the right.
func canonical(a, b string) int {
	la, lb := dns.SplitDomainName(a), dns.SplitDomainName(b)
	for i := 1; i <= len(la) && i <= len(lb); i++ {
		if c := strings.Compare(la[len(la)-i], lb[len(lb)-i]); c != 0 {
			return c
		}
	}
	return len(la) - len(lb)
}

// cut is the name at or above this one that is delegated, "" for none.
func (z *zone) cut(name string) string {
	found := ""
	for at := name; at != z.origin && at != "."; at = parentOf(at) {
		if z.names[at][dns.TypeNS] != nil {
			found = at // the highest wins
		}
	}
	return found
}

// found is what a zone has for one question.
type found struct {
	code   int
	answer []dns.RR
	next   string // a CNAME leads out of the zone
	cut    string // the name that is delegated, where another zone has it
	denied string // the name whose absence, or whose lack of the type, is to be proved
}

const mostChain = 12

// find answers a question as RFC 1034 section 4.3.2 does.
func (z *zone) find(name string, t uint16) found {
	var out found
	for range mostChain {
		if c := z.cut(name); c != "" && (c != name || t != dns.TypeDS) {
			out.cut = c
			return out
		}
		sets, wild := z.names[name], ""
		if !z.exists[name] {
			if wild = z.wildcard(name); wild == "" {
				out.code, out.denied = dns.RcodeNameError, name
				return out
			}
			sets = z.names[wild]
		}
		if rrs := sets[t]; rrs != nil {
			out.answer = append(out.answer, as(rrs, name, wild)...)
			return out
		}
		cname := sets[dns.TypeCNAME]
		if cname == nil || t == dns.TypeNSEC || t == dns.TypeRRSIG {
			out.denied = name
			return out
		}
		out.answer = append(out.answer, as(cname, name, wild)...)
		target := strings.ToLower(cname[0].(*dns.CNAME).Target) //nolint:forcetypeassert // the set is of CNAME records
		if !dns.IsSubDomain(z.origin, target) {
			out.next = target
			return out
		}
		name = target
	}
	out.code = dns.RcodeServerFailure
	return out
}

// wildcard is the one that stands for a name (RFC 4592 section 3.3.1).
func (z *zone) wildcard(name string) string {
	for at := name; at != z.origin && at != "."; {
		at = parentOf(at)
		if z.exists[at] {
			w := "*." + at
			if at == "." {
				w = "*."
			}
			if z.names[w] != nil {
				return w
			}
			return ""
		}
	}
	return ""
}

// as are the records of a wildcard by the name that was asked for.
func as(rrs []dns.RR, name, wild string) []dns.RR {
	if wild == "" {
		return rrs
	}
	out := make([]dns.RR, len(rrs))
	for i, rr := range rrs {
		out[i] = dns.Copy(rr)
		out[i].Header().Name = name
	}
	return out
}
