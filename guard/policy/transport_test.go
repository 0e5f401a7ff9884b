package policy_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/policy"
)

func TestTransportMistakes(t *testing.T) {
	mistakes(t, map[string]string{
		"tls: {certificate: a}": ":5:6: tls needs certificate and key",
		"tls: {certificate: a, key: b, acme: {folder: c}}\nhosts: [a.test]": "one of the two",
		"tls: {acme: {folder: c}}":                                       "tls.acme needs folder",
		"tls: {acme: {folder: c, directory: x}}\nhosts: [a.test]":        "no address of an authority",
		"tls: {plain: \":80\"}\nhosts: [a.test]":                         "plain is no host:port",
		"tls: {redirect: true}":                                          "a redirect needs hosts",
		"tls: {redirect: true, certificate: a, key: b}\nhosts: [a.test]": "redirect is for guard behind a proxy",
		"tls: {hsts: {max_age: a year}}":                                 ":5:23: max_age",
		"tls: {hsts: {max_age: 24h, subdomains: true, preload: true}}":   "preload needs subdomains",
		"cookies: {same_site: None}":                                     ":5:22: same_site",
		"origin_lock: {}":                                                "origin_lock needs header and secrets",
		"origin_lock: {header: X-A, secrets: [abc]}":                     "a secret is referred to",
		"origin_lock: {header: X-Guard-Lock, secrets: [\"${env:A}\"]}":   ":5:23: header",
		"origin_lock: {client_ca: ca.pem}":                               "needs tls",
		"trusted_proxies: [cloudflare]":                                  `unsafe: ["cloudflare without a lock"]`,
		"trusted_proxies: [cloudfront]":                                  ":5:19: ",

		"cloudflare_networks: [192.0.2.0/24]": ":5:22: cloudflare_networks says what",
		"cloudflare_networks: [192.0.2.0/24, all]\ntrusted_proxies: [cloudflare]\nunsafe: [cloudflare without a lock]": `:5:37: "all" is no network`,

		"hosts: [a.test]\ntls: {acme: {folder: c, names: [\"*.test\"]}}":                                                                                 `name "*.test" is none`,
		"hosts: [a.test]\ntls: {acme: {folder: c, names: [a.test, \"*.a.test\"]}}":                                                                       `:6:41: an authority gives a certificate for *.a.test by a challenge of DNS only`,
		"hosts: [a.test, b.a.test]\ntls: {acme: {folder: c, names: [b.a.test]}}":                                                                         ":5:9: no certificate of tls.acme.names is for a.test",
		"hosts: [a.test]\ntls: {acme: {folder: c, dns: {provider: route53}}}":                                                                            ":6:41: provider",
		"hosts: [a.test]\ntls: {acme: {folder: c, dns: {provider: cloudflare, token: abc}}}":                                                             ":6:60: a secret is referred to",
		"hosts: [a.test]\ntls: {acme: {folder: c, dns: {provider: cloudflare, token: \"file:t\", key: k}}}":                                              "are of rfc2136",
		"hosts: [a.test]\ntls: {acme: {folder: c, dns: {provider: cloudflare, token: \"file:t\", api: \"http://api.test\"}}}":                            "api is no address as https",
		"hosts: [a.test]\ntls: {acme: {folder: c, dns: {provider: rfc2136, server: ns.a.test:53, secret: \"file:t\"}}}":                                  "needs key",
		"hosts: [a.test]\ntls: {acme: {folder: c, dns: {provider: rfc2136, server: ns.a.test, key: k, secret: \"file:t\"}}}":                             ":6:58: server",
		"hosts: [a.test]\ntls: {acme: {folder: c, dns: {provider: rfc2136, server: \"ns.a.test:53\", key: k, secret: \"file:t\", algorithm: hmac-md5}}}": "algorithm \"hmac-md5\"",
		"hosts: [a.test]\ntls: {acme: {folder: c, dns: {provider: rfc2136, server: \"ns.a.test:53\", key: k, secret: \"file:t\", token: \"file:t\"}}}":   "are of cloudflare",
		"hosts: [a.test]\ntls: {acme: {folder: c, dns: {provider: cloudflare, token: \"file:t\", resolvers: [ns], propagation: soon}}}":                  "is no host:port of a name server",
	},
		"hosts: [\"a.test:8443\", b.a.test]\ntls: {acme: {folder: c, names: [a.test, \"*.a.test\"], dns: {provider: rfc2136, server: \"ns.a.test:53\", key: k, secret: \"file:t\", resolvers: [\"192.0.2.1:53\"], propagation: 5m}}}",
		"cloudflare_networks: [192.0.2.0/24]\ntrusted_proxies: [cloudflare]\nunsafe: [cloudflare without a lock]",
		"tls: {redirect: true, hsts: {max_age: 8760h}}\nhosts: [a.test]", "cookies: {}", "cookies: {same_site: none, readable: [csrf]}", "hygiene: {no_store: true}",
		"trusted_proxies: [cloudflare, 10.0.0.0/8]\nunsafe: [cloudflare without a lock]")
}

