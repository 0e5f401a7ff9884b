package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	probe "github.com/launchready/launchready/probe/tls"
)

// reached is an answer of the domain's front.
type reached struct {
	status int
	header http.Header
	body   string
}

// at asks the front for an address of the domain, with header lines "Name: value",
// and follows nothing.
func (w *world) at(method, url string, lines ...string) reached {
	w.t.Helper()
	if w.s.domain.names == nil {
		w.t.Skip("the machine has one loopback address only")
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, l := range lines {
		name, v, _ := strings.Cut(l, ": ")
		r.Header.Set(name, v)
	}
	tr := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // certificates are flaws here
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, w.placed(address))
		}}
	res, err := tr.RoundTrip(r)
	if err != nil {
		return reached{header: http.Header{}, body: err.Error()}
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil && !strings.Contains(res.Header.Get("Content-Type"), "event-stream") {
		w.t.Fatal(err)
	}
	return reached{res.StatusCode, res.Header, string(b)}
}

// placed is where an address of the internet stands here.
func (w *world) placed(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", w.s.domain.ports[map[string]int{"443": 443, "80": 80}[port]])
}

// Dial makes the world a network for the prober.
func (w *world) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, w.placed(address))
}

// offers is the symptom that a name's server has a fault of the kind.
func offers(label string, kind probe.Kind) symptom {
	return func(w *world) bool {
		if w.s.domain.names == nil {
			w.t.Skip("the machine has one loopback address only")
		}
		name := label + ".harbor.test"
		s := (&probe.Prober{Network: w}).Survey(w.t.Context(), name+":443", name)
		all := append(s.CertificateFaults(w.s.domain.authority.Pool(), time.Now()), s.Faults()...)
		return slices.ContainsFunc(all, func(f probe.Fault) bool { return f.Kind == kind })
	}
}

// certificate is what the server of a host shows to who asks for a name.
func (w *world) certificate(host, name string) *x509.Certificate {
	if w.s.domain.names == nil {
		w.t.Skip("the machine has one loopback address only")
	}
	s := (&probe.Prober{Network: w}).Meet(w.t.Context(), host+":443", name)
	if len(s.Chain) == 0 {
		w.t.Fatalf("%s shows no certificate for %s: %v", host, name, s.Err)
	}
	return s.Chain[0]
}

// member is a line with the credential of a user of acme's.
func (w *world) member() string {
	c := w.as("member@acme.test")
	return c.header + ": " + c.value
}

// kept asks for an address as a user, twice, and then as nobody.
func (w *world) kept(url string) reached {
	w.at("GET", url, w.member())
	w.at("GET", url, w.member())
	return w.at("GET", url)
}

