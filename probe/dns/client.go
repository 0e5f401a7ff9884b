// Package dns asks name servers through an lr.Network and gives the answers
// whole: code, chain, flags and times to live, which net.Resolver hides. It asks
// the resolver as well as the servers that a delegation names, tells a server
// that has no authority from one that fails, asks for the whole zone and for
// strangers' names, and verifies signatures.
package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
)

// Bounds of one question. The first try is short, for datagrams get lost.
const (
	firstTry   = 1500 * time.Millisecond
	secondTry  = 2 * time.Second
	overTCP    = 4 * time.Second
	atOnce     = 64
	mostKept   = 20_000
	udpSize    = 1232  // what the DNS flag day of 2020 agreed on
	udpRead    = 16384 // what is read of a server that sends more than it may
	mostSilent = 4     // questions without an answer, one after another, until a server is given up
	mostMute   = 2     // questions about one name without an answer, until no more are asked about it there
)

// ErrSilent says that a server left several questions unanswered, one after
// another, and is not asked any more.
var ErrSilent = errors.New("the server does not answer")

// errCut and errOther are answers that are none.
var (
	errCut   = errors.New("the answer is cut off, over TCP as well")
	errOther = errors.New("the message answers another question")
)

// Client asks name servers. It remembers what it was answered, and what was not
// answered, so that checks may ask the same. It is safe for concurrent use.
type Client struct {
	network lr.Network
	room    chan struct{}

	mu     sync.Mutex
	kept   map[question]*kept
	silent map[string]int // by server, and by server and name: questions without an answer since the last one
}

type question struct {
	server, name string
	kind         uint16
	o            options
}

type kept struct {
	done chan struct{}
	a    *Answer
	err  error
}

// New asks through a network.
func New(n lr.Network) *Client {
	return &Client{network: n, room: make(chan struct{}, atOnce), kept: map[question]*kept{}, silent: map[string]int{}}
}

// options are the flags of a question.
type options struct {
	recurse bool // RD (RFC 1035 section 4.1.1)
	signed  bool // DO (RFC 3225)
	check   bool // CD: give what does not validate as well (RFC 4035 section 3.2.2)
}

// Ask asks the resolver, and follows a chain of CNAME records to its end.
func (c *Client) Ask(ctx context.Context, name string, kind uint16) (*Answer, error) {
	out := &Answer{Name: Plain(name), Type: kind}
	for at := out.Name; ; {
		a, err := c.ask(ctx, question{c.network.Resolver(), at, kind, options{recurse: true, check: true}})
		if err != nil {
			return nil, err
		}
		chain := out.Chain
		name := out.Name
		copied := *a
		out = &copied
		out.Name, out.Chain = name, append(chain, a.Chain...)
		if a.open == "" {
			return out, nil
		}
		if len(out.Chain) > mostChain {
			return nil, fmt.Errorf("%s %s: %w", wire.Type(kind), clip(out.Name), ErrChain)
		}
		at = a.open
	}
}

// Signed asks the resolver for the signatures as well.
func (c *Client) Signed(ctx context.Context, name string, kind uint16) (*Answer, error) {
	return c.ask(ctx, question{c.network.Resolver(), Plain(name), kind, options{recurse: true, signed: true}})
}

// At asks the server at an address for what it has by itself, with signatures.
func (c *Client) At(ctx context.Context, server netip.Addr, name string, kind uint16) (*Answer, error) {
	return c.ask(ctx, question{serverAt(server), Plain(name), kind, options{signed: true}})
}

// Recurse asks the server at an address to find out what others have.
func (c *Client) Recurse(ctx context.Context, server netip.Addr, name string, kind uint16) (*Answer, error) {
	return c.ask(ctx, question{serverAt(server), Plain(name), kind, options{recurse: true}})
}

func serverAt(server netip.Addr) string { return net.JoinHostPort(server.String(), "53") }

