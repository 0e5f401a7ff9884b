package policy

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/auth"
	"github.com/launchready/launchready/guard/hygiene"
	"github.com/launchready/launchready/guard/isolation"
	"github.com/launchready/launchready/guard/limits"
	"github.com/launchready/launchready/guard/transport"
)

// State is what outlives a reload: keys, counters and connections.
type State struct {
	Counter   limits.Counter
	Log       *slog.Logger
	Now       func() time.Time  // nil: time.Now
	Transport http.RoundTripper // nil: each pipeline its own

	Folder string // of the policy's file

	Env func(string) (string, bool)

	keys    map[string]*auth.Keys
	replays auth.Replays
	held    atomic.Int64 // bytes of uploads that are looked at
}

func (p *Policy) table() []*guard.Route {
	var out []*guard.Route
	for _, r := range p.Routes {
		out = append(out, &guard.Route{Methods: r.Methods, Pattern: r.Path, Public: r.Public, Blocked: r.Blocked, Roles: r.Roles, Limits: r.Limits, Modes: r.Modes})
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
		if t == cloudflare {
			o.Trusted = append(o.Trusted, transport.Cloudflare()...)
			continue
		}
		n, err := netip.ParsePrefix(t)
		if err != nil {
			return nil, err
		}
		o.Trusted = append(o.Trusted, n)
	}
	all := map[string]limits.Limit{}
	for n, l := range p.Limits {
		if all[n], err = l.limit(n); err != nil {
			return nil, err
		}
	}
	early := &limits.Check{Counter: &s.Counter, Limits: all}
	if p.Failures != nil {
		if early.Failures, err = p.Failures.limit("failures"); err != nil {
			return nil, err
		}
	}
	o.Checks = append(o.Checks, early) // before any work on a credential
	if p.Auth != nil {
		who, err := p.authenticate(s)
		if err != nil {
			return nil, err
		}
		o.Checks = append(o.Checks, who,
			&limits.Check{Counter: &s.Counter, Limits: all, Signed: true})
	}
	if err := p.input(&o, s); err != nil {
		return nil, err
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
	if err := p.transport(&o, s); err != nil {
		return nil, err
	}
	if err := p.webhooks(&o, s); err != nil {
		return nil, err
	}
	if err := p.cors(&o); err != nil {
		return nil, err
	}
	return guard.New(o)
}

func (l Limit) limit(name string) (limits.Limit, error) {
	w, err := l.window()
	return limits.Limit{Name: name, Per: l.Per, Requests: l.Requests, Window: w, Burst: l.Burst, Concurrent: l.Concurrent}, err
}
