package dns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	wire "github.com/miekg/dns"
)

// Transfer is what a server gave of a zone to somebody who has no business with it.
type Transfer struct {
	Records int
	Sample  []string // the first of them
	Code    int      // where it gave nothing
	Closed  bool     // it hung up without a word
}

// Bounds of a transfer: whether it works is the question, not what it holds.
const (
	transferTime = 5 * time.Second
	mostTransfer = 200
	mostSample   = 5
)

// Transfer asks the server at an address for the whole zone (RFC 5936). It reads no
// more than shows that it gets it.
func (c *Client) Transfer(ctx context.Context, server netip.Addr, zone string) (*Transfer, error) {
	ctx, cancel := context.WithTimeout(ctx, transferTime)
	defer cancel()
	raw, err := c.network.Dial(ctx, "tcp", serverAt(server))
	if err != nil {
		return nil, err
	}
	defer func() { _ = raw.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	conn := &wire.Conn{Conn: raw}
	q := new(wire.Msg).SetAxfr(wire.Fqdn(zone))
	if err := conn.WriteMsg(q); err != nil {
		return nil, fmt.Errorf("ask %s for the zone %s: %w", server, zone, err)
	}
	out := &Transfer{}
	for heads := 0; out.Records < mostTransfer && heads < 2; {
		msg, err := conn.ReadMsg()
		switch {
		case err != nil && out.Records > 0:
			return out, nil // what was given is given
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			out.Closed = true
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("ask %s for the zone %s: %w", server, zone, err)
		case msg.Id != q.Id:
			return nil, fmt.Errorf("ask %s for the zone %s: %w", server, zone, errOther)
		case msg.Rcode != wire.RcodeSuccess || len(msg.Answer) == 0:
			out.Code = msg.Rcode
			return out, nil
		}
		for _, rr := range msg.Answer {
			if rr.Header().Rrtype == wire.TypeSOA {
				heads++
			}
			out.Records++
			if len(out.Sample) < mostSample {
				out.Sample = append(out.Sample, Line(rr))
			}
		}
	}
	return out, nil
}

// Open reports whether a transfer gave what the zone holds.
func (t *Transfer) Open() bool { return t.Records > 2 }

// Recursive is what a server said to a question about strangers.
type Recursive struct {
	Open   bool
	Answer *Answer
}

// Resolves asks the server at an address, as anybody may, for what another zone
// has. It does not count as resolving where the server has that zone itself.
func (c *Client) Resolves(ctx context.Context, server netip.Addr, strange string) (*Recursive, error) {
	a, err := c.Recurse(ctx, server, strange, wire.TypeSOA)
	if err != nil {
		return nil, err
	}
	return &Recursive{Open: a.RA && !a.AA && a.Code == wire.RcodeSuccess && len(a.Records) > 0, Answer: a}, nil
}
