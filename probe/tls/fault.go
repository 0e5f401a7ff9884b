package tls

import (
	"fmt"
	"strings"
	"time"

	"crypto/x509"
)

// Kind is a thing that can be wrong.
type Kind string

// Kinds of faults of what is spoken.
const (
	OldSSL           Kind = "ssl"            // SSL 2.0 or 3.0: RFC 6176, RFC 7568
	OldTLS           Kind = "old-tls"        // TLS 1.0 or 1.1: RFC 8996
	NoTLS12          Kind = "no-tls-1.2"     // nothing that today's clients take
	NoTLS13          Kind = "no-tls-1.3"     //
	Null             Kind = "null"           // nothing is encrypted
	Anonymous        Kind = "anonymous"      // nobody shows a certificate
	Export           Kind = "export"         // 40 to 56 bits: FREAK, Logjam
	RC4              Kind = "rc4"            // RFC 7465
	DES              Kind = "des"            //
	TripleDES        Kind = "3des"           // SWEET32
	NoForwardSecrecy Kind = "no-forward"     // a key that leaks opens what was recorded
	WeakPrime        Kind = "weak-prime"     // less than 2048 bits
	WeakGroup        Kind = "weak-group"     // less than 112 bits of strength
	Compresses       Kind = "compression"    // CRIME
	NoRenegotiation  Kind = "renegotiation"  // the extension is missing: RFC 5746
	NoMasterSecret   Kind = "master-secret"  // RFC 7627
	NoFallback       Kind = "fallback"       // RFC 7507
	OldSignature     Kind = "sha1-signature" // of the handshake: RFC 9155
	ClientOrder      Kind = "client-order"   // a suite with CBC is taken where better is offered
	NoHybrid         Kind = "no-hybrid"      // X25519MLKEM768 is not taken
)

// Fault is one thing that is wrong, and where it shows.
type Fault struct {
	Kind Kind
	What string // "takes RSA_WITH_RC4_128_SHA"
}

// Faults lists what of the things spoken should not be. What could not be asked is
// no fault; Knows tells it apart.
func (s *Survey) Faults() []Fault {
	if s.Err != nil {
		return nil
	}
	var out []Fault
	add := func(k Kind, format string, args ...any) { out = append(out, Fault{k, fmt.Sprintf(format, args...)}) }
	for _, v := range []uint16{SSL2, SSL3, TLS10, TLS11} {
		if s.Versions[v] != Takes {
			continue
		}
		if v <= SSL3 {
			add(OldSSL, "speaks %s", VersionName(v))
		} else {
			add(OldTLS, "speaks %s", VersionName(v))
		}
	}
	if s.Versions[TLS13] == Refuses {
		if s.Versions[TLS12] == Refuses {
			add(NoTLS12, "speaks nothing newer than %s", VersionName(s.below()))
		} else {
			add(NoTLS13, "does not speak TLS 1.3")
		}
	}
	byKind := map[Kind][]string{}
	for _, w := range s.Weak {
		k := w.kind()
		byKind[k] = append(byKind[k], w.String())
	}
	for _, k := range []Kind{Null, Anonymous, Export, RC4, DES, TripleDES} {
		if names := byKind[k]; len(names) > 0 {
			add(k, "takes %s", strings.Join(names, ", "))
		}
	}
	if s.Fixed != 0 {
		add(NoForwardSecrecy, "takes %s", s.Fixed)
	}
	if s.Prime > 0 && s.Prime < 2048 {
		add(WeakPrime, "agrees on keys in a group of %d bits", s.Prime)
	}
	if s.WeakGroup != 0 {
		add(WeakGroup, "agrees on keys by %s", groupName(s.WeakGroup))
	}
	if s.Deflate == Takes {
		add(Compresses, "compresses what it encrypts")
	}
	if s.Renegotiates == Refuses {
		add(NoRenegotiation, "does not bind a renegotiation to the connection")
	}
	if s.MasterSecret == Refuses {
		add(NoMasterSecret, "does not bind keys to the handshake")
	}
	if s.Fallback == Takes {
		add(NoFallback, "takes a hello that was forced down to an older version")
	}
	if s.BlockFirst == Takes {
		add(ClientOrder, "takes %s where a client that also offers better names it first", s.Block)
	}
	if s.OldSignature == Takes {
		add(OldSignature, "signs with SHA-1 where nothing else is offered")
	}
	if s.Version == TLS13 && s.Group != 0 && s.Group != hybrid { // without TLS 1.3 there is none, which is told by that
		add(NoHybrid, "agrees on keys by %s", groupName(s.Group))
	}
	return out
}

// Knows reports whether the survey could ask what a kind needs, so that the
// absence of its fault means something.
func (s *Survey) Knows(k Kind) bool {
	asked := func(vs ...uint16) bool {
		for _, v := range vs {
			if s.Versions[v] == Unasked {
				return false
			}
		}
		return true
	}
	switch k {
	case OldSSL:
		return asked(SSL2, SSL3)
	case OldTLS:
		return asked(TLS10, TLS11)
	case NoTLS12, NoTLS13, NoHybrid:
		return asked(TLS13, TLS12)
	case Null, Anonymous, Export, RC4, DES, TripleDES:
		return s.WeakDone
	case NoForwardSecrecy:
		return s.FixedDone
	}
	return s.Err == nil && len(s.Gaps) == 0
}

// groupName is what a group is called.
func groupName(g uint16) string {
	switch g {
	case 0:
		return "no named group"
	case x25519:
		return "X25519"
	case p256:
		return "P-256"
	case p384:
		return "P-384"
	case p521:
		return "P-521"
	case hybrid:
		return "X25519MLKEM768"
	case 19:
		return "secp192r1"
	case 16:
		return "secp160r1"
	}
	return fmt.Sprintf("group %d", g)
}

// Describe is the survey in a few lines, for evidence.
func (s *Survey) Describe() []string {
	var out []string
	if s.Version != 0 {
		out = append(out, fmt.Sprintf("%s: %s %s, %s", s.Name, VersionName(s.Version), s.Suite, groupName(s.Group)))
	}
	var spoken []string
	for _, v := range []uint16{SSL2, SSL3, TLS10, TLS11, TLS12, TLS13} {
		if s.Versions[v] == Takes {
			spoken = append(spoken, VersionName(v))
		}
	}
	if len(spoken) > 0 {
		out = append(out, s.Name+": speaks "+strings.Join(spoken, ", "))
	}
	if len(s.Chain) > 0 {
		out = append(out, s.Name+": "+describe(s.Chain[0]))
	}
	return out
}

func describe(c *x509.Certificate) string {
	return fmt.Sprintf("certificate for %s, issued by %s, %s to %s, serial %x", strings.Join(c.DNSNames, ", "), c.Issuer.CommonName,
		c.NotBefore.UTC().Format(time.DateOnly), c.NotAfter.UTC().Format(time.DateTime), c.SerialNumber)
}
