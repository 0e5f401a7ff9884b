package launchready

import (
	"context"
	"crypto/x509"
	"net"
)

// DomainAccess is the name that the product lives under and how the outside is
// reached, for the rows email and https.
// Names are lower case, in A-labels (RFC 5890), without a final dot.
type DomainAccess struct {
	Name      string   // "example.com"
	Hosts     []string // names at or below it that the product uses, Name first
	Canonical string   // of the hosts, the one that pages are read at; "": not told
	Parked    []string // domains of the owner that send no mail
	Tenants   string   // the name below which every label is a tenant's: "app.example.com"; "" for none

	From      []string // further names that mail is sent from, below the domain or beside it
	Senders   []string // services that send mail for the domain: "google", "ses:eu-west-1"
	Selectors []string // DKIM selectors beside the senders' usual ones
	Sample    string   // absolute path of a message that was sent to a stranger, or of a folder of such; "" for none
	Reports   []string // absolute paths of DMARC aggregate reports

	Origins    []string // addresses of the servers behind the edge, host or host:port
	Cloudflare *CloudflareAccess

	Network Network
}

// CloudflareAccess is how the provider's own view of the zone is read.
type CloudflareAccess struct {
	Token Secret // may read; only edge apply needs one that may write
	Zone  string // id; "" looks it up by the domain's name
	API   string // base URL; "" is Cloudflare's
}

// Network is how a check reaches what is not the target's API: name servers, mail
// servers, and the hosts of the domain by TLS. It holds to the budget and to the
// scope: any name server; ports 25, 465 and 587 of any host; of the rest only the
// domain's own names and Origins.
type Network interface {
	// Dial opens a connection, network "tcp" or "udp", address "host:port" with the
	// port that the service has on the internet: where the configuration says that
	// another port or address stands for it, that one is called. ErrScope and
	// ErrBudget say that it was not tried.
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	// Resolver is the address of the name server to ask, "host:port".
	Resolver() string
	// Roots are the authorities that certificates must lead to; nil: the system's.
	Roots() *x509.CertPool
}
