package https

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo/nameserver"
	"github.com/launchready/launchready/probe"
)

// TestFailingServersAreNoFinding puts every check to servers that fail at the
// domain, at a host, at the parent. Nothing is found, and what could not be asked is
// open.
func TestFailingServersAreNoFinding(t *testing.T) {
	faults := []nameserver.Fault{
		nameserver.ServFail, nameserver.Refused, nameserver.Silent, nameserver.Garbage, nameserver.Loop, nameserver.Cut,
		nameserver.Other, nameserver.Header, nameserver.CloseTCP,
	}
	for _, at := range []string{"app.harbor.test", "harbor.test", "test"} {
		for _, f := range faults {
			t.Run(at+"/"+string(f), func(t *testing.T) {
				t.Parallel()
				s := raise(t, with(), "")
				s.names.Fail(at, f)
				unknown := 0
				for _, c := range names() {
					got := s.ask(t, c)
					for _, line := range open(got) {
						if !strings.HasPrefix(line, "unknown ") && !(f == nameserver.Refused && c == lameServer) { // a server that refuses its own zone is lame
							t.Errorf("%s: %s", c.ID, line)
						}
						unknown++
					}
				}
				if unknown == 0 && at != "test" {
					t.Error("nothing is open, though a server failed")
				}
			})
		}
	}
}

