package https

import (
	"context"
	"net/netip"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var ipv6 = &lr.Check{
	ID:    "https/ipv6",
	Title: "IPv6 addresses are ones that can be reached",
	Why: "Where a name has an AAAA record, clients try it first. One that leads nowhere costs every visitor with IPv6 a wait at each connection, and those without IPv4 see no product: " +
		"mobile networks, and the office of a buyer.",
	Fix:      "Set the AAAA record to the address that the host has today, or delete it: IPv4 alone is better than a wrong IPv6. Test it from a network that has IPv6.",
	Severity: lr.Low,
	Refs:     []lr.Ref{{Source: "RFC", ID: "6890"}, {Source: "RFC", ID: "8305"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachHost(ctx, t, func(_ context.Context, _ *dns.Client, h *host) error {
			if h.V6 == nil || len(h.V6.Addrs()) == 0 {
				if len(h.Addrs()) > 0 {
					t.Pass(lr.Evidence{}, h.Name, "it is reached by IPv4 alone")
				}
				return nil
			}
			for _, a := range h.V6.Addrs() {
				if why := unreachable(a); why != "" {
					t.Fail(said(lines(h.V6)...), h.Name, "its IPv6 address %s cannot be reached: it is %s", a, why)
					return nil
				}
			}
			t.Pass(said(lines(h.V6)...), h.Name, "it has addresses of both kinds")
			return nil
		})
	},
}

// special are ranges that are no host of the internet's (RFC 6890). What is inside a
// network is for https/internal-address to tell.
var special = [...]struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("2001:db8::/32"), "for documentation"},
	{netip.MustParsePrefix("3fff::/20"), "for documentation"},
	{netip.MustParsePrefix("::ffff:0:0/96"), "an IPv4 address in the form of an IPv6 one"},
	{netip.MustParsePrefix("2002::/16"), "of 6to4, which is no longer in use"},
	{netip.MustParsePrefix("2001::/32"), "of Teredo, which is for clients"},
	{netip.MustParsePrefix("64:ff9b::/96"), "of a translator's own network"},
	{netip.MustParsePrefix("100::/64"), "one that discards everything"},
	{netip.MustParsePrefix("fec0::/10"), "site-local, which is no longer in use"},
	{netip.MustParsePrefix("ff00::/8"), "one of a group"},
}

// unreachable says why nobody can connect to an address, "" where it may be.
func unreachable(a netip.Addr) string {
	for _, s := range special {
		if s.prefix.Contains(a) {
			return s.what
		}
	}
	return ""
}