// ask answers from memory or asks. Concurrent askers of one question wait for one
// answer.
func (c *Client) ask(ctx context.Context, q question) (*Answer, error) {
	c.mu.Lock()
	e, ok := c.kept[q]
	if !ok && len(c.kept) >= mostKept {
		c.mu.Unlock()
		return c.read(ctx, q)
	}
	if !ok {
		e = &kept{done: make(chan struct{})}
		c.kept[q] = e
		c.mu.Unlock()
		e.a, e.err = c.read(ctx, q)
		if e.err != nil && Stops(ctx, e.err) {
			c.mu.Lock()
			delete(c.kept, q)
			c.mu.Unlock()
		}
		close(e.done)
		return e.a, e.err
	}
	c.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.done:
		return e.a, e.err
	}
}

// read asks and reads the answer.
func (c *Client) read(ctx context.Context, q question) (*Answer, error) {
	if !fits(q.name) {
		return nil, fmt.Errorf("%s %q: not a domain name", wire.Type(q.kind), clip(q.name))
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case c.room <- struct{}{}:
	}
	defer func() { <-c.room }()
	c.mu.Lock()
	gone := c.silent[q.server] >= mostSilent || c.silent[q.server+" "+q.name] >= mostMute
	c.mu.Unlock()
	if gone {
		return nil, fmt.Errorf("%s %s at %s: %w", wire.Type(q.kind), clip(q.name), q.server, ErrSilent)
	}
	msg, err := c.exchange(ctx, q)
	c.mu.Lock()
	if err != nil && isTimeout(err) && ctx.Err() == nil {
		c.silent[q.server]++
		c.silent[q.server+" "+q.name]++
	} else if err == nil {
		delete(c.silent, q.server)
	}
	c.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("%s %s at %s: %w", wire.Type(q.kind), clip(q.name), q.server, err)
	}
	return Read(msg, q.name, q.kind), nil
}

// exchange gets one message that answers the question: over UDP, again where
// nothing came, over TCP where it was cut or could not be read.
func (c *Client) exchange(ctx context.Context, q question) (*wire.Msg, error) {
	edns, network, share := true, "udp", firstTry
	var last error
	for range 4 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		msg, err := c.once(ctx, network, share, q, edns)
		switch {
		case err != nil && (errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrScope)):
			return nil, err
		case err != nil && network == "tcp":
			return nil, err
		case err != nil && isTimeout(err) && share == firstTry:
			last, share = err, secondTry
		case err != nil && isTimeout(err):
			return nil, err
		case err != nil: // it cannot be read; the other transport may be in order
			last, network, share = err, "tcp", overTCP
		case msg.Truncated && network == "tcp":
			return nil, errCut
		case msg.Truncated:
			last, network, share = errCut, "tcp", overTCP
		case msg.Rcode == wire.RcodeFormatError && edns: // older than EDNS (RFC 6891 section 7)
			last, edns = errOther, false
		default:
			return msg, nil
		}
	}
	return nil, last
}

// once sends one message over one transport.
func (c *Client) once(ctx context.Context, network string, share time.Duration, q question, edns bool) (*wire.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, share)
	defer cancel()
	raw, err := c.network.Dial(ctx, network, q.server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = raw.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	m := new(wire.Msg).SetQuestion(escape(q.name), q.kind)
	m.RecursionDesired, m.CheckingDisabled = q.o.recurse, q.o.check
	m.AuthenticatedData = true // asks for AD without the signatures (RFC 6840 section 5.7)
	if edns {
		m.SetEdns0(udpSize, q.o.signed)
	}
	conn := &wire.Conn{Conn: raw, UDPSize: udpRead}
	if err := conn.WriteMsg(m); err != nil {
		return nil, err
	}
	for range 8 { // datagrams of others are not waited out
		msg, err := conn.ReadMsg()
		if err != nil {
			return nil, err
		}
		if msg.Id != m.Id {
			if network == "udp" {
				continue
			}
			return nil, errOther
		}
		if !answers(msg, m) {
			return nil, errOther
		}
		return msg, nil
	}
	return nil, errOther
}

// answers reports whether a message is an answer to the question.
func answers(msg, q *wire.Msg) bool {
	switch {
	case !msg.Response, len(msg.Question) > 1:
		return false
	case len(msg.Question) == 0:
		return msg.Rcode != wire.RcodeSuccess
	}
	return msg.Question[0].Qtype == q.Question[0].Qtype && strings.EqualFold(msg.Question[0].Name, q.Question[0].Name)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// Stops reports whether an error ends the run, so that nothing more is to be asked.
func Stops(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost)
}
