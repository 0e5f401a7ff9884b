package spf_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	peer "blitiri.com.ar/go/spf"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/spf"
)

// theirs lets the other implementation ask our zone.
type theirs struct{ r mail.Resolver }

func (p theirs) ask(ctx context.Context, name string, t mail.Type) ([]mail.Record, error) {
	name = strings.TrimSuffix(name, ".")
	if !mail.Fits(name) {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	a, err := mail.Ask(ctx, p.r, name, t)
	switch {
	case err != nil:
		return nil, &net.DNSError{Err: err.Error(), Name: name, IsTemporary: true}
	case a.Void():
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return a.Records, nil
}

func (p theirs) LookupTXT(ctx context.Context, name string) ([]string, error) {
	records, err := p.ask(ctx, name, mail.TXT)
	var out []string
	for _, r := range records {
		out = append(out, r.Joined())
	}
	return out, err
}

func (p theirs) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	records, err := p.ask(ctx, name, mail.MX)
	var out []*net.MX
	for _, r := range records {
		out = append(out, &net.MX{Host: r.Host + ".", Pref: r.Preference})
	}
	return out, err
}

func (p theirs) LookupIPAddr(ctx context.Context, name string) ([]net.IPAddr, error) {
	four, err := p.ask(ctx, name, mail.A)
	six, other := p.ask(ctx, name, mail.AAAA)
	var out []net.IPAddr
	for _, r := range append(four, six...) {
		out = append(out, net.IPAddr{IP: r.Addr.AsSlice()})
	}
	if err == nil || other == nil {
		return out, nil
	}
	return nil, err
}

func (p theirs) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	records, err := p.ask(ctx, mail.Reverse(netip.MustParseAddr(addr)), mail.PTR)
	var out []string
	for _, r := range records {
		out = append(out, r.Host+".")
	}
	return out, err
}

// vocabulary are sound terms; the other implementation stops at a match and so
// does not see errors behind it, which the suite shows to be wrong. The same
// hosts have addresses of both families, for it asks for both at once.
var vocabulary = []string{
	"a", "a:h1.test", "a:h2.test/24", "a:h3.test//64", "a:%{d1r}.test", "a:none.test",
	"mx", "mx:m1.test", "mx:m2.test/28", "mx:h1.test",
	"ptr", "ptr:h1.test",
	"exists:%{ir}.list.test", "exists:%{l}.%{o2}.h.test", "exists:h1.test", "exists:none.test",
	"ip4:192.0.2.0/24", "ip4:192.0.2.7", "ip4:198.51.100.0/25", "ip4:0.0.0.0/0",
	"ip6:2001:db8::/32", "ip6:2001:db8::7", "ip6:::/0",
	"include:d0.test", "include:d1.test", "include:d2.test", "include:d3.test", "include:%{d}", "include:none.test", "include:%{i}._spf.test",
	"redirect=d1.test", "redirect=d2.test", "redirect=d3.test", "redirect=none.test",
	"all", "x-unknown=%{d}", "exp=exp.test",
}

const hosts = `
h1.test. 60 A 192.0.2.7
h1.test. 60 AAAA 2001:db8::7
h2.test. 60 A 198.51.100.9
h2.test. 60 AAAA 2001:db8:1::9
h3.test. 60 A 203.0.113.1
h3.test. 60 AAAA 2001:db8:2::1
m1.test. 60 MX 10 h1.test.
m1.test. 60 MX 20 h2.test.
m2.test. 60 MX 0 h3.test.
d0.test. 60 A 192.0.2.200
d0.test. 60 AAAA 2001:db8::200
d0.test. 60 MX 0 h2.test.
d1.test. 60 A 203.0.113.2
d1.test. 60 AAAA 2001:db8:3::1
d1.test. 60 MX 0 h1.test.
exp.test. 60 TXT "no"
7.2.0.192.in-addr.arpa. 60 PTR h1.test.
*.list.test. 60 A 127.0.0.2
`

// FuzzDifferential compares with another implementation on random sound records.
func FuzzDifferential(f *testing.F) {
	f.Add([]byte{0, 1, 2, 255, 34, 255, 5, 23, 255}, uint8(0))
	f.Add([]byte{23, 24, 255, 24, 255, 25, 255, 30}, uint8(1))
	f.Add([]byte{5, 5, 5, 34}, uint8(2))
	f.Fuzz(func(t *testing.T, plan []byte, who uint8) {
		if len(plan) > 64 {
			return
		}
		differ(t, plan, who)
	})
}

func differ(t *testing.T, plan []byte, who uint8) {
	z, err := mail.ParseZone(strings.NewReader(hosts), ".")
	if err != nil {
		t.Fatal(err)
	}
	record, n, modified, all, text := "v=spf1", 0, false, false, ""
	publish := func() {
		z.Add(mail.Record{Name: fmt.Sprintf("d%d.test", n), Type: mail.TXT, Text: []string{record}})
		text += fmt.Sprintf("d%d.test %q\n", n, record)
		record, modified, all = "v=spf1", false, false
		n++
	}
	for _, b := range plan {
		if b == 255 {
			publish()
			continue
		}
		term := vocabulary[int(b)%len(vocabulary)]
		switch {
		case strings.Contains(term, "="):
			if modified {
				continue // twice is an error that the other sees late
			}
			modified = true
		case all:
			continue // it reads on behind all where redirect= is
		default:
			all = term == "all"
			term = string("+-~?"[int(b)/len(vocabulary)%4]) + term
		}
		record += " " + term
	}
	publish()
	ip := netip.MustParseAddr([]string{"192.0.2.7", "198.51.100.9", "2001:db8::7", "203.0.113.99", "2001:db8:ffff::1"}[who%5])
	sender := []string{"user@d0.test", "a.b+c@d1.test", ""}[int(who)/5%3]
	got := spf.CheckHost(context.Background(), z, spf.Request{IP: ip, Sender: sender, HELO: "d0.test"})
	want, why := peer.CheckHostWithSender(ip.AsSlice(), "d0.test", sender, peer.WithResolver(theirs{z}), peer.WithContext(context.Background()))
	if string(got.Result) != string(want) {
		t.Errorf("%s from %s: we say %s (%s), the other %s (%v)\n%s", ip, sender, got.Result, got.Why, want, why, text)
	}
	// What a check stops at, an inspection must have told, except what depends on
	// the client.
	domain := got.Trace.Domain
	if r := spf.Inspect(context.Background(), z, domain); got.Result == spf.PermError && r.Complete && len(r.Has(spf.Varies))+len(r.Has(spf.Deprecated))+len(r.Has(spf.VoidsIPv6)) == 0 &&
		!slices.ContainsFunc(r.Problems, func(p spf.Problem) bool { return p.Fatal || p.Code == spf.NoRecord }) {
		t.Errorf("%s: a check says %s, an inspection only %+v\n%s", domain, got.Why, r.Problems, text)
	}
	if got.Lookups > spf.MostLookups+1 || got.Voids > spf.MostVoids+1 {
		t.Errorf("%d lookups, %d voids", got.Lookups, got.Voids)
	}
}
