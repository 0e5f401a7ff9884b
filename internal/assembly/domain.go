package assembly

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/cloudflare"
	"github.com/launchready/launchready/surface"
)

// domain is nil where the configuration names none.
func domain(c *config.Config, client *probe.Client, s *surface.Surface) (*lr.DomainAccess, error) {
	d := c.Domain
	if d.Name == "" {
		return nil, nil
	}
	out := &lr.DomainAccess{
		Name: plain(d.Name), Hosts: hosts(c, s), Canonical: below(d.Canonical, plain(d.Name)), Tenants: below(d.Tenants, plain(d.Name)),
		Senders: d.Mail.Senders, Selectors: d.Mail.Selectors, Sample: c.Abs(d.Mail.Sample), Origins: d.Origins,
	}
	for _, p := range d.Parked {
		out.Parked = append(out.Parked, plain(p))
	}
	for _, n := range d.Mail.From {
		if !strings.Contains(strings.TrimSuffix(n, "."), ".") {
			n = below(n, out.Name)
		}
		out.From = append(out.From, plain(n))
	}
	for _, file := range d.Mail.Reports {
		out.Reports = append(out.Reports, c.Abs(file))
	}
	if cf := d.Cloudflare; cf != nil {
		out.Cloudflare = &lr.CloudflareAccess{Token: cf.Token.Secret, Zone: cf.Zone, API: cf.API}
	}
	network, err := client.Network(probe.NetworkOptions{
		Domains: append([]string{out.Name}, out.Parked...), Hosts: append(append(slices.Clone(d.Origins), c.Target.Hosts...), apiHosts(d.Cloudflare)...),
		Resolver: d.Resolver, Ports: d.Ports, Resolve: addresses(c),
	})
	if err != nil {
		return nil, err
	}
	out.Network = network
	return out, nil
}

// apiHosts is where the provider's API is, which belongs to no domain of the owner.
func apiHosts(cf *config.Cloudflare) []string {
	if cf == nil {
		return nil
	}
	base := cf.API
	if base == "" {
		base = cloudflare.Base
	}
	u, err := url.Parse(base)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	return []string{u.Hostname()}
}

// hosts are the names that the product uses, the domain first.
func hosts(c *config.Config, s *surface.Surface) []string {
	name := plain(c.Domain.Name)
	out := []string{name}
	add := func(host string) {
		if host != "" && (host == name || strings.HasSuffix(host, "."+name)) && !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	if len(c.Domain.Hosts) == 0 {
		add("www." + name)
	}
	for _, h := range c.Domain.Hosts {
		add(below(h, name))
	}
	add(below(c.Domain.Canonical, name))
	add(hostOf(c.Target.URL.Host))
	for _, h := range c.Target.Hosts {
		add(hostOf(h))
	}
	for _, t := range c.Tenants {
		if u := t.Value.URL.URL; u != nil {
			add(hostOf(u.Host))
		}
	}
	if s != nil { // what the API's description names as its servers
		for _, server := range s.Servers {
			if u, err := url.Parse(server); err == nil && !strings.ContainsAny(u.Host, "{}*") {
				add(hostOf(u.Host))
			}
		}
	}
	return out
}

// hostOf is the name of a host that may have a port, "" for an address.
func hostOf(s string) string {
	host, _, err := net.SplitHostPort(s)
	if err != nil {
		host = s
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	return plain(host)
}

// below is a name of the domain, which may be written without it.
func below(s, name string) string {
	if s == "" || s == "@" {
		return ""
	}
	s = plain(s)
	if s == name || strings.HasSuffix(s, "."+name) {
		return s
	}
	return s + "." + name
}

// plain is a name as it is looked up; what is none stays as it was written and
// fails when it is looked up.
func plain(s string) string {
	if name, err := mail.Domain(s); err == nil {
		return name
	}
	return strings.ToLower(strings.TrimSuffix(s, "."))
}
