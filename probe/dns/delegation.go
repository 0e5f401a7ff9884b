package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	wire "github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

// Delegation is how a zone is found: what the parent's servers say, and what each
// server says that it names.
type Delegation struct {
	Zone   string
	Parent string

	// Missing: the parent's servers say that there is no such name.
	Missing bool
	// FromParent and FromZone are the hosts that the parent and the zone's own
	// servers name; one is nil where nobody could be asked.
	FromParent []string
	FromZone   []string
	Glue       map[string][]netip.Addr // addresses that the parent gives, by host
	Servers    []*Server               // of both, in order
	DS         []*wire.DS              // what the parent vouches for
	DSKnown    bool                    // the parent was asked for DS and said

	Records []string // what was said, a line for each record
}

// Server is one host that is named as a server of a zone.
type Server struct {
	Host string
	// Host's own state: Gone says that the name does not exist, and Err that it
	// could not be looked up.
	Gone  bool
	Err   error
	Addrs []netip.Addr
	Seats []*Seat // one for each address that was asked
}

// Seat is one address of a server, and what it says of the zone.
type Seat struct {
	Host string
	Addr netip.Addr
	SOA  *Answer // nil where Err is set
	NS   *Answer
	Err  error
}

// Authority reports whether the server at the address has the zone.
func (s *Seat) Authority() bool {
	return s.Err == nil && s.SOA != nil && s.SOA.AA && s.SOA.Code == wire.RcodeSuccess && len(s.SOA.Records) > 0
}

// Lame reports that the server at the address answered, and said that it does not
// have the zone: it refuses, refers to others, or answers without authority. A
// server that fails or keeps silent is not judged.
func (s *Seat) Lame() bool {
	if s.Err != nil || s.SOA == nil {
		return false
	}
	switch s.SOA.Code {
	case wire.RcodeRefused, wire.RcodeNotAuth, wire.RcodeNameError:
		return true
	case wire.RcodeSuccess:
		return !s.SOA.AA
	}
	return false
}

// What says in words what the server at the address answered.
func (s *Seat) What() string {
	switch {
	case s.Err != nil:
		return s.Err.Error()
	case s.SOA == nil:
		return "not asked"
	case s.SOA.Code != wire.RcodeSuccess:
		return Code(s.SOA.Code)
	case !s.SOA.AA:
		return "an answer without authority"
	case len(s.SOA.Records) == 0:
		return "no SOA record"
	}
	return "authority"
}

// Bounds of one walk: what a zone may make us ask.
const (
	mostServers = 16
	mostAddrs   = 4
)

// Apex is the zone that a name is in: the closest name at or above it that has a
// SOA record.
func (c *Client) Apex(ctx context.Context, name string) (string, error) {
	for at := Plain(name); ; at = Parent(at) {
		a, err := c.Ask(ctx, at, wire.TypeSOA)
		if err != nil {
			return "", err
		}
		switch {
		case len(a.Chain) > 0: // an alias tells of the zone that it leads to
		case len(a.Records) > 0:
			return at, nil
		case a.SOA != nil && a.Err() == nil && Below(at, Plain(a.SOA.Hdr.Name)):
			return Plain(a.SOA.Hdr.Name), nil
		case a.Err() != nil:
			return "", a.Err()
		}
		if at == "" {
			return "", fmt.Errorf("find the zone of %s: no SOA record at or above it", clip(name))
		}
	}
}

// Walk asks the parent's servers for the zone's, and each of those for the zone.
// The error says that not even the parent's servers are known.
func (c *Client) Walk(ctx context.Context, zone string) (*Delegation, error) {
	d := &Delegation{Zone: Plain(zone), Glue: map[string][]netip.Addr{}}
	if d.Zone == "" {
		return nil, errors.New("walk to the root: nothing delegates it")
	}
	var err error
	if d.Parent, err = c.Apex(ctx, Parent(d.Zone)); err != nil {
		return nil, fmt.Errorf("find the parent of %s: %w", d.Zone, err)
	}
	if err := c.askParent(ctx, d); err != nil {
		return nil, err
	}
	if d.Missing {
		return d, nil
	}
	if err := c.meet(ctx, d, d.FromParent); err != nil {
		return nil, err
	}
	var more []string
	for _, s := range d.Servers {
		for _, seat := range s.Seats {
			if seat.NS == nil || !seat.NS.AA {
				continue
			}
			d.FromZone = merge(d.FromZone, Hosts(seat.NS.Records))
		}
	}
	for _, h := range d.FromZone {
		if !slices.Contains(d.FromParent, h) {
			more = append(more, h)
		}
	}
	return d, c.meet(ctx, d, more)
}

// askParent asks the parent's servers, one after another, until one says.
func (c *Client) askParent(ctx context.Context, d *Delegation) error {
	ns, err := c.Ask(ctx, d.Parent, wire.TypeNS)
	if err != nil {
		return err
	}
	last := fmt.Errorf("ask the parent of %s: no server of %s could be asked", d.Zone, nameOrRoot(d.Parent))
	asked := 0
	for _, host := range Hosts(ns.Records) {
		addrs, _, err := c.Addresses(ctx, host)
		if err != nil && Stops(ctx, err) {
			return err
		}
		for _, addr := range addrs {
			if asked++; asked > mostAddrs {
				return last
			}
			a, err := c.At(ctx, addr, d.Zone, wire.TypeNS)
			if err != nil {
				if Stops(ctx, err) {
					return err
				}
				last = fmt.Errorf("ask the parent of %s: %w", d.Zone, err)
				continue
			}
			if d.take(a) {
				c.askDS(ctx, d, addr)
				return nil
			}
			last = fmt.Errorf("ask the parent of %s: %s answered %s", d.Zone, addr, a.Outcome())
		}
	}
	return last
}

