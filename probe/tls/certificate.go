package tls

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Kinds of faults of a certificate.
const (
	NoCertificate  Kind = "no-certificate"
	Expired        Kind = "expired"
	NotYet         Kind = "not-yet-valid"
	Expiring       Kind = "expiring" // not renewed though most of its life is over
	WrongName      Kind = "wrong-name"
	SelfSigned     Kind = "self-signed"
	Incomplete     Kind = "incomplete-chain" // an intermediate is not sent
	Untrusted      Kind = "untrusted"
	WeakKey        Kind = "weak-key"
	WeakHash       Kind = "weak-hash" // SHA-1 or MD5 in the chain
	LongLived      Kind = "long-lived"
	NoTransparency Kind = "no-transparency" // fewer than two timestamps of logs
	NoStaple       Kind = "no-staple"       // which the certificate demands
	InternalName   Kind = "internal-name"
	WrongUse       Kind = "wrong-use" // not for servers, or of an authority
)

var (
	// The policies of the CA/Browser Forum that a certificate of the web asserts
	// (Baseline Requirements 7.1.6.1). Rules of the web's authorities hold for
	// those, not for an authority of one's own.
	webPolicies = []string{"2.23.140.1.1", "2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3"}

	oidTimestamps = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2} // RFC 6962 section 3.3
	oidFeatures   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}       // RFC 7633
)

// ofTheWeb reports whether a certificate says that it follows the rules of the
// web's authorities.
func ofTheWeb(c *x509.Certificate) bool {
	return slices.ContainsFunc(c.Policies, func(o x509.OID) bool { return slices.Contains(webPolicies, o.String()) })
}

// CertificateFaults judges the certificate and its chain at a time, as a client
// would that trusts the authorities. Each thing is told once, by the first reason.
func (s *Survey) CertificateFaults(roots *x509.CertPool, now time.Time) []Fault {
	var out []Fault
	add := func(k Kind, format string, args ...any) { out = append(out, Fault{k, fmt.Sprintf(format, args...)}) }
	if len(s.Chain) == 0 {
		if s.Err == nil && s.Version != 0 {
			add(NoCertificate, "shows no certificate")
		}
		return out
	}
	c := s.Chain[0]
	valid(c, now, add)
	if err := c.VerifyHostname(s.Name); err != nil {
		add(WrongName, "is for %s", namesOf(c))
	}
	trust(s.Chain, roots, now, add)
	strength(s.Chain, add)
	if ofTheWeb(c) {
		if life, most := lifetime(c), longest(c); life > most {
			add(LongLived, "lives for %d days, and %d are allowed", days(life), days(most))
		}
		if n := s.timestamps(); n < 2 {
			add(NoTransparency, "has %d timestamps of certificate logs, and browsers want two", n)
		}
	}
	if demandsStaple(c) && len(s.Staple) == 0 {
		add(NoStaple, "says that a status is stapled, and none is")
	}
	for _, n := range c.DNSNames {
		if internal(n) {
			add(InternalName, "tells the internal name %s", n)
		}
	}
	for _, ip := range c.IPAddresses {
		if a, ok := netip.AddrFromSlice(ip); ok && (a.Unmap().IsPrivate() || a.IsLoopback()) {
			add(InternalName, "tells the internal address %s", a.Unmap())
		}
	}
	return out
}

// lifetime is how long a certificate is valid; both ends count (RFC 5280 section
// 4.1.2.5).
func lifetime(c *x509.Certificate) time.Duration { return c.NotAfter.Sub(c.NotBefore) + time.Second }

// longest is the most that the Baseline Requirements allow by the day of issue:
// section 6.3.2 since ballot SC-081v3.
func longest(c *x509.Certificate) time.Duration {
	const day = 24 * time.Hour
	for _, step := range []struct {
		from time.Time
		most time.Duration
	}{
		{time.Date(2029, 3, 15, 0, 0, 0, 0, time.UTC), 47 * day},
		{time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC), 100 * day},
		{time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC), 200 * day},
		{time.Date(2020, 9, 1, 0, 0, 0, 0, time.UTC), 398 * day},
	} {
		if !c.NotBefore.Before(step.from) {
			return step.most
		}
	}
	return 825 * day
}

func days(d time.Duration) int { return int((d + 12*time.Hour) / (24 * time.Hour)) }

// valid judges the time that is left against the whole: a certificate of six days
// is renewed every few, one of 200 every few months. Who renews by machine does so
// with a third left (the usual default of ACME clients), so a sixth is late.
func valid(c *x509.Certificate, now time.Time, add func(Kind, string, ...any)) {
	left, life := c.NotAfter.Sub(now), lifetime(c)
	switch {
	case now.Before(c.NotBefore):
		add(NotYet, "is valid from %s", c.NotBefore.UTC().Format(time.DateTime))
	case left <= 0:
		add(Expired, "expired on %s", c.NotAfter.UTC().Format(time.DateTime))
	case left < life/6, life > 12*24*time.Hour && left < 72*time.Hour:
		add(Expiring, "expires on %s, with %s of %d days left", c.NotAfter.UTC().Format(time.DateTime), span(left), days(life))
	}
}

func span(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d hours", int(d/time.Hour))
	}
	return fmt.Sprintf("%d days", int(d/(24*time.Hour)))
}

