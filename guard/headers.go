package guard

import (
	"net/http"
	"net/netip"
	"strings"
)

// spoofed are headers by which a caller could say who it is, where it comes from
// or what it asks, in the words of proxies and frameworks. Each is compared after
// "_" became "-", because CGI and WSGI make both the same variable.
var spoofed = []string{
	"forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip", "x-client-ip", "x-cluster-client-ip", "client-ip",
	"x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url", "x-original-uri", "x-original-method",
	"remote-user", "remote-groups", "remote-email", "x-remote-user", "x-user", "x-user-id", "x-user-email", "x-user-role", "x-role", "x-roles",
	"x-authenticated-user", "x-auth-request-user", "x-auth-request-email", "x-webauth-user", "x-tenant-id", "x-tenant", "x-org-id", "x-organization-id",
	"x-account-id", "x-middleware-subrequest", "x-launchready-assertion",
}

// strip removes what no caller may say. keep are names that the policy reads.
func strip(h http.Header, keep map[string]bool) {
	for k := range h {
		n := strings.ReplaceAll(strings.ToLower(k), "_", "-")
		if strings.HasPrefix(n, "x-forwarded-") || !keep[n] && contains(spoofed, n) || strings.Contains(k, "_") && keep[n] {
			delete(h, k)
		}
	}
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

// client is the address of who asks: of the connection, or the last one in
// X-Forwarded-For that no trusted proxy has.
func client(r *http.Request, trusted []netip.Prefix) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := ap.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(at, trusted); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = next.Unmap()
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