// webFlaws are those of what the domain's names serve.
var webFlaws = map[string]symptom{
	"https/certificate-trust":         offers("blog", probe.Untrusted),
	"https/certificate-chain":         offers("eu", probe.Incomplete),
	"https/certificate-name":          offers("labs", probe.WrongName),
	"https/certificate-expiry":        offers("files", probe.Expired),
	"https/certificate-lifetime":      offers("sso", probe.LongLived),
	"https/certificate-key":           offers("go", probe.WeakKey),
	"https/certificate-signature":     offers("shop", probe.WeakHash),
	"https/certificate-transparency":  offers("media", probe.NoTransparency),
	"https/certificate-staple":        offers("partners", probe.NoStaple),
	"https/certificate-internal-name": offers("www", probe.InternalName),
	"https/certificate-wildcard": func(w *world) bool {
		return slices.Contains(w.certificate("help.harbor.test", "help.harbor.test").DNSNames, "*.harbor.test")
	},
	"https/unknown-name": func(w *world) bool {
		return slices.Contains(w.certificate("www.harbor.test", "nobody.invalid").DNSNames, "build-3.internal")
	},
	"https/tls-order":           offers("go", probe.ClientOrder),
	"https/tls-versions":        offers("www", probe.OldTLS),
	"https/tls-1-3":             offers("blog", probe.NoTLS13),
	"https/tls-ciphers":         offers("labs", probe.RC4),
	"https/tls-forward-secrecy": offers("eu", probe.NoForwardSecrecy),
	"https/tls-groups":          offers("sso", probe.WeakPrime),
	"https/tls-post-quantum":    offers("go", probe.NoHybrid),
	"https/tls-signature":       offers("shop", probe.OldSignature),
	"https/tls-compression":     offers("media", probe.Compresses),
	"https/tls-renegotiation":   offers("partners", probe.NoRenegotiation),
	"https/tls-master-secret":   offers("files", probe.NoMasterSecret),
	"https/tls-fallback":        offers("app", probe.NoFallback),
	"https/encrypted":           func(w *world) bool { return w.at("GET", "https://old.harbor.test/").status == 0 },
	"https/http-redirect":       func(w *world) bool { return w.at("GET", "http://blog.harbor.test/").status == 200 },
	"https/redirect-permanent":  func(w *world) bool { return w.at("GET", "http://labs.harbor.test/").status == 302 },
	"https/redirect-hops": func(w *world) bool {
		return w.at("GET", "https://files.harbor.test/index").header.Get("Location") == "/home"
	},
	"https/redirect-loop": func(w *world) bool {
		return w.at("GET", "https://sso.harbor.test/start").header.Get("Location") == "/"
	},
	"https/redirect-downgrade": func(w *world) bool {
		return strings.HasPrefix(w.at("GET", "https://go.harbor.test/").header.Get("Location"), "http://")
	},
	"https/redirect-path": func(w *world) bool {
		return !strings.Contains(w.at("GET", "http://partners.harbor.test/a?b=c").header.Get("Location"), "/a")
	},
	"https/redirect-query": func(w *world) bool {
		return !strings.Contains(w.at("GET", "http://media.harbor.test/a?b=c").header.Get("Location"), "b=c")
	},
	"https/redirect-post": func(w *world) bool { return w.at("POST", "http://api.harbor.test/v1/chats").status == 301 },
	"https/plain-api":     func(w *world) bool { return w.at("GET", "http://app.harbor.test/v1/me").status == 401 },
	"https/canonical-host": func(w *world) bool {
		return w.at("GET", "https://harbor.test/").status == 200
	},
	"https/redirect-host": func(w *world) bool {
		return strings.Contains(w.at("GET", "http://eu.harbor.test/", "X-Forwarded-Host: evil.test").header.Get("Location"), "evil.test")
	},
	"https/open-redirect": func(w *world) bool {
		return w.at("GET", "https://sso.harbor.test/login?next=https://evil.test/").header.Get("Location") == "https://evil.test/"
	},
	"https/hsts": func(w *world) bool { return w.policy("https://labs.harbor.test/") == "" },
	"https/hsts-age": func(w *world) bool {
		return w.policy("https://blog.harbor.test/") == "max-age=86400"
	},
	"https/hsts-subdomains": func(w *world) bool {
		return !strings.Contains(w.policy("https://harbor.test/"), "includeSubDomains")
	},
	"https/hsts-preload": func(w *world) bool {
		return strings.HasPrefix(w.at("GET", "http://harbor.test/").header.Get("Location"), "https://www.")
	},
	"https/hsts-plain":  func(w *world) bool { return w.policy("http://media.harbor.test/") != "" },
	"https/hsts-errors": func(w *world) bool { return w.policy("https://files.harbor.test/none") == "" },
	"https/content-policy": func(w *world) bool {
		return w.at("GET", "https://shop.harbor.test/").header.Get("Content-Security-Policy") == ""
	},
	"https/content-policy-script": func(w *world) bool {
		return strings.Contains(w.at("GET", "https://eu.harbor.test/").header.Get("Content-Security-Policy"), "unsafe-inline")
	},
	"https/framing": func(w *world) bool {
		return !strings.Contains(w.at("GET", "https://blog.harbor.test/").header.Get("Content-Security-Policy"), "frame-ancestors")
	},
	"https/content-type-sniffing": func(w *world) bool {
		return w.at("GET", "https://labs.harbor.test/").header.Get("X-Content-Type-Options") == ""
	},
	"https/referrer-policy": func(w *world) bool {
		return w.at("GET", "https://files.harbor.test/home").header.Get("Referrer-Policy") == "unsafe-url"
	},
	"https/permissions-policy": func(w *world) bool {
		return strings.HasPrefix(w.at("GET", "https://partners.harbor.test/").header.Get("Permissions-Policy"), "camera=*")
	},
	"https/script-integrity": func(w *world) bool {
		return !strings.Contains(w.at("GET", "https://media.harbor.test/").body, "integrity=")
	},
	"https/mixed-content": func(w *world) bool {
		return strings.Contains(w.at("GET", "https://shop.harbor.test/").body, `src="http://`)
	},
	"https/cookie-secure":   func(w *world) bool { return !strings.Contains(w.cookie("blog", "/"), "Secure") },
	"https/cookie-httponly": func(w *world) bool { return !strings.Contains(w.cookie("labs", "/"), "HttpOnly") },
	"https/cookie-samesite": func(w *world) bool { return !strings.Contains(w.cookie("files", "/home"), "SameSite") },
	"https/security-txt": func(w *world) bool {
		_, until, _ := strings.Cut(w.at("GET", "https://www.harbor.test/.well-known/security.txt").body, "Expires: ")
		at, err := time.Parse(time.RFC3339, strings.Fields(until)[0])
		return err == nil && at.Before(w.now())
	},
	"https/cache-private": func(w *world) bool {
		return w.at("GET", "https://app.harbor.test/v1/chats", w.member()).header.Get("Cache-Control") == ""
	},
	"https/cache-tenant": func(w *world) bool {
		return w.kept("https://app.harbor.test/v1/dashboard").status == 200
	},
	"https/cache-deception": func(w *world) bool {
		return strings.Contains(w.kept("https://app.harbor.test/v1/me/x.css").body, "member@acme.test")
	},
	"https/cache-poisoning": func(w *world) bool {
		w.at("GET", "https://partners.harbor.test/?n=1", "X-Forwarded-Host: evil.test")
		return strings.Contains(w.at("GET", "https://partners.harbor.test/?n=1").body, "evil.test")
	},
	"https/cache-vary": func(w *world) bool {
		r := w.at("GET", "https://app.harbor.test/v1/me", w.member())
		return !strings.Contains(strings.Join(r.header.Values("Vary"), ","), "Authorization") && strings.Contains(r.header.Get("Cache-Control"), "max-age=300")
	},
	"https/cache-cookie": func(w *world) bool { return w.cookie("media", "/") != "" },
	"https/cache-errors": func(w *world) bool {
		w.at("GET", "https://api.harbor.test/v1/me?n=1")
		return w.at("GET", "https://api.harbor.test/v1/me?n=1", w.member()).status == 401
	},
	"https/cache-assets": func(w *world) bool {
		return strings.Contains(w.at("GET", "https://eu.harbor.test/").header.Get("Cache-Control"), "31536000")
	},
	"https/cache-stream": func(w *world) bool {
		c := w.as("member@acme.test")
		list := w.do(c, "GET", "/v1/chats", nil).want(200)
		chat := list.str("data.0.id")
		message := w.do(c, "GET", "/v1/chats/"+chat+"/messages", nil).want(200).str("data.0.id")
		return strings.Contains(w.at("GET", "https://app.harbor.test/v1/chats/"+chat+"/messages/"+message+"/stream", w.member()).header.Get("Cache-Control"), "public")
	},
}

