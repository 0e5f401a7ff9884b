package policy

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/cors"
)

// CORS says which pages of other origins read answers.
type CORS struct {
	Origins     []string `yaml:"origins,omitempty,flow"` // none: no other origin
	Methods     []string `yaml:"methods,omitempty,flow"`
	Headers     []string `yaml:"headers,omitempty,flow"`
	Expose      []string `yaml:"expose,omitempty,flow"`
	Credentials bool     `yaml:"credentials,omitempty"`
	Private     bool     `yaml:"private_network,omitempty"`
	MaxAge      string   `yaml:"max_age,omitempty"` // how long a browser keeps a preflight, as 10m; at most 24h
}

// twice wants what is unsafe said a second time, in the list unsafe; that it was
// needed is remembered in meant.
func (j *judge) twice(p *Policy, at, said, why string) {
	if !slices.Contains(p.Unsafe, said) {
		j.fail(at, "%s: if it is meant, say so a second time: unsafe: [%q]", why, said)
	}
	j.needed = append(j.needed, said)
}

func (j *judge) cors(p *Policy) {
	for i, h := range p.Hosts {
		u, err := url.Parse("http://" + h)
		if err != nil || u.Host != h || h != strings.ToLower(h) || strings.ContainsAny(h, "*/@ ") || h == "" {
			j.fail(fmt.Sprintf("hosts[%d]", i), "host %q is no name in lower case, as api.acme.test or api.acme.test:8443", h)
		}
	}
	c := p.CORS
	if c == nil {
		return
	}
	for i, o := range c.Origins {
		at := fmt.Sprintf("cors.origins[%d]", i)
		switch {
		case o == "": // a blank
		case o == "null":
			j.fail(at, "origin null is that of every page in a sandbox: serve the page from an origin of its own")
		case o == "*" && c.Credentials:
			j.twice(p, at, "every origin with credentials", "every website reads the API as whoever visits it")
		case o == "*":
		case !whole(o):
			j.fail(at, "origin %q is no whole origin, as https://app.acme.test: scheme and host in lower case, a port only where it is not the scheme's own, no path and no pattern", o)
		}
	}
	for i, m := range c.Methods {
		if !slices.Contains(methods, m) {
			j.fail(fmt.Sprintf("cors.methods[%d]", i), "method %q: one of %s", m, strings.Join(methods, ", "))
		}
	}
	for _, l := range []struct {
		name   string
		fields []string
	}{{"headers", c.Headers}, {"expose", c.Expose}} {
		for i, f := range l.fields {
			if !httpguts.ValidHeaderFieldName(f) || f == "*" {
				j.fail(fmt.Sprintf("cors.%s[%d]", l.name, i), "%q is no name of a header field", f)
			}
		}
	}
	if d, err := c.age(); err != nil || d < 0 || d > 24*time.Hour {
		j.fail("cors.max_age", "max_age %q is no time up to 24h, as 10m", c.MaxAge)
	}
}

// whole reports whether an origin is spelt as browsers spell it (RFC 6454 section 6).
func whole(o string) bool {
	u, err := url.Parse(o)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != o || u.User != nil || strings.ToLower(o) != o || strings.ContainsAny(o, "*") {
		return false
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		host, port = u.Host, ""
	}
	return host != "" && !strings.HasSuffix(u.Host, ":") && !(u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80")
}

func (c *CORS) age() (time.Duration, error) {
	if c.MaxAge == "" {
		return 0, nil
	}
	return time.ParseDuration(c.MaxAge)
}

// cors adds the gate, the check and the tap.
func (p *Policy) cors(o *guard.Options) error {
	c := p.CORS
	if c == nil {
		return nil
	}
	table, err := guard.NewTable(p.table())
	if err != nil {
		return err
	}
	age, err := c.age()
	if err != nil {
		return err
	}
	all := cors.New(cors.Policy{Origins: c.Origins, Methods: c.Methods, Headers: canonical(c.Headers), Expose: canonical(c.Expose), Credentials: c.Credentials, Private: c.Private, MaxAge: age, Routes: table})
	o.Gates, o.Checks, o.Taps = append(o.Gates, all), append(o.Checks, all), append(o.Taps, all)
	return nil
}

func canonical(fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = http.CanonicalHeaderKey(f)
	}
	return out
}
