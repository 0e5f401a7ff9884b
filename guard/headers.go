package guard

import (
	"net/http"
	"net/netip"
	"strings"
)

// spoofed are headers by which a caller could say who it is, where it comes from
// or what it asks, in the words of proxies and frameworks.
var spoofed = canonicalSet(
	"Forwarded", "X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "Client-Ip", "X-Originating-Ip", "X-Remote-Ip", "X-Remote-Addr",
	"X-Http-Method-Override", "X-Http-Method", "X-Method-Override", "X-Original-Url", "X-Rewrite-Url", "X-Original-Uri", "X-Original-Method", "X-Original-Host", "X-Host",
	"Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name", "X-Remote-User", "X-Remote-Groups", "X-User", "X-User-Id", "X-User-Name", "X-Username", "X-User-Email", "X-User-Role", "X-User-Roles",
	"X-Role", "X-Roles", "X-Email", "X-Groups", "X-Subject", "X-Authenticated-User", "X-Authenticated-Userid",
	"X-Webauth-User", "X-Tenant-Id", "X-Tenant", "X-Org-Id", "X-Organization-Id", "X-Account-Id", "X-Middleware-Subrequest", "X-Launchready-Assertion", "Proxy", "X-Client-Cert", "X-Client-Verify", "X-Client-Dn", "X-Arr-Clientcert", "X-Userinfo",
	"Script-Name", "Path-Info", "X-Script-Name", "X-Original-Path", "X-Envoy-Original-Path", "X-Waws-Unencoded-Url", "X-Url", "X-Override-Url", // Gunicorn takes the first two for its own variables
	"X-Forwarded", "Forwarded-For", "X-Forward-For", "Fastly-Client-Ip", "Fly-Client-Ip", "Do-Connecting-Ip", "X-Envoy-External-Address", "X-Azure-Clientip", "X-Azure-Socketip", "X-Nf-Client-Connection-Ip", "X-Appengine-User-Ip", "Cf-Connecting-Ipv6", "Cf-Pseudo-Ipv4",
)

// spoofedBegin so.
var spoofedBegin = []string{"X-Forwarded-", "X-Guard-", "X-Auth-Request-", "X-Auth-User", "X-Goog-Authenticated-User-", "X-Goog-Iap-", "X-Amzn-Oidc-", "X-Ms-Client-Principal", "Cf-Access-", "X-Pomerium-", "X-Authentik-", "X-Vouch-", "X-Token-", "X-Jwt-Assertion", "X-Consumer-", "X-Ssl-Client-", "Ssl-Client-"}

func canonicalSet(names ...string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

// strip removes what no caller may say. keep are names that the policy reads, in lower
// case. Names are compared after "_" became "-", because CGI and WSGI make both the
// same variable. Where the name is usual, nothing is allocated.
func strip(h http.Header, keep map[string]bool) {
	for k := range h {
		n := k
		under := strings.IndexByte(k, '_') >= 0
		if under {
			n = http.CanonicalHeaderKey(strings.ReplaceAll(k, "_", "-"))
		}
		bad := spoofed[n] || begins(n)
		if !bad && !under {
			continue
		}
		if len(keep) > 0 && keep[strings.ToLower(n)] {
			if under || strings.HasPrefix(n, "X-Forwarded-") {
				delete(h, k)
			}
			continue
		}
		if bad {
			delete(h, k)
		}
	}
}

func begins(n string) bool {
	for _, p := range spoofedBegin {
		if strings.HasPrefix(n, p) {
			return true
		}
	}
	return false
}

// connection holds the fields that belong to the connection and its framing to what a
// proxy may obey, and reports whether it could. A caller that names other fields in Connection
// would have them taken away on the way to the upstream, guard's own among them; an
// upgrade to HTTP/2 would carry requests past the policy. Fields that follow the body
// come too late to be judged.
func connection(r *http.Request) bool {
	r.Trailer = nil
	h := r.Header
	if len(h["Content-Length"]) > 1 { // net/http takes one of HTTP/2's and leaves the other
		return false
	}
	for _, line := range h["Connection"] {
		for t := range strings.SplitSeq(line, ",") {
			switch strings.ToLower(strings.TrimSpace(t)) {
			case "", "close", "keep-alive", "upgrade", "te", "http2-settings":
			default:
				return false
			}
		}
	}
	if u := h["Upgrade"]; len(u) > 0 && (len(u) > 1 || !strings.EqualFold(strings.TrimSpace(u[0]), "websocket")) {
		delete(h, "Upgrade")
		delete(h, "Connection")
	}
	delete(h, "Http2-Settings")
	return true
}

// client is the address of who asks: of the connection, or the last one in
// X-Forwarded-For that no trusted proxy has.
func client(r *http.Request, trusted []netip.Prefix) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := ap.Addr().Unmap()
	if !within(at, trusted) {
		return at
	}
	lines := r.Header["X-Forwarded-For"]
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			hop := rest
			cut := strings.LastIndexByte(rest, ',')
			if more = cut >= 0; more {
				rest, hop = rest[:cut], rest[cut+1:]
			}
			next, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				return at
			}
			if at = next.Unmap(); !within(at, trusted) {
				return at
			}
		}
	}
	return at
}

// secure reports whether the caller's side of the connection is TLS, as far as it
// can be known: a proxy that is not trusted may say anything.
func secure(r *http.Request, trusted []netip.Prefix) bool {
	if r.TLS != nil {
		return true
	}
	proto := r.Header.Values("X-Forwarded-Proto")
	if len(proto) != 1 || !strings.EqualFold(proto[0], "https") {
		return false
	}
	return trusts(r, trusted)
}

// trusts reports whether the connection is a trusted proxy's.
func trusts(r *http.Request, trusted []netip.Prefix) bool {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && within(ap.Addr().Unmap(), trusted)
}

func within(a netip.Addr, in []netip.Prefix) bool {
	for _, p := range in {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