// TestProxies: networks of a name are believed, and bound as proxies, as those that are written out.
func TestProxies(t *testing.T) {
	p, err := judged("trusted_proxies: [cloudflare, 10.0.0.0/8]\nunsafe: [cloudflare without a lock]")
	if err != nil {
		t.Fatal(err)
	}
	all := p.Proxies()
	for _, at := range []string{"104.16.1.1", "2606:4700::1", "10.1.1.1"} {
		if !slices.ContainsFunc(all, func(n netip.Prefix) bool { return n.Contains(netip.MustParseAddr(at)) }) {
			t.Errorf("%s is no proxy", at)
		}
	}
	p, err = judged("trusted_proxies: [10.0.0.0/8, cloudflare]\ncloudflare_networks: [192.0.2.0/24, \"2001:db8::/32\"]\nunsafe: [cloudflare without a lock]")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.Proxies()); got != "[10.0.0.0/8 192.0.2.0/24 2001:db8::/32]" {
		t.Errorf("networks of the policy's own: %s", got)
	}
}

// TestCertificates: what gets them is made by the policy, and a secret that is none is
// refused without being told.
func TestCertificates(t *testing.T) {
	for name, c := range map[string]struct{ dns, secret, want string }{
		"updates":         {"provider: rfc2136, server: \"127.0.0.1:53\", key: k, secret: \"${env:KEY}\"", "MDEyMzQ1Njc4OWFiY2RlZg==", ""},
		"cloudflare":      {"provider: cloudflare, token: \"${env:KEY}\", api: \"http://127.0.0.1:1/client/v4\"", "a token", ""},
		"no secret":       {"provider: cloudflare, token: \"${env:KEY}\"", "", "tls.acme.dns.token: the variable KEY is not set"},
		"not base64":      {"provider: rfc2136, server: \"127.0.0.1:53\", key: k, secret: \"${env:KEY}\"", "secret*key", "no key of 16 bytes"},
		"a key too short": {"provider: rfc2136, server: \"127.0.0.1:53\", key: k, secret: \"${env:KEY}\"", "c2VjcmV0", "no key of 16 bytes"},
	} {
		p, err := judged("hosts: [\"a.test:8443\", a.test]\ntls: {acme: {folder: c, dns: {" + c.dns + "}}}")
		if err != nil {
			t.Fatal(err)
		}
		f, err := p.Front(&policy.State{Env: func(string) (string, bool) { return c.secret, c.secret != "" }}, http.NotFoundHandler())
		switch {
		case c.want == "" && (err != nil || f.Scheme != "https" || !f.Until().IsZero()):
			t.Errorf("%s: %+v, %v", name, f, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || c.secret != "" && strings.Contains(err.Error(), c.secret)):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestBehindProxy: the lock comes first, the redirect knows what the proxy took, and
// answers of guard's own carry the fields too.
func TestBehindProxy(t *testing.T) {
	p, err := judged("hosts: [a.test]\ntrusted_proxies: [192.0.2.0/24]\ntls: {redirect: true, hsts: {max_age: 8760h}}\norigin_lock: {header: X-Origin-Lock, secrets: [\"${env:LOCK}\"]}\ncors: {origins: [\"https://app.test\"]}\nhygiene: {no_store: true}\ncookies: {}\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Build(&policy.State{Env: func(string) (string, bool) { return "short", true }}); err == nil || strings.Contains(err.Error(), "short\"") {
		t.Errorf("a secret of five bytes: %v", err)
	}
	pipe, err := p.Build(&policy.State{Env: func(string) (string, bool) { return "0123456789abcdef", true }, Transport: bare{}})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		path, host, lock, proto, from string
		want                          int
	}{
		"right":            {"/a", "a.test", "0123456789abcdef", "https", "192.0.2.1:1", 200},
		"not by the proxy": {"/a", "a.test", "", "https", "192.0.2.1:1", 403},
		"without TLS":      {"/a", "a.test", "0123456789abcdef", "http", "192.0.2.1:1", 308},
		"says TLS":         {"/a", "a.test", "0123456789abcdef", "https", "198.51.100.1:1", 308},
		"another host":     {"/a", "b.test", "0123456789abcdef", "http", "192.0.2.1:1", 421},
		"no route":         {"/b", "a.test", "0123456789abcdef", "https", "192.0.2.1:1", 404},
	} {
		r := httptest.NewRequest(http.MethodGet, x.path, http.NoBody)
		r.Host, r.RemoteAddr = x.host, x.from
		r.Header.Set("X-Forwarded-Proto", x.proto)
		r.Header.Set("Origin", "https://app.test")
		if x.lock != "" {
			r.Header.Set("X-Origin-Lock", x.lock)
		}
		w := httptest.NewRecorder()
		pipe.ServeHTTP(w, r)
		if w.Code != x.want {
			t.Errorf("%s: %d, want %d", name, w.Code, x.want)
		}
		secure := x.proto == "https" && strings.HasPrefix(x.from, "192.0.2.")
		if (w.Header().Get("Strict-Transport-Security") != "") != secure || w.Header().Get("Access-Control-Allow-Origin") != "https://app.test" {
			t.Errorf("%s: %v", name, w.Header())
		}
		if w.Code == 308 && w.Header().Get("Location") != "https://a.test/a" {
			t.Errorf("%s: to %s", name, w.Header().Get("Location"))
		}
	}
}