// TestDeadResolver: where nobody answers, everything is open, soon.
func TestDeadResolver(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	client, err := probe.New(probe.Options{Base: base})
	if err != nil {
		t.Fatal(err)
	}
	d := &lr.DomainAccess{Name: "harbor.test", Hosts: []string{"harbor.test", "app.harbor.test"}}
	if d.Network, err = client.Network(probe.NetworkOptions{Domains: []string{d.Name}, Resolver: "127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	s := &stand{memo: &lr.Memo{}, target: lr.Target{Base: base, Domain: d}}
	for _, c := range names() {
		got := s.ask(t, c)
		if len(got) == 0 {
			t.Errorf("%s says nothing", c.ID)
		}
		for _, line := range got {
			if !strings.HasPrefix(line, "unknown ") {
				t.Errorf("%s: %s", c.ID, line)
			}
		}
	}
}

// TestBudget: a spent budget ends each check with the error by which the run ends.
func TestBudget(t *testing.T) {
	for _, c := range names() {
		s := raise(t, with(), "")
		client, err := probe.New(probe.Options{Base: s.target.Base, Budget: lr.Budget{Requests: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if s.target.Domain.Network, err = client.Network(probe.NetworkOptions{Domains: []string{"harbor.test"}, Resolver: s.names.Resolver(), Ports: map[int]int{53: s.names.Port()}}); err != nil {
			t.Fatal(err)
		}
		spent, err := s.target.Domain.Network.Dial(t.Context(), "udp", "127.0.0.2:53")
		if err != nil {
			t.Fatal(err)
		}
		_ = spent.Close()
		trial := &lr.Trial{Check: c, Target: &s.target, Memo: s.memo, Now: time.Now, Seed: 7, Report: func(o lr.Outcome) {
			if o.Verdict == lr.Failed {
				t.Errorf("%s: a finding without a budget: %s", c.ID, o.Message)
			}
		}}
		if err := c.Run(t.Context(), trial); err == nil {
			t.Errorf("%s went on", c.ID)
		}
	}
}

// public are zones of the internet's shape: a root, suffixes, and what a case puts
// beside them.
func public(more map[string]string) map[string]string {
	suffix := func(delegated ...string) string {
		out := "@ IN SOA ns.test. h.test. 1 7200 3600 1209600 300\n@ IN NS ns.test.\n"
		for _, d := range delegated {
			out += d + " IN NS ns.test.\n"
		}
		return out
	}
	leaf := "@ IN SOA ns.test. h.test. 1 7200 3600 1209600 300\n@ IN NS ns.test.\n"
	zones := map[string]string{
		".":                 "; unsigned: yes\n" + suffix("test.", "net.", "io.", "com.") + "ns.test. IN A 127.0.0.4\n",
		"test":              "; unsigned: yes\n" + suffix("harbor") + "ns IN A 127.0.0.4\n",
		"net":               "; unsigned: yes\n" + suffix("azurewebsites"),
		"io":                "; unsigned: yes\n" + suffix("github"),
		"com":               "; unsigned: yes\n" + suffix("partner"),
		"azurewebsites.net": "; unsigned: yes\n" + leaf + "live IN A 127.0.0.1\n",
		"github.io":         "; unsigned: yes\n" + leaf + "harbor IN A 127.0.0.1\n",
		"partner.com":       "; unsigned: yes\n" + leaf + "live IN A 127.0.0.1\nempty IN TXT \"x\"\n",
	}
	for origin, text := range more {
		if text == "" {
			delete(zones, origin)
			continue
		}
		zones[origin] = text
	}
	return zones
}

// harbor is the owner's zone in such a world.
func harbor(records string) nameserver.Options {
	return nameserver.Options{Zones: public(map[string]string{"harbor.test": "; unsigned: yes\n@ IN SOA ns.test. h.test. 1 7200 3600 1209600 300\n@ IN NS ns.test.\n@ IN A 127.0.0.1\n" + records})}
}

func only(hosts ...string) func(*lr.DomainAccess) {
	return func(d *lr.DomainAccess) { d.Hosts, d.Parked = append([]string{"harbor.test"}, hosts...), nil }
}

// verdict is what a check says of one subject, in a line.
func verdict(lines []string, subject string) string {
	i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, " "+subject+": ") })
	if i < 0 {
		return ""
	}
	return lines[i]
}

func TestTakeOver(t *testing.T) {
	const free = "There isn't a GitHub Pages site here."
	for _, tc := range []struct {
		name, records, page string
		check               *lr.Check
		subject, want       string
	}{
		{"an alias of a free domain", "a IN CNAME x.gone.com.", "", danglingCNAME, "a.harbor.test", "failed a.harbor.test: it is an alias of x.gone.com, and nobody has registered gone.com"},
		{"a free name at a service", "a IN CNAME gone.azurewebsites.net.", "", danglingCNAME, "a.harbor.test", "failed a.harbor.test: it is an alias of gone.azurewebsites.net, which is free at Azure"},
		{"a name in use at a service", "a IN CNAME live.azurewebsites.net.", "", danglingCNAME, "a.harbor.test", "passed"},
		{"nobody holds it at a service", "a IN CNAME harbor.github.io.", free, danglingCNAME, "a.harbor.test", "failed a.harbor.test: it leads to GitHub Pages, where nobody holds it"},
		{"a page at a service", "a IN CNAME harbor.github.io.", "Welcome", danglingCNAME, "a.harbor.test", "passed a.harbor.test: it leads to GitHub Pages, which serves"},
		{"the text of a service at another's", "a IN CNAME live.partner.com.", free, danglingCNAME, "a.harbor.test", "passed"},
		{"a name that is gone at a partner", "a IN CNAME gone.partner.com.", "", danglingCNAME, "a.harbor.test", "failed a.harbor.test: it is an alias of gone.partner.com, which does not exist"},
		{"a partner's name without an address", "a IN CNAME empty.partner.com.", "", danglingCNAME, "a.harbor.test", "suspected a.harbor.test: it is an alias of empty.partner.com, which has no address"},
		{"an own name that is gone", "a IN CNAME old.harbor.test.", "", danglingCNAME, "a.harbor.test", "failed a.harbor.test: it is an alias of old.harbor.test, which does not exist"},
		{"no alias", "a IN A 127.0.0.1", "", danglingCNAME, "a.harbor.test", "passed"},
		{"a chain that ends at a free domain", "a IN CNAME b\nb IN CNAME x.gone.com.", "", danglingCNAME, "a.harbor.test", "failed a.harbor.test: it is an alias of x.gone.com, and nobody"},
		{"a circle", "a IN CNAME b\nb IN CNAME a", "", danglingCNAME, "a.harbor.test", "unknown"},

		{"a name that only the certificate names", "forgotten IN CNAME x.gone.com.", "", danglingCNAME, "forgotten.harbor.test", "failed forgotten.harbor.test: it is an alias of x.gone.com, and nobody has registered"},
		{"a suffix that is none", "a IN CNAME x.office.internal.", "", danglingCNAME, "a.harbor.test", "failed a.harbor.test: it is an alias of x.office.internal, which does not exist"},

		{"mail to a free domain", "@ IN MX 10 mx.gone.com.", "", danglingService, "harbor.test MX mx.gone.com", "failed harbor.test MX mx.gone.com: the MX record of harbor.test leads to mx.gone.com, and nobody has registered gone.com"},
		{"mail to a host that is gone", "@ IN MX 10 gone.partner.com.", "", danglingService, "harbor.test MX gone.partner.com", "failed"},
		{"mail to a host without an address", "@ IN MX 10 empty.partner.com.", "", danglingService, "harbor.test MX empty.partner.com", "failed harbor.test MX empty.partner.com: the MX record of harbor.test leads to empty.partner.com, which has no address"},
		{"mail to a host", "@ IN MX 10 live.partner.com.", "", danglingService, "harbor.test MX live.partner.com", "passed"},
		{"no mail on purpose", "@ IN MX 0 .", "", danglingService, "harbor.test", "passed harbor.test: no MX and no SRV record leads anywhere"},

		{"servers in a free domain", "legacy IN NS ns1.gone.com.", "", nameServerTakeover, "legacy.harbor.test", "failed legacy.harbor.test: its name server ns1.gone.com is in the domain gone.com, which nobody has registered"},
		{"a server that is gone at a partner", "legacy IN NS gone.partner.com.", "", nameServerTakeover, "legacy.harbor.test", "failed legacy.harbor.test: its name server gone.partner.com does not exist"},

		{"a text beside an alias", "a IN CNAME live.partner.com.\na IN TXT x", "", cnameBeside, "a.harbor.test", "failed a.harbor.test: it is an alias, and has records of its own beside: TXT"},
		{"an alias alone", "a IN CNAME live.partner.com.", "", cnameBeside, "a.harbor.test", "passed"},

		{"a name that is gone", "", "", expectedName, "a.harbor.test", "failed a.harbor.test: the product uses a.harbor.test, and the name does not exist"},
		{"a name without an address", "a IN TXT x", "", expectedName, "a.harbor.test", "failed a.harbor.test: the product uses a.harbor.test, and it has neither"},
		{"IPv6 alone", "a IN AAAA 2a00::1", "", expectedName, "a.harbor.test", "passed"},
		{"IPv6 alone is no finding", "a IN AAAA 2a00::1", "", ipv6, "a.harbor.test", "passed"},
		{"6to4", "a IN AAAA 2002::1", "", ipv6, "a.harbor.test", "failed"},
		{"an address of carriers", "a IN A 100.64.0.1", "", internalAddress, "a.harbor.test", "failed a.harbor.test: it has the address 100.64.0.1, which is in the shared space"},
		{"an own network in IPv6", "a IN AAAA fd00::1", "", internalAddress, "a.harbor.test", "failed a.harbor.test: it has the address fd00::1, which is private"},
		{"a stranger's inside", "a IN CNAME live.partner.com.", "", internalAddress, "a.harbor.test", "passed a.harbor.test: its address is a stranger's"},

		{"a wildcard", "*.a IN A 127.0.0.1\na IN A 127.0.0.1", "", wildcardRecord, "a.harbor.test", "failed a.harbor.test: every name below a.harbor.test resolves"},
		{"a wildcard that is an alias of nothing", "*.a IN CNAME x.gone.com.\na IN A 127.0.0.1", "", wildcardRecord, "a.harbor.test", "failed"},
		{"a wildcard of texts", "*.a IN TXT x\na IN A 127.0.0.1", "", wildcardRecord, "a.harbor.test", "passed a.harbor.test: a name that nobody made has no address"},

		{"kept for two weeks", "a 1209600 IN A 127.0.0.1", "", ttl, "a.harbor.test", "failed a.harbor.test: its A record is kept for as much as 336h0m0s"},
		{"an alias that is kept for a second", "a 1 IN CNAME live.partner.com.", "", ttl, "a.harbor.test", "failed a.harbor.test: its CNAME record is kept for only 1s"},
		{"a stranger's times", "a IN CNAME live.partner.com.", "", ttl, "a.harbor.test", "passed"},

		{"a hint at an old address", "a IN A 127.0.0.1\na IN HTTPS 1 . ipv4hint=192.0.2.1", "", serviceBinding, "a.harbor.test", "failed a.harbor.test: its HTTPS record sends browsers to 192.0.2.1"},
		{"a right hint", "a IN A 127.0.0.1\na IN HTTPS 1 . ipv4hint=127.0.0.1", "", serviceBinding, "a.harbor.test", "passed"},
		{"a target that is gone", "a IN A 127.0.0.1\na IN HTTPS 1 gone.partner.com.", "", serviceBinding, "a.harbor.test", "failed a.harbor.test: its HTTPS record leads to gone.partner.com, which has no address"},
		{"no such service", "a IN A 127.0.0.1\na IN HTTPS 0 .", "", serviceBinding, "a.harbor.test", "failed a.harbor.test: its HTTPS record says that there is no such service"},

		{"www alone", "www IN A 127.0.0.1", "", apexAndWWW, "harbor.test", "passed"},
		{"no www", "", "", apexAndWWW, "harbor.test", "failed harbor.test: www.harbor.test has no address, while harbor.test has one"},

		{"another authority for one host", "@ IN CAA 0 issue \"letsencrypt.org\"\na IN A 127.0.0.1\na IN CAA 0 issue \"pki.goog\"", "", caaIssuer, "a.harbor.test", "failed a.harbor.test: its certificate is from Let's Encrypt"},
		{"nobody may issue", "a IN A 127.0.0.1\na IN CAA 0 issue \";\"", "", caaIssuer, "a.harbor.test", "failed"},
		{"a critical tag that nobody knows", "a IN A 127.0.0.1\na IN CAA 0 issue \"letsencrypt.org\"\na IN CAA 128 tbs \"x\"", "", caaIssuer, "a.harbor.test", "failed"},
		{"parameters of an account", "a IN A 127.0.0.1\na IN CAA 0 issue \"letsencrypt.org; validationmethods=dns-01\"", "", caaIssuer, "a.harbor.test", "passed a.harbor.test: Let's Encrypt may issue"},
		{"a wildcard certificate, and wildcards forbidden", "a IN A 127.0.0.1\n@ IN CAA 0 issue \"letsencrypt.org\"\n@ IN CAA 0 issuewild \";\"", "", caaIssuer, "a.harbor.test", "failed"},
		{"reports alone bound nobody", "a IN A 127.0.0.1\na IN CAA 0 iodef \"mailto:x@harbor.test\"", "", caaIssuer, "a.harbor.test", "passed a.harbor.test: the CAA records at a.harbor.test bound nobody"},
		{"reports alone are no CAA", "@ IN CAA 0 iodef \"mailto:x@harbor.test\"", "", caa, "harbor.test", "failed harbor.test: its CAA records name no authority"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			hosts := []string{"a.harbor.test"}
			s := raise(t, harbor(tc.records+"\n"), tc.page, only(hosts...))
			got := s.ask(t, tc.check)
			if line := verdict(got, tc.subject); !strings.HasPrefix(line, tc.want) {
				t.Errorf("got %q, want %q\nof %s", line, tc.want, strings.Join(got, "\n"))
			}
		})
	}
}

// TestPageThatCannotBeRead leaves open whether somebody holds the name.
func TestPageThatCannotBeRead(t *testing.T) {
	s := raise(t, harbor("a IN CNAME harbor.github.io.\n"), "", only("a.harbor.test"))
	client, err := probe.New(probe.Options{Base: s.target.Base})
	if err != nil {
		t.Fatal(err)
	}
	if s.target.Domain.Network, err = client.Network(probe.NetworkOptions{Domains: []string{"harbor.test"}, Resolver: s.names.Resolver(), Ports: map[int]int{53: s.names.Port(), 443: 1, 80: 1}}); err != nil {
		t.Fatal(err)
	}
	for c, want := range map[*lr.Check]string{danglingCNAME: "unknown a.harbor.test: it leads to GitHub Pages, and what is shown there could not be read", caaIssuer: "passed"} {
		if line := verdict(s.ask(t, c), "a.harbor.test"); !strings.HasPrefix(line, want) {
			t.Errorf("%s: got %q", c.ID, line)
		}
	}
}

func TestTenants(t *testing.T) {
	o := harbor("app IN A 127.0.0.1\n*.app IN A 127.0.0.1\n")
	s := raise(t, o, "", only("app.harbor.test"), func(d *lr.DomainAccess) { d.Tenants = "app.harbor.test" })
	if line := verdict(s.ask(t, wildcardRecord), "app.harbor.test"); !strings.HasPrefix(line, "passed app.harbor.test: every label below it is a tenant's") {
		t.Errorf("got %q", line)
	}
}

// TestUnregistered: the worst that can be said of a domain is said once.
func TestUnregistered(t *testing.T) {
	s := raise(t, nameserver.Options{Zones: public(map[string]string{"test": "; unsigned: yes\n@ IN SOA ns h 1 7200 3600 1209600 300\n@ IN NS ns\nns IN A 127.0.0.4\n"})}, "", only())
	if line := verdict(s.ask(t, delegation), "harbor.test"); !strings.Contains(line, "it is not registered, or not delegated any more") {
		t.Errorf("got %q", line)
	}
	for _, c := range []*lr.Check{lameServer, dnssec, zoneTransfer, dnssecChain} {
		if got := s.ask(t, c); found(got) || len(got) == 0 {
			t.Errorf("%s: %v", c.ID, got)
		}
	}
}

// TestLongTexts reads what a zone can hold of text, and shows no secret.
func TestLongTexts(t *testing.T) {
	const key = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
	var big strings.Builder
	for range 200 {
		fmt.Fprintf(&big, " %q", strings.Repeat("lorem ipsum ", 20))
	}
	s := raise(t, harbor("a IN TXT"+big.String()+"\na IN A 127.0.0.1\n@ IN TXT \"token="+key[:12]+"\" \""+key[12:]+"\"\n"), "", only("a.harbor.test"))
	got := s.ask(t, txtSecret)
	if line := verdict(got, "a.harbor.test"); !strings.HasPrefix(line, "passed") {
		t.Errorf("got %q", line)
	}
	if line := verdict(got, "harbor.test"); !strings.HasPrefix(line, "failed") || strings.Contains(line, key[12:]) {
		t.Errorf("a secret that is parted over two strings: %q", line)
	}
}
