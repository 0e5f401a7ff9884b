// Package authority is the certificate authority of the demo's servers. It lives
// as long as the demo, and nobody else trusts it.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// Authority signs certificates.
type Authority struct {
	now  func() time.Time
	key  *ecdsa.PrivateKey
	root *x509.Certificate
}

// Wish says what a certificate is to be. The zero value of each field is right
// for a server of today.
type Wish struct {
	Names     []string      // host names; an address is told as one
	NotBefore time.Time     // zero: a week ago
	NotAfter  time.Time     // zero: 80 days from now
	Key       crypto.Signer // nil makes one of P-256
	SelfMade  bool          // signed by itself, not by the authority
	// Change is called with the certificate before it is signed.
	Change func(*x509.Certificate)
}

// Times that certificates hold.
const (
	rootLife = 10 * 365 * 24 * time.Hour
	leafLife = 80 * 24 * time.Hour
	leafAge  = 7 * 24 * time.Hour
)

// New makes an authority. Now is its clock, nil the machine's.
func New(now func() time.Time) (*Authority, error) {
	if now == nil {
		now = time.Now
	}
	a := &Authority{now: now}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("make the key of the authority: %w", err)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{"Harbor"}, CommonName: "Harbor Demo Root"},
		NotBefore: now().Add(-24 * time.Hour), NotAfter: now().Add(rootLife),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("make the authority: %w", err)
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("read the authority: %w", err)
	}
	return a, nil
}

// PEM is the root that those who trust the demo have.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
}

// Pool has the root alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	return pool
}

// Issue makes a certificate.
func (a *Authority) Issue(w Wish) (tls.Certificate, error) {
	key := w.Key
	if key == nil {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return tls.Certificate{}, fmt.Errorf("make a key: %w", err)
		}
		key = made
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // RFC 5280 section 4.1.2.2: at most 20 bytes, and not to be guessed
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("draw a serial number: %w", err)
	}
	leaf := &x509.Certificate{
		SerialNumber: serial, NotBefore: w.NotBefore, NotAfter: w.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if leaf.NotBefore.IsZero() {
		leaf.NotBefore = a.now().Add(-leafAge)
	}
	if leaf.NotAfter.IsZero() {
		leaf.NotAfter = a.now().Add(leafLife)
	}
	for _, n := range w.Names {
		if ip, err := netip.ParseAddr(n); err == nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip.AsSlice())
			continue
		}
		leaf.DNSNames = append(leaf.DNSNames, n)
	}
	if len(w.Names) > 0 {
		leaf.Subject.CommonName = w.Names[0]
	}
	if w.Change != nil {
		w.Change(leaf)
	}
	parent, signer := a.root, crypto.Signer(a.key)
	if w.SelfMade {
		parent, signer = leaf, key
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign a certificate for %v: %w", w.Names, err)
	}
	if leaf, err = x509.ParseCertificate(der); err != nil {
		return tls.Certificate{}, fmt.Errorf("read a certificate for %v: %w", w.Names, err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