// trust verifies the chain by what was sent alone. Times and names are told
// apart, so the certificate is verified at a moment when it was valid.
func trust(chain []*x509.Certificate, roots *x509.CertPool, now time.Time, add func(Kind, string, ...any)) {
	c := chain[0]
	sent := x509.NewCertPool()
	for _, ca := range chain[1:] {
		sent.AddCert(ca)
	}
	at := now
	if at.After(c.NotAfter) || at.Before(c.NotBefore) {
		at = c.NotAfter.Add(-lifetime(c) / 2)
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: sent, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	if err == nil {
		if c.IsCA {
			add(WrongUse, "is an authority's own")
		}
		return
	}
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case slices.ContainsFunc(chain, weakHash):
		return // told by the hash
	case errors.As(err, &unknown):
		untrusted(chain, add)
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		add(WrongUse, "is not for servers")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		add(Expired, "leads over an authority's certificate that is not valid")
	default:
		add(Untrusted, "does not verify: %v", err)
	}
}

// untrusted tells why no authority vouches: the certificate signs itself, the one
// that issued it is not sent, or the chain is whole and leads to nobody.
func untrusted(chain []*x509.Certificate, add func(Kind, string, ...any)) {
	at := chain[0]
	for range chain {
		if bytes.Equal(at.RawSubject, at.RawIssuer) {
			if at == chain[0] {
				add(SelfSigned, "is signed by itself")
			} else {
				add(Untrusted, "leads to %s, which nobody trusts", named(at.Issuer.CommonName, at.Issuer.String()))
			}
			return
		}
		i := slices.IndexFunc(chain, func(c *x509.Certificate) bool { return c != at && bytes.Equal(c.RawSubject, at.RawIssuer) })
		if i < 0 {
			break
		}
		at = chain[i]
	}
	if len(chain) == 1 && len(at.IssuingCertificateURL) > 0 {
		add(Incomplete, "comes without the certificate of %s, which issued it", named(at.Issuer.CommonName, at.Issuer.String()))
		return
	}
	add(Untrusted, "leads to %s, which nobody trusts, or whose certificate is not sent", named(at.Issuer.CommonName, at.Issuer.String()))
}

func named(short, long string) string {
	if short != "" {
		return short
	}
	return long
}

func weakHash(c *x509.Certificate) bool {
	if bytes.Equal(c.RawSubject, c.RawIssuer) {
		return false // nobody relies on a root's own signature
	}
	switch c.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA, x509.DSAWithSHA1:
		return true
	}
	return false
}

func strength(chain []*x509.Certificate, add func(Kind, string, ...any)) {
	for i, c := range chain {
		what := "has"
		if i > 0 {
			what = "is issued under a certificate of " + named(c.Subject.CommonName, "an authority") + " that has"
		}
		switch k := c.PublicKey.(type) {
		case *rsa.PublicKey:
			if k.N.BitLen() < 2048 {
				add(WeakKey, "%s an RSA key of %d bits", what, k.N.BitLen())
			}
		case *ecdsa.PublicKey:
			if k.Params().BitSize < 256 {
				add(WeakKey, "%s a key on a curve of %d bits", what, k.Params().BitSize)
			}
		}
		if weakHash(c) {
			add(WeakHash, "%s a signature by %s", what, c.SignatureAlgorithm)
		}
	}
}

// timestamps counts the logs that vouch for the certificate, inside it or beside it.
func (s *Survey) timestamps() int {
	logs := map[string]bool{}
	for _, t := range s.Transparency {
		if len(t) > 33 {
			logs[string(t[1:33])] = true
		}
	}
	for _, e := range s.Chain[0].Extensions {
		var list []byte
		if !e.Id.Equal(oidTimestamps) {
			continue
		}
		if rest, err := asn1.Unmarshal(e.Value, &list); err != nil || len(rest) > 0 {
			continue
		}
		all := scanner{b: list}
		all.b = all.vector16()
		for len(all.b) > 0 {
			if t := all.vector16(); len(t) > 33 {
				logs[string(t[1:33])] = true // version, then the log's id
			}
		}
	}
	return len(logs)
}

// demandsStaple reports the feature status_request (RFC 7633 section 4).
func demandsStaple(c *x509.Certificate) bool {
	for _, e := range c.Extensions {
		var features []int
		if e.Id.Equal(oidFeatures) {
			if _, err := asn1.Unmarshal(e.Value, &features); err == nil && slices.Contains(features, 5) {
				return true
			}
		}
	}
	return false
}

// internal names are those that no public name server has: RFC 6762, RFC 6761,
// RFC 8375, and ICANN's reservation of .internal.
func internal(name string) bool {
	name = strings.ToLower(name)
	if !strings.Contains(strings.TrimPrefix(name, "*."), ".") {
		return true
	}
	for _, end := range []string{".local", ".internal", ".lan", ".localdomain", ".localhost", ".home.arpa", ".intranet", ".corp"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

func namesOf(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	switch {
	case len(names) == 0:
		return "no name (what stands in its subject no longer counts)"
	case len(names) > 8:
		return strings.Join(names[:8], ", ") + fmt.Sprintf(" and %d more", len(names)-8)
	}
	return strings.Join(names, ", ")
}
