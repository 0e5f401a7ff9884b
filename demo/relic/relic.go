// Package relic answers the hellos of former times as servers of former times
// did: in SSL 2.0 and 3.0, with a cipher that encrypts nothing, in a group of 512
// bits. No library speaks these any more, so the answers are canned: the first
// flight is right in form, and no key is behind it.
package relic

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
)

// Options say which old hellos are answered. The zero value answers none.
type Options struct {
	SSL2, SSL3 bool
	// Suites are what is taken of a hello of TLS 1.2 and older, by the server's preference.
	Suites []uint16
	Oldest uint16 // version that is spoken with Suites; 0 is TLS 1.2 alone
	// Newest is the highest version; 0 leaves TLS 1.3 to whoever listens behind.
	Newest uint16
	Prime  int    // bits of the group of suites with DHE; 0 is 2048
	Group  uint16 // named group of suites with ECDHE; 0 is P-256
	// Only, where set, is the group that a client must offer for ECDHE.
	Only      uint16
	Deflate   bool // compresses where the client offers it
	Unbound   bool // leaves out the extended master secret
	Unsecured bool // leaves out what secures a renegotiation
	Signature uint16
	OldSigner bool // answers only who takes signatures by SHA-1 alone
	Fallback  bool // takes a hello that says it fell back
	Follows   bool // takes the suite that the client names first, not the server's own
	Chain     [][]byte
}

// Listen returns a listener whose connections answer old hellos by themselves and
// hand the others on, as they came.
func Listen(l net.Listener, o Options) net.Listener {
	return ListenFor(l, func(string) Options { return o })
}

// ListenFor does so by the name that the hello asks for, "" where it has none.
func ListenFor(l net.Listener, o func(name string) Options) net.Listener { return &listener{l, o} }

type listener struct {
	net.Listener
	o func(name string) Options
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // it is the listener's own
	}
	return &conn{Conn: c, o: l.o}, nil
}

// conn looks at the hello when it is first read.
type conn struct {
	net.Conn
	o    func(name string) Options
	once sync.Once
	seen []byte
	end  error
}

func (c *conn) Read(p []byte) (int, error) {
	c.once.Do(c.look)
	if len(c.seen) > 0 {
		n := copy(p, c.seen)
		c.seen = c.seen[n:]
		return n, nil
	}
	if c.end != nil {
		return 0, c.end
	}
	return c.Conn.Read(p)
}

func (c *conn) look() {
	head := make([]byte, 5)
	n, err := io.ReadFull(c.Conn, head)
	c.seen = head[:n]
	if err != nil {
		c.end = err
		return
	}
	rest := int(binary.BigEndian.Uint16(head[3:])) // of a record
	if head[0]&0x80 != 0 {
		rest = int(binary.BigEndian.Uint16(head)&0x7fff) - 3 // of SSL 2.0
	}
	if rest < 0 || rest > 1<<14 {
		return
	}
	body := make([]byte, rest)
	n, err = io.ReadFull(c.Conn, body)
	c.seen = append(c.seen, body[:n]...)
	if err != nil {
		c.end = err
		return
	}
	if answer := c.o(nameIn(c.seen)).Answer(c.seen); answer != nil {
		c.seen, c.end = nil, io.EOF
		if _, err := c.Conn.Write(answer); err == nil && !closes(c.Conn) {
			_ = c.Conn.Close()
		}
	}
}

// closes ends the writing side, so that the answer is not lost with the connection.
func closes(c net.Conn) bool {
	t, ok := c.(*net.TCPConn)
	return ok && !errors.Is(t.CloseWrite(), net.ErrClosed)
}

// offer is what the hello of a client says.
type offer struct {
	version               uint16
	suites, groups, signs []uint16
	deflate, newest       bool
	ems, reneg            bool
	name                  string
}

func nameIn(hello []byte) string {
	c, _ := read(hello)
	return c.name
}

