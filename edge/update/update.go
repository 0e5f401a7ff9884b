// Package update changes a zone by DNS UPDATE (RFC 2136), signed by TSIG (RFC
// 8945). A message carries as prerequisites what each set was planned to hold, so
// that the server itself refuses a change of something else, and takes all of the
// message or nothing.
package update

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/edge"
)

// Driver changes the zone at its primary server.
type Driver struct {
	Zone   string // without the final dot
	Server string // host:port of the primary
	// Dial opens a connection; nil is a plain one.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	Key       string // name of the TSIG key; "" signs nothing
	Algorithm string // "hmac-sha256" where empty
	Secret    lr.Secret

	Timeout time.Duration // for one exchange; 0 is 15 seconds
	Most    int           // bytes of a message; 0 is 48 KB
}

var _ edge.Driver = (*Driver)(nil)

// Bounds of a transfer.
const (
	mostRecords = 200_000
	mostUpdate  = 48 << 10 // a message is at most 64 KB (RFC 1035 section 4.2.2)
)

// Name is the server's.
func (d *Driver) Name() string { return "name server " + d.Server }

// Read transfers the zone, or asks for each key where the server does not let it
// be transferred.
func (d *Driver) Read(ctx context.Context, keys []edge.Key) (*edge.State, error) {
	s, err := d.transfer(ctx)
	if err == nil {
		return s, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s = &edge.State{Sets: map[edge.Key][]edge.Value{}}
	for _, k := range keys {
		if k.Kind != edge.Records {
			continue
		}
		q := new(dns.Msg)
		q.SetQuestion(dns.Fqdn(k.Name), dns.StringToType[k.Type])
		q.RecursionDesired = false
		r, err := d.exchange(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("ask for %s: %w", k, err)
		}
		if r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError {
			return nil, fmt.Errorf("ask for %s: the server answers %s", k, dns.RcodeToString[r.Rcode])
		}
		if !r.Authoritative {
			return nil, fmt.Errorf("ask for %s: %s is not authoritative for %s", k, d.Server, d.Zone)
		}
		for _, rr := range r.Answer {
			add(s, rr, k)
		}
	}
	return s, nil
}

// transfer reads the whole zone (RFC 5936).
func (d *Driver) transfer(ctx context.Context) (*edge.State, error) {
	conn, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	t := &dns.Transfer{Conn: conn, ReadTimeout: d.timeout(), WriteTimeout: d.timeout()}
	q := new(dns.Msg)
	q.SetAxfr(dns.Fqdn(d.Zone))
	d.sign(q)
	t.TsigSecret = conn.TsigSecret
	in, err := t.In(q, d.Server)
	if err != nil {
		return nil, fmt.Errorf("transfer: %w", err)
	}
	s := &edge.State{Sets: map[edge.Key][]edge.Value{}, Complete: true}
	n, soa := 0, 0
	var failed error
	for envelope := range in { // to the end, or the goroutine stays
		if failed != nil {
			continue
		}
		if envelope.Error != nil {
			failed = fmt.Errorf("transfer: %w", envelope.Error)
			_ = conn.Close()
			continue
		}
		for _, rr := range envelope.RR {
			if n++; n > mostRecords {
				failed = errors.New("transfer: too many records")
				_ = conn.Close()
				break
			}
			if rr.Header().Rrtype == dns.TypeSOA {
				if soa++; soa > 1 {
					continue // a transfer ends as it begins
				}
			}
			add(s, rr, edge.Key{})
		}
	}
	if failed == nil && soa != 2 {
		failed = errors.New("transfer: it ended early")
	}
	if failed != nil {
		return nil, failed
	}
	return s, nil
}

// add puts a record into a state; where a key is given, only a record of it.
func add(s *edge.State, rr dns.RR, only edge.Key) {
	k := edge.RR(rr.Header().Name, dns.TypeToString[rr.Header().Rrtype])
	if only.Name != "" && k != only {
		return
	}
	s.Sets[k] = append(s.Sets[k], edge.Value{Data: edge.DataOf(rr), TTL: rr.Header().Ttl})
}

// Apply sends the changes, as few messages as hold them; a set is never parted.
func (d *Driver) Apply(ctx context.Context, changes []edge.Change) error {
	m := d.message()
	n := 0
	for _, c := range changes {
		if c.Key.Kind != edge.Records {
			return fmt.Errorf("%s: a name server holds records only", c.Key)
		}
		before := *m
		before.Answer, before.Ns = append([]dns.RR(nil), m.Answer...), append([]dns.RR(nil), m.Ns...)
		if err := fill(m, c); err != nil {
			return err
		}
		if n++; m.Len() > d.most() && n > 1 {
			if err := d.send(ctx, &before, changes); err != nil {
				return err
			}
			m, n = d.message(), 1
			if err := fill(m, c); err != nil {
				return err
			}
		}
	}
	if n == 0 {
		return nil
	}
	return d.send(ctx, m, changes)
}

func (d *Driver) most() int {
	if d.Most <= 0 {
		return mostUpdate
	}
	return d.Most
}

func (d *Driver) message() *dns.Msg {
	m := new(dns.Msg)
	m.SetUpdate(dns.Fqdn(d.Zone))
	return m
}

// fill puts a change into a message: that the set is as planned (RFC 2136 section
// 2.4.2) or absent (2.4.3), what goes (2.5.4) and what comes (2.5.1).
func fill(m *dns.Msg, c edge.Change) error {
	rrtype, known := dns.StringToType[c.Key.Type]
	if !known {
		return fmt.Errorf("%s: unknown type", c.Key)
	}
	name := dns.Fqdn(c.Key.Name)
	if len(c.Before) == 0 {
		m.RRsetNotUsed([]dns.RR{&dns.ANY{Hdr: dns.RR_Header{Name: name, Rrtype: rrtype}}})
	} else {
		have, err := records(c.Key, c.Before)
		if err != nil {
			return err
		}
		for _, rr := range have { // Used would change the class of what is deleted below
			h := rr.Header()
			h.Ttl, h.Class = 0, dns.ClassINET
			m.Answer = append(m.Answer, rr)
		}
	}
	gone, err := records(c.Key, c.Removed())
	if err != nil {
		return err
	}
	come, err := records(c.Key, c.Added())
	if err != nil {
		return err
	}
	if len(come) > 0 && len(c.After) > len(come) {
		// What stays must have the time of what comes, or the server decides.
		for _, v := range c.After {
			if v.TTL != c.After[0].TTL {
				return fmt.Errorf("%s: one set has one time to live", c.Key)
			}
		}
	}
	if len(gone) > 0 {
		m.Remove(gone)
	}
	if len(come) > 0 {
		m.Insert(come)
	}
	return nil
}

func records(k edge.Key, vs []edge.Value) ([]dns.RR, error) {
	var out []dns.RR
	for _, v := range vs {
		rr, err := edge.Parse(k.Name, k.Type, v.TTL, v.Data)
		if err != nil {
			return nil, err
		}
		out = append(out, rr)
	}
	return out, nil
}

// send sends one update. An answer that is lost leaves open whether it was taken;
// the next look at the zone tells.
func (d *Driver) send(ctx context.Context, m *dns.Msg, changes []edge.Change) error {
	r, err := d.exchange(ctx, m)
	if err != nil {
		return err
	}
	switch r.Rcode {
	case dns.RcodeSuccess:
		return nil
	case dns.RcodeNXRrset, dns.RcodeYXRrset, dns.RcodeNameError, dns.RcodeYXDomain:
		if len(changes) == 1 {
			return edge.Concurrent(changes[0].Key)
		}
		return fmt.Errorf("%s: %w", d.Zone, edge.ErrConcurrent)
	case dns.RcodeNotAuth, dns.RcodeRefused:
		return fmt.Errorf("the server answers %s: it does not take updates of %s with the key %q", dns.RcodeToString[r.Rcode], d.Zone, d.Key)
	}
	return fmt.Errorf("the server answers %s", dns.RcodeToString[r.Rcode])
}

func (d *Driver) exchange(ctx context.Context, m *dns.Msg) (*dns.Msg, error) {
	conn, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	d.sign(m)
	if err := conn.SetDeadline(time.Now().Add(d.timeout())); err != nil {
		return nil, fmt.Errorf("call %s: %w", d.Server, err)
	}
	if err := conn.WriteMsg(m); err != nil {
		return nil, fmt.Errorf("call %s: %w", d.Server, err)
	}
	r, err := conn.ReadMsg()
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", d.Server, err)
	}
	if r.Id != m.Id || !r.Response {
		return nil, fmt.Errorf("call %s: it answers another question", d.Server)
	}
	return r, nil
}

func (d *Driver) dial(ctx context.Context) (*dns.Conn, error) {
	dial := d.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: d.timeout()}).DialContext
	}
	c, err := dial(ctx, "tcp", d.Server)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", d.Server, err)
	}
	conn := &dns.Conn{Conn: c}
	if d.Key != "" {
		conn.TsigSecret = map[string]string{strings.ToLower(dns.Fqdn(d.Key)): d.Secret.Reveal()}
	}
	return conn, nil
}

// fudge is how far two clocks may be apart (RFC 8945 section 10).
const fudge = 300

func (d *Driver) sign(m *dns.Msg) {
	if d.Key == "" || m.IsTsig() != nil {
		return
	}
	algorithm := d.Algorithm
	if algorithm == "" {
		algorithm = "hmac-sha256"
	}
	m.SetTsig(strings.ToLower(dns.Fqdn(d.Key)), dns.Fqdn(strings.ToLower(algorithm)), fudge, time.Now().Unix())
}

func (d *Driver) timeout() time.Duration {
	if d.Timeout <= 0 {
		return 15 * time.Second
	}
	return d.Timeout
}
