package dns_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	wire "github.com/miekg/dns"

	"github.com/launchready/launchready/demo/nameserver"
	"github.com/launchready/launchready/probe/dns"
)

func acme(more string) map[string]string {
	return map[string]string{"acme.test": fmt.Sprintf(acmeZone, "x") + more}
}

func TestApex(t *testing.T) {
	_, c := start(t, acme("deep.down IN A 192.0.2.9\nout IN CNAME elsewhere.test.\n"), 0)
	for name, want := range map[string]string{
		"acme.test": "acme.test", "www.acme.test": "acme.test", "deep.down.acme.test": "acme.test", "down.acme.test": "acme.test",
		"nobody.acme.test": "acme.test", "out.acme.test": "acme.test", "free.test": "test", "test": "test", "": "",
	} {
		if got, err := c.Apex(t.Context(), name); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestWalk(t *testing.T) {
	for _, tc := range []struct {
		name   string
		zones  map[string]string
		parent string // FromParent, joined
		zone   string // FromZone, joined
		seats  string // what each address says
	}{
		{"right", nil, "ns1.acme.test ns2.acme.test", "ns1.acme.test ns2.acme.test", "authority authority"},
		{"lame", acme("; lame: ns2.acme.test\n"), "ns1.acme.test ns2.acme.test", "ns1.acme.test ns2.acme.test", "authority REFUSED"},
		{"the zone names another", acme("@ IN NS ns3\nns3 IN A 127.0.0.5\n"), "ns1.acme.test ns2.acme.test", "ns1.acme.test ns2.acme.test ns3.acme.test", "authority authority authority"},
		{"no server has it", acme("; lame: ns1.acme.test\n; lame: ns2.acme.test\n"), "ns1.acme.test ns2.acme.test", "", "REFUSED REFUSED"},
		{"a server without a name", map[string]string{"test": testZone + "acme IN NS ns.gone.test.\n"}, "ns.gone.test ns1.acme.test ns2.acme.test", "ns1.acme.test ns2.acme.test", "authority authority"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, c := start(t, tc.zones, 0)
			d, err := c.Walk(t.Context(), "acme.test")
			if err != nil {
				t.Fatal(err)
			}
			var seats []string
			for _, s := range d.Seats() {
				seats = append(seats, s.What())
			}
			if got := strings.Join(d.FromParent, " "); d.Parent != "test" || got != tc.parent {
				t.Errorf("the parent %s names %s", d.Parent, got)
			}
			if got := strings.Join(d.FromZone, " "); got != tc.zone {
				t.Errorf("the zone names %s", got)
			}
			if got := strings.Join(seats, " "); got != tc.seats {
				t.Errorf("the servers say %s", got)
			}
			if _, err := d.Server(); (err == nil) != strings.Contains(tc.seats, "authority") {
				t.Errorf("a server to ask: %v", err)
			}
			for _, s := range d.Servers {
				if s.Gone != (s.Host == "ns.gone.test") {
					t.Errorf("%s gone: %t", s.Host, s.Gone)
				}
			}
		})
	}
}

func TestWalkToNothing(t *testing.T) {
	s, c := start(t, nil, 0)
	d, err := c.Walk(t.Context(), "free.test")
	if err != nil || !d.Missing {
		t.Errorf("a domain that nobody registered: %+v, %v", d, err)
	}
	if _, err := c.Walk(t.Context(), ""); err == nil {
		t.Error("the root is delegated by nobody")
	}
	s.Fail("other.test", nameserver.ServFail)
	if d, err := c.Walk(t.Context(), "other.test"); err == nil {
		t.Errorf("a parent that fails says nothing: %+v", d)
	}
}

func TestTransfer(t *testing.T) {
	_, c := start(t, acme("; transfer: ns2.acme.test\n"), 0)
	for host, want := range map[string]bool{"127.0.0.2": false, "127.0.0.3": true} {
		got, err := c.Transfer(t.Context(), netip.MustParseAddr(host), "acme.test")
		if err != nil || got.Open() != want {
			t.Errorf("%s: got %+v, %v", host, got, err)
		}
		if want && (len(got.Sample) != 5 || !strings.Contains(got.Sample[0], "SOA")) {
			t.Errorf("shown of it: %q", got.Sample)
		}
	}
	if got, err := c.Transfer(t.Context(), netip.MustParseAddr("127.0.0.9"), "acme.test"); err == nil {
		t.Errorf("a server that is not there gave %+v", got)
	}
}

// TestTransferHostile holds what a server does that answers a transfer badly.
func TestTransferHostile(t *testing.T) {
	t.Parallel()
	s, c := start(t, acme("; transfer: ns2.acme.test\n"), 0)
	for _, f := range []nameserver.Fault{nameserver.CloseTCP, nameserver.Garbage, nameserver.Loop, nameserver.Header, nameserver.WrongID, nameserver.ServFail} {
		s.Fail("acme.test", f)
		got, err := c.Transfer(t.Context(), netip.MustParseAddr("127.0.0.3"), "acme.test")
		if err == nil && got.Open() {
			t.Errorf("%s: it is said to give the zone: %+v", f, got)
		}
	}
}

func TestResolves(t *testing.T) {
	_, c := start(t, acme("; recursion: ns1.acme.test\n"), 0)
	for host, want := range map[string]bool{"127.0.0.2": true, "127.0.0.3": false, "127.0.0.4": false} { // the last has the zone itself
		got, err := c.Resolves(t.Context(), netip.MustParseAddr(host), "test")
		if err != nil || got.Open != want {
			t.Errorf("%s: got %+v, %v", host, got, err)
		}
	}
}

func TestJudge(t *testing.T) {
	for _, tc := range []struct {
		name          string
		zones         map[string]string
		signed, vouch bool
		broken        string // "" for whole
		iterations    int
	}{
		{"whole", nil, true, true, "", -1},
		{"by hashes", acme("; nsec3: 5\n"), true, true, "", 5},
		{"a wildcard", acme("*.w IN A 192.0.2.3\n"), true, true, "", -1},
		{"not signed", acme("; unsigned: yes\n"), false, true, "the parent vouches for a key, and the zone has none", -1},
		{"nobody vouches", map[string]string{"test": strings.Replace(testZone, "; ds: acme.test", "", 1)}, true, false, "", -1},
		{"another key", map[string]string{"test": strings.Replace(testZone, "acme.test", "acme.test wrong", 1)}, true, true, "no key of the zone is the one", -1},
		{"signatures that have ended", acme("; signatures: expired\n"), true, true, "its signature holds from", -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, c := start(t, tc.zones, 0)
			d, err := c.Walk(t.Context(), "acme.test")
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Judge(t.Context(), d, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if got.Signed != tc.signed || got.Vouch != tc.vouch || got.Iterations != tc.iterations {
				t.Errorf("got %+v", got)
			}
			if why := strings.Join(got.Broken, "; "); tc.broken == "" && why != "" || !strings.Contains(why, tc.broken) {
				t.Errorf("broken: %s", why)
			}
			if tc.signed && tc.broken == "" && !got.Until.After(time.Now().Add(24*time.Hour)) {
				t.Errorf("it holds until %s", got.Until)
			}
		})
	}
}

// TestJudgeByAnotherClock: a clock that is wrong makes signatures end, and says so.
func TestJudgeByAnotherClock(t *testing.T) {
	_, c := start(t, nil, 0)
	d, err := c.Walk(t.Context(), "acme.test")
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []time.Duration{-90 * 24 * time.Hour, 90 * 24 * time.Hour} {
		got, err := c.Judge(t.Context(), d, time.Now().Add(by))
		if err != nil || len(got.Broken) == 0 {
			t.Errorf("%s away: %+v, %v", by, got, err)
		}
	}
}

// TestJudgeUnread: an algorithm that is not known here is no reason to call the
// chain broken (RFC 4035 section 5.2).
func TestJudgeUnread(t *testing.T) {
	_, c := start(t, nil, 0)
	d, err := c.Walk(t.Context(), "acme.test")
	if err != nil {
		t.Fatal(err)
	}
	for _, ds := range d.DS {
		ds.Algorithm = wire.ED448
	}
	got, err := c.Judge(t.Context(), d, time.Now())
	if err != nil || !got.Unread || len(got.Broken) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	d.DSKnown = false
	if _, err := c.Judge(t.Context(), d, time.Now()); err == nil {
		t.Error("it was judged without the parent's word")
	}
}

func TestBelow(t *testing.T) {
	for _, tc := range []struct {
		name, above string
		want        bool
	}{{"a.acme.test", "acme.test", true}, {"acme.test", "acme.test", true}, {"notacme.test", "acme.test", false}, {"acme.test", "a.acme.test", false}, {"acme.test", "", true}} {
		if got := dns.Below(tc.name, tc.above); got != tc.want {
			t.Errorf("%s below %s: %t", tc.name, tc.above, got)
		}
	}
	if dns.Parent("a.b.test") != "b.test" || dns.Parent("test") != "" || dns.Plain("A.Test.") != "a.test" {
		t.Error("names are taken apart wrongly")
	}
}
