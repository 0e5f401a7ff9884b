package policy

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/auth"
	"github.com/launchready/launchready/guard/hygiene"
	"github.com/launchready/launchready/guard/isolation"
	"github.com/launchready/launchready/guard/kill"
	"github.com/launchready/launchready/guard/limits"
	"github.com/launchready/launchready/guard/spend"
)

// State is what outlives a reload: keys, counters and connections.
type State struct {
	Log       *slog.Logger
	Now       func() time.Time // nil: time.Now for what lasts, and Clock for what ends at a time of day
	Clock     guard.Clock
	Transport http.RoundTripper // nil: each pipeline its own

	Record   guard.Recorder // nil: each request is a line of Log
	Lockdown *guard.Lockdown
	Trace    guard.Tracer // nil: nothing is followed
	Spent    spend.Tally  // nil: nobody counts

	Folder string // of the policy's file

	Env func(string) (string, bool)

	keys    map[string]*auth.Keys
	replays auth.Replays
	held    atomic.Int64 // bytes of uploads that are looked at
	owners  estate
	Memory  traffic // what is counted, spent and waited for
}

// clock tells the time of day.
func (s *State) clock() func() time.Time {
	if s.Now != nil {
		return s.Now
	}
	return s.Clock.Now
}

// wall tells the machine's time, whatever it is set to.
func (s *State) wall() func() time.Time {
	switch {
	case s.Now != nil:
		return s.Now
	case s.Clock.Wall != nil:
		return s.Clock.Wall
	}
	return time.Now
}

func (p *Policy) table() []*guard.Route {
	var out []*guard.Route
	for _, r := range p.Routes {
		out = append(out, &guard.Route{Methods: r.Methods, Pattern: r.Path, Public: r.Public, Blocked: r.Blocked, Chat: r.Chat, Roles: r.Roles, Limits: r.Limits, Modes: r.Modes, Own: r.Own, Essential: r.Essential, Slash: r.Slash})
	}
	return append(out, p.preflights()...)
}

// Build makes the pipeline of a policy that Parse gave. It is not to be called
// at the same time as itself.
func (p *Policy) Build(s *State) (*guard.Pipeline, error) {
	u, err := url.Parse(p.Upstream)
	if err != nil {
		return nil, err
	}
	o := guard.Options{Upstream: u, Routes: p.table(), Modes: p.Modes, Log: s.Log, Now: s.Now, Dial: s.Transport, Trusted: p.Proxies(), Keep: map[string]bool{}}
	early, late, err := p.limits(s)
	if err != nil {
		return nil, err
	}
	o.Checks = append(o.Checks, kill.Check{Board: &s.Memory.Kill, Webhooks: p.hooks()}, early) // before any work on a credential
	if p.Auth != nil {
		who, err := p.authenticate(s)
		if err != nil {
			return nil, err
		}
		o.Checks = append(o.Checks, p.Own.beside(who, p.Auth))
	}
	o.Checks = append(o.Checks, kill.Check{Board: &s.Memory.Kill, Signed: true}, late)
	if err := p.input(&o, s); err != nil {
		return nil, err
	}
	if t := p.Tenant; t != nil {
		o.Checks = append(o.Checks, isolation.Tenant{Path: t.Path, Query: t.Query, Header: t.Header, Body: t.Body, BodyOf: t.BodyOf})
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
	if p.Ownership != nil {
		k, err := p.keeper(s)
		if err != nil {
			return nil, err
		}
		o.Checks = append(o.Checks, k)
		o.Taps = append([]guard.Tap{k}, o.Taps...) // before what rewrites an answer
	}
	o.Record, o.Trace, o.Lockdown, o.Pace = s.Record, s.Trace, s.Lockdown, p.Bounds().Pace
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
	return limits.Limit{Name: name, Per: l.Per, Requests: l.Requests, Kilobytes: l.Kilobytes, Window: w, Burst: l.Burst, Concurrent: l.Concurrent}, err
}
