package https

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var expectedName = &lr.Check{
	ID:       "https/expected-name",
	Title:    "Every host that the product uses resolves",
	Why:      "A host that the product, its documentation or its API description names and that does not resolve is down for everybody, and often nobody notices: the one who removed it did not know who uses it.",
	Fix:      "Add the record again, or take the host out of what names it: domain.hosts, the servers of the API description, the product's own links.",
	Severity: lr.High,
	Refs:     []lr.Ref{rfcConcepts},
	Needs:    lr.Domain,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return eachHost(ctx, t, func(_ context.Context, _ *dns.Client, h *host) error {
			d := t.Target.Domain
			switch {
			case !h.Expected, h.Name == "www."+d.Name:
				return nil
			case len(h.Addrs()) > 0:
				t.Pass(said(lines(h.V4, h.V6)...), h.Name, "it has %d addresses", len(h.Addrs()))
			case h.Name == d.Name: // https/apex-and-www tells
				return nil
			case h.Alias() != "": // https/dangling-cname tells
				t.Pass(said(lines(h.V4)...), h.Name, "it is an alias, which https/dangling-cname judges")
			case h.Missing():
				t.Fail(said(lines(h.V4)...), h.Name, "the product uses %s, and the name does not exist", h.Name)
			default:
				t.Fail(said(lines(h.V4, h.V6)...), h.Name, "the product uses %s, and it has neither an IPv4 nor an IPv6 address", h.Name)
			}
			return nil
		})
	},
}
