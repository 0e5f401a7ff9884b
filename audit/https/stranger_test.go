package https

import (
	"context"
	gotls "crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/demo/authority"
)

// TestLentAddress judges an address of a cloud by the certificate that is there.
func TestLentAddress(t *testing.T) {
	for name, c := range map[string]struct {
		kind authority.Kind
		want string
	}{
		"of the host":     {authority.Kind{Names: []string{"preview.harbor.test"}}, "passed "},
		"of the domain":   {authority.Kind{Names: []string{"www.harbor.test"}}, "passed "},
		"of a wildcard":   {authority.Kind{Names: []string{"*.harbor.test"}}, "passed "},
		"of a stranger":   {authority.Kind{Names: []string{"tailor.test"}}, "suspected "},
		"of a name alike": {authority.Kind{Names: []string{"notharbor.test"}}, "suspected "},
		"of itself":       {authority.Kind{Names: []string{"localhost"}, Self: true}, "unknown "},
		"of nobody":       {authority.Kind{Names: []string{"192.0.2.1"}, Common: "x"}, "unknown "},
		"nobody is there": {authority.Kind{}, "unknown "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := raise(t, with("https/dangling-address"), "")
			free, err := net.Listen("tcp", "127.0.0.9:0")
			if err != nil {
				t.Skip(err)
			}
			_, port, _ := net.SplitHostPort(free.Addr().String())
			_ = free.Close()
			if c.kind.Names != nil {
				next(t, port, c.kind)
			}
			s.target.Domain.Network = moved{s.target.Domain.Network, "127.0.0.9:" + port}
			got := slices.DeleteFunc(s.ask(t, danglingAddress), func(l string) bool { return !strings.Contains(l, " preview.harbor.test: ") })
			if len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestLentBehindAnother leaves open whose an address of a cloud is where the name has
// another one, and that is where the owner's server answers.
func TestLentBehindAnother(t *testing.T) {
	const above = "; unsigned: yes\n@ IN SOA ns.test. h.test. 1 7200 3600 1209600 300\n@ IN NS ns.test.\n"
	o := harbor("preview IN A 127.0.0.1\npreview IN A 127.0.0.9\n")
	o.Zones["."] += "127.in-addr.arpa. IN NS ns.test.\n"
	o.Zones["127.in-addr.arpa"] = above + "9.0.0 IN PTR ec2-127-0-0-9.eu-west-1.compute.amazonaws.com.\n"
	got := verdict(raise(t, o, "", only()).ask(t, danglingAddress), "preview.harbor.test")
	if !strings.HasPrefix(got, "unknown preview.harbor.test: its address 127.0.0.9 is a cloud's") || !strings.Contains(got, "led to another of its addresses") {
		t.Errorf("got %q", got)
	}
}

// TestWildcardElsewhere finds the certificate for every name where a service has it.
func TestWildcardElsewhere(t *testing.T) {
	s := raise(t, with(), "") // whose server shows one for *.harbor.test
	got := s.ask(t, certificateWildcard)
	if len(got) != 1 || !strings.HasPrefix(got[0], "failed help.harbor.test: it is an alias of harbor.helpdesk.test") {
		t.Errorf("got %q", got)
	}
	for alias, want := range map[string]string{"harbor.test.cdn.cloudflare.net": "Cloudflare", "d111111abcdef8.CloudFront.net.": "CloudFront", "cloudfront.net.evil.test": "", "notcloudfront.net": "", "harbor.helpdesk.test": ""} {
		if got := edgeOf(alias); got != want {
			t.Errorf("%s is an alias of %q, want %q", alias, got, want)
		}
	}
}

// TestUnknownName asks servers for a name that nobody has.
func TestUnknownName(t *testing.T) {
	ca, err := authority.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(names ...string) *gotls.Certificate {
		c, err := ca.Issue(authority.Kind{Names: names})
		if err != nil {
			t.Fatal(err)
		}
		return &c
	}
	own, inner, address := issue("a.test"), issue("a.test", "db.internal"), issue("a.test", "10.1.2.3")
	for name, c := range map[string]struct {
		other func() (*gotls.Certificate, error)
		want  string
	}{
		"its own":          {func() (*gotls.Certificate, error) { return own, nil }, "passed a.test"},
		"an inner name":    {func() (*gotls.Certificate, error) { return inner, nil }, "failed a.test"},
		"an inner address": {func() (*gotls.Certificate, error) { return address, nil }, "failed a.test"},
		"refuses":          {func() (*gotls.Certificate, error) { return nil, errors.New("no such name") }, "passed a.test"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := gotls.Listen("tcp", "127.0.0.1:0", &gotls.Config{MinVersion: gotls.VersionTLS12, GetCertificate: func(h *gotls.ClientHelloInfo) (*gotls.Certificate, error) {
				if h.ServerName == "a.test" {
					return own, nil
				}
				return c.other()
			}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					go func() {
						defer conn.Close() //nolint:errcheck // the client is gone
						_, _ = conn.Read(make([]byte, 1))
					}()
				}
			}()
			if got := verdicts(judged(t, unknownName, &street{secure: l.Addr().String(), pool: ca.Pool()}, "a.test")); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// moved is a network in which the port of TLS stands elsewhere for one host.
type moved struct {
	lr.Network
	to string
}

func (m moved) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if address == "preview.harbor.test:443" {
		return new(net.Dialer).DialContext(ctx, network, m.to)
	}
	return m.Network.Dial(ctx, network, address)
}

// TestOtherClock judges certificates by the clock of the run: one that is wrong by years
// makes them end, or not begin yet, and nothing else of them wrong.
func TestOtherClock(t *testing.T) {
	s := servers(t, whole, text("x"))
	for name, c := range map[string]struct {
		years int
		want  string
	}{"right": {0, "passed a.test"}, "ten years ahead": {10, "failed a.test"}, "ten years behind": {-10, "failed a.test"}} {
		for _, check := range []*lr.Check{certificateExpiry, certificateTrust, certificateName} {
			tr := &lr.Trial{Check: check, Target: &lr.Target{Domain: &lr.DomainAccess{Name: "a.test", Hosts: []string{"a.test"}, Network: s}}, Memo: &lr.Memo{}, Stage: mint{},
				Now: func() time.Time { return time.Now().AddDate(c.years, 0, 0) }}
			var out []lr.Outcome
			tr.Report = func(o lr.Outcome) { out = append(out, o) }
			if err := check.Run(t.Context(), tr); err != nil {
				t.Fatal(err)
			}
			want := "passed a.test"
			if check == certificateExpiry {
				want = c.want
			}
			if got := verdicts(out); got != want {
				t.Errorf("%s, %s: got %q, want %q", name, check.ID, got, want)
			}
		}
	}
}
