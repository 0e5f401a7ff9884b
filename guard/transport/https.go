// Package transport brings requests to the pipeline: over TLS, framed in one way only,
// through the proxies that may stand before, and by no way around them.
package transport

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/launchready/launchready/guard"
)

// HTTPS tells browsers to come over TLS only, and sends those who do not where they
// belong.
type HTTPS struct {
	Redirect bool
	HSTS     string // of Strict-Transport-Security; "": none
}

// HSTS writes the field's value (RFC 6797 section 6.1).
func HSTS(age time.Duration, subdomains, preload bool) string {
	v := "max-age=" + strconv.FormatInt(int64(age/time.Second), 10)
	if subdomains {
		v += "; includeSubDomains"
	}
	if preload {
		v += "; preload"
	}
	return v
}

// Name is the protection's.
func (HTTPS) Name() string { return "https" }

// Gate redirects who asks for a page. A request that changes something was read by
// everybody on the way: to repeat it over TLS would hide that.
func (s HTTPS) Gate(x *guard.Exchange) *guard.Denial {
	if !s.Redirect || x.Secure {
		return nil
	}
	r := x.Request
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return &guard.Denial{Status: http.StatusForbidden, Reason: "not over TLS"}
	}
	return &guard.Denial{Status: http.StatusPermanentRedirect, Reason: "not over TLS", Header: http.Header{"Location": {secureAddress(r)}}}
}

func secureAddress(r *http.Request) string {
	return "https://" + strings.TrimSuffix(r.Host, ":80") + r.URL.RequestURI()
}

// Tap sets the field on answers over TLS; over plain HTTP it means nothing.
func (s HTTPS) Tap(x *guard.Exchange, r *http.Response) error {
	s.Dress(x, r.Header)
	return nil
}

// Dress does it for answers of guard's own.
func (s HTTPS) Dress(x *guard.Exchange, h http.Header) {
	if s.HSTS != "" && x.Secure {
		h["Strict-Transport-Security"] = []string{s.HSTS}
	}
}

// Plain answers on the port without TLS: it redirects to the policy's hosts, and knows
// no other.
func Plain(hosts []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := strings.ToLower(strings.TrimSuffix(r.Host, ":80"))
		ok := false
		for _, h := range hosts {
			ok = ok || h == host
		}
		switch {
		case !ok:
			w.WriteHeader(http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.WriteHeader(http.StatusForbidden)
		case !strings.HasPrefix(r.URL.Path, "/"):
			w.WriteHeader(http.StatusBadRequest)
		default:
			w.Header().Set("Location", "https://"+host+r.URL.RequestURI())
			w.WriteHeader(http.StatusPermanentRedirect)
		}
	})
}

// Lock lets in only what comes by the way that is meant: the proxy before guard says a
// secret with each request. The address of a server is no secret.
type Lock struct {
	Header string // canonical
	sums   [][32]byte
}

// NewLock takes several secrets, so that one can be replaced while both count.
func NewLock(header string, secrets [][]byte) *Lock {
	l := &Lock{Header: header}
	for _, s := range secrets {
		l.sums = append(l.sums, sha256.Sum256(s))
	}
	return l
}

// Name is the protection's.
func (*Lock) Name() string { return "origin_lock" }

// Gate takes the secret away: the application need not see it.
func (l *Lock) Gate(x *guard.Exchange) *guard.Denial {
	h := x.Request.Header
	all := h[l.Header]
	delete(h, l.Header)
	ok := 0
	if len(all) == 1 {
		sum := sha256.Sum256([]byte(all[0]))
		for i := range l.sums {
			ok |= subtle.ConstantTimeCompare(sum[:], l.sums[i][:])
		}
	}
	if ok == 1 {
		return nil
	}
	return &guard.Denial{Status: http.StatusForbidden, Reason: "the request did not come by the proxy"}
}
