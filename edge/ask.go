package edge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
)

// Patience with one question, and what is asked for by UDP (RFC 6891).
const (
	askTimeout = 5 * time.Second
	udpSize    = 1232
)

// exchange asks a server by the network, and again by TCP where the answer was cut.
func exchange(ctx context.Context, n lr.Network, server string, q *dns.Msg) (*dns.Msg, error) {
	var last error
	for _, network := range []string{"udp", "udp", "tcp"} {
		r, err := once(ctx, n, network, server, q)
		if err == nil && !(r.Truncated && network == "udp") {
			return r, nil
		}
		if errors.Is(err, lr.ErrScope) || errors.Is(err, lr.ErrBudget) || ctx.Err() != nil {
			return nil, err
		}
		if last = err; err == nil {
			r, err = once(ctx, n, "tcp", server, q)
			return r, err
		}
	}
	return nil, last
}

func once(ctx context.Context, n lr.Network, network, server string, q *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c, err := n.Dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	if err := c.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return nil, fmt.Errorf("ask %s: %w", server, err)
	}
	conn := &dns.Conn{Conn: c, UDPSize: 4096}
	if err := conn.WriteMsg(q); err != nil {
		return nil, fmt.Errorf("ask %s: %w", server, err)
	}
	for {
		r, err := conn.ReadMsg()
		switch {
		case err != nil:
			return nil, fmt.Errorf("ask %s: %w", server, err)
		case r.Id != q.Id || !r.Response: // somebody else's
			continue
		}
		return r, nil
	}
}

// Resolver asks the network's name server; it is a mail.Resolver.
type Resolver struct{ Network lr.Network }

var _ mail.Resolver = Resolver{}

// mostChain bounds a chain of CNAME records.
const mostChain = 10

// Lookup asks for one name and type.
func (r Resolver) Lookup(ctx context.Context, name string, t mail.Type) (mail.Answer, error) {
	out := mail.Answer{Name: name, Type: t}
	for at := name; ; {
		if !mail.Fits(at) {
			return out, fmt.Errorf("%s %q: %w", t, at, mail.ErrName)
		}
		q := new(dns.Msg)
		q.SetQuestion(mail.Record{Name: at, Type: mail.TXT}.RR().Header().Name, uint16(t))
		q.SetEdns0(udpSize, false)
		msg, err := exchange(ctx, r.Network, r.Network.Resolver(), q)
		if err != nil {
			return out, err
		}
		out.Code = mail.Code(msg.Rcode)
		next := at
		for range mostChain {
			to := ""
			for _, rr := range msg.Answer {
				if c, ok := rr.(*dns.CNAME); ok && equalName(c.Hdr.Name, next) {
					to = mail.Unescape(c.Target)
				}
			}
			if to == "" || t == mail.CNAME {
				break
			}
			next = to
			out.Chain = append(out.Chain, to)
		}
		for _, rr := range msg.Answer {
			if rec, ok := mail.FromRR(rr); ok && rec.Type == t && equalName(rr.Header().Name, next) {
				out.Records = append(out.Records, rec)
			}
		}
		if next == at || len(out.Records) > 0 || msg.Rcode != dns.RcodeSuccess || len(msg.Ns) > 0 {
			return out, nil
		}
		if len(out.Chain) > mostChain {
			return out, fmt.Errorf("%s %s: %w", t, name, mail.ErrChain)
		}
		at = next
	}
}

func equalName(a, b string) bool { return RR(mail.Unescape(a), "").Name == RR(b, "").Name }

// NameServers asks every authoritative server of a zone; it is Servers.
type NameServers struct {
	Network lr.Network
	Zone    string
}

var _ Servers = NameServers{}

// Ask asks every address of every name server.
func (n NameServers) Ask(ctx context.Context, k Key) (map[string]Seen, error) {
	r := Resolver{n.Network}
	ns, err := mail.Ask(ctx, r, n.Zone, mail.NS)
	if err != nil {
		return nil, err
	}
	if len(ns.Records) == 0 {
		return nil, fmt.Errorf("%s has no name servers", n.Zone)
	}
	out := map[string]Seen{}
	for _, host := range ns.Records {
		var addrs []netip.Addr
		for _, t := range []mail.Type{mail.A, mail.AAAA} {
			a, err := mail.Ask(ctx, r, host.Host, t)
			if err != nil {
				return nil, err
			}
			for _, rec := range a.Records {
				addrs = append(addrs, rec.Addr)
			}
		}
		if len(addrs) == 0 {
			out[host.Host] = Seen{Err: errors.New("it has no address")}
		}
		for _, ip := range addrs {
			server := host.Host + " (" + ip.String() + ")"
			data, err := n.ask(ctx, net.JoinHostPort(ip.String(), "53"), k)
			out[server] = Seen{Data: data, Err: err}
		}
	}
	return out, nil
}

func (n NameServers) ask(ctx context.Context, server string, k Key) ([]string, error) {
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(k.Name), dns.StringToType[k.Type])
	q.RecursionDesired = false
	q.SetEdns0(udpSize, false)
	r, err := exchange(ctx, n.Network, server, q)
	switch {
	case err != nil:
		return nil, err
	case r.Rcode == dns.RcodeRefused || r.Rcode == dns.RcodeNotAuth || r.Rcode == dns.RcodeSuccess && !r.Authoritative:
		return nil, ErrLame
	case r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError:
		return nil, fmt.Errorf("it answers %s", dns.RcodeToString[r.Rcode])
	}
	out := []string{}
	for _, rr := range r.Answer {
		if RR(rr.Header().Name, dns.TypeToString[rr.Header().Rrtype]) == k {
			out = append(out, DataOf(rr))
		}
	}
	slices.Sort(out)
	return out, nil
}
