package demo

import (
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// nameTraps are right records, as tools that guess see them.
var nameTraps = map[string]func(w *world){
	"held-alias": func(w *world) {
		r := resolve(w.t, w.s, "help.harbor.test", dns.TypeA)
		if len(r.Answer) != 2 || !strings.HasSuffix(r.Answer[0].(*dns.CNAME).Target, ".helpdesk.test.") {
			w.t.Errorf("the help centre is no alias of a stranger's: %v", r.Answer)
		}
	},
	"ownership-text": func(w *world) {
		r := resolve(w.t, w.s, "harbor.test", dns.TypeTXT)
		for _, rr := range r.Answer {
			if txt, ok := rr.(*dns.TXT); ok && len(strings.TrimPrefix(strings.Join(txt.Txt, ""), "google-site-verification=")) == 43 {
				return
			}
		}
		w.t.Errorf("no text proves who owns the domain: %v", r.Answer)
	},
	"signed-child": func(w *world) {
		tags := map[string]uint16{}
		for _, zone := range []string{"harbor.test", "docs.harbor.test"} {
			for _, rr := range resolve(w.t, w.s, zone, dns.TypeDNSKEY).Answer {
				if key, ok := rr.(*dns.DNSKEY); ok {
					tags[zone] = key.KeyTag()
				}
			}
		}
		ds := resolve(w.t, w.s, "docs.harbor.test", dns.TypeDS)
		if tags["harbor.test"] == tags["docs.harbor.test"] || len(ds.Answer) == 0 || ds.Answer[0].(*dns.DS).KeyTag != tags["docs.harbor.test"] {
			w.t.Errorf("the child's key is not its own, or nobody vouches for it: %v, %v", tags, ds.Answer)
		}
	},
}

// resolve asks Harbor's resolver.
func resolve(t testing.TB, s *Server, name string, kind uint16) *dns.Msg {
	t.Helper()
	if s.Resolver() == "" {
		t.Skip("the machine has one loopback address only")
	}
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind)
	r, err := dns.Exchange(q, s.Resolver())
	if err != nil {
		t.Fatal(err)
	}
	return r
}
