package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	lr "github.com/launchready/launchready"
)

// scope says which hosts may be asked, and which addresses they may have.
type scope struct {
	exact   map[string]bool // "host:port"
	below   []string        // ".example.com"
	resolve map[string]string
	inside  bool // the base itself is an address inside a network

	mu    sync.Mutex
	class map[string]class // by host, as first dialled
}

func newScope(base *url.URL, hosts []string, resolve map[string]string) (*scope, error) {
	s := &scope{exact: map[string]bool{}, resolve: map[string]string{}, class: map[string]class{}}
	s.exact[hostPort(base.Scheme, base.Host)] = true
	if port := base.Port(); port == "" || port == "80" || port == "443" {
		s.addHost(base.Hostname(), "")
	}
	if ip, err := netip.ParseAddr(base.Hostname()); err == nil {
		s.inside = classify(ip) != public
	} else {
		s.inside = strings.EqualFold(base.Hostname(), "localhost")
	}
	for _, h := range hosts {
		h = strings.ToLower(strings.TrimSpace(h))
		if rest, ok := strings.CutPrefix(h, "*."); ok && rest != "" {
			s.below = append(s.below, "."+rest)
			continue
		}
		host, port, err := net.SplitHostPort(h)
		if err != nil {
			host, port = strings.Trim(h, "[]"), ""
		}
		if _, e := strconv.ParseUint(port, 10, 16); host == "" || strings.ContainsAny(host, "/*@ ") || (port != "" && e != nil) {
			return nil, fmt.Errorf("probe: scope entry %q is no host, host:port or *.host", h)
		}
		s.addHost(host, port)
	}
	for from, to := range resolve {
		ap, err := netip.ParseAddrPort(to)
		if _, _, e := net.SplitHostPort(from); e != nil || err != nil {
			return nil, fmt.Errorf("probe: resolve entry %q => %q is not host:port => ip:port", from, to)
		}
		s.resolve[strings.ToLower(from)] = ap.String()
	}
	return s, nil
}

func (s *scope) addHost(host, port string) {
	host = strings.ToLower(host)
	if port != "" {
		s.exact[net.JoinHostPort(host, port)] = true
		return
	}
	s.exact[net.JoinHostPort(host, "80")] = true
	s.exact[net.JoinHostPort(host, "443")] = true
}

func hostPort(scheme, host string) string {
	u := url.URL{Host: host}
	port := u.Port()
	if port == "" {
		port = "80"
		if scheme == "https" {
			port = "443"
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// allows reports whether the URL's host is in scope by name.
func (s *scope) allows(a address) error {
	hp := hostPort(a.scheme, a.host)
	if s.exact[hp] {
		return nil
	}
	host, port, _ := net.SplitHostPort(hp)
	if port == "80" || port == "443" {
		for _, b := range s.below {
			if strings.HasSuffix(host, b) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: %s", lr.ErrScope, hp)
}

// dial connects, refusing addresses that the scope does not cover. The check
// sits in Control: after DNS, on the very address that is connected to, so no
// second answer of a resolver slips past it.
func (s *scope) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	to, mapped := s.resolve[strings.ToLower(addr)]
	if !mapped {
		to = addr
	}
	d := net.Dialer{Timeout: 15 * time.Second}
	if !mapped { // an address that the user wrote is the user's to choose
		d.Control = func(_, address string, _ syscall.RawConn) error { return s.judge(host, address) }
	}
	return d.DialContext(ctx, network, to)
}

func (s *scope) judge(host, address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s has no plain address", lr.ErrScope, host)
	}
	got := classify(ap.Addr())
	if ip, err := netip.ParseAddr(host); err == nil && ip.Unmap() == ap.Addr().Unmap() {
		return nil // the address is what was named
	}
	if got == forbidden {
		return fmt.Errorf("%w: %s resolves to %s, an address of machines' own services", lr.ErrScope, host, ap.Addr())
	}
	host = strings.ToLower(host)
	s.mu.Lock()
	defer s.mu.Unlock()
	first, seen := s.class[host]
	if !seen {
		if got == private && s.wild(host) && !s.inside {
			return fmt.Errorf("%w: %s is in scope by a wildcard only and resolves to %s, inside a network", lr.ErrScope, host, ap.Addr())
		}
		s.class[host] = got
		return nil
	}
	if first == public && got == private {
		return fmt.Errorf("%w: %s was public and now resolves to %s, inside a network", lr.ErrScope, host, ap.Addr())
	}
	return nil
}

func (s *scope) wild(host string) bool {
	for hp := range s.exact {
		if h, _, _ := net.SplitHostPort(hp); h == host {
			return false
		}
	}
	return true
}

type class uint8

const (
	public class = iota
	private
	forbidden
)

// classify sorts an address by who may live there.
func classify(ip netip.Addr) class {
	ip = ip.Unmap()
	switch {
	case ip.IsLinkLocalUnicast(), ip.IsMulticast(), ip.IsUnspecified(),
		ip == netip.AddrFrom4([4]byte{100, 100, 100, 200}), // Alibaba Cloud metadata
		ip == netip.AddrFrom4([4]byte{168, 63, 129, 16}),   // Azure host agent
		ip == netip.MustParseAddr("fd00:ec2::254"),         // AWS metadata over IPv6
		ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return forbidden
	case ip.IsLoopback(), ip.IsPrivate(), netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10).Contains(ip):
		return private
	}
	return public
}