// Answer is the first flight to a hello, nil where it is not one of the old ones.
func (o Options) Answer(hello []byte) []byte {
	if len(hello) > 2 && hello[0]&0x80 != 0 && hello[2] == 1 {
		if !o.SSL2 {
			return nil
		}
		cert := []byte("a certificate")
		body := slices.Concat([]byte{4, 0, 1, 0, 2, 0, byte(len(cert)), 0, 3, 0, 16}, cert, []byte{7, 0, 0xc0}, make([]byte, 16))
		return append([]byte{0x80, byte(len(body))}, body...)
	}
	c, ok := read(hello)
	if !ok || c.newest && o.Newest == 0 {
		return nil
	}
	version := c.version
	if o.Newest != 0 {
		version = min(version, o.Newest)
	}
	oldest := o.Oldest
	if oldest == 0 {
		oldest = 0x0303
	}
	if version < oldest && (version != 0x0300 || !o.SSL3) {
		return nil
	}
	if slices.Contains(c.suites, 0x5600) && !o.Fallback {
		return nil
	}
	if o.OldSigner && !onlyOld(c.signs) {
		return nil
	}
	mine := o.Suites
	if o.Follows {
		mine = slices.DeleteFunc(slices.Clone(c.suites), func(s uint16) bool { return !slices.Contains(o.Suites, s) })
	}
	for _, s := range mine {
		if slices.Contains(c.suites, s) && (!elliptic(s) || o.Only == 0 || slices.Contains(c.groups, o.Only)) {
			return o.flight(c, version, s)
		}
	}
	if version == 0x0300 && o.SSL3 && slices.Contains(c.suites, 0x0035) {
		return o.flight(c, version, 0x0035)
	}
	return nil
}

func onlyOld(signs []uint16) bool {
	return len(signs) > 0 && !slices.ContainsFunc(signs, func(s uint16) bool { return s>>8 != 2 })
}

func elliptic(suite uint16) bool { return suite>>8 == 0xc0 && suite < 0xc09c || suite>>8 == 0xcc }

func anonymous(suite uint16) bool {
	return suite >= 0x17 && suite <= 0x1b || suite == 0x34 || suite == 0x3a || suite == 0x6c || suite == 0x6d || suite == 0xa6 || suite == 0xa7 || suite >= 0xc015 && suite <= 0xc019
}

// finite are the suites of DHE and of anonymous DH.
func finite(suite uint16) bool {
	return suite >= 0x11 && suite <= 0x1b || slices.Contains([]uint16{0x32, 0x33, 0x34, 0x38, 0x39, 0x3a, 0x67, 0x6b, 0x6c, 0x6d, 0x9e, 0x9f, 0xa6, 0xa7}, suite)
}

func (o Options) flight(c offer, version, suite uint16) []byte {
	hello := binary.BigEndian.AppendUint16(nil, version)
	hello = append(append(hello, make([]byte, 32)...), 0)
	hello = binary.BigEndian.AppendUint16(hello, suite)
	if o.Deflate && c.deflate {
		hello = append(hello, 1)
	} else {
		hello = append(hello, 0)
	}
	var ext []byte
	if c.ems && !o.Unbound {
		ext = append(ext, 0, 23, 0, 0)
	}
	if c.reneg && !o.Unsecured {
		ext = append(ext, 0xff, 1, 0, 1, 0)
	}
	if version > 0x0300 && len(ext) > 0 {
		hello = vector(hello, 2, ext)
	}
	msgs := message(2, hello)
	if !anonymous(suite) {
		var list []byte
		for _, der := range o.Chain {
			list = vector(list, 3, der)
		}
		msgs = append(msgs, message(11, vector(nil, 3, list))...)
	}
	if key := o.exchange(version, suite); key != nil {
		msgs = append(msgs, message(12, key)...)
	}
	msgs = append(msgs, message(14, nil)...)
	var out []byte
	for len(msgs) > 0 {
		n := min(len(msgs), 1<<14)
		out = vector(binary.BigEndian.AppendUint16(append(out, 22), version), 2, msgs[:n])
		msgs = msgs[n:]
	}
	return out
}

func (o Options) exchange(version, suite uint16) []byte {
	var key []byte
	switch {
	case elliptic(suite):
		group := o.Group
		if group == 0 {
			group = 23
		}
		key = vector(binary.BigEndian.AppendUint16([]byte{3}, group), 1, make([]byte, 65))
	case finite(suite):
		bits := o.Prime
		if bits == 0 {
			bits = 2048
		}
		prime := make([]byte, bits/8)
		prime[0], prime[len(prime)-1] = 0x80, 1
		key = vector(vector(vector(nil, 2, prime), 2, []byte{2}), 2, prime)
	default:
		return nil
	}
	if anonymous(suite) {
		return key
	}
	if version == 0x0303 {
		sign := o.Signature
		if sign == 0 {
			sign = 0x0401
		}
		key = binary.BigEndian.AppendUint16(key, sign)
	}
	return vector(key, 2, make([]byte, 64))
}

func message(kind byte, body []byte) []byte { return vector([]byte{kind}, 3, body) }

// vector appends data behind its length of so many bytes.
func vector(b []byte, octets int, data []byte) []byte {
	for i := octets - 1; i >= 0; i-- {
		b = append(b, byte(len(data)>>(8*i)))
	}
	return append(b, data...)
}
