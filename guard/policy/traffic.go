package policy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/idempotency"
	"github.com/launchready/launchready/guard/kill"
	"github.com/launchready/launchready/guard/limits"
	"github.com/launchready/launchready/guard/retry"
)

// Queue bounds the requests that wait for a slot of a limit.
type Queue struct {
	Depth     int    `yaml:"depth"`
	PerTenant int    `yaml:"per_tenant,omitempty"`
	Wait      string `yaml:"wait,omitempty"` // 10s
}

// Idempotency says how long answers to requests with an Idempotency-Key are kept.
type Idempotency struct {
	Keep      string `yaml:"keep,omitempty"`       // 24h
	InFlight  string `yaml:"in_flight,omitempty"`  // 5m: the longest that a request may be under way
	MaxAnswer int    `yaml:"max_answer,omitempty"` // bytes
}

// Kill turns off at once what it names.
type Kill struct {
	All       bool     `yaml:"all,omitempty"`
	Routes    []string `yaml:"routes,omitempty,flow"` // paths as in routes
	Tenants   []string `yaml:"tenants,omitempty,flow"`
	Providers []string `yaml:"providers,omitempty,flow"`
	Tools     []string `yaml:"tools,omitempty,flow"`
	Webhooks  []string `yaml:"webhooks,omitempty,flow"`
}

// Retry asks the upstream again.
type Retry struct {
	Attempts int     `yaml:"attempts"`
	Share    float64 `yaml:"share,omitempty"`   // of the requests; 0.1
	Backoff  string  `yaml:"backoff,omitempty"` // 50ms
	Longest  string  `yaml:"longest,omitempty"` // 2s
}

// time reads one that may be missing, and says what is none.
func (j *judge) time(at, s string) {
	if d, err := span(s); err != nil || d < 0 {
		j.fail(at, "%s: %q is no time, as 10s", at, s)
	}
}

func span(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	return time.ParseDuration(s)
}

// traffic judges the sections that bound what comes and what it costs.
func (j *judge) traffic(p *Policy) {
	if q := p.Queue; q != nil {
		j.time("queue.wait", q.Wait)
		if q.Depth < 1 || q.Depth > 10_000 || q.PerTenant < 0 || q.PerTenant > q.Depth {
			j.fail("queue", "queue: depth is 1 to 10000, and per_tenant no more than depth")
		}
		slots := false
		for _, l := range p.Limits {
			slots = slots || l.Concurrent > 0
		}
		if !slots {
			j.fail("queue", "nobody waits in the queue: no limit has concurrent")
		}
	}
	if i := p.Idempotency; i != nil {
		j.time("idempotency.keep", i.Keep)
		j.time("idempotency.in_flight", i.InFlight)
		if i.MaxAnswer < 0 {
			j.fail("idempotency.max_answer", "idempotency.max_answer is below 0")
		}
		if p.Auth == nil {
			j.fail("idempotency", "idempotency needs auth: a key is its caller's own")
		}
	}
	if k := p.Kill; k != nil {
		for i, path := range k.Routes {
			if !slices.ContainsFunc(p.Routes, func(r Route) bool { return r.Path == path }) {
				j.fail(fmt.Sprintf("kill.routes[%d]", i), "kill: %q is the path of no route", path)
			}
		}
		// A switch that is thrown under a wrong name turns nothing off, and nobody is told.
		for i, name := range k.Providers {
			if name != "openai" && name != "anthropic" {
				j.fail(fmt.Sprintf("kill.providers[%d]", i), "kill: provider %q: one of openai, anthropic", name)
			}
		}
		for i, name := range k.Tools {
			if p.Model != nil && !slices.ContainsFunc(p.Model.Tools, func(t ModelTool) bool { return t.Name == name }) {
				j.fail(fmt.Sprintf("kill.tools[%d]", i), "kill: %q is no tool of model.tools", name)
			}
		}
		if len(k.Tenants) > 0 && !p.Auth.tenants() && p.Model == nil {
			j.fail("kill.tenants", "kill.tenants needs auth.tenant_claim")
		}
		for what, names := range map[string][]string{"tenants": k.Tenants, "providers": k.Providers, "tools": k.Tools, "webhooks": k.Webhooks} {
			if slices.ContainsFunc(names, func(n string) bool { return strings.TrimSpace(n) != n || n == "" }) {
				j.fail("kill."+what, "kill.%s holds a name that is empty or has blanks around it", what)
			}
		}
	}
	if r := p.Retry; r != nil {
		j.time("retry.backoff", r.Backoff)
		j.time("retry.longest", r.Longest)
		if r.Attempts < 2 || r.Attempts > 5 || r.Share < 0 || r.Share > 0.5 {
			j.fail("retry", "retry: attempts is 2 to 5, and share no more than 0.5")
		}
	}
	j.spend(p)
	j.stores(p)
}

