package demo

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/demo/cloudflare"
)

// originAt is the address of the machine behind the edge, which no record tells.
const originAt = "127.0.0.8"

// edgeAt is the address of the edge, which the outside sees.
const edgeAt = "127.0.0.1"

// zoneID is that of Harbor's zone at the edge.
const zoneID = "8f3b4c0f2d1e4a5b9c6d7e8f90a1b2c3"

// outpost is what stands before Harbor at its provider: the settings of the zone, and
// the machine behind it.
type outpost struct {
	api    *cloudflare.Server
	origin string // address of the machine
}

// openEdge starts the provider's API and the machine that the edge asks.
func (s *Server) openEdge() error {
	origin, err := s.openOrigin()
	if err != nil {
		return err
	}
	o := cloudflare.Options{Token: s.derived("edge-token"), Expires: s.now().AddDate(0, 6, 0).UTC().Format(time.RFC3339), Zones: []*cloudflare.Zone{s.edgeZone()}}
	if s.flaws.Has("https/edge-token") {
		o.Expires = ""
	}
	known := sets(o.Zones[0].Records)
	o.Changed = func(z *cloudflare.Zone) {
		next := sets(z.Records)
		for k, rrs := range next {
			if !slices.EqualFunc(known[k], rrs, func(a, b dns.RR) bool { return a.String() == b.String() }) {
				s.domain.names.Set(k.name, k.kind, rrs)
			}
		}
		for k := range known {
			if next[k] == nil {
				s.domain.names.Set(k.name, k.kind, nil)
			}
		}
		known = next
	}
	api, err := cloudflare.New(o)
	if err != nil {
		return fmt.Errorf("start the edge: %w", err)
	}
	s.closers = append(s.closers, api.Close)
	s.domain.edge = outpost{api: api, origin: origin}
	return nil
}

// edgeZone is what the makers of Harbor set.
func (s *Server) edgeZone() *cloudflare.Zone {
	word := func(flaw, bad, good string) any {
		if s.flaws.Has(flaw) {
			return bad
		}
		return good
	}
	z := &cloudflare.Zone{ID: zoneID, Name: domainName, DNSSEC: "active", Paused: s.flaws.Has("https/edge-views"), Records: s.edgeRecords(),
		Settings: map[string]any{
			"ssl":              word("https/edge-ssl-mode", "flexible", "strict"),
			"always_use_https": word("https/edge-always-https", "off", "on"),
			"min_tls_version":  word("https/edge-minimum-tls", "1.0", "1.2"),
			"0rtt":             word("https/edge-early-data", "on", "off"),
			"development_mode": word("https/edge-development-mode", "on", "off"),
			"tls_1_3":          "on",
			"security_header": map[string]any{"strict_transport_security": map[string]any{
				"enabled": true, "max_age": 31536000, "include_subdomains": true, "preload": false, "nosniff": true}},
		}}
	managed := cloudflare.Rule{"action": "execute", "expression": "true", "description": "Cloudflare Managed Ruleset", "action_parameters": map[string]any{"id": "efb7b8c949ac4650a09736fc376e9aee"}}
	if s.flaws.Has("https/edge-waf") {
		managed["action_parameters"] = map[string]any{"id": "efb7b8c949ac4650a09736fc376e9aee", "overrides": map[string]any{"action": "log"}}
	}
	skip := cloudflare.Rule{"action": "skip", "expression": `(ip.src in {192.0.2.0/28} and http.request.uri.path eq "/v1/webhooks/crm")`, "description": "The CRM's webhooks", "action_parameters": map[string]any{"phases": []string{"http_request_firewall_managed"}}}
	if s.flaws.Has("https/edge-waf-skip") {
		skip["expression"] = `(http.user_agent contains "HarborSync")`
	}
	limit := cloudflare.Rule{"action": "block", "expression": `(starts_with(http.request.uri.path, "/v1/auth/"))`, "description": "Sign-in", "enabled": !s.flaws.Has("https/edge-rate-limit"),
		"ratelimit": map[string]any{"characteristics": []string{"cf.colo.id", "ip.src"}, "period": 60, "requests_per_period": 60, "mitigation_timeout": 60}}
	static := cloudflare.Rule{"action": "set_cache_settings", "expression": `(starts_with(http.request.uri.path, "/assets/"))`, "description": "Static files", "action_parameters": map[string]any{"cache": true}}
	if s.flaws.Has("https/edge-cache-rules") {
		static["expression"] = `(http.host eq "api.harbor.test")`
	}
	moved := cloudflare.Rule{"action": "redirect", "expression": `(http.host eq "www.harbor.test")`, "description": "www",
		"action_parameters": map[string]any{"from_value": map[string]any{"status_code": 308, "preserve_query_string": true, "target_url": map[string]any{"expression": `concat("https://harbor.test", http.request.uri.path)`}}}}
	if s.flaws.Has("https/edge-redirect-rules") {
		moved["action_parameters"] = map[string]any{"from_value": map[string]any{"status_code": 302, "target_url": map[string]any{"value": "http://harbor.test/"}}}
	}
	for phase, rule := range map[string]cloudflare.Rule{"http_request_firewall_managed": managed, "http_request_firewall_custom": skip, "http_ratelimit": limit, "http_request_cache_settings": static, "http_request_dynamic_redirect": moved} {
		z.Rulesets = append(z.Rulesets, &cloudflare.Ruleset{Name: "default", Phase: phase, Rules: []cloudflare.Rule{rule}})
	}
	return z
}

