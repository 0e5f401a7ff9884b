// Package cors decides which pages of other origins read answers, and which open
// WebSockets, by a list of whole origins. What the application itself says of it is
// taken away: of two policies a browser would follow the wider.
package cors

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/launchready/launchready/guard"
)

// Policy says who reads what. The zero value lets no other origin in.
type Policy struct {
	Origins     []string // whole ones, as browsers write them: "https://app.acme.test"; "*": every one
	Methods     []string // that a preflight may grant where the route has them; none: GET, HEAD and POST
	Headers     []string // that a preflight may grant; none: Authorization and Content-Type
	Expose      []string
	Credentials bool
	Private     bool // pages of public networks reach a private one
	MaxAge      time.Duration
	Routes      *guard.Table // what the policy covers

	methods, headers, expose, age string
	wild                          bool
}

// New makes the policy ready to be asked.
func New(p Policy) *Policy {
	if len(p.Methods) == 0 {
		p.Methods = []string{"GET", "HEAD", "POST"}
	}
	if len(p.Headers) == 0 {
		p.Headers = []string{"Authorization", "Content-Type"}
	}
	p.headers, p.expose = strings.Join(p.Headers, ", "), strings.Join(p.Expose, ", ")
	p.methods = strings.Join(p.Methods, ", ")
	p.wild = slices.Contains(p.Origins, "*")
	if p.MaxAge > 0 {
		p.age = strconv.Itoa(int(p.MaxAge / time.Second))
	}
	return &p
}

// Name is the protection's.
func (*Policy) Name() string { return "cors" }

// Needs the route, for WebSockets.
func (*Policy) Needs() guard.Need { return guard.NeedRoute }

// Gives nothing.
func (*Policy) Gives() guard.Need { return 0 }

// granted is what Access-Control-Allow-Origin says to this origin, "" for nothing.
// "null" is the origin of every page in a sandbox, so it is nobody's.
func (p *Policy) granted(route *guard.Route, origin string) string {
	switch {
	case origin == "" || origin == "null":
		return ""
	case slices.Contains(p.Origins, origin):
		return origin
	case p.wild && p.Credentials:
		return origin // said twice in the policy
	case p.wild && route != nil && route.Public:
		return "*" // for what is for everybody, and for nothing else
	}
	return ""
}

// origin is the one that the request names; "" when it names none, or two.
func origin(h http.Header) string {
	if all := h["Origin"]; len(all) == 1 {
		return all[0]
	}
	return ""
}

// Gate answers a preflight (Fetch, "CORS-preflight fetch"): it brings no credential
// and the application need not know of it. What is not granted is answered alike,
// without the grant.
func (p *Policy) Gate(x *guard.Exchange) *guard.Denial {
	r := x.Request
	if !preflight(r) {
		return nil
	}
	asked := r.Header["Access-Control-Request-Method"]
	h := http.Header{"Vary": {"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"}}
	answer := &guard.Denial{Status: http.StatusNoContent, Reason: "preflight", Header: h}
	if len(asked) != 1 || !slices.Contains(p.Methods, asked[0]) || p.Routes == nil {
		return answer
	}
	route, _ := p.Routes.Find(asked[0], x.Path)
	if route == nil || route.Blocked || !p.known(r.Header["Access-Control-Request-Headers"]) {
		return answer
	}
	allow := p.granted(route, origin(r.Header))
	if allow == "" {
		return answer
	}
	h["Access-Control-Allow-Origin"] = []string{allow}
	h["Access-Control-Allow-Methods"] = []string{p.of(x.Path)}
	h["Access-Control-Allow-Headers"] = []string{p.headers}
	if p.Credentials && allow != "*" {
		h["Access-Control-Allow-Credentials"] = []string{"true"}
	}
	if p.age != "" {
		h["Access-Control-Max-Age"] = []string{p.age}
	}
	if p.Private && r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h["Access-Control-Allow-Private-Network"] = []string{"true"}
	}
	return answer
}

func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header["Access-Control-Request-Method"]) > 0 && len(r.Header["Origin"]) > 0
}

// of are the granted methods that the path has.
func (p *Policy) of(path string) string {
	var have []string
	for _, m := range p.Methods {
		if r, _ := p.Routes.Find(m, path); r != nil && !r.Blocked {
			have = append(have, m)
		}
	}
	if len(have) == len(p.Methods) {
		return p.methods
	}
	return strings.Join(have, ", ")
}

// known reports whether every field that a preflight asks for is on the list.
func (p *Policy) known(lines []string) bool {
	for _, l := range lines {
		for f := range strings.SplitSeq(l, ",") {
			if f = strings.TrimSpace(f); f != "" && !slices.ContainsFunc(p.Headers, func(h string) bool { return strings.EqualFold(h, f) }) {
				return false
			}
		}
	}
	return true
}

// Check refuses a WebSocket that a page of an unknown origin opens (RFC 6455 section
// 10.2): browsers ask no preflight for it and send the cookie along. A program that
// is no browser names no origin; its credential is judged as any other's.
func (p *Policy) Check(x *guard.Exchange) *guard.Denial {
	h := x.Request.Header
	if !upgrades(x.Request) || len(h["Origin"]) == 0 {
		return nil
	}
	o := origin(h)
	if o != "" && (slices.Contains(p.Origins, o) || p.wild && p.Credentials && o != "null" || o == own(x)) {
		return nil
	}
	return &guard.Denial{Status: http.StatusForbidden, Reason: "a page of another origin opens a WebSocket"}
}

// upgrades reports whether a request asks for a WebSocket, over HTTP/1.1 or HTTP/2
// (RFC 8441).
func upgrades(r *http.Request) bool {
	for _, u := range r.Header["Upgrade"] {
		for name := range strings.SplitSeq(u, ",") {
			if strings.EqualFold(strings.TrimSpace(name), "websocket") {
				return true
			}
		}
	}
	return r.Method == http.MethodConnect || r.Header.Get(":protocol") != ""
}

// own is the origin of the application's own pages.
func own(x *guard.Exchange) string {
	if x.Secure {
		return "https://" + x.Request.Host
	}
	return "http://" + x.Request.Host
}

// Tap takes away what the upstream says and says it anew.
func (p *Policy) Tap(x *guard.Exchange, r *http.Response) error {
	for k := range r.Header {
		if strings.HasPrefix(k, "Access-Control-") {
			delete(r.Header, k)
		}
	}
	p.Dress(x, r.Header)
	return nil
}

// Dress sets the fields of an answer, a denial's too: a page must be able to read
// that it is to wait, or to sign in again.
func (p *Policy) Dress(x *guard.Exchange, h http.Header) {
	vary(h)
	if preflight(x.Request) {
		return // the gate said all there is to say
	}
	allow := p.granted(x.Route, origin(x.Request.Header))
	if allow == "" {
		return
	}
	h["Access-Control-Allow-Origin"] = []string{allow}
	if p.Credentials && allow != "*" {
		h["Access-Control-Allow-Credentials"] = []string{"true"}
	}
	if p.expose != "" {
		h["Access-Control-Expose-Headers"] = []string{p.expose}
	}
}

// vary tells caches that the answer depends on the origin, also where none was sent
// (Fetch, "CORS protocol and HTTP caches").
func vary(h http.Header) {
	for _, v := range h["Vary"] {
		for name := range strings.SplitSeq(v, ",") {
			if name = strings.TrimSpace(name); name == "*" || strings.EqualFold(name, "Origin") {
				return
			}
		}
	}
	h["Vary"] = append(h["Vary"], "Origin")
}
