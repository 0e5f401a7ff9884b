package nameserver

import (
	"crypto"
	"encoding/base32"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// signer holds the key of a zone: one for the zone and for its keys.
type signer struct {
	key         *dns.DNSKEY
	private     crypto.Signer
	from, until time.Time
	iterations  uint16
	hashes      []hashed // sorted
}

type hashed struct{ hash, name string }

// open makes a key. Signatures are made when they are first asked for.
func (g *signer) open(origin string, now func() time.Time, lasts string) error {
	g.key = &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: origin, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
		Flags: dns.ZONE | dns.SEP, Protocol: 3, Algorithm: dns.ECDSAP256SHA256,
	}
	private, err := g.key.Generate(256)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	signs, ok := private.(crypto.Signer)
	if !ok {
		return fmt.Errorf("a key of %T does not sign", private)
	}
	g.private, g.from, g.until = signs, now().Add(-24*time.Hour), now().Add(14*24*time.Hour)
	switch lasts {
	case "expired":
		g.until = now().Add(-time.Hour)
	case "soon":
		g.until = now().Add(24 * time.Hour)
	}
	return nil
}

// seal is a set of records with the signature over it, where the zone is signed.
func (z *zone) seal(rrs []dns.RR) []dns.RR {
	if z.key == nil || len(rrs) == 0 {
		return nil
	}
	h := rrs[0].Header()
	name := strings.ToLower(h.Name)
	if c := z.cut(name); c != "" && (c != name || h.Rrtype != dns.TypeDS && h.Rrtype != dns.TypeNSEC) {
		return nil // not this zone's to sign (RFC 4035 section 2.2)
	}
	wild := ""
	if !z.exists[name] {
		if w := z.wildcard(name); w != "" && z.names[w][h.Rrtype] != nil {
			wild, rrs = w, z.names[w][h.Rrtype]
		}
	}
	id := name + wild + strconv.Itoa(int(h.Rrtype))
	z.mu.Lock()
	defer z.mu.Unlock()
	if out, ok := z.sealed[id]; ok {
		return out
	}
	sig := &dns.RRSIG{
		Algorithm: z.key.Algorithm, SignerName: z.origin, KeyTag: z.key.KeyTag(),
		Inception: uint32(z.from.Unix()), Expiration: uint32(z.until.Unix()), //nolint:gosec // until 2106, as the record has it
	}
	if err := sig.Sign(z.private, rrs); err != nil {
		return nil // a record that cannot be packed cannot be sent either
	}
	if wild != "" {
		sig.Hdr.Name = name
	}
	if len(z.sealed) < mostSealed {
		z.sealed[id] = []dns.RR{sig}
	}
	return []dns.RR{sig}
}

// mostSealed bounds what is kept: anyone may ask for names that do not exist.
const mostSealed = 4096

// vouch makes the DS record of a delegation: "child.test." or "child.test. wrong".
func (s *Server) vouch(z *zone, line string) {
	name, wrong, _ := strings.Cut(line, " ")
	child := s.zones[name]
	if z.key == nil || child == nil {
		return
	}
	key := child.key
	if wrong != "" || key == nil {
		key = z.key // a key that is not the child's
	}
	ds := key.ToDS(dns.SHA256)
	ds.Hdr.Name, ds.Hdr.Ttl = name, 3600
	z.add(ds)
	if key == child.key {
		child.vouched = append(child.vouched, ds)
	}
}

// hash prepares the proof of absence by hashes (RFC 5155).
func (z *zone) hash() {
	n, err := strconv.ParseUint(z.word("nsec3"), 10, 16)
	if err != nil || z.key == nil {
		return
	}
	z.iterations = uint16(n)
	z.add(&dns.NSEC3PARAM{Hdr: dns.RR_Header{Name: z.origin, Rrtype: dns.TypeNSEC3PARAM, Class: dns.ClassINET}, Hash: dns.SHA1, Iterations: z.iterations})
	for _, name := range z.order {
		z.hashes = append(z.hashes, hashed{dns.HashName(name, dns.SHA1, z.iterations, ""), name})
	}
	slices.SortFunc(z.hashes, func(a, b hashed) int { return strings.Compare(a.hash, b.hash) })
}

// deny proves that a name does not exist, or has no record of a type.
func (z *zone) deny(name string, missing bool) []dns.RR {
	if z.key == nil {
		return nil
	}
	var proofs []dns.RR
	add := func(rr dns.RR) {
		if !slices.ContainsFunc(proofs, func(p dns.RR) bool { return p.Header().Name == rr.Header().Name }) {
			proofs = append(proofs, rr)
		}
	}
	if !missing && !z.exists[name] {
		name = z.wildcard(name)
	}
	switch {
	case !missing:
		add(z.proof(name))
	case z.hashes == nil:
		closest, _ := z.encloser(name)
		add(z.proof(name))
		add(z.proof("*." + strings.TrimPrefix(closest, ".")))
	default:
		closest, next := z.encloser(name)
		add(z.proof(closest))
		add(z.proof(next))
		add(z.proof("*." + strings.TrimPrefix(closest, ".")))
	}
	var out []dns.RR
	for _, p := range proofs {
		out = append(append(out, p), z.seal([]dns.RR{p})...)
	}
	return out
}

// encloser is the closest name above that exists, and the one below it on the way.
func (z *zone) encloser(name string) (closest, next string) {
	for at := name; at != z.origin && at != "."; {
		next, at = at, parentOf(at)
		if z.exists[at] {
			return at, next
		}
	}
	return z.origin, next
}

// proof is the record at a name, or the one that spans the gap that it falls in.
func (z *zone) proof(name string) dns.RR {
	ttl := uint32(300)
	if z.hashes != nil {
		h := dns.HashName(name, dns.SHA1, z.iterations, "")
		i, exact := slices.BinarySearchFunc(z.hashes, h, func(a hashed, h string) int { return strings.Compare(a.hash, h) })
		if !exact {
			i = (i - 1 + len(z.hashes)) % len(z.hashes)
		}
		next := z.hashes[(i+1)%len(z.hashes)].hash
		return &dns.NSEC3{
			Hdr:  dns.RR_Header{Name: strings.ToLower(z.hashes[i].hash) + "." + strings.TrimPrefix(z.origin, "."), Rrtype: dns.TypeNSEC3, Class: dns.ClassINET, Ttl: ttl},
			Hash: dns.SHA1, Iterations: z.iterations, HashLength: uint8(base32.HexEncoding.DecodedLen(len(next))), NextDomain: next, TypeBitMap: z.types(z.hashes[i].name, dns.TypeRRSIG), //nolint:gosec // 20
		}
	}
	i, exact := slices.BinarySearchFunc(z.order, name, canonical)
	if !exact {
		i = (i - 1 + len(z.order)) % len(z.order)
	}
	return &dns.NSEC{
		Hdr:        dns.RR_Header{Name: z.order[i], Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: ttl},
		NextDomain: z.order[(i+1)%len(z.order)], TypeBitMap: z.types(z.order[i], dns.TypeRRSIG, dns.TypeNSEC),
	}
}

// types lists what stands at a name.
func (z *zone) types(name string, also ...uint16) []uint16 {
	var out []uint16
	for t := range z.names[name] {
		if z.cut(name) == "" || t == dns.TypeNS || t == dns.TypeDS {
			out = append(out, t)
		}
	}
	out = append(out, also...)
	slices.Sort(out)
	return out
}
