package https

import (
	"context"
	"slices"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

var certificateWildcard = &lr.Check{
	ID:    "https/certificate-wildcard",
	Title: "Nobody else holds a certificate for every name of the domain",
	Why: "A host that is an alias of a service runs on their machines, and so does the key of its certificate. One with `*.` before the domain lets the service, and who breaks into it, " +
		"pose as the application and as the sign-in page.",
	Fix:      "Give the service a certificate for its own host alone: let it issue one itself (ACME), and take the wildcard's key back by revoking it.",
	Severity: lr.Medium,
	Refs:     []lr.Ref{refCertificate, {Source: "CWE", ID: "295"}},
	Needs:    lr.Domain,
	Extra:    true,
	Run: func(ctx context.Context, t *lr.Trial) error {
		all, err := secures(ctx, t)
		if err != nil {
			return err
		}
		hosts, err := inventory(ctx, t)
		if err != nil {
			return err
		}
		d, asked := t.Target.Domain, false
		var mains []string // domains of who serves the main hosts
		for _, h := range hosts {
			if slices.Contains([]string{d.Name, "www." + d.Name, "app." + d.Name, "api." + d.Name, d.Canonical}, h.Name) && h.Alias() != "" {
				mains = append(mains, registrable(h.Alias()))
			}
		}
		for _, s := range all {
			if len(s.survey.Chain) == 0 {
				continue // https/encrypted tells of it
			}
			i := slices.IndexFunc(hosts, func(h *host) bool { return h.Name == s.host })
			if i < 0 || hosts[i].Err != nil {
				t.Unknown(s.host, "what it is an alias of could not be asked")
				asked = true
				continue
			}
			alias := hosts[i].Alias()
			if alias == "" || owned(d, alias) || edgeOf(alias) != "" || slices.Contains(mains, registrable(alias)) {
				continue // the owner's own machine, or the edge or host that serves the application itself
			}
			asked = true
			e := said(append([]string{s.host + ". is an alias of " + alias}, s.survey.Describe()...)...)
			if slices.ContainsFunc(s.survey.Chain[0].DNSNames, func(n string) bool { return dns.Plain(n) == "*."+d.Name }) {
				t.Fail(e, s.host, "it is an alias of %s, and the certificate there is for *.%s: who runs it can pose as every host of the domain", alias, d.Name)
				continue
			}
			t.Pass(e, s.host, "the service that it is an alias of has no certificate for the whole domain")
		}
		if !asked {
			t.NotApplicable("no name of the domain is an alias of somebody else's")
		}
		return nil
	},
}