// edgeRecords is the zone as the edge has it: what the name servers answer, with the
// machine's own address behind each of the product's hosts.
func (s *Server) edgeRecords() []cloudflare.Record {
	var out []cloudflare.Record
	for _, rr := range s.domain.names.Records(domainName) {
		h := rr.Header()
		name := strings.TrimSuffix(h.Name, ".")
		r := cloudflare.Record{Name: name, Type: dns.TypeToString[h.Rrtype], TTL: h.Ttl, Content: strings.TrimPrefix(rr.String(), h.String())}
		label := strings.TrimSuffix(name, "."+domainName)
		switch rr := rr.(type) {
		case *dns.A:
			if web := name == domainName || slices.Contains(domainHosts[:], label); web && !(label == "api" && s.flaws.Has("https/edge-proxied")) {
				r.Content, r.Proxied, r.TTL = originAt, true, 1
			}
		case *dns.MX:
			r.Content, r.Priority = strings.TrimSuffix(rr.Mx, "."), &rr.Preference
		case *dns.CNAME:
			r.Content = strings.TrimSuffix(rr.Target, ".")
		case *dns.TXT, *dns.CAA:
		default:
			continue
		}
		out = append(out, r)
	}
	return out
}

// set names the records that the outside sees together.
type set struct {
	name string
	kind uint16
}

// sets are the records as the name servers answer: the edge's own address for what
// it stands before.
func sets(records []cloudflare.Record) map[set][]dns.RR {
	out := map[set][]dns.RR{}
	for _, r := range records {
		content := r.Content
		switch {
		case r.Proxied:
			content = edgeAt
		case r.Priority != nil:
			content = fmt.Sprintf("%d %s", *r.Priority, dns.Fqdn(content))
		case r.Type == "CNAME":
			content = dns.Fqdn(content)
		}
		rr, err := dns.NewRR(fmt.Sprintf("%s %d IN %s %s", dns.Fqdn(r.Name), r.TTL, r.Type, content))
		if err == nil && rr != nil {
			k := set{r.Name, rr.Header().Rrtype}
			out[k] = append(out[k], rr)
		}
	}
	return out
}

// edgeSecret is the name of the field by which the machine knows the edge.
const edgeSecret = "X-Harbor-Edge"

// openOrigin starts the machine behind the edge, which answers the edge alone.
func (s *Server) openOrigin() (string, error) {
	cert, err := selfSigned(s.now())
	if err != nil {
		return "", fmt.Errorf("make the origin's certificate: %w", err)
	}
	var listen net.ListenConfig
	l, err := listen.Listen(context.Background(), "tcp", net.JoinHostPort(originAt, "0"))
	if err != nil {
		return "", fmt.Errorf("start the origin: %w", err)
	}
	secret := s.derived("edge-secret")
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get(edgeSecret) != secret && !s.flaws.Has("https/edge-origin-open") {
				http.Error(w, "only the edge is answered", http.StatusForbidden)
				return
			}
			s.handler.ServeHTTP(w, r)
		})}
	var served sync.WaitGroup
	served.Go(func() {
		if err := server.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("serve the origin", "err", err)
		}
	})
	s.closers = append(s.closers, func() error { defer served.Wait(); return server.Close() })
	return l.Addr().String(), nil
}

// selfSigned is a certificate that only the edge trusts.
func selfSigned(now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: domainName}, DNSNames: []string{domainName, "*." + domainName}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