func (w *world) policy(url string) string {
	return w.at("GET", url).header.Get("Strict-Transport-Security")
}

func (w *world) cookie(label, path string) string {
	return w.at("GET", "https://"+label+".harbor.test"+path).header.Get("Set-Cookie")
}

// TestFrontClean: what the clean front serves is right in what the flaws are not
// about, and its cache keeps nothing private.
func TestFrontClean(t *testing.T) {
	w := start(t)
	if r := w.at("GET", "http://www.harbor.test/a?b=c"); r.status != 308 || r.header.Get("Location") != "https://www.harbor.test/a?b=c" {
		t.Errorf("got %d to %q", r.status, r.header.Get("Location"))
	}
	if r := w.kept("https://api.harbor.test/v1/me"); r.status != 401 || strings.Contains(r.body, "acme") {
		t.Errorf("nobody got %d %s", r.status, r.body)
	}
	one, two := w.at("GET", "https://www.harbor.test/?n=1"), w.at("GET", "https://www.harbor.test/?n=1")
	if one.header.Get("X-Cache") != "" || two.header.Get("X-Cache") != "HIT" || one.body != two.body {
		t.Errorf("a page that may be kept is not: %v, %v", one.header, two.header)
	}
	if r := w.at("GET", "https://blog.harbor.test/"); !strings.Contains(r.header.Get("Set-Cookie"), "Secure; SameSite=Lax") {
		t.Errorf("got the cookie %q", r.header.Get("Set-Cookie"))
	}
}

// webTraps are right, and look wrong.
var webTraps = map[string]func(w *world){
	"short-certificate": func(w *world) {
		c, err := tls.Dial("tcp", w.placed("labs.harbor.test:443"), &tls.Config{ServerName: "labs.harbor.test", RootCAs: w.s.domain.authority.Pool(), MinVersion: tls.VersionTLS12})
		if err != nil {
			w.t.Fatal(err)
		}
		defer c.Close() //nolint:errcheck // nothing was sent
		leaf := c.ConnectionState().PeerCertificates[0]
		if left := leaf.NotAfter.Sub(w.now()); left > 5*24*time.Hour || left < 3*24*time.Hour || len(leaf.OCSPServer) > 0 {
			w.t.Errorf("%s are left, OCSP %v", left, leaf.OCSPServer)
		}
	},
	"straight-to-www": func(w *world) {
		if to := w.at("GET", "http://go.harbor.test/x").header.Get("Location"); to != "https://www.harbor.test/x" {
			w.t.Errorf("got %q", to)
		}
		if p := w.policy("https://go.harbor.test/"); strings.Contains(p, "preload") {
			w.t.Errorf("got %q", p)
		}
	},
	"own-policy": func(w *world) {
		if p := w.policy("https://api.harbor.test/healthz"); p != "max-age=63072000" {
			w.t.Errorf("got %q", p)
		}
	},
	"private-with-vary": func(w *world) {
		r := w.at("GET", "https://app.harbor.test/v1/me", w.member())
		if r.header.Get("Cache-Control") != "private, max-age=60" || !slices.Contains(r.header.Values("Vary"), "Authorization, Cookie") {
			w.t.Errorf("got %v", r.header)
		}
	},
	"hashed-for-ever": func(w *world) {
		if r := w.at("GET", "https://www.harbor.test/assets/app.9d1c22ab.js"); !strings.Contains(r.header.Get("Cache-Control"), "immutable") {
			w.t.Errorf("got %v", r.header)
		}
	},
}