// take reads a referral, or the answer of a server that has both zones.
func (d *Delegation) take(a *Answer) bool {
	switch {
	case a.Missing() && a.AA:
		d.Missing = true
		d.Records = append(d.Records, a.Lines()...)
		return true
	case a.Code != wire.RcodeSuccess:
		return false
	}
	for _, rr := range a.Refers {
		if Plain(rr.Hdr.Name) == d.Zone {
			d.FromParent = merge(d.FromParent, []string{Plain(rr.Ns)})
			d.Records = append(d.Records, "parent: "+Line(rr))
		}
	}
	if len(d.FromParent) == 0 && len(a.Records) > 0 {
		d.FromParent = Hosts(a.Records)
		for _, line := range a.Lines() {
			d.Records = append(d.Records, "parent: "+line)
		}
	}
	for _, rr := range a.Msg.Extra {
		host := Plain(rr.Header().Name)
		if addr, ok := Address(rr); ok && slices.Contains(d.FromParent, host) && !slices.Contains(d.Glue[host], addr) {
			d.Glue[host] = append(d.Glue[host], addr)
		}
	}
	return len(d.FromParent) > 0
}

// askDS asks a server of the parent what it vouches for.
func (c *Client) askDS(ctx context.Context, d *Delegation, parent netip.Addr) {
	if d.Missing {
		return
	}
	a, err := c.At(ctx, parent, d.Zone, wire.TypeDS)
	if err != nil || a.Err() != nil || !a.AA {
		return
	}
	d.DSKnown = true
	for _, rr := range a.Records {
		if ds, ok := rr.(*wire.DS); ok {
			d.DS = append(d.DS, ds)
			d.Records = append(d.Records, "parent: "+Line(rr))
		}
	}
}

// meet asks the servers of a zone, at once.
func (c *Client) meet(ctx context.Context, d *Delegation, hosts []string) error {
	var g errgroup.Group
	for _, host := range hosts {
		if len(d.Servers) == mostServers {
			break
		}
		s := &Server{Host: host}
		d.Servers = append(d.Servers, s)
		g.Go(func() error {
			addrs, gone, err := c.Addresses(ctx, host)
			if err != nil && Stops(ctx, err) {
				return err
			}
			if len(addrs) == 0 {
				addrs = d.Glue[host]
			}
			s.Addrs, s.Gone, s.Err = addrs, gone, err
			for i, addr := range addrs {
				if i == mostAddrs {
					break
				}
				seat := &Seat{Host: host, Addr: addr}
				s.Seats = append(s.Seats, seat)
				if seat.SOA, seat.Err = c.At(ctx, addr, d.Zone, wire.TypeSOA); seat.Err == nil && seat.SOA.AA {
					seat.NS, seat.Err = c.At(ctx, addr, d.Zone, wire.TypeNS)
				}
				if seat.Err != nil && Stops(ctx, seat.Err) {
					return seat.Err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// Addresses are those of a host, of both families; gone says that the name does
// not exist. A host that could not be looked up in one family is known by the other.
func (c *Client) Addresses(ctx context.Context, host string) (addrs []netip.Addr, gone bool, err error) {
	v4, err4 := c.Ask(ctx, host, wire.TypeA)
	v6, err6 := c.Ask(ctx, host, wire.TypeAAAA)
	for _, a := range []*Answer{v4, v6} {
		if a != nil {
			addrs = append(addrs, a.Addrs()...)
			gone = gone || a.Missing()
			if e := a.Err(); e != nil {
				err = errors.Join(err, e)
			}
		}
	}
	err = errors.Join(err4, err6, err)
	if len(addrs) > 0 && (err == nil || !Stops(ctx, err)) {
		return addrs, false, nil
	}
	return addrs, gone && err == nil, err
}

// Hosts are the servers that NS records name.
func Hosts(rrs []wire.RR) []string {
	var out []string
	for _, rr := range rrs {
		if ns, ok := rr.(*wire.NS); ok {
			out = merge(out, []string{Plain(ns.Ns)})
		}
	}
	return out
}

// Seats are the addresses that were asked, of all servers.
func (d *Delegation) Seats() []*Seat {
	var out []*Seat
	for _, s := range d.Servers {
		out = append(out, s.Seats...)
	}
	return out
}

// ErrNoServer says that none of a zone's servers could be asked.
var ErrNoServer = errors.New("no server of the zone answers with authority")

// Server is an address at which the zone can be asked.
func (d *Delegation) Server() (netip.Addr, error) {
	for _, s := range d.Seats() {
		if s.Authority() {
			return s.Addr, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("%s: %w", d.Zone, ErrNoServer)
}

func merge(into, more []string) []string {
	for _, s := range more {
		if !slices.Contains(into, s) {
			into = append(into, s)
		}
	}
	slices.Sort(into)
	return into
}

func nameOrRoot(name string) string {
	if strings.TrimSpace(name) == "" {
		return "the root"
	}
	return name
}
