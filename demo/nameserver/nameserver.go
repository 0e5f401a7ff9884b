// Package nameserver answers for the demo's domains on loopback, over UDP and
// TCP: as the servers of the root, of the registry, of the domain's owner and of
// strangers, each at an address of its own, and as a resolver that walks them.
//
// A zone is a template. Each flaw is one switch in it; how its servers behave
// stands in comments of the form "; word: value" (see behaviour). It is for
// loopback and for tests only.
package nameserver

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/miekg/dns"
)

// zoneFiles are the demo's, named after their origins; "root" is the root.
//
//go:embed zones
var zoneFiles embed.FS

// ErrNoAddress says that the machine has not the loopback addresses that the
// servers need: some systems have 127.0.0.1 alone.
var ErrNoAddress = errors.New("the machine has one loopback address only")

// Options say what is served. The zero value is the demo's zones without a flaw.
type Options struct {
	Flaws func(id string) bool // nil: none is on
	Now   func() time.Time     // nil is time.Now
	// Key makes up a secret of n letters, for a flaw: {{key "sk_live_" 24}}.
	Key func(prefix string, n int) string
	// Values are what templates take by name: {{value "dkim"}}.
	Values map[string]string
	// Zones are templates by origin, "example.test"; nil: the demo's.
	Zones map[string]string
	// Delay is how long every server waits before it answers.
	Delay time.Duration
}

// resolverAt is where the resolver stands; it serves no zone.
const resolverAt = "127.0.0.1"

// Server is every name server of the demo.
type Server struct {
	port  int
	delay time.Duration
	zones map[string]*zone
	hosts map[string][]netip.Addr // of every zone

	edit sync.RWMutex // of the zones: Set changes them while they are served

	mu     sync.Mutex
	faults map[string]Fault
	asked  map[string]int

	servers []*dns.Server
	served  sync.WaitGroup
}

// Start reads the zones and serves them until Close.
func Start(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zones == nil {
		var err error
		if o.Zones, err = harbor(); err != nil {
			return nil, err
		}
	}
	s := &Server{delay: o.Delay, zones: map[string]*zone{}, hosts: map[string][]netip.Addr{}, faults: map[string]Fault{}, asked: map[string]int{}}
	for origin, text := range o.Zones {
		z, err := readZone(origin, text, o)
		if err != nil {
			return nil, fmt.Errorf("zone %s: %w", origin, err)
		}
		s.zones[z.origin] = z
	}
	s.join()
	if err := s.listen(); err != nil {
		return nil, err
	}
	return s, nil
}

func harbor() (map[string]string, error) {
	files, err := fs.Glob(zoneFiles, "zones/*.zone")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, file := range files {
		text, err := zoneFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		origin := strings.TrimSuffix(path.Base(file), ".zone")
		if origin == "root" {
			origin = "."
		}
		out[origin] = string(text)
	}
	return out, nil
}

// Port is the one that stands for 53 at every address.
func (s *Server) Port() int { return s.port }

// Resolver is the address of the server that walks the others, "127.0.0.1:port".
func (s *Server) Resolver() string { return net.JoinHostPort(resolverAt, strconv.Itoa(s.port)) }

// join finds out which address serves which zone, and which zones are signed all
// the way down.
func (s *Server) join() {
	for _, z := range s.zones {
		for name, sets := range z.names {
			for _, rr := range slices.Concat(sets[dns.TypeA], sets[dns.TypeAAAA]) {
				if addr, ok := addressOf(rr); ok && !slices.Contains(s.hosts[name], addr) {
					s.hosts[name] = append(s.hosts[name], addr)
				}
			}
		}
	}
	origins := make([]string, 0, len(s.zones))
	for origin := range s.zones {
		origins = append(origins, origin)
	}
	slices.SortFunc(origins, func(a, b string) int { return dns.CountLabel(a) - dns.CountLabel(b) })
	for _, origin := range origins {
		z := s.zones[origin]
		for _, rr := range z.names[origin][dns.TypeNS] {
			host := strings.ToLower(rr.(*dns.NS).Ns) //nolint:forcetypeassert // the set is of NS records
			if !slices.Contains(z.does["lame"], host) {
				z.at = append(z.at, s.hosts[host]...)
			}
		}
		for _, line := range z.does["ds"] {
			s.vouch(z, line)
		}
		if z.does["nsec3"] != nil {
			z.hash()
		}
		parent := s.above(origin)
		z.secure = z.key != nil && (parent == nil || parent.secure && len(z.vouched) > 0)
	}
}

// above is the zone that delegates a name.
func (s *Server) above(origin string) *zone {
	for at := origin; at != "."; {
		at = parentOf(at)
		if z := s.zones[at]; z != nil {
			return z
		}
	}
	return nil
}

