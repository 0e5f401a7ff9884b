package https

import (
	"context"
	"net/netip"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var internalAddress = &lr.Check{
	ID:    "https/internal-address",
	Title: "No public name leads to an address inside a network",
	Why: "It tells everybody how the inside is laid out, it makes the browser of a visitor in another network call a machine there under your name, " +
		"and a server that fetches by name can be led to its own neighbours by it.",
	Fix:      "Move the record into a zone that only the inside sees (split horizon), or delete it. What has to be reached from outside gets a public address.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "RFC", ID: "1918"}, cweExposed},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		here := kindOf(targetAddr(t))
		return eachHost(ctx, t, func(_ context.Context, _ *dns.Client, h *host) error {
			if h.Alias() != "" && !owned(t.Target.Domain, h.Alias()) {
				t.Pass(lr.Evidence{}, h.Name, "its address is a stranger's")
				return nil
			}
			for _, a := range h.Addrs() {
				if kind := kindOf(a); kind != "" && kind != here { // where the target itself is on loopback, so are its hosts: a rehearsal
					t.Fail(said(lines(h.V4, h.V6)...), h.Name, "it has the address %s, which is %s", a, kind)
					return nil
				}
			}
			t.Pass(lr.Evidence{}, h.Name, "it has no address inside a network")
			return nil
		})
	},
}

// targetAddr is the address of the target, where its URL has one.
func targetAddr(t *lr.Trial) netip.Addr {
	if t.Target.Base == nil {
		return netip.Addr{}
	}
	host := t.Target.Base.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

// shared is the space of carriers' own translation (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// kindOf says what an address inside a network is, "" for one of the internet.
func kindOf(a netip.Addr) string {
	a = a.Unmap()
	switch {
	case !a.IsValid():
		return ""
	case a.IsLoopback():
		return "the machine itself (loopback)"
	case a.IsPrivate():
		return "private"
	case a.IsLinkLocalUnicast():
		return "link-local"
	case a.IsUnspecified():
		return "no address of a machine"
	case a.Is4() && shared.Contains(a):
		return "in the shared space of carriers"
	}
	return ""
}
