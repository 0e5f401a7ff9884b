package demo

import (
	"fmt"
	"net"
	"strings"

	"github.com/miekg/dns"
)

// The demo's servers of names; demo/nameserver says who serves what.
const (
	resolverAt = "127.0.0.1"
	firstAt    = "127.0.0.2"
	secondAt   = "127.0.0.3"
	registryAt = "127.0.0.4"
	formerAt   = "127.0.0.6"
)

// nameFlaws are those of the zones and of the servers that they stand on.
var nameFlaws = map[string]symptom{
	"https/delegation": func(w *world) bool {
		return strings.Contains(w.dig(firstAt, "harbor.test", dns.TypeNS), "NS ns3.harbor.test.") &&
			!strings.Contains(w.dig(registryAt, "harbor.test", dns.TypeNS), "NS ns3.harbor.test.")
	},
	"https/lame-server": func(w *world) bool {
		return strings.Contains(w.dig(firstAt, "harbor.test", dns.TypeNS), "NS ns4.harbor.test.") &&
			strings.HasPrefix(w.dig(formerAt, "harbor.test", dns.TypeSOA), "REFUSED")
	},
	"https/name-server-takeover": func(w *world) bool {
		return strings.Contains(w.dig(firstAt, "legacy.harbor.test", dns.TypeNS), "NS ns1.harbor-hosting.test.") &&
			strings.HasPrefix(w.dig(resolverAt, "harbor-hosting.test", dns.TypeSOA), "NXDOMAIN")
	},
	"https/dangling-cname": func(w *world) bool {
		return strings.Contains(w.dig(firstAt, "beta.harbor.test", dns.TypeCNAME), "CNAME harbor-beta.pages-host.test.") &&
			strings.HasPrefix(w.dig(resolverAt, "pages-host.test", dns.TypeSOA), "NXDOMAIN")
	},
	"https/dangling-service": func(w *world) bool {
		return strings.Contains(w.dig(firstAt, "_imaps._tcp.harbor.test", dns.TypeSRV), "imap.harbor-mail.test.") &&
			strings.HasPrefix(w.dig(resolverAt, "harbor-mail.test", dns.TypeSOA), "NXDOMAIN")
	},
	"https/dangling-address": says("preview.harbor.test", dns.TypeA, "127.0.0.9"),
	"https/wildcard-record":  says("nobody-chose-this.api.harbor.test", dns.TypeA, "127.0.0.1"),
	"https/apex-and-www":     silent("www.harbor-app.test", dns.TypeA, "127.0.0.1"),
	"https/expected-name":    silent("status.harbor.test", dns.TypeA, "127.0.0.1"),
	"https/internal-address": says("intranet.harbor.test", dns.TypeA, "10.20.0.7"),
	"https/ipv6":             says("cdn.harbor.test", dns.TypeAAAA, "2001:db8::7"),
	"https/ttl":              says("app.harbor.test", dns.TypeA, "app.harbor.test. 5 IN A"),
	"https/zone-timers":      says("harbor.test", dns.TypeSOA, " 7200 900 1800 300"),
	"https/cname-beside":     says("help.harbor.test", dns.TypeTXT, "helpdesk-domain-verification"),
	"https/caa":              silent("harbor.test", dns.TypeCAA, "letsencrypt.org"),
	"https/caa-issuer":       says("api.harbor.test", dns.TypeCAA, "digicert.com"),
	"https/txt-secret":       says("app.harbor.test", dns.TypeTXT, "stripe=sk_live_"),
	"https/stale-verification": func(w *world) bool {
		return strings.Count(w.dig(firstAt, "harbor.test", dns.TypeTXT), "google-site-verification=") > 1
	},
	"https/service-binding": says("app.harbor.test", dns.TypeHTTPS, "192.0.2.80"),
	"https/zone-transfer":   func(w *world) bool { return w.transfers(secondAt) },
	"https/open-recursion": func(w *world) bool {
		return strings.Contains(w.dig(firstAt, "harbor.helpdesk.test", dns.TypeA), "127.0.0.1")
	},
	"https/dnssec":            unproved("harbor.test"),
	"https/dnssec-chain":      unproved("docs.harbor.test"),
	"https/dnssec-parameters": says("nothing.harbor.test", dns.TypeA, "NSEC3 1 0 100"),
}

// says shows a text in what Harbor's first server has of a name.
func says(name string, kind uint16, text string) symptom {
	return func(w *world) bool { return strings.Contains(w.dig(firstAt, name, kind), text) }
}

// silent shows that it has none.
func silent(name string, kind uint16, text string) symptom {
	return func(w *world) bool { return !strings.Contains(w.dig(firstAt, name, kind), text) }
}

// unproved shows that the resolver could not prove what a zone says.
func unproved(zone string) symptom {
	return func(w *world) bool { return !w.asked(resolverAt, zone, dns.TypeSOA).AuthenticatedData }
}

// dig is a server's answer: its code, then a line for each record that it gives.
func (w *world) dig(at, name string, kind uint16) string {
	w.t.Helper()
	r := w.asked(at, name, kind)
	out := dns.RcodeToString[r.Rcode]
	for _, rrs := range [][]dns.RR{r.Answer, r.Ns} {
		for _, rr := range rrs {
			out += "\n" + strings.Join(strings.Fields(rr.String()), " ")
		}
	}
	return out
}

// asked is a server's answer, with what proves it.
func (w *world) asked(at, name string, kind uint16) *dns.Msg {
	w.t.Helper()
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind)
	q.SetEdns0(4096, true)
	q.RecursionDesired = at == resolverAt || at == firstAt
	c := dns.Client{Net: "tcp"}
	r, _, err := c.ExchangeContext(w.t.Context(), q, w.names(at))
	if err != nil {
		w.t.Fatalf("%s %s at %s: %v", name, dns.Type(kind), at, err)
	}
	return r
}

// transfers reports a server that gives the zone to anyone.
func (w *world) transfers(at string) bool {
	w.t.Helper()
	in, err := new(dns.Transfer).In(new(dns.Msg).SetAxfr("harbor.test."), w.names(at))
	if err != nil {
		w.t.Fatal(err)
	}
	given := 0
	for e := range in {
		given += len(e.RR)
	}
	return given > 1
}

// names is the address of one of the demo's servers of names.
func (w *world) names(at string) string {
	w.t.Helper()
	if w.s.Resolver() == "" {
		w.t.Skip("the machine has one loopback address: the demo has no domain")
	}
	_, port, err := net.SplitHostPort(w.s.Resolver())
	if err != nil {
		w.t.Fatal(fmt.Errorf("the demo's resolver: %w", err))
	}
	return net.JoinHostPort(at, port)
}
