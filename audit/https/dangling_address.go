package https

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
	"github.com/launchready/launchready/probe/tls"
)

var danglingAddress = &lr.Check{
	ID:    "https/dangling-address",
	Title: "No name leads to an address of a cloud that somebody else has now",
	Why: "A cloud gives the address of a machine that was deleted to the next customer. A record that was left behind then leads to their machine: they get a valid " +
		"certificate for the name, and cookies of the domain. Who has an address now cannot be proved from outside; that the server there shows a certificate for others alone is a sign.",
	Fix:      "Look in the cloud's console whether the address is still yours. If it is not, delete the record at once; else give the server a certificate for the name.",
	Severity: lr.High,
	Refs:     []lr.Ref{cweTakeover, asvsTakeover},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachHost(ctx, t, func(ctx context.Context, c *dns.Client, h *host) error {
			if alias := h.Alias(); alias != "" && !owned(t.Target.Domain, alias) {
				return nil // the service that it is an alias of gives the address out: https/dangling-cname
			}
			ip, cloud, err := lender(ctx, c, h)
			line := fmt.Sprintf("%s. has the address %s", h.Name, ip)
			switch {
			case err != nil:
				t.Unknown(h.Name, "whose its address %s is could not be asked: %v", ip, err)
				return stops(ctx, err)
			case cloud == "":
				t.Pass(said(lines(h.V4, h.V6)...), h.Name, "no cloud that lends addresses has a name for it")
				return nil
			}
			s, err := met(ctx, t, h.Name, h.Name)
			if err != nil {
				return err
			}
			e := said(append([]string{line, fmt.Sprintf("%s has the name %s", ip, cloud)}, s.Describe()...)...)
			switch {
			case len(s.Chain) == 0:
				t.Unknown(h.Name, "its address %s is a cloud's (%s), and nobody answers there by TLS: see that it is still yours", ip, cloud)
			case elsewhere(s, h, ip):
				t.Unknown(h.Name, "its address %s is a cloud's (%s), and the name led to another of its addresses: see that it is still yours", ip, cloud)
			case certifies(s.Chain[0], t.Target.Domain, h.Name):
				t.Pass(e, h.Name, "its address %s is a cloud's, and the server there has a certificate for the domain", ip)
			case len(s.Chain[0].DNSNames) == 0 || bytes.Equal(s.Chain[0].RawIssuer, s.Chain[0].RawSubject):
				t.Unknown(h.Name, "its address %s is a cloud's (%s), and the certificate there names nobody: see that it is still yours", ip, cloud)
			default:
				others := s.Chain[0].DNSNames[:min(3, len(s.Chain[0].DNSNames))]
				t.Suspect(e, h.Name, "its address %s is a cloud's (%s), and the server there shows a certificate for %s alone: see that the address is still yours", ip, cloud, strings.Join(others, ", "))
			}
			return nil
		})
	},
}

// clouds end the names of addresses that are given to another customer when a
// machine is deleted.
var clouds = [...]string{
	".compute.amazonaws.com", ".compute-1.amazonaws.com", ".bc.googleusercontent.com", ".cloudapp.azure.com", ".cloudapp.net", ".ip.linodeusercontent.com", ".members.linode.com",
	".vultrusercontent.com", ".clients.your-server.de", ".instances.scw.cloud", ".vps.ovh.net", ".contaboserver.net", ".oraclevcn.com",
}

// lender is the cloud that lends one of a name's addresses, by the address's own
// name; "" for none.
func lender(ctx context.Context, c *dns.Client, h *host) (ip netip.Addr, cloud string, err error) {
	for _, ip = range h.Addrs() {
		arpa, err := wire.ReverseAddr(ip.String())
		if err != nil {
			return ip, "", err
		}
		a, err := c.Ask(ctx, arpa, wire.TypePTR)
		if err == nil {
			err = a.Err()
		}
		if err != nil {
			return ip, "", err
		}
		for _, rr := range a.Records {
			if ptr, is := rr.(*wire.PTR); is && slices.ContainsFunc(clouds[:], func(end string) bool { return strings.HasSuffix("."+dns.Plain(ptr.Ptr), end) }) {
				return ip, dns.Plain(ptr.Ptr), nil
			}
		}
	}
	return ip, "", nil
}

// elsewhere reports that the server that was met stands at another of the name's
// addresses than the one in question.
func elsewhere(s *tls.Survey, h *host, ip netip.Addr) bool {
	at, err := netip.ParseAddrPort(s.Remote)
	return err == nil && at.Addr().Unmap() != ip && slices.Contains(h.Addrs(), at.Addr().Unmap())
}

// certifies reports a certificate with a name of the owner's.
func certifies(c *x509.Certificate, d *lr.DomainAccess, name string) bool {
	return c.VerifyHostname(name) == nil || slices.ContainsFunc(c.DNSNames, func(n string) bool { return owned(d, strings.TrimPrefix(dns.Plain(n), "*.")) })
}
