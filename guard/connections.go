package guard

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Connections bounds how many connections a listener has open, in all and of one
// address. One too many is closed at once: waiting would be a queue without end.
type Connections struct {
	net.Listener
	Max, PerAddress int            // 0: any number
	Trusted         []netip.Prefix // proxies, which speak for many

	open, refused atomic.Int64
	mu            sync.Mutex
	of            map[netip.Addr]int
}

// Open is how many there are.
func (c *Connections) Open() int64 { return c.open.Load() }

// Refused is how many were closed for being too many.
func (c *Connections) Refused() int64 { return c.refused.Load() }

// Accept gives the next connection that there is room for.
func (c *Connections) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := network(conn.RemoteAddr(), c.Trusted)
		if c.take(from) {
			return &counted{Conn: conn, of: c, from: from}, nil
		}
		c.refused.Add(1)
		_ = conn.Close() // it is not one of ours yet
	}
}

func (c *Connections) take(from netip.Addr) bool {
	if n := c.open.Add(1); c.Max > 0 && n > int64(c.Max) {
		c.open.Add(-1)
		return false
	}
	if c.PerAddress == 0 || !from.IsValid() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[from] >= c.PerAddress {
		c.open.Add(-1)
		return false
	}
	if c.of == nil {
		c.of = map[netip.Addr]int{}
	}
	c.of[from]++
	return true
}

func (c *Connections) give(from netip.Addr) {
	c.open.Add(-1)
	if c.PerAddress == 0 || !from.IsValid() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[from]--; c.of[from] <= 0 {
		delete(c.of, from)
	}
}

// network is the address that counts: of IPv6 the network, of which a caller has
// the whole. A trusted proxy, and what is no address, has none.
func network(a net.Addr, trusted []netip.Prefix) netip.Addr {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil || within(ap.Addr().Unmap(), trusted) {
		return netip.Addr{}
	}
	at := ap.Addr().Unmap()
	if at.Is6() {
		if p, err := at.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return at
}

type counted struct {
	net.Conn
	of   *Connections
	from netip.Addr
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.of.give(c.from) })
	return c.Conn.Close()
}
