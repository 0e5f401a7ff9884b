package probe

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"time"
)

// newTransport makes the wire. It follows nothing, keeps no cookies and
// unpacks nothing: the client does what of these it needs.
func newTransport(o Options, sc *scope, http1 bool) (http.RoundTripper, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure} //nolint:gosec // the user's flag
	if o.CAFile != "" {
		pool, err := authorities(o.CAFile)
		if err != nil {
			return nil, err
		}
		conf.RootCAs = pool
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(!http1)
	return &http.Transport{
		DialContext:            sc.dial,
		TLSClientConfig:        conf,
		TLSHandshakeTimeout:    15 * time.Second,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxIdleConns:           2 * o.Concurrency,
		MaxIdleConnsPerHost:    o.Concurrency,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}, nil
}

// authorities are the system's and those of a PEM file.
func authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read authorities: %s holds no PEM certificate", file)
	}
	return pool, nil
}
