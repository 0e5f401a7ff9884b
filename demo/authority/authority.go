// Package authority is a certificate authority that lives as long as a demo runs:
// a root, an intermediate as the web's authorities have one, and certificates of
// any kind under it, right ones and wrong ones.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// organization is whom the domain's CAA records let issue.
const organization = "Let's Encrypt"

// Authority issues certificates. It is safe for concurrent use.
type Authority struct {
	now         func() time.Time
	root, inter issuer
}

type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// New makes an authority whose certificates are valid around now.
func New(now func() time.Time) (*Authority, error) {
	a := &Authority{now: now}
	var err error
	if a.root, err = a.make("Harbor Test Root", nil); err != nil {
		return nil, err
	}
	if a.inter, err = a.make("Harbor Test Issuing", &a.root); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Authority) make(name string, under *issuer) (issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issuer{}, fmt.Errorf("make the key of %s: %w", name, err)
	}
	now := a.now()
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{organization}, CommonName: name}, NotBefore: now.AddDate(-3, 0, 0), NotAfter: now.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	parent, signer := t, crypto.Signer(key)
	if under != nil {
		parent, signer = under.cert, under.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return issuer{}, fmt.Errorf("sign %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return issuer{}, fmt.Errorf("read %s: %w", name, err)
	}
	return issuer{cert, key}, nil
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return big.NewInt(time.Now().UnixNano())
	}
	return n
}

// PEM is the root, as target.ca_file takes it.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.cert.Raw})
}

// Pool trusts the root alone.
func (a *Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.root.cert)
	return p
}

// Kind says what a certificate is like. The zero value but for Names is a right
// one of 90 days, of which two thirds are left.
type Kind struct {
	Names []string
	// Age and Life are how long ago it was issued and how long it lives in all; 0
	// are 30 and 90 days.
	Age, Life time.Duration
	RSA       int            // bits of an RSA key; 0 is a key on P-256
	Curve     elliptic.Curve // nil is P-256
	Hash      x509.SignatureAlgorithm
	Common    string // name in the subject, where only old clients look
	Staple    bool   // demands a stapled status
	Unlogged  bool   // no log of certificates vouches for it
	OneLog    bool   // a single one does
	Bare      bool   // the chain is sent without the intermediate
	Self      bool   // it signs itself
	Stranger  bool   // an authority issued it that nobody knows
	Authority bool   // it is an authority's
	Client    bool   // it is for clients
	Private   bool   // it does not claim to follow the rules of the web
}

// The extensions: RFC 7633, RFC 6962 section 3.3, and the policy "domain
// validated" of the CA/Browser Forum.
var (
	oidFeature    = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}
	oidTimestamps = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
)

// Issue makes a certificate with its key, and the chain that a server sends.
func (a *Authority) Issue(k Kind) (tls.Certificate, error) {
	out, err := a.issue(k)
	if err != nil {
		return out, fmt.Errorf("issue a certificate for %v: %w", k.Names, err)
	}
	return out, nil
}

func (a *Authority) issue(k Kind) (tls.Certificate, error) {
	key, err := k.key()
	if err != nil {
		return tls.Certificate{}, err
	}
	t, err := a.template(k)
	if err != nil {
		return tls.Certificate{}, err
	}
	by, chain := a.inter, [][]byte{a.inter.cert.Raw}
	switch {
	case k.Hash == x509.SHA1WithRSA:
		// The issuing keys are elliptic: a key of its own signs, under the root.
		if by, err = a.old(); err != nil {
			return tls.Certificate{}, err
		}
		chain = [][]byte{by.cert.Raw}
		t.SignatureAlgorithm = k.Hash
	case k.Self:
		by, chain = issuer{t, key}, nil
		t.Subject = pkix.Name{CommonName: "self"}
	case k.Stranger:
		other, err := New(a.now)
		if err != nil {
			return tls.Certificate{}, err
		}
		by, chain = other.inter, [][]byte{other.inter.cert.Raw, other.root.cert.Raw}
	case k.Bare:
		chain = nil
	}
	der, err := x509.CreateCertificate(rand.Reader, t, by.cert, key.Public(), by.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: append([][]byte{der}, chain...), PrivateKey: key}, nil
}

func (k Kind) key() (crypto.Signer, error) {
	switch {
	case k.RSA > 0:
		return rsa.GenerateKey(rand.Reader, k.RSA)
	case k.Curve != nil:
		return ecdsa.GenerateKey(k.Curve, rand.Reader)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func (a *Authority) template(k Kind) (*x509.Certificate, error) {
	const day = 24 * time.Hour
	age, life := k.Age, k.Life
	if life == 0 {
		life = 90 * day
	}
	if age == 0 {
		age = life / 3
	}
	from := a.now().Add(-age).Truncate(time.Second)
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: k.Common}, NotBefore: from, NotAfter: from.Add(life - time.Second),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		IssuingCertificateURL: []string{"http://ca.harbor.test/issuing.der"},
	}
	for _, n := range k.Names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	if k.Client {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	if k.Authority {
		t.IsCA, t.KeyUsage = true, t.KeyUsage|x509.KeyUsageCertSign
	}
	if !k.Private {
		dv, err := x509.OIDFromInts([]uint64{2, 23, 140, 1, 2, 1})
		if err != nil {
			return nil, err
		}
		t.Policies = []x509.OID{dv}
	}
	if !k.Unlogged && !k.Private {
		logs := 2
		if k.OneLog {
			logs = 1
		}
		v, err := asn1.Marshal(timestamps(logs, from))
		if err != nil {
			return nil, err
		}
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: oidTimestamps, Value: v})
	}
	if k.Staple {
		v, err := asn1.Marshal([]int{5})
		if err != nil {
			return nil, err
		}
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: oidFeature, Value: v})
	}
	return t, nil
}

// timestamps are those of logs that do not exist, in the form of RFC 6962 section
// 3.3; their signatures are none.
func timestamps(n int, at time.Time) []byte {
	var list []byte
	for i := range n {
		log := sha256.Sum256([]byte{byte(i)})
		t := append([]byte{0}, log[:]...)
		t = binary.BigEndian.AppendUint64(t, uint64(at.UnixMilli())) //nolint:gosec // a time of this century
		t = append(t, 0, 0, 4, 3, 0, 2, 0x30, 0)
		list = append(binary.BigEndian.AppendUint16(list, uint16(len(t))), t...) //nolint:gosec // 51 bytes
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(list))), list...) //nolint:gosec // likewise
}

// old is an issuer with an RSA key, for signatures of former times.
func (a *Authority) old() (issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return issuer{}, err
	}
	t := *a.inter.cert
	t.SerialNumber, t.Subject = serial(), pkix.Name{CommonName: "Harbor Old Issuing"}
	t.SubjectKeyId, t.AuthorityKeyId, t.RawSubject, t.SignatureAlgorithm = nil, nil, nil, 0
	der, err := x509.CreateCertificate(rand.Reader, &t, a.root.cert, key.Public(), a.root.key)
	if err != nil {
		return issuer{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return issuer{cert, key}, err
}
