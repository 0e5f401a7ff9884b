package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"time"
)

// A tool that makes hostile origins out of the target's own name needs a name: the
// neighbours of 127.0.0.1 are nobody's. So the meter also listens where the demo
// says that its front end lives, by TLS with a certificate of its own making. That
// the name leads to this machine is for the user's hosts file to say.

// frontAddress is where to listen for an address like https://app.harbor.test;
// an error when its name does not lead to this machine.
func frontAddress(ctx context.Context, front string) (string, error) {
	u, err := url.Parse(front)
	if err != nil {
		return "", fmt.Errorf("address of the front: %w", err)
	}
	at, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", u.Hostname())
	if err != nil {
		return "", fmt.Errorf("%s leads nowhere: a line \"127.0.0.1 %s\" in the hosts file makes it lead here: %w", front, u.Hostname(), err)
	}
	for _, ip := range at {
		if !ip.IsLoopback() {
			return "", fmt.Errorf("%s leads to %s, which is not this machine", front, ip)
		}
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort("127.0.0.1", port), nil
}

// front has the meter listen at the address as well.
func (m *meter) front(ctx context.Context, front string) error {
	at, err := frontAddress(ctx, front)
	if err != nil {
		return err
	}
	u, err := url.Parse(front)
	if err != nil {
		return err
	}
	cert, err := certificateOf(u.Hostname())
	if err != nil {
		return fmt.Errorf("make a certificate for %s: %w", front, err)
	}
	l, err := tls.Listen("tcp", at, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return fmt.Errorf("listen as %s: %w", front, err)
	}
	go m.server.Serve(l) //nolint:errcheck // it ends when it is closed
	return nil
}

// certificateOf makes a certificate for the name that nobody has reason to trust.
func certificateOf(name string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	like := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, like, like, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
