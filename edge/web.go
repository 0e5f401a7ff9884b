package edge

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/mail/spf"
)

func isSPF(s string) bool { return spf.IsRecord(s) }

// caa lets the named authorities issue certificates, and never shuts out the one
// whose certificate is served now without saying so (RFC 8659).
func (m *maker) caa() {
	checks, ok := m.wanted("caa")
	if !ok || len(m.Issuers) == 0 {
		return
	}
	var have []string // authorities that may issue, as they stand
	for _, v := range m.state.Sets[RR(m.Zone, "CAA")] {
		if rr, err := Parse(m.Zone, "CAA", 0, v.Data); err == nil {
			if c, ok := rr.(*dns.CAA); ok && strings.EqualFold(c.Tag, "issue") {
				issuer, _, _ := strings.Cut(c.Value, ";")
				have = append(have, strings.ToLower(strings.TrimSpace(issuer)))
			}
		}
	}
	w := Want{Key: RR(m.Zone, "CAA"), Own: func(Value) bool { return false }, Why: "Only these authorities may issue certificates for the domain.", Checks: checks}
	may := slices.Clone(have)
	for _, issuer := range m.Issuers {
		if issuer = strings.ToLower(issuer); !slices.Contains(may, issuer) {
			may = append(may, issuer)
			w.Values = append(w.Values, Value{Data: `0 issue "` + issuer + `"`})
		}
	}
	if len(w.Values) == 0 {
		return
	}
	for _, issuer := range m.Current {
		switch {
		case strings.HasPrefix(issuer, "?"):
			w.Risks = append(w.Risks, Risk{Text: "a certificate that is served now comes from " + issuer[1:] + ", whose name in CAA is not known here: see that it is among them, or the next renewal fails"})
		case !slices.Contains(may, issuer):
			w.Risks = append(w.Risks, Risk{Text: "a certificate that is served now comes from " + issuer + ", which is not among them: the next renewal fails"})
		}
	}
	m.want(w)
}

// web brings the names to life that pages are read at.
func (m *maker) web() {
	checks, ok := m.wanted("apex", "www", "canonical", "host", "resolve")
	if !ok || m.Canonical == "" {
		return
	}
	for _, h := range []string{m.Zone, "www." + m.Zone} {
		switch {
		case m.here(h) || h == m.Canonical || !slices.Contains(m.Hosts, h):
		case h == m.Zone:
			m.note("%s has no address, and no CNAME can stand at the top of a zone: give it the addresses of %s, or your provider's ALIAS.", h, m.Canonical)
		case m.here(m.Canonical):
			m.want(Want{Key: RR(h, "CNAME"), Values: []Value{{Data: dns.Fqdn(m.Canonical)}}, Why: "Both names lead to " + m.Canonical + ".", Checks: checks})
		}
	}
	if m.Edge == nil {
		m.note("Redirects: where pages are served, answer every name but %s with 308 to https://%s and the same path and query. nginx: return 308 https://%s$request_uri;", m.Canonical, m.Canonical, m.Canonical)
	}
}

// authorities by the organisation that their certificates name.
var authorities = [...]struct{ organisation, issuer string }{
	{"let's encrypt", "letsencrypt.org"}, {"google trust services", "pki.goog"}, {"digicert", "digicert.com"}, {"amazon", "amazon.com"},
	{"sectigo", "sectigo.com"}, {"zerossl", "sectigo.com"}, {"globalsign", "globalsign.com"}, {"ssl corporation", "ssl.com"}, {"entrust", "entrust.net"},
	{"godaddy", "godaddy.com"}, {"buypass", "buypass.com"}, {"microsoft", "microsoft.com"}, {"apple", "apple.com"}, {"certum", "certum.pl"}, {"harica", "harica.gr"},
}

// Authorities tells who issued the certificates that hosts serve now, as CAA names
// them; one that is not known is told by its own name behind a question mark.
func Authorities(ctx context.Context, n lr.Network, hosts []string) []string {
	var out []string
	for _, h := range hosts[:min(len(hosts), 20)] {
		for _, issuer := range issuerOf(ctx, n, h) {
			if !slices.Contains(out, issuer) {
				out = append(out, issuer)
			}
		}
	}
	return out
}

func issuerOf(ctx context.Context, n lr.Network, host string) []string {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	c, err := n.Dial(ctx, "tcp", net.JoinHostPort(host, "443"))
	if err != nil {
		return nil
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(askTimeout))
	t := tls.Client(c, &tls.Config{ServerName: host, InsecureSkipVerify: true}) //nolint:gosec // it only reads who issued it
	if t.HandshakeContext(ctx) != nil {
		return nil
	}
	certs := t.ConnectionState().PeerCertificates
	if len(certs) == 0 {
		return nil
	}
	name := strings.Join(certs[0].Issuer.Organization, " ")
	if name == "" {
		name = certs[0].Issuer.CommonName
	}
	for _, a := range authorities {
		if strings.Contains(strings.ToLower(name), a.organisation) {
			return []string{a.issuer}
		}
	}
	if name == "" {
		return nil
	}
	return []string{"?" + name}
}
