package policy

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/auth"
)

// Own names where an application carries credentials of its own, which guard
// cannot verify. They count on routes that say own_credentials.
type Own struct {
	Headers []string `yaml:"headers,omitempty,flow"`
	Cookies []string `yaml:"cookies,omitempty,flow"`
}

func (o *Own) beside(next guard.Check, a *Auth) guard.Check {
	if o == nil {
		return next
	}
	own := auth.Own{Next: next, Headers: o.Headers, Cookies: o.Cookies}
	if a.Bearer != nil {
		own.Tokens = a.Bearer.header()
	}
	if a.APIKeys != nil {
		own.Keys = a.APIKeys.header()
	}
	return own
}

// credentials are fields of requests, beside Authorization and Cookie, that carry a caller's
// credential, also on routes that ask for none.
func (p *Policy) credentials() []string {
	var out []string
	if p.Own != nil {
		for _, h := range p.Own.Headers {
			out = append(out, http.CanonicalHeaderKey(h))
		}
	}
	if a := p.Auth; a != nil && a.Bearer != nil {
		out = append(out, a.Bearer.header())
	}
	return out
}

// own wants a route that lets credentials through unverified to ask for nothing
// that only a verified one tells.
func (j *judge) own(p *Policy) {
	if o := p.Own; o != nil && len(o.Headers)+len(o.Cookies) == 0 {
		j.fail("own", "own names no header and no cookie")
	}
	for i, r := range p.Routes {
		at := fmt.Sprintf("routes[%d].own_credentials", i)
		perIP := slices.ContainsFunc(r.Limits, func(n string) bool { return p.Limits[n].Per == "ip" })
		switch {
		case !r.Own:
		case p.Own == nil:
			j.fail(at, "%s accepts the application's own credentials, and no section own says where they are", r.Path)
		case r.Public || r.Blocked:
			j.fail(at, "%s asks for no credential, so that own_credentials says nothing", r.Path)
		case len(r.Roles) > 0:
			j.fail(at, "%s asks for roles, which only a verified token tells", r.Path)
		case len(r.Limits) > 0 && !perIP:
			j.fail(at, "%s counts nobody who comes with the application's own credential: add a limit per ip", r.Path)
		}
	}
}

// preflights are routes for the question of a browser that comes before a request
// and carries no credential.
func (p *Policy) preflights() []*guard.Route {
	if !p.Preflight {
		return nil
	}
	var out []*guard.Route
	seen := map[string]bool{}
	for _, r := range p.Routes { // a path that answers OPTIONS by a line of its own, or never
		if r.Blocked || slices.Contains(r.Methods, "OPTIONS") {
			seen[shapeOf(r.Path)] = true
		}
	}
	for _, r := range p.Routes {
		if s := shapeOf(r.Path); !seen[s] {
			seen[s] = true
			out = append(out, &guard.Route{Methods: []string{"OPTIONS"}, Pattern: r.Path, Public: true, Slash: r.Slash})
		}
	}
	return out
}
