package policy

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard/transport"
)

// ACME gets certificates.
type ACME struct {
	Email     string   `yaml:"email,omitempty"`
	Folder    string   `yaml:"folder"`
	Directory string   `yaml:"directory,omitempty"`
	Roots     string   `yaml:"roots,omitempty"`
	HTTPPort  int      `yaml:"http_port,omitempty"`
	TLSPort   int      `yaml:"tls_port,omitempty"`
	Names     []string `yaml:"names,omitempty,flow"` // of the certificates; left out: hosts. With dns, *.acme.test too
	DNS       *DNS     `yaml:"dns,omitempty"`
}

// DNS answers challenges by records (DNS-01), and by nothing else.
type DNS struct {
	Provider string `yaml:"provider"` // cloudflare, rfc2136

	Token string `yaml:"token,omitempty"` // cloudflare: a reference
	API   string `yaml:"api,omitempty"`   // cloudflare: where its API is, when it is not Cloudflare's own

	Server    string `yaml:"server,omitempty"`    // rfc2136: host:port
	Key       string `yaml:"key,omitempty"`       // rfc2136: the key's name
	Algorithm string `yaml:"algorithm,omitempty"` // rfc2136: hmac-sha256 (default), hmac-sha384, hmac-sha512
	Secret    string `yaml:"secret,omitempty"`    // rfc2136: a reference to the key, base64

	Resolvers   []string `yaml:"resolvers,omitempty,flow"` // host:port, that must see a record; left out: the zone's own servers
	Propagation string   `yaml:"propagation,omitempty"`    // how long that may take; default 2m
}

const rfc2136 = "rfc2136"

func (j *judge) acme(p *Policy, a *ACME) {
	if len(p.Hosts) == 0 || a.Folder == "" {
		j.fail("tls.acme", "tls.acme needs folder, where keys are kept, and hosts, which the certificates are for")
	}
	if a.Directory != "" && !address(a.Directory) {
		j.fail("tls.acme.directory", "directory is no address of an authority")
	}
	for i, n := range a.Names {
		at := fmt.Sprintf("tls.acme.names[%d]", i)
		base, wild := strings.CutPrefix(n, "*.")
		if u, err := url.Parse("http://" + base); err != nil || u.Host != base || u.Port() != "" || base != strings.ToLower(base) || strings.ContainsAny(base, "*/@ ") || !strings.Contains(base, ".") {
			j.fail(at, "name %q is none in lower case, as acme.test or *.acme.test", n)
		} else if wild && a.DNS == nil {
			j.fail(at, "an authority gives a certificate for %s by a challenge of DNS only: add tls.acme.dns", n)
		}
	}
	if len(a.Names) > 0 {
		for i, h := range p.Hosts {
			if !covered(withoutPort(h), a.Names) {
				j.fail(fmt.Sprintf("hosts[%d]", i), "no certificate of tls.acme.names is for %s: callers would be refused", h)
			}
		}
	}
	d := a.DNS
	if d == nil {
		return
	}
	switch d.Provider {
	case cloudflare:
		j.reference("tls.acme.dns.token", d.Token, false)
		if u, err := url.Parse(d.API); d.API != "" && (err != nil || !address(d.API) || u.Scheme != "https" && !loopback(u.Hostname())) {
			j.fail("tls.acme.dns.api", "api is no address as https://host/client/v4: the token goes there")
		}
		if d.Server+d.Key+d.Algorithm+d.Secret != "" {
			j.fail("tls.acme.dns", "server, key, algorithm and secret are of rfc2136, not of cloudflare")
		}
	case rfc2136:
		j.reference("tls.acme.dns.secret", d.Secret, false)
		if _, _, err := net.SplitHostPort(d.Server); err != nil {
			j.fail("tls.acme.dns.server", "server is no host:port of a name server that takes updates")
		}
		if d.Key == "" {
			j.fail("tls.acme.dns", "tls.acme.dns needs key, the name of the key that signs updates")
		}
		if d.Algorithm != "" && !slices.Contains(transport.Algorithms(), d.Algorithm) {
			j.fail("tls.acme.dns.algorithm", "algorithm %q: one of %s", d.Algorithm, strings.Join(transport.Algorithms(), ", "))
		}
		if d.Token+d.API != "" {
			j.fail("tls.acme.dns", "token and api are of cloudflare, not of rfc2136")
		}
	default:
		j.fail("tls.acme.dns.provider", "provider %q: one of cloudflare, rfc2136", d.Provider)
	}
	for i, r := range d.Resolvers {
		if _, _, err := net.SplitHostPort(r); err != nil {
			j.fail(fmt.Sprintf("tls.acme.dns.resolvers[%d]", i), "%q is no host:port of a name server", r)
		}
	}
	j.time("tls.acme.dns.propagation", d.Propagation)
}

// covered reports whether a certificate of these names is for the host.
func covered(host string, names []string) bool {
	_, above, _ := strings.Cut(host, ".")
	return slices.Contains(names, host) || slices.Contains(names, "*."+above)
}

// withoutPort is a host without its port.
func withoutPort(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// acme is what gets the certificates.
func (p *Policy) acme(s *State) (*transport.ACME, error) {
	a := p.TLS.ACME
	out := &transport.ACME{Hosts: a.Names, Email: a.Email, Folder: s.path(a.Folder), Directory: a.Directory, HTTPPort: a.HTTPPort, TLSPort: a.TLSPort, Log: s.Log}
	if len(out.Hosts) == 0 {
		for _, h := range p.Hosts {
			if !slices.Contains(out.Hosts, withoutPort(h)) {
				out.Hosts = append(out.Hosts, withoutPort(h))
			}
		}
	}
	if a.Roots != "" {
		b, err := os.ReadFile(s.path(a.Roots))
		if err != nil {
			return nil, p.wrong("tls.acme.roots", err)
		}
		out.Roots = b
	}
	d := a.DNS
	if d == nil {
		return out, nil
	}
	var err error
	if out.Propagation, err = span(d.Propagation); err != nil {
		return nil, err
	}
	out.Resolvers = slices.Clone(d.Resolvers)
	if d.Provider == cloudflare {
		token, err := s.secret(d.Token)
		if err != nil {
			return nil, p.wrong("tls.acme.dns.token", err)
		}
		out.Zone = transport.CloudflareZone{Token: lr.NewSecret(string(token)), API: d.API}
		return out, nil
	}
	key, err := s.secret(d.Secret)
	if err != nil {
		return nil, p.wrong("tls.acme.dns.secret", err)
	}
	if raw, err := base64.StdEncoding.DecodeString(string(key)); err != nil || len(raw) < 16 {
		return nil, p.wrong("tls.acme.dns.secret", errors.New("it is no key of 16 bytes or more in base64"))
	}
	out.Zone = transport.UpdateZone{Server: d.Server, Key: d.Key, Algorithm: d.Algorithm, Secret: lr.NewSecret(string(key))}
	return out, nil
}
