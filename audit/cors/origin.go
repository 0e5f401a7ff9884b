package cors

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Origins that no target has a reason to allow. The names are reserved for tests
// (RFC 2606), so that nobody owns them, and nothing is sent to them.
const (
	foreign = "https://launchready-evil.test"
	opaque  = "null" // of sandboxed frames, data: pages and files (HTML, 7.1.1)
)

const made = "launchready-made-up" // a label that no zone has

// origin is the scheme, host and port of a page (RFC 6454, 4).
type origin struct{ scheme, host, port string }

// parse reads an origin; what is none is not ok.
func parse(s string) (origin, bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || strings.ContainsAny(u.Hostname(), "*{}$ ") {
		return origin{}, false
	}
	o := origin{u.Scheme, strings.ToLower(u.Hostname()), u.Port()}
	if o.scheme == "https" && o.port == "443" || o.scheme == "http" && o.port == "80" {
		o.port = ""
	}
	return o, true
}

// String is the origin as a browser sends it (RFC 6454, 6.2).
func (o origin) String() string {
	host := o.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if o.port != "" {
		host += ":" + o.port
	}
	return o.scheme + "://" + host
}

// named reports a host that is a name in a zone that can be registered.
func (o origin) named() bool { return o.domain() != "" }

// local reports an origin of a developer's own machine.
func (o origin) local() bool {
	ip := net.ParseIP(o.host)
	return o.host == "localhost" || strings.HasSuffix(o.host, ".localhost") || ip != nil && ip.IsLoopback()
}

// domain is the name that its owner registered: example.com of app.example.com;
// "" of an address or a single label.
func (o origin) domain() string {
	if net.ParseIP(o.host) != nil {
		return ""
	}
	d, err := publicsuffix.EffectiveTLDPlusOne(o.host)
	if err != nil {
		return ""
	}
	return d
}

func (o origin) at(host string) string { o.host = host; return o.String() }

// begins is an origin of another owner that begins as this one does.
func (o origin) begins() []string {
	o.port = ""
	return []string{o.String() + ".launchready-evil.test"}
}

// ends lists origins of other owners that end as this one does, dot and all
// forgotten: evilexample.com of example.com, and appxexample.com of
// app.example.com, where a dot of a pattern stands for any character.
func (o origin) ends() []string {
	d := o.domain()
	if d == "" {
		return nil
	}
	out := []string{o.at("launchready" + d)}
	if sub, ok := strings.CutSuffix(o.host, "."+d); ok {
		out = append(out, o.at(strings.ReplaceAll(sub, ".", "x")+"x"+d))
	}
	return out
}

// below lists made-up names in this one's zone.
func (o origin) below() []string {
	d := o.domain()
	if d == "" {
		return nil
	}
	out := []string{o.at(made + "." + d)}
	if d != o.host {
		out = append(out, o.at(made+"."+o.host))
	}
	return out
}

// plain is the same host without TLS; none where there is none to begin with.
func (o origin) plain() []string {
	if o.scheme != "https" {
		return nil
	}
	o.scheme = "http"
	return []string{o.String()}
}

// beside is another port of the same host.
func (o origin) beside() []string {
	port, err := strconv.Atoi(o.port)
	switch {
	case err != nil:
		port = 8443
	case port < 65000:
		port += 101
	default:
		port -= 101
	}
	o.port = strconv.Itoa(port)
	return []string{o.String()}
}

// sameSite reports whether a browser takes a page of the origin and the target
// for one site: one scheme and one registered name, whatever the port (HTML,
// 7.1.1.1, "schemelessly same site" with the scheme).
func sameSite(page string, target *url.URL) bool {
	p, ok := parse(page)
	t, also := parse(target.Scheme + "://" + target.Host)
	if !ok || !also || p.scheme != t.scheme {
		return false
	}
	return p.host == t.host || p.domain() != "" && p.domain() == t.domain()
}
