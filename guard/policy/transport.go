package policy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/cors"
	"github.com/launchready/launchready/guard/hygiene"
	"github.com/launchready/launchready/guard/transport"
)

// cloudflare names the networks of Cloudflare in trusted_proxies.
const cloudflare = "cloudflare"

// Cookies gives the application's cookies what they lack.
type Cookies struct {
	SameSite string   `yaml:"same_site,omitempty"`     // Lax (default), Strict, none: as the application says
	Readable []string `yaml:"readable,omitempty,flow"` // names that scripts may read
}

// TLS is how callers reach guard.
type TLS struct {
	Certificate string `yaml:"certificate,omitempty"` // files, PEM; read again when they change
	Key         string `yaml:"key,omitempty"`
	ACME        *ACME  `yaml:"acme,omitempty"`
	Plain       string `yaml:"plain,omitempty"`    // host:port that redirects, and answers HTTP-01
	Redirect    bool   `yaml:"redirect,omitempty"` // what a proxy before took without TLS
	HSTS        *HSTS  `yaml:"hsts,omitempty"`
}

// HSTS keeps browsers on TLS.
type HSTS struct {
	MaxAge     string `yaml:"max_age"`
	Subdomains bool   `yaml:"subdomains,omitempty"`
	Preload    bool   `yaml:"preload,omitempty"`
}

// Lock lets in only what comes by the proxy before guard.
type Lock struct {
	Header   string   `yaml:"header,omitempty"`
	Secrets  []string `yaml:"secrets,omitempty,flow"` // references
	ClientCA string   `yaml:"client_ca,omitempty"`    // file
}

// Proxies are the networks whose X-Forwarded-For is believed.
func (p *Policy) Proxies() []netip.Prefix {
	var out []netip.Prefix
	add := func(texts []string) {
		for _, t := range texts {
			if n, err := netip.ParsePrefix(t); err == nil { // Parse refused what is none
				out = append(out, n)
			}
		}
	}
	add(p.Trusted)
	switch {
	case !slices.Contains(p.Trusted, cloudflare):
	case len(p.Cloudflare) > 0:
		add(p.Cloudflare)
	default:
		out = append(out, transport.Cloudflare()...)
	}
	return out
}

func (j *judge) transport(p *Policy) {
	for i, t := range p.Cloudflare {
		if n, err := netip.ParsePrefix(t); err != nil || n.Bits() < 8 {
			j.fail(fmt.Sprintf("cloudflare_networks[%d]", i), "%q is no network of Cloudflare's, as 104.16.0.0/13", t)
		}
	}
	if len(p.Cloudflare) > 0 && !slices.Contains(p.Trusted, cloudflare) {
		j.fail("cloudflare_networks", "cloudflare_networks says what cloudflare means in trusted_proxies, where it does not stand")
	}
	if slices.Contains(p.Trusted, cloudflare) && p.Lock == nil {
		j.twice(p, "trusted_proxies", "cloudflare without a lock", "everybody can send requests out of Cloudflare's networks: add origin_lock")
	}
	if c := p.Cookies; c != nil && !slices.Contains([]string{"", "Lax", "Strict", "none"}, c.SameSite) {
		j.fail("cookies.same_site", "same_site %q: one of Lax, Strict, none", c.SameSite)
	}
	if t := p.TLS; t != nil {
		if (t.Certificate == "") != (t.Key == "") {
			j.fail("tls", "tls needs certificate and key, both")
		}
		if t.Certificate != "" && t.ACME != nil {
			j.fail("tls.acme", "tls has a certificate and gets one: one of the two")
		}
		serves := t.Certificate != "" || t.ACME != nil
		if t.ACME != nil {
			j.acme(p, t.ACME)
		}
		if t.Plain != "" {
			if _, _, err := net.SplitHostPort(t.Plain); err != nil || t.Plain == p.Listen || !serves {
				j.fail("tls.plain", "plain is no host:port of its own, or there is no certificate to redirect to")
			}
		}
		if (t.Redirect || t.Plain != "") && len(p.Hosts) == 0 {
			j.fail("tls", "a redirect needs hosts: it must not lead where a caller says")
		}
		if t.Redirect && serves {
			j.fail("tls.redirect", "everything that reaches guard comes over TLS: redirect is for guard behind a proxy, plain for a port beside")
		}
		if h := t.HSTS; h != nil {
			d, err := time.ParseDuration(h.MaxAge)
			if err != nil || d < time.Second {
				j.fail("tls.hsts.max_age", "max_age %q is no time, as 8760h", h.MaxAge)
			}
			if h.Preload && (!h.Subdomains || d < 8760*time.Hour) {
				j.fail("tls.hsts.preload", "preload needs subdomains and max_age of a year, and is hard to take back")
			}
		}
	}
	if l := p.Lock; l != nil {
		if (l.Header == "") != (len(l.Secrets) == 0) || l.Header == "" && l.ClientCA == "" {
			j.fail("origin_lock", "origin_lock needs header and secrets, or client_ca")
		}
		n := http.CanonicalHeaderKey(l.Header)
		if l.Header != "" && (!httpguts.ValidHeaderFieldName(l.Header) || strings.HasPrefix(n, "X-Forwarded-") || strings.HasPrefix(n, "X-Guard-") || n == "Authorization" || strings.Contains(n, "_")) {
			j.fail("origin_lock.header", "header %q is no field of its own, as X-Origin-Lock", l.Header)
		}
		for i, s := range l.Secrets {
			j.reference(fmt.Sprintf("origin_lock.secrets[%d]", i), s, false)
		}
		if l.ClientCA != "" && (p.TLS == nil || p.TLS.Certificate == "" && p.TLS.ACME == nil) {
			j.fail("origin_lock.client_ca", "client_ca asks for certificates, which needs tls")
		}
	}
}

