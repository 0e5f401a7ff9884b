package edgetest

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"strings"

	lr "github.com/launchready/launchready"
)

// Network is one in which every name server is the one at Addr, and nothing else
// is but what stands on loopback.
type Network struct{ Addr string }

var _ lr.Network = Network{}

// Dial calls the name server, or loopback.
func (n Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if strings.HasSuffix(address, ":53") {
		address = n.Addr
	}
	if !strings.HasPrefix(address, "127.") {
		return nil, fmt.Errorf("%w: %s", lr.ErrScope, address)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// Resolver is the name server.
func (n Network) Resolver() string { return n.Addr }

// Roots are the system's.
func (n Network) Roots() *x509.CertPool { return nil }
