package probe

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
)

// NetworkOptions say what of a domain may be reached and where it stands.
type NetworkOptions struct {
	Domains  []string          // names whose hosts may be called on every port
	Hosts    []string          // further hosts, or addresses, with or without port
	Resolver string            // name server, "host:port"; "" is the machine's
	Ports    map[int]int       // the port that stands for one of the internet's
	Resolve  map[string]string // "host:port" => "ip:port", instead of DNS
}

// Network reaches what is not the target's API, inside the client's budget. It is
// safe for concurrent use.
type Network struct {
	o       NetworkOptions
	spend   func() error
	inside  bool // the target itself is inside a network
	roots   *x509.CertPool
	resolve net.Resolver
}

var _ lr.Network = (*Network)(nil)

// mailPorts are those of mail servers, which may be of any domain: RFC 5321
// section 4.5.4.2, RFC 8314 section 3.
var mailPorts = []string{"25", "465", "587"}

// localResolver is asked where the machine names no name server.
const localResolver = "127.0.0.1:53"

// Network makes a network that spends from the budget of this client.
func (c *Client) Network(o NetworkOptions) (*Network, error) {
	n := &Network{o: o, spend: c.spend, inside: c.scope.inside}
	if c.o.CAFile != "" {
		pool, err := authorities(c.o.CAFile)
		if err != nil {
			return nil, err
		}
		n.roots = pool
	}
	if n.o.Resolver == "" {
		n.o.Resolver = localResolver
		if conf, err := dns.ClientConfigFromFile("/etc/resolv.conf"); err == nil && len(conf.Servers) > 0 {
			n.o.Resolver = net.JoinHostPort(conf.Servers[0], conf.Port)
		}
	}
	if _, _, err := net.SplitHostPort(n.o.Resolver); err != nil {
		n.o.Resolver = net.JoinHostPort(strings.Trim(n.o.Resolver, "[]"), "53")
	}
	n.resolve = net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return n.Dial(ctx, network, n.o.Resolver)
	}}
	return n, nil
}

// Resolver is the address of the name server to ask.
func (n *Network) Resolver() string { return n.o.Resolver }

// Roots are the authorities that certificates must lead to; nil: the system's.
func (n *Network) Roots() *x509.CertPool { return n.roots }

// Dial opens a connection where the scope and the budget allow it.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", address, err)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	own := address == n.o.Resolver
	if !own && !n.allows(host, port) {
		return nil, fmt.Errorf("%w: %s", lr.ErrScope, address)
	}
	if err := n.spend(); err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: 10 * time.Second}
	if own {
		return d.DialContext(ctx, network, address)
	}
	if to, ok := n.o.Resolve[net.JoinHostPort(host, port)]; ok {
		return d.DialContext(ctx, network, to)
	}
	wire := n.port(port)
	d.Resolver = &n.resolve
	d.Control = func(_, at string, _ syscall.RawConn) error { return n.judge(host, at) }
	return d.DialContext(ctx, network, net.JoinHostPort(host, wire))
}

// allows reports whether a host may be called on a port.
func (n *Network) allows(host, port string) bool {
	if port == "53" || slices.Contains(mailPorts, port) {
		return true
	}
	for _, d := range n.o.Domains {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return slices.ContainsFunc(n.o.Hosts, func(h string) bool {
		return strings.EqualFold(h, host) || strings.EqualFold(h, net.JoinHostPort(host, port))
	})
}

// port is the one that stands for a port of the internet.
func (n *Network) port(port string) string {
	p, err := strconv.Atoi(port)
	if err != nil {
		return port
	}
	if to := n.o.Ports[p]; to != 0 {
		return strconv.Itoa(to)
	}
	return port
}

// judge refuses addresses that a name of the internet has no business having: a
// record may point into the network that the audit runs in.
func (n *Network) judge(host, at string) error {
	ap, err := netip.ParseAddrPort(at)
	if err != nil {
		return fmt.Errorf("%w: %s has no plain address", lr.ErrScope, host)
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Unmap() == ap.Addr().Unmap() && slices.Contains(n.o.Hosts, host) {
		return nil // the owner wrote it
	}
	switch classify(ap.Addr()) {
	case forbidden:
		return fmt.Errorf("%w: %s resolves to %s, an address of machines' own services", lr.ErrScope, host, ap.Addr())
	case private:
		if !n.inside {
			return fmt.Errorf("%w: %s resolves to %s, inside a network", lr.ErrScope, host, ap.Addr())
		}
	}
	return nil
}
