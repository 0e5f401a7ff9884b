package probe

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/dnstest"
)

// network calls a listener on loopback that stands for ports 443 and 25.
func network(t *testing.T, base string, requests int) (*Network, string) {
	t.Helper()
	dns := dnstest.Zone(t, `www.acme.test. 60 IN A 127.0.0.1
mx.elsewhere.test. 60 IN A 127.0.0.1
meta.acme.test. 60 IN A 169.254.169.254
`)
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Base: u, Budget: lr.Budget{Requests: requests}})
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Network(NetworkOptions{
		Domains: []string{"acme.test"}, Hosts: []string{"127.0.0.1:9443"}, Resolver: dns.Addr,
		Ports: map[int]int{443: p, 25: p, 9443: p}, Resolve: map[string]string{"fixed.acme.test:443": l.Addr().String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, dns.Addr
}

func TestNetworkDial(t *testing.T) {
	for name, tc := range map[string]struct {
		base, address string
		scope         bool // refused by the scope
	}{
		"a host of the domain":             {"http://127.0.0.1", "www.acme.test:443", false},
		"written with a dot":               {"http://127.0.0.1", "WWW.acme.test.:443", false},
		"pinned":                           {"http://127.0.0.1", "fixed.acme.test:443", false},
		"a mail server of anybody":         {"http://127.0.0.1", "mx.elsewhere.test:25", false},
		"an origin":                        {"http://127.0.0.1", "127.0.0.1:9443", false},
		"a stranger by HTTPS":              {"http://127.0.0.1", "mx.elsewhere.test:443", true},
		"a name that only ends alike":      {"http://127.0.0.1", "notacme.test:443", true},
		"a record that points at metadata": {"http://127.0.0.1", "meta.acme.test:443", true},
		"inside, from a public target":     {"https://acme.test", "www.acme.test:443", true},
	} {
		t.Run(name, func(t *testing.T) {
			n, _ := network(t, tc.base, 100)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			c, err := n.Dial(ctx, "tcp", tc.address)
			if c != nil {
				_ = c.Close()
			}
			if (err == nil) == tc.scope || tc.scope && !errors.Is(err, lr.ErrScope) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNetworkSpends(t *testing.T) {
	n, resolver := network(t, "http://127.0.0.1", 2)
	for i, want := range []error{nil, nil, lr.ErrBudget} {
		c, err := n.Dial(t.Context(), "udp", resolver)
		if c != nil {
			_ = c.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("call %d: got %v", i, err)
		}
	}
}
