package policy

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/auth"
	"github.com/launchready/launchready/guard/hygiene"
	"github.com/launchready/launchready/guard/input"
	"github.com/launchready/launchready/guard/isolation"
	"github.com/launchready/launchready/guard/kill"
	"github.com/launchready/launchready/guard/limits"
)

// State is what outlives a reload: keys, counters and connections.
type State struct {
	Log       *slog.Logger
	Now       func() time.Time  // nil: time.Now
	Transport http.RoundTripper // nil: each pipeline its own

	Folder string                      // of the policy's file: names of files in it are meant so
	Env    func(string) (string, bool) // nil: no variable is set
	Memory traffic                     // what is counted, spent and waited for

	keys map[string]*auth.Keys
}

func (p *Policy) table() []*guard.Route {
	var out []*guard.Route
	for _, r := range p.Routes {
		out = append(out, &guard.Route{Methods: r.Methods, Pattern: r.Path, Public: r.Public, Blocked: r.Blocked, Chat: r.Chat, Roles: r.Roles, Limits: r.Limits, Modes: r.Modes})
	}
	return out
}

// Build makes the pipeline of a policy that Parse gave. It is not to be called
// at the same time as itself.
func (p *Policy) Build(s *State) (*guard.Pipeline, error) {
	u, err := url.Parse(p.Upstream)
	if err != nil {
		return nil, err
	}
	o := guard.Options{Upstream: u, Routes: p.table(), Modes: p.Modes, Log: s.Log, Now: s.Now, Dial: s.Transport, Keep: map[string]bool{}}
	for _, t := range p.Trusted {
		n, err := netip.ParsePrefix(t)
		if err != nil {
			return nil, err
		}
		o.Trusted = append(o.Trusted, n)
	}
	early, late, err := p.limits(s)
	if err != nil {
		return nil, err
	}
	o.Checks = append(o.Checks, kill.Check{Board: &s.Memory.Kill}, early) // before any work on a credential
	if p.Auth != nil {
		if s.keys == nil {
			s.keys = map[string]*auth.Keys{}
		}
		if s.keys[p.Auth.JWKS] == nil {
			s.keys[p.Auth.JWKS] = &auth.Keys{URL: p.Auth.JWKS}
		}
		o.Checks = append(o.Checks, auth.New(auth.Options{Issuer: p.Auth.Issuer, Audience: p.Auth.Audience, Algorithms: p.Auth.Algorithms,
			Tenant: p.Auth.TenantClaim, Roles: p.Auth.RolesClaim, Presented: p.Auth.Presented, Keys: s.keys[p.Auth.JWKS], Now: s.Now}))
	}
	o.Checks = append(o.Checks, kill.Check{Board: &s.Memory.Kill, Signed: true}, late)
	if p.Input != nil {
		o.MaxBody = p.Input.MaxBody
		o.Checks = append(o.Checks, input.Check{Depth: p.Input.MaxDepth, Types: p.Input.Types})
	}
	if t := p.Tenant; t != nil {
		o.Checks = append(o.Checks, isolation.Tenant{Path: t.Path, Query: t.Query, Header: t.Header, Body: t.Body})
		for _, h := range t.Header {
			o.Keep[strings.ToLower(h)] = true
		}
	}
	if h := p.Hygiene; h != nil {
		tap := hygiene.Tap{Hide: h.HideHeaders, Scrub: h.ScrubErrors}
		if h.Headers {
			tap.Security = map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
		}
		o.Taps = append(o.Taps, tap)
	}
	if err := p.money(&o, s); err != nil { // last: what another check refuses costs nothing, and what is kept is what the caller gets
		return nil, err
	}
	pipe, err := guard.New(o)
	if err == nil {
		s.Memory.Kill.Set(p.switches())
	}
	return pipe, err
}

func (l Limit) limit(name string) (limits.Limit, error) {
	w, err := l.window()
	return limits.Limit{Name: name, Per: l.Per, Requests: l.Requests, Window: w, Burst: l.Burst, Concurrent: l.Concurrent}, err
}
