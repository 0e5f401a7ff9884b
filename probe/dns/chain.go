package dns

import (
	"context"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// Chain is the part of the chain of trust that a zone's owner answers for: from
// what the parent vouches for down to the signatures of the zone.
type Chain struct {
	Zone   string
	Signed bool // the zone has keys
	Vouch  bool // the parent vouches for one
	// Unread says that the parent vouches only by algorithms that cannot be judged
	// here; a resolver that does not know them takes the zone for unsigned.
	Unread bool

	// Broken are the reasons for which a validating resolver refuses the zone.
	Broken     []string
	Until      time.Time // when the first signature ends; zero without one
	Algorithms []uint8   // of the keys
	Digests    []uint8   // of what the parent vouches for
	Iterations int       // of NSEC3; -1 where absence is proved otherwise
	Records    []string
}

// Judge validates a zone by what its own servers say at this time.
func (c *Client) Judge(ctx context.Context, d *Delegation, now time.Time) (*Chain, error) {
	if !d.DSKnown {
		return nil, fmt.Errorf("what the parent vouches for of %s is not known", d.Zone)
	}
	out := &Chain{Zone: d.Zone, Iterations: -1, Vouch: len(d.DS) > 0}
	for _, ds := range d.DS {
		out.Records = append(out.Records, Line(ds))
		if !slices.Contains(out.Digests, ds.DigestType) {
			out.Digests = append(out.Digests, ds.DigestType)
		}
	}
	asked := false
	for _, seat := range d.Seats() {
		if !seat.Authority() {
			continue
		}
		if err := c.judgeSeat(ctx, d, seat, out, now); err != nil {
			if Stops(ctx, err) {
				return nil, err
			}
			continue
		}
		asked = true
	}
	if !asked {
		return nil, fmt.Errorf("no server of %s could be asked for its keys", d.Zone)
	}
	return out, nil
}

// judgeSeat validates what one server says: one that is behind may have signatures
// that have ended.
func (c *Client) judgeSeat(ctx context.Context, d *Delegation, seat *Seat, out *Chain, now time.Time) error {
	answer, err := c.At(ctx, seat.Addr, d.Zone, wire.TypeDNSKEY)
	if err != nil {
		return err
	}
	if err := answer.Err(); err != nil {
		return err
	}
	broken := func(format string, args ...any) {
		line := fmt.Sprintf("%s (%s): ", seat.Host, seat.Addr) + fmt.Sprintf(format, args...)
		if !slices.Contains(out.Broken, line) {
			out.Broken = append(out.Broken, line)
		}
	}
	var keys []*wire.DNSKEY
	for _, rr := range answer.Records {
		if k, ok := rr.(*wire.DNSKEY); ok && k.Flags&wire.ZONE != 0 && k.Protocol == 3 && k.Flags&wire.REVOKE == 0 {
			keys = append(keys, k)
			if !slices.Contains(out.Algorithms, k.Algorithm) {
				out.Algorithms = append(out.Algorithms, k.Algorithm)
			}
		}
	}
	if len(keys) == 0 {
		if out.Vouch {
			broken("the parent vouches for a key, and the zone has none")
		}
		return nil
	}
	out.Signed = true
	trusted, known := entries(d, keys)
	switch {
	case out.Vouch && !known:
		out.Unread = true
		return nil
	case out.Vouch && len(trusted) == 0:
		broken("no key of the zone is the one that the parent vouches for (key tag %s)", tags(d.DS))
		return nil
	case !out.Vouch:
		trusted = keys // nobody vouches: whether the zone is sound in itself
	}
	if why := out.signed(answer.Msg.Answer, d.Zone, wire.TypeDNSKEY, trusted, now); why != "" {
		broken("the keys: %s", why)
	}
	return c.judgeSets(ctx, d, seat, keys, out, now, broken)
}

// judgeSets validates the records that everybody asks for, and the proof that a
// name does not exist.
func (c *Client) judgeSets(ctx context.Context, d *Delegation, seat *Seat, keys []*wire.DNSKEY, out *Chain, now time.Time, broken func(string, ...any)) error {
	for _, kind := range []uint16{wire.TypeSOA, wire.TypeNS, wire.TypeA, wire.TypeMX} {
		a, err := c.At(ctx, seat.Addr, d.Zone, kind)
		if err != nil {
			return err
		}
		if len(a.Records) == 0 {
			continue
		}
		if why := out.signed(a.Msg.Answer, d.Zone, kind, keys, now); why != "" {
			broken("%s: %s", wire.Type(kind), why)
		}
	}
	name := Absent + "." + d.Zone
	a, err := c.At(ctx, seat.Addr, name, wire.TypeA)
	if err != nil {
		return err
	}
	if !a.Missing() {
		return nil // a wildcard answers, or the server denies in another way
	}
	if why := out.denied(a, name, keys, now); why != "" {
		broken("that %s does not exist: %s", name, why)
	}
	return nil
}

// Absent is a label that no zone has: it is asked for to see how absence is proved.
const Absent = "lr-no-such-name-4t9w"

// entries are the keys that the parent vouches for; known says that one of the
// parent's records is of an algorithm and a digest that are known here.
func entries(d *Delegation, keys []*wire.DNSKEY) (trusted []*wire.DNSKEY, known bool) {
	for _, ds := range d.DS {
		if !readable(ds.Algorithm) || ds.DigestType != wire.SHA1 && ds.DigestType != wire.SHA256 && ds.DigestType != wire.SHA384 {
			continue
		}
		known = true
		for _, k := range keys {
			if k.Algorithm != ds.Algorithm || k.KeyTag() != ds.KeyTag {
				continue
			}
			if own := k.ToDS(ds.DigestType); own != nil && strings.EqualFold(own.Digest, ds.Digest) {
				trusted = append(trusted, k)
			}
		}
	}
	return trusted, known
}

func readable(algorithm uint8) bool {
	switch algorithm {
	case wire.RSASHA1, wire.RSASHA1NSEC3SHA1, wire.RSASHA256, wire.RSASHA512, wire.ECDSAP256SHA256, wire.ECDSAP384SHA384, wire.ED25519:
		return true
	}
	return false
}

func tags(dss []*wire.DS) string {
	var out []string
	for _, ds := range dss {
		out = append(out, fmt.Sprint(ds.KeyTag))
	}
	return strings.Join(out, ", ")
}

// signed wants a signature over the set of a name and type in a section that one of
// the keys made and that holds now; it says why there is none.
func (out *Chain) signed(section []wire.RR, owner string, kind uint16, keys []*wire.DNSKEY, now time.Time) string {
	var set []wire.RR
	var sigs []*wire.RRSIG
	for _, rr := range section {
		h := rr.Header()
		if Plain(h.Name) != owner {
			continue
		}
		if sig, ok := rr.(*wire.RRSIG); ok && sig.TypeCovered == kind {
			sigs = append(sigs, sig)
		} else if h.Rrtype == kind {
			set = append(set, rr)
		}
	}
	if len(sigs) == 0 {
		return "it has no signature"
	}
	why := "no key of the zone made its signature"
	for _, sig := range sigs {
		for _, k := range keys {
			if k.KeyTag() != sig.KeyTag || k.Algorithm != sig.Algorithm {
				continue
			}
			if err := sig.Verify(k, set); err != nil {
				why = "its signature is wrong"
				continue
			}
			until := time.Unix(int64(sig.Expiration), 0)
			if out.Until.IsZero() || until.Before(out.Until) {
				out.Until = until
			}
			if !sig.ValidityPeriod(now) {
				why = fmt.Sprintf("its signature holds from %s to %s", day(sig.Inception), day(sig.Expiration))
				continue
			}
			return ""
		}
	}
	return why
}

func day(seconds uint32) string { return time.Unix(int64(seconds), 0).UTC().Format(time.DateTime) }

// denied wants a proof that a name does not exist.
func (out *Chain) denied(a *Answer, name string, keys []*wire.DNSKEY, now time.Time) string {
	var nsec []*wire.NSEC
	var nsec3 []*wire.NSEC3
	for _, rr := range a.Msg.Ns {
		kind := rr.Header().Rrtype
		if kind != wire.TypeNSEC && kind != wire.TypeNSEC3 {
			continue
		}
		if why := out.signed(a.Msg.Ns, Plain(rr.Header().Name), kind, keys, now); why != "" {
			return why
		}
		switch rr := rr.(type) {
		case *wire.NSEC:
			nsec = append(nsec, rr)
		case *wire.NSEC3:
			nsec3 = append(nsec3, rr)
			out.Iterations = max(out.Iterations, int(rr.Iterations))
		}
	}
	switch {
	case len(nsec3) > 0 && !slices.ContainsFunc(nsec3, func(r *wire.NSEC3) bool { return soundHash(r) && r.Cover(wire.Fqdn(name)) }):
		return "no NSEC3 record spans it"
	case len(nsec3) == 0 && len(nsec) == 0:
		return "nothing proves it"
	case len(nsec3) == 0 && !slices.ContainsFunc(nsec, func(r *wire.NSEC) bool { return spans(r, name) }):
		return "no NSEC record spans it"
	}
	return ""
}

// soundHash reports whether a record can be compared with: the library reads its
// fields as they came.
func soundHash(r *wire.NSEC3) bool {
	if r.Iterations > 2500 || r.Hash != wire.SHA1 { // what RFC 5155 section 10.3 allows at most
		return false
	}
	_, err := base32.HexEncoding.DecodeString(strings.ToUpper(r.NextDomain))
	return err == nil
}

// spans reports whether a name falls between a record's own and its next (RFC 4034
// section 6.1); the last of a zone points at the first.
func spans(r *wire.NSEC, name string) bool {
	owner, next := Plain(r.Hdr.Name), Plain(r.NextDomain)
	after, before := compare(owner, name) < 0, compare(name, next) < 0
	if compare(owner, next) < 0 {
		return after && before
	}
	return after || before
}

// compare orders names label by label from the right.
func compare(a, b string) int {
	la, lb := wire.SplitDomainName(wire.Fqdn(a)), wire.SplitDomainName(wire.Fqdn(b))
	for i := 1; i <= len(la) && i <= len(lb); i++ {
		if c := strings.Compare(la[len(la)-i], lb[len(lb)-i]); c != 0 {
			return c
		}
	}
	return len(la) - len(lb)
}
