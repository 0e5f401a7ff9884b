package https

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var serviceBinding = &lr.Check{
	ID:    "https/service-binding",
	Title: "HTTPS records say what the addresses say",
	Why: "Browsers that read HTTPS records connect by what those say, before they look at the addresses. A hint that was left at an old address sends some visitors to a machine that is gone, or somebody else's, " +
		"and the operator's own browser shows nothing of it.",
	Fix:      "Take ipv4hint and ipv6hint out of the HTTPS record, or set them to the A and AAAA records of its target; they are optional. Let the target be `.` or a name that exists.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "RFC", ID: "9460"}},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachHost(ctx, t, func(ctx context.Context, c *dns.Client, h *host) error {
			if h.Missing() {
				return nil
			}
			a, err := c.Ask(ctx, h.Name, wire.TypeHTTPS)
			if why := settled(a, err); why != "" {
				t.Unknown(h.Name, "%s", why)
				return stops(ctx, err)
			}
			if len(a.Records) == 0 {
				t.Pass(lr.Evidence{}, h.Name, "it has no HTTPS record")
				return nil
			}
			for _, rr := range a.Records {
				if rr, ok := rr.(*wire.HTTPS); ok {
					why, err := judgeBinding(ctx, c, h, rr)
					switch {
					case err != nil:
						t.Unknown(h.Name, "%v", err)
						return stops(ctx, err)
					case why != "":
						t.Fail(said(append(lines(a), lines(h.V4, h.V6)...)...), h.Name, "%s", why)
						return nil
					}
				}
			}
			t.Pass(said(lines(a)...), h.Name, "its HTTPS records fit its addresses")
			return nil
		})
	},
}

// judgeBinding says what is wrong with one record, "" for nothing.
func judgeBinding(ctx context.Context, c *dns.Client, h *host, rr *wire.HTTPS) (string, error) {
	target := dns.Plain(rr.Target)
	if rr.Target == "." {
		if rr.Priority == 0 {
			return "its HTTPS record says that there is no such service (an alias to the root): browsers do not connect", nil
		}
		target = h.Name
	}
	addrs := h.Addrs()
	if target != h.Name {
		var err error
		if addrs, _, err = c.Addresses(ctx, target); err != nil {
			return "", err
		}
		if len(addrs) == 0 {
			return fmt.Sprintf("its HTTPS record leads to %s, which has no address", target), nil
		}
	}
	var wrong []string
	for _, v := range rr.Value {
		for _, hint := range hints(v) {
			if !slices.Contains(addrs, hint) {
				wrong = append(wrong, hint.String())
			}
		}
	}
	if len(wrong) > 0 {
		return fmt.Sprintf("its HTTPS record sends browsers to %s, which is no address of %s", strings.Join(wrong, ", "), target), nil
	}
	return "", nil
}

// hints are the addresses that a record gives along.
func hints(v wire.SVCBKeyValue) []netip.Addr {
	var ips []net.IP
	switch v := v.(type) {
	case *wire.SVCBIPv4Hint:
		ips = v.Hint
	case *wire.SVCBIPv6Hint:
		ips = v.Hint
	}
	var out []netip.Addr
	for _, ip := range ips {
		if a, ok := netip.AddrFromSlice(ip); ok {
			out = append(out, a.Unmap())
		}
	}
	return out
}
