package email

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/spf"
)

var mxReverse = &lr.Check{
	ID:    "email/mx-reverse",
	Title: "Addresses that send mail have a name that leads back to them",
	Why: "Large receivers refuse mail from an address without a PTR record, or whose name has another address: it is how machines look that were broken into. " +
		"Asked are the domain's own mail hosts, and those of its MX hosts that SPF lets send.",
	Fix:      "Have the provider of the address set its PTR record to the host's name, and give that name the address.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{rfc("1912", "2.1"), googleBulk},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		asked := 0
		err := hostCheck(ctx, t, func(ctx context.Context, r mail.Resolver, x *reception, h *exchanger) error {
			rep, err := inspection(ctx, t, x.name)
			if err != nil {
				return err
			}
			for _, ip := range h.addresses() {
				if !within(h.name, x.name) && !within(h.name, t.Target.Domain.Name) && !sendsFrom(rep, ip) {
					continue
				}
				asked++
				names, back, err := reverse(ctx, r, ip)
				e := facts(fmt.Sprintf("%s. has the address %s", h.name, ip), fmt.Sprintf("%s. PTR %s", mail.Reverse(ip), strings.Join(names, ", ")))
				switch {
				case err != nil:
					if err := spent(err); err != nil {
						return err
					}
					t.Unknown(h.name+" "+ip.String(), "its name could not be asked: %v", err)
				case len(names) == 0:
					t.Fail(e, h.name+" "+ip.String(), "the address %s of %s has no PTR record", ip, h.name)
				case !back:
					t.Fail(e, h.name+" "+ip.String(), "the address %s of %s has the name %s, which has another address", ip, h.name, names[0])
				default:
					t.Pass(e, h.name+" "+ip.String(), "its name is %s, and leads back to it", names[0])
				}
			}
			return nil
		})
		if err == nil && asked == 0 {
			t.NotApplicable("no MX host is the domain's own or sends for it")
		}
		return err
	},
}

func sendsFrom(rep *spf.Report, ip netip.Addr) bool {
	return slices.ContainsFunc(rep.Ranges, func(r spf.Range) bool { return r.Prefix.Contains(ip) })
}

// mostNames of one address are looked up: RFC 7208 section 4.6.4 stops there too.
const mostNames = 10

// reverse asks for the names of an address and whether one leads back to it.
func reverse(ctx context.Context, r mail.Resolver, ip netip.Addr) (names []string, back bool, err error) {
	a, err := mail.Ask(ctx, r, mail.Reverse(ip), mail.PTR)
	if err != nil {
		return nil, false, err
	}
	kind := mail.A
	if ip.Is6() {
		kind = mail.AAAA
	}
	for _, rec := range a.Records[:min(len(a.Records), mostNames)] {
		names = append(names, rec.Host)
		forward, err := mail.Ask(ctx, r, rec.Host, kind)
		if err != nil {
			return names, false, err
		}
		for _, f := range forward.Records {
			back = back || f.Addr == ip
		}
	}
	return names, back, nil
}
