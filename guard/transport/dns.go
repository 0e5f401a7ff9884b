package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/libdns/libdns"
	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/cloudflare"
)

// Zone is where the records of challenges are written (DNS-01, RFC 8555 section 8.4).
type Zone interface {
	libdns.RecordAppender
	libdns.RecordDeleter
}

// challengeTTL is the least that Cloudflare takes.
const challengeTTL = time.Minute

// CloudflareZone writes records at Cloudflare. The token may edit the zone's DNS, and
// needs nothing else.
type CloudflareZone struct {
	Token lr.Secret
	API   string // "": Cloudflare's
}

// direct is the network as it is.
type direct struct{ net.Dialer }

func (d *direct) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return d.DialContext(ctx, network, address)
}
func (*direct) Resolver() string      { return "" }
func (*direct) Roots() *x509.CertPool { return nil }

// in opens the API and finds the zone's id there.
func (z CloudflareZone) in(ctx context.Context, zone string) (*cloudflare.Client, string, error) {
	c := cloudflare.New(z.API, z.Token, &direct{})
	at, err := c.Zone(ctx, "", strings.TrimSuffix(zone, "."))
	if err != nil {
		c.Close()
		return nil, "", fmt.Errorf("find the zone at Cloudflare: %w", err)
	}
	return c, at.ID, nil
}

// AppendRecords adds records.
func (z CloudflareZone) AppendRecords(ctx context.Context, zone string, recs []libdns.Record) ([]libdns.Record, error) {
	c, id, err := z.in(ctx, zone)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var b cloudflare.Batch
	for _, r := range recs {
		rr := r.RR()
		b.Posts = append(b.Posts, cloudflare.Record{Type: rr.Type, Name: name(rr, zone), Content: text(rr), TTL: uint32(max(rr.TTL, challengeTTL) / time.Second)}) //nolint:gosec // of a challenge
	}
	if err := c.Batch(ctx, id, b); err != nil {
		return nil, fmt.Errorf("add records at Cloudflare: %w", err)
	}
	return recs, nil
}

// DeleteRecords removes those that have the same name, type and content.
func (z CloudflareZone) DeleteRecords(ctx context.Context, zone string, recs []libdns.Record) ([]libdns.Record, error) {
	c, id, err := z.in(ctx, zone)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	all, err := c.Records(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list records at Cloudflare: %w", err)
	}
	var b cloudflare.Batch
	var gone []libdns.Record
	for _, r := range recs {
		rr := r.RR()
		for _, have := range all {
			if have.Type == rr.Type && strings.EqualFold(have.Name, name(rr, zone)) && strings.Trim(have.Content, `"`) == rr.Data {
				b.Deletes, gone = append(b.Deletes, cloudflare.Ref{ID: have.ID}), append(gone, r)
			}
		}
	}
	if len(gone) == 0 {
		return nil, nil
	}
	if err := c.Batch(ctx, id, b); err != nil {
		return nil, fmt.Errorf("delete records at Cloudflare: %w", err)
	}
	return gone, nil
}

// name is a record's whole name without the final dot.
func name(rr libdns.RR, zone string) string {
	return strings.TrimSuffix(libdns.AbsoluteName(rr.Name, zone), ".")
}

// text is a record's content as a zone file writes it.
func text(rr libdns.RR) string {
	if rr.Type == "TXT" {
		return `"` + rr.Data + `"`
	}
	return rr.Data
}

// UpdateZone writes records into the zone of a name server that takes dynamic updates
// (RFC 2136), signed by a key that it shares (TSIG, RFC 8945).
type UpdateZone struct {
	Server    string // host:port
	Key       string // its name
	Algorithm string // hmac-sha256 (default), hmac-sha512, …
	Secret    lr.Secret
}

// Algorithms of signatures that are taken; MD5 and SHA-1 are not (RFC 8945 section 6).
func Algorithms() []string {
	return []string{strings.TrimSuffix(dns.HmacSHA256, "."), strings.TrimSuffix(dns.HmacSHA384, "."), strings.TrimSuffix(dns.HmacSHA512, ".")}
}

// AppendRecords adds records.
func (z UpdateZone) AppendRecords(ctx context.Context, zone string, recs []libdns.Record) ([]libdns.Record, error) {
	return z.update(ctx, zone, recs, (*dns.Msg).Insert)
}

// DeleteRecords removes records.
func (z UpdateZone) DeleteRecords(ctx context.Context, zone string, recs []libdns.Record) ([]libdns.Record, error) {
	return z.update(ctx, zone, recs, (*dns.Msg).Remove)
}

func (z UpdateZone) update(ctx context.Context, zone string, recs []libdns.Record, change func(*dns.Msg, []dns.RR)) ([]libdns.Record, error) {
	m := new(dns.Msg).SetUpdate(dns.Fqdn(zone))
	for _, r := range recs {
		rr := r.RR()
		line, err := dns.NewRR(fmt.Sprintf("%s. %d IN %s %s", name(rr, zone), int(max(rr.TTL, challengeTTL)/time.Second), rr.Type, text(rr)))
		if err != nil || line == nil {
			return nil, fmt.Errorf("write a %s record: %w", rr.Type, err)
		}
		change(m, []dns.RR{line})
	}
	key, algorithm := dns.Fqdn(strings.ToLower(z.Key)), z.Algorithm
	if algorithm == "" {
		algorithm = dns.HmacSHA256
	}
	const skew = 300 // seconds
	m.SetTsig(key, dns.Fqdn(algorithm), skew, time.Now().Unix())
	c := &dns.Client{Net: "tcp", Timeout: 10 * time.Second, TsigSecret: map[string]string{key: z.Secret.Reveal()}}
	answer, _, err := c.ExchangeContext(ctx, m, z.Server)
	switch {
	case errors.Is(err, dns.ErrSecret), errors.Is(err, dns.ErrKey), errors.Is(err, dns.ErrKeyAlg), errors.Is(err, dns.ErrSig):
		return nil, fmt.Errorf("update the zone at %s: the key is not taken: %w", z.Server, err)
	case err != nil:
		return nil, fmt.Errorf("update the zone at %s: %w", z.Server, err)
	case answer.Rcode != dns.RcodeSuccess:
		return nil, fmt.Errorf("update the zone at %s: it answers %s", z.Server, dns.RcodeToString[answer.Rcode])
	}
	return recs, nil
}