// limits makes the checks that count.
func (p *Policy) limits(s *State) (early, late guard.Check, err error) {
	o := limits.Options{Queue: &s.Memory.Queue}
	if o.Counters, err = p.counters(s); err != nil {
		return nil, nil, err
	}
	for n, l := range p.Limits {
		one, err := l.limit(n)
		if err != nil {
			return nil, nil, err
		}
		o.Limits = append(o.Limits, one)
	}
	if p.Failures != nil {
		if o.Failures, err = p.Failures.limit("failures"); err != nil {
			return nil, nil, err
		}
	}
	if q := p.Queue; q != nil {
		o.Bounds = limits.Bounds{Depth: q.Depth, PerTenant: q.PerTenant, Wait: 10 * time.Second}
		if q.Wait != "" {
			if o.Bounds.Wait, err = span(q.Wait); err != nil {
				return nil, nil, err
			}
		}
	}
	early, late = limits.New(o)
	return early, late, nil
}

// switches are those of the policy; one without kill throws them back.
func (p *Policy) switches() kill.Switches {
	k := p.Kill
	if k == nil {
		return kill.Switches{}
	}
	return kill.Switches{All: k.All, Routes: k.Routes, Tenants: k.Tenants, Providers: k.Providers, Tools: k.Tools, Webhooks: k.Webhooks}
}

// hooks are the webhooks' schemes by their paths.
func (p *Policy) hooks() map[string]string {
	out := map[string]string{}
	for _, w := range p.Webhooks {
		out[w.Path] = w.Scheme
	}
	return out
}

// money adds what must come after all other checks and taps.
func (p *Policy) money(o *guard.Options, s *State) error {
	spends, err := p.spends(s)
	if err != nil {
		return err
	}
	if i := p.Idempotency; i != nil { // before spend, so that a repetition costs nothing
		answers, err := p.answers(s)
		if err != nil {
			return err
		}
		keep, err := span(i.Keep)
		if err != nil {
			return err
		}
		lease, err := span(i.InFlight)
		if err != nil {
			return err
		}
		check, tap := idempotency.New(idempotency.Options{Answers: answers, Keep: keep, Lease: lease, Max: i.MaxAnswer, Log: s.Log})
		o.Checks = append(o.Checks, check)
		defer func() { o.Taps = append(o.Taps, tap) }() // and after it, so that what is kept is what was metered
	}
	if spends != nil {
		o.Checks = append(o.Checks, spends.check)
		o.Taps = append(o.Taps, spends.tap)
	}
	if r := p.Retry; r != nil {
		ro := retry.Options{Attempts: r.Attempts, Share: r.Share}
		if ro.Base, err = span(r.Backoff); err != nil {
			return err
		}
		if ro.Longest, err = span(r.Longest); err != nil {
			return err
		}
		o.Wrap = func(next http.RoundTripper) http.RoundTripper { return retry.New(next, &s.Memory.Retries, ro) }
	}
	return nil
}