// listen opens one port at every address that a server is at.
func (s *Server) listen() error {
	addrs := []netip.Addr{netip.MustParseAddr(resolverAt)}
	for _, z := range s.zones {
		for _, rr := range z.names[z.origin][dns.TypeNS] {
			for _, a := range s.hosts[strings.ToLower(rr.(*dns.NS).Ns)] { //nolint:forcetypeassert // the set is of NS records
				if a.IsLoopback() && !slices.Contains(addrs, a) {
					addrs = append(addrs, a)
				}
			}
		}
	}
	var last error
	for range 30 {
		if last = s.listenAll(addrs); last == nil || errors.Is(last, ErrNoAddress) {
			break
		}
	}
	return last
}

func (s *Server) listenAll(addrs []netip.Addr) error {
	var tcp []net.Listener
	var udp []net.PacketConn
	undo := func() {
		for _, l := range tcp {
			_ = l.Close()
		}
		for _, p := range udp {
			_ = p.Close()
		}
	}
	var listen net.ListenConfig
	ctx := context.Background()
	port := 0
	for _, a := range addrs {
		at := netip.AddrPortFrom(a, uint16(port)).String() //nolint:gosec // a port
		l, err := listen.Listen(ctx, "tcp", at)
		if err == nil {
			tcp = append(tcp, l)
			at = l.Addr().String()
			var p net.PacketConn
			if p, err = listen.ListenPacket(ctx, "udp", at); err == nil {
				udp = append(udp, p)
			}
		}
		if err != nil {
			undo()
			if errors.Is(err, syscall.EADDRNOTAVAIL) {
				return fmt.Errorf("%w: %w", ErrNoAddress, err)
			}
			return fmt.Errorf("listen on %s: %w", at, err)
		}
		port = l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of a TCP listener
	}
	s.port = port
	for i := range tcp {
		addr := addrs[i]
		h := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) { s.serve(w, q, addr) })
		s.run(&dns.Server{Listener: tcp[i], Handler: h, ReadTimeout: 5 * time.Second, MsgAcceptFunc: acceptAny})
		s.run(&dns.Server{PacketConn: udp[i], Handler: h, MsgAcceptFunc: acceptAny})
	}
	return nil
}

// acceptAny also lets updates come as far as their refusal.
func acceptAny(h dns.Header) dns.MsgAcceptAction {
	if h.Bits&(1<<15) != 0 {
		return dns.MsgIgnore // a response
	}
	return dns.MsgAccept
}

func (s *Server) run(d *dns.Server) {
	ready := make(chan struct{})
	d.NotifyStartedFunc = func() { close(ready) }
	s.servers = append(s.servers, d)
	s.served.Go(func() { _ = d.ActivateAndServe() })
	<-ready
}

// Close stops every server.
func (s *Server) Close() error {
	var errs []error
	for _, d := range s.servers {
		errs = append(errs, d.Shutdown())
	}
	s.served.Wait()
	return errors.Join(errs...)
}

func addressOf(rr dns.RR) (netip.Addr, bool) {
	switch rr := rr.(type) {
	case *dns.A:
		a, ok := netip.AddrFromSlice(rr.A)
		return a.Unmap(), ok
	case *dns.AAAA:
		return netip.AddrFromSlice(rr.AAAA)
	}
	return netip.Addr{}, false
}

func parentOf(name string) string {
	i, end := dns.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[i:]
}

// Records are those of a zone, as its owner wrote them.
func (s *Server) Records(origin string) []dns.RR {
	z := s.zones[strings.ToLower(dns.Fqdn(origin))]
	if z == nil {
		return nil
	}
	var out []dns.RR
	for _, name := range z.order {
		for _, kind := range slices.Sorted(maps.Keys(z.names[name])) {
			out = append(out, z.names[name][kind]...)
		}
	}
	return out
}

// Set changes one set of records, as an owner does who changes the zone.
func (s *Server) Set(name string, kind uint16, rrs []dns.RR) {
	s.edit.Lock()
	defer s.edit.Unlock()
	name = strings.ToLower(dns.Fqdn(name))
	var z *zone
	for _, c := range s.zones {
		if dns.IsSubDomain(c.origin, name) && (z == nil || len(c.origin) > len(z.origin)) {
			z = c
		}
	}
	if z == nil {
		return
	}
	var all []dns.RR
	for at, kinds := range z.names {
		for k, set := range kinds {
			if (at != name || k != kind) && k != dns.TypeNSEC3PARAM { // hash makes it again
				all = append(all, set...)
			}
		}
	}
	z.mu.Lock()
	z.sealed = map[string][]dns.RR{}
	z.mu.Unlock()
	z.names, z.exists = map[string]map[uint16][]dns.RR{}, map[string]bool{}
	for _, rr := range append(all, rrs...) {
		z.add(rr)
	}
	z.sort()
	z.hashes = nil
	z.hash()
}
