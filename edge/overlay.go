package edge

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net"
	"strings"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
)

// Overlay is a network in which a zone is as a plan would make it. Questions that
// the plan changes are answered from it, all others by the network behind, so
// that a check asks the same way whether a zone is real or planned.
type Overlay struct {
	Network lr.Network
	Zone    string
	Sets    map[Key][]Value // as planned
	// Changed are the keys that are answered from Sets; nil: the whole zone is,
	// because no server has it.
	Changed map[Key]bool
}

var _ lr.Network = (*Overlay)(nil)

// Planned is the network in which the plan was applied to a zone that was read.
func (p *Plan) Planned(n lr.Network, s *State, virtual bool) *Overlay {
	o := &Overlay{Network: n, Zone: p.Zone, Sets: map[Key][]Value{}, Changed: map[Key]bool{}}
	for k, vs := range s.Sets {
		o.Sets[k] = vs
	}
	for _, c := range p.Changes() {
		o.Sets[c.Key] = c.After
		if !proxied(c.After) { // the edge's addresses are not ours to know
			o.Changed[c.Key] = true
		}
	}
	if virtual {
		o.Changed = nil
	}
	return o
}

// Resolver is that of the network behind.
func (o *Overlay) Resolver() string { return o.Network.Resolver() }

// Roots are those of the network behind.
func (o *Overlay) Roots() *x509.CertPool { return o.Network.Roots() }

// Dial connects to the planned zone where a name server is called.
func (o *Overlay) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil || port != "53" && address != o.Resolver() {
		return o.Network.Dial(ctx, network, address)
	}
	ours, theirs := net.Pipe()
	udp := strings.HasPrefix(network, "udp")
	go o.serve(context.WithoutCancel(ctx), ours, network, address)
	if udp {
		return packets{theirs}, nil
	}
	return theirs, nil
}

// packets is a pipe that keeps the bounds of messages, as UDP does.
type packets struct{ net.Conn }

func (p packets) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.Read(b)
	return n, p.RemoteAddr(), err
}

func (p packets) WriteTo(b []byte, _ net.Addr) (int, error) { return p.Write(b) }

var _ net.PacketConn = packets{}

// serve answers on one connection until it is closed.
func (o *Overlay) serve(ctx context.Context, c net.Conn, network, address string) {
	defer c.Close()
	udp := strings.HasPrefix(network, "udp")
	buf := make([]byte, dns.MaxMsgSize)
	for {
		n, err := readMessage(c, buf, udp)
		if err != nil {
			return
		}
		q := new(dns.Msg)
		if q.Unpack(buf[:n]) != nil {
			return
		}
		r := o.answer(ctx, q, network, address)
		if r == nil {
			return // as a server that does not answer
		}
		if udp {
			size := dns.MinMsgSize
			if opt := q.IsEdns0(); opt != nil {
				size = int(opt.UDPSize())
			}
			r.Truncate(size)
		}
		out, err := r.Pack()
		if err != nil {
			return
		}
		if !udp {
			out = append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...) //nolint:gosec // Pack keeps to 64 KB
		}
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

func readMessage(c net.Conn, buf []byte, udp bool) (int, error) {
	if udp {
		return c.Read(buf)
	}
	var head [2]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(head[:]))
	_, err := io.ReadFull(c, buf[:n])
	return n, err
}
