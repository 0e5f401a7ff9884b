package https

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	wire "github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/dns"
)

// host is one name of the owner's.
type host struct {
	Name     string
	Expected bool // the product uses it; else it was found
	V4, V6   *dns.Answer
	Err      error // it could not be looked up
}

// Missing reports that the name, or what it is an alias of, does not exist.
func (h *host) Missing() bool { return h.V4 != nil && h.V4.Missing() }

// Addrs are the addresses of the name.
func (h *host) Addrs() []netip.Addr {
	var out []netip.Addr
	for _, a := range []*dns.Answer{h.V4, h.V6} {
		if a != nil {
			out = append(out, a.Addrs()...)
		}
	}
	return out
}

// Alias is what the name is an alias of, at the end of the chain; "" for none.
func (h *host) Alias() string {
	if h.V4 == nil || len(h.V4.Chain) == 0 {
		return ""
	}
	return h.V4.End()
}

// usual are names that products have and forget: what was once set up for a trial, a
// campaign or an old release, and still leads somewhere.
var usual = [...]string{
	"www", "app", "api", "admin", "auth", "login", "sso", "id", "accounts", "dashboard", "portal", "console", "my", "web", "m", "mobile", "cdn", "static", "assets", "media", "img", "images",
	"files", "uploads", "download", "downloads", "docs", "doc", "help", "support", "kb", "status", "blog", "news", "shop", "store", "careers", "jobs", "about", "go", "link", "links", "click",
	"track", "email", "mail", "smtp", "imap", "pop", "webmail", "autodiscover", "autoconfig", "mx", "mx1", "ns", "ftp", "vpn", "remote", "intranet", "internal", "corp", "office", "dev", "develop",
	"test", "testing", "qa", "uat", "stage", "staging", "preview", "preprod", "prod", "demo", "sandbox", "beta", "alpha", "next", "new", "old", "legacy", "v1", "v2", "backup", "archive", "db",
	"git", "gitlab", "jenkins", "ci", "build", "grafana", "monitor", "monitoring", "metrics", "logs", "sentry", "kibana", "jira", "wiki", "chat", "bot", "widget", "embed", "ws", "socket",
	"webhooks", "hooks", "events", "edge", "origin", "direct", "proxy", "gateway", "graphql", "developer", "developers", "community", "forum", "events", "learn", "academy", "partners", "get",
	"try", "start", "trial", "landing", "pages", "lp", "promo", "marketing", "billing", "pay", "payments", "checkout", "crm", "analytics", "data", "ai", "models", "eu", "us",
}

// usualServices are services that are found by SRV records below a domain.
var usualServices = [...]string{
	"_imaps._tcp", "_imap._tcp", "_pop3s._tcp", "_submission._tcp", "_submissions._tcp", "_autodiscover._tcp", "_caldavs._tcp", "_carddavs._tcp", "_sip._tls", "_sips._tcp", "_sipfederationtls._tcp",
	"_xmpp-client._tcp", "_xmpp-server._tcp", "_matrix._tcp", "_stun._udp", "_turn._udp", "_ldap._tcp", "_kerberos._udp",
}

// inventory looks up every name that is known: what the configuration says, and of
// the usual ones those that exist.
func inventory(ctx context.Context, t *lr.Trial) ([]*host, error) {
	return lr.Recall(ctx, t.Memo, "dns/inventory", func(ctx context.Context) ([]*host, error) {
		c, err := resolver(ctx, t)
		if err != nil {
			return nil, err
		}
		d := t.Target.Domain
		var all []*host
		for _, name := range d.Hosts {
			all = append(all, &host{Name: name, Expected: true})
		}
		for _, name := range d.Parked {
			all = append(all, &host{Name: name}, &host{Name: "www." + name})
		}
		all, err = certified(ctx, t, all)
		if err != nil {
			return nil, err
		}
		random, err := c.Ask(ctx, label(t.Seed)+"."+d.Name, wire.TypeA)
		if err := stops(ctx, err); err != nil {
			return nil, err
		}
		if err == nil && random.Missing() { // below a wildcard every name seems to be there
			for _, l := range usual {
				name := l + "." + d.Name
				if !slices.ContainsFunc(all, func(h *host) bool { return h.Name == name }) {
					all = append(all, &host{Name: name})
				}
			}
		}
		err = each(ctx, all, func(ctx context.Context, h *host) error {
			if h.V4, h.Err = c.Ask(ctx, h.Name, wire.TypeA); h.Err == nil {
				h.Err = h.V4.Err()
			}
			if h.Err != nil || h.Missing() {
				return stops(ctx, h.Err)
			}
			if h.V6, h.Err = c.Ask(ctx, h.Name, wire.TypeAAAA); h.Err == nil {
				h.Err = h.V6.Err()
			}
			return stops(ctx, h.Err)
		})
		return slices.DeleteFunc(all, func(h *host) bool {
			return !h.Expected && h.Err == nil && h.Missing() && h.Alias() == "" // it was a guess
		}), err
	})
}

// certified adds the names that the certificates of the main hosts name: what was
// once served beside them.
func certified(ctx context.Context, t *lr.Trial, all []*host) ([]*host, error) {
	d := t.Target.Domain
	for _, at := range []string{d.Name, "www." + d.Name, d.Canonical} {
		if !slices.ContainsFunc(all, func(h *host) bool { return h.Expected && h.Name == at }) {
			continue
		}
		leaf, err := certificate(ctx, t, at)
		if err != nil {
			if err := stops(ctx, err); err != nil {
				return nil, err
			}
			continue // that it serves none is another check's to tell
		}
		for _, name := range leaf.DNSNames {
			name = dns.Plain(name)
			if len(all) < mostHosts && dns.Below(name, d.Name) && !strings.HasPrefix(name, "*") && !slices.ContainsFunc(all, func(h *host) bool { return h.Name == name }) {
				all = append(all, &host{Name: name})
			}
		}
	}
	return all, nil
}

// mostHosts bounds what others can make us look up: a certificate may have
// thousands of names.
const mostHosts = 1000

// eachHost calls f for every known name that could be looked up; of those that the
// product uses it tells which could not.
func eachHost(ctx context.Context, t *lr.Trial, f func(context.Context, *dns.Client, *host) error) error {
	c, err := resolver(ctx, t)
	if err != nil {
		return err
	}
	all, err := inventory(ctx, t)
	if err != nil {
		return err
	}
	return each(ctx, all, func(ctx context.Context, h *host) error {
		if h.Err != nil {
			if h.Expected {
				t.Unknown(h.Name, "%v", h.Err)
			}
			return nil
		}
		return f(ctx, c, h)
	})
}

// label is a name that nobody has: the run's own, the same for all its checks.
func label(seed int64) string {
	r := rand.New(rand.NewPCG(uint64(seed), 0x6c61756e6368)) //nolint:gosec // reproducible chance is the point
	var b strings.Builder
	b.WriteString("lr-")
	for range 14 {
		b.WriteByte("abcdefghijklmnopqrstuvwxyz"[r.IntN(26)])
	}
	return b.String()
}
