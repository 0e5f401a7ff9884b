package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Client is a Resolver that asks one server: over UDP with EDNS, and over TCP
// where the answer was cut or could not be read. It follows CNAME records that
// a server leaves to the asker.
//
// Names are plain text. A byte that a zone file would escape stands for itself;
// only a dot inside a label is written `\.`. The zero value asks the name server
// of the machine on loopback, port 53.
type Client struct {
	// Server is the address and port to ask, "127.0.0.1:53" where empty.
	Server string
	// Timeout is how long one question may take with all its tries; 0 is 5 seconds.
	Timeout time.Duration
	// Tries is how often UDP is asked before giving up; 0 is 2.
	Tries int
	// Dial opens a connection, network "udp" or "tcp"; nil is the machine's own
	// way. It is where a caller keeps questions within its scope and budget.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// udpSize is what the DNS flag day of 2020 agreed on: it passes without fragments.
const udpSize = 1232

// Lookup asks for one name and type. The context ends it early.
func (c *Client) Lookup(ctx context.Context, name string, t Type) (Answer, error) {
	name = strings.TrimSuffix(name, ".")
	out := Answer{Name: name, Type: t}
	ctx, cancel := context.WithTimeout(ctx, c.timeout())
	defer cancel()
	for at := name; ; {
		if !Fits(at) {
			return out, fmt.Errorf("%s %q: %w", t, clip(at), ErrName)
		}
		msg, err := c.exchange(ctx, at, t)
		if err != nil {
			return out, fmt.Errorf("%s %s at %s: %w", t, clip(at), c.server(), err)
		}
		a, next, err := read(msg, at, t)
		out.Code, out.Authentic, out.Records = a.Code, a.Authentic && (at == name || out.Authentic), a.Records
		out.Chain = append(out.Chain, a.Chain...)
		switch {
		case err != nil:
			return out, err
		case next == "":
			return out, nil
		case len(out.Chain) > mostChain:
			return out, fmt.Errorf("%s %s: %w", t, clip(name), ErrChain)
		}
		at = next
	}
}

// exchange gets one message that answers the question.
func (c *Client) exchange(ctx context.Context, name string, t Type) (*dns.Msg, error) {
	tries := c.Tries
	if tries < 1 {
		tries = 2
	}
	share := c.timeout() / time.Duration(tries+1)
	edns, tcp := true, false
	var last error
	for try := 0; try <= tries && ctx.Err() == nil; try++ {
		network := "udp"
		if tcp {
			network = "tcp"
		}
		msg, err := c.once(ctx, network, share, question(name, t, edns))
		switch {
		case err != nil && isTimeout(err):
			last = err
			continue
		case err != nil && tcp:
			return nil, err
		case err != nil: // garbage: the other transport may be in order
			last, tcp = err, true
			continue
		case msg.Truncated && !tcp:
			last, tcp = errCut, true
			continue
		case msg.Truncated:
			return nil, errCut
		case msg.Rcode == dns.RcodeFormatError && edns: // a server older than EDNS (RFC 6891 section 7)
			last, edns = &CodeError{Code: FormErr}, false
			if try == tries {
				return msg, nil
			}
			continue
		}
		return msg, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, last
}

var (
	errCut   = errors.New("the answer is cut off")
	errOther = errors.New("the message answers another question")
)

func (c *Client) once(ctx context.Context, network string, share time.Duration, q *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, share)
	defer cancel()
	client := dns.Client{Net: network, Timeout: share, UDPSize: udpSize}
	conn := &dns.Conn{UDPSize: udpSize}
	var err error
	if c.Dial != nil {
		conn.Conn, err = c.Dial(ctx, network, c.server())
	} else {
		conn, err = client.DialContext(ctx, c.server())
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	msg, _, err := client.ExchangeWithConnContext(ctx, q, conn)
	if err != nil {
		return nil, err
	}
	if !msg.Response || len(msg.Question) > 1 ||
		len(msg.Question) == 1 && (msg.Question[0].Qtype != q.Question[0].Qtype || !strings.EqualFold(msg.Question[0].Name, q.Question[0].Name)) ||
		len(msg.Question) == 0 && msg.Rcode == dns.RcodeSuccess {
		return nil, errOther
	}
	return msg, nil
}

func question(name string, t Type, edns bool) *dns.Msg {
	q := new(dns.Msg)
	q.SetQuestion(escape(name), uint16(t))
	q.AuthenticatedData = true // asks for AD without the signatures (RFC 6840 section 5.7)
	if edns {
		q.SetEdns0(udpSize, false)
	}
	return q
}

func (c *Client) server() string {
	if c.Server == "" {
		return "127.0.0.1:53"
	}
	return c.Server
}

func (c *Client) timeout() time.Duration {
	if c.Timeout <= 0 {
		return 5 * time.Second
	}
	return c.Timeout
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}