// transport adds the gates and taps; the lock is asked first, then the host,
// which a redirect leads to.
func (p *Policy) transport(o *guard.Options, s *State) error {
	if l := p.Lock; l != nil && l.Header != "" {
		var all [][]byte
		for i, ref := range l.Secrets {
			b, err := s.secret(ref)
			if err == nil && len(b) < 16 {
				err = errors.New("the secret is shorter than 16 bytes")
			}
			if err != nil {
				return p.wrong(fmt.Sprintf("origin_lock.secrets[%d]", i), err)
			}
			all = append(all, b)
		}
		o.Gates = append(o.Gates, transport.NewLock(http.CanonicalHeaderKey(l.Header), all))
	}
	if len(p.Hosts) > 0 {
		all := cors.Hosts{}
		for _, h := range p.Hosts {
			all[h] = true
		}
		o.Gates = append(o.Gates, all)
	}
	if t := p.TLS; t != nil && (t.Redirect || t.HSTS != nil) {
		h := transport.HTTPS{Redirect: t.Redirect}
		if t.HSTS != nil {
			d, err := time.ParseDuration(t.HSTS.MaxAge)
			if err != nil {
				return err
			}
			h.HSTS = transport.HSTS(d, t.HSTS.Subdomains, t.HSTS.Preload)
		}
		o.Gates, o.Taps = append(o.Gates, h), append(o.Taps, h)
	}
	if c := p.Cookies; c != nil {
		site := map[string]string{"": "Lax", "none": ""}
		v, ok := site[c.SameSite]
		if !ok {
			v = c.SameSite
		}
		o.Taps = append(o.Taps, hygiene.Cookies{SameSite: v, Readable: c.Readable})
	}
	if p.Hygiene != nil && p.Hygiene.NoStore {
		o.Taps = append(o.Taps, hygiene.Cache{Credentials: p.credentials()})
	}
	if p.Hygiene != nil && p.Hygiene.AskFresh {
		o.Checks = append(o.Checks, hygiene.Fresh{})
	}
	return nil
}

// Front is what guard listens with. It does not change with the policy.
type Front struct {
	Server *transport.Server
	Scheme string
	Plain  http.Handler // nil: nothing beside TLS
	acme   *transport.ACME
	until  func() time.Time
}

// Until is when the first of the certificates ends; zero: guard serves without one, or
// has none yet.
func (f *Front) Until() time.Time {
	if f.until == nil {
		return time.Time{}
	}
	return f.until()
}

// Front makes the server of a policy for the handler. Close ends what it began.
func (p *Policy) Front(s *State, h http.Handler) (*Front, error) {
	f := &Front{Server: &transport.Server{Handler: h, Log: s.Log}, Scheme: "http"}
	t := p.TLS
	if t == nil || t.Certificate == "" && t.ACME == nil {
		return f, nil
	}
	c := transport.Base()
	f.Scheme, f.Server.TLS = "https", c
	if t.Plain != "" {
		f.Plain = transport.Plain(p.Hosts)
	}
	if p.Lock != nil && p.Lock.ClientCA != "" {
		b, err := os.ReadFile(s.path(p.Lock.ClientCA))
		if err == nil {
			err = transport.Require(c, b)
		}
		if err != nil {
			return nil, p.wrong("origin_lock.client_ca", err)
		}
	}
	if t.Certificate != "" {
		files := &transport.Files{Certificate: s.path(t.Certificate), Key: s.path(t.Key)}
		c.GetCertificate, f.until = files.Get, files.Until
		if err := files.Load(); err != nil {
			return nil, p.wrong("tls.certificate", err)
		}
		return f, nil
	}
	acme, err := p.acme(s)
	if err != nil {
		return nil, err
	}
	f.acme = acme
	c.GetCertificate, f.until = f.acme.Get, f.acme.Until
	c.NextProtos = append(c.NextProtos, transport.Protocol)
	if c.ClientAuth == tls.RequireAndVerifyClientCert { // the authority that asks has none
		strict := c.Clone()
		c.ClientAuth = tls.NoClientCert
		c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			if slices.Equal(h.SupportedProtos, []string{transport.Protocol}) {
				return nil, nil
			}
			return strict, nil
		}
	}
	return f, nil
}

// Start asks for certificates, when there are to be any; challenges must be able to
// arrive from here on. Plain answers them, too.
func (f *Front) Start(ctx context.Context) error {
	if f.acme == nil {
		return nil
	}
	if err := f.acme.Start(ctx); err != nil {
		return err
	}
	if f.Plain != nil {
		f.Plain = f.acme.Challenges(f.Plain)
	}
	return nil
}

// Refers reads what Front and Follow need of the policy, and tells what is wrong with it.
func (p *Policy) Refers(s *State) error {
	f, front := p.Front(s, nil)
	if front == nil {
		f.Close()
	}
	_, spans := p.collector(s)
	return errors.Join(front, spans)
}

// Close ends the renewals.
func (f *Front) Close() {
	if f.acme != nil {
		f.acme.Stop()
	}
}
