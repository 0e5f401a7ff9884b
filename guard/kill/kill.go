// Package kill holds switches that turn off everything, one route or one tenant
// at once, and names that others ask for: a provider, a tool, a webhook.
package kill

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/launchready/launchready/guard"
)

// Switches say what is off. The zero value turns nothing off.
type Switches struct {
	All                                         bool
	Routes, Tenants, Providers, Tools, Webhooks []string
}

// Kind is what a name names.
type Kind int

// The kinds.
const (
	Route Kind = iota
	Tenant
	Provider
	Tool
	Webhook
)

// Scope is what one switch turns off.
type Scope struct {
	Kind Kind
	Name string
}

// Cutter is a request under way, which Cut ends before its time.
type Cutter interface{ Cut(why error) }

// Board holds the switches as they are now. It outlives a pipeline: a switch
// that is thrown counts for requests by the old one as well, and for what is under
// way. The zero value is ready; nothing is off on a nil one.
type Board struct {
	now atomic.Pointer[Switches]

	mu    sync.Mutex
	stays map[*Stay]struct{}
}

// Stay is a request under way that a switch ends.
type Stay struct {
	of     Cutter
	scopes []Scope
	room   [4]Scope // for most requests' scopes
}

// Set throws the switches, all at once, and ends what is under way of what is off now.
func (b *Board) Set(s Switches) {
	var over []Cutter
	b.mu.Lock()
	b.now.Store(&s)
	for stay := range b.stays {
		if s.any(stay.scopes) {
			over = append(over, stay.of)
		}
	}
	b.mu.Unlock()
	for _, c := range over {
		c.Cut(guard.ErrOff)
	}
}

// Enter lets a request in, until Leave, unless one of its scopes is off.
func (b *Board) Enter(of Cutter, scopes ...Scope) (*Stay, bool) {
	if b == nil {
		return nil, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.now.Load(); s != nil && s.any(scopes) {
		return nil, false
	}
	if b.stays == nil {
		b.stays = map[*Stay]struct{}{}
	}
	stay := &Stay{of: of}
	stay.scopes = append(stay.room[:0], scopes...)
	b.stays[stay] = struct{}{}
	return stay, true
}

// Join adds scopes of a request that were not known when it came in, unless one of
// them is off.
func (b *Board) Join(stay *Stay, scopes ...Scope) bool {
	if b == nil || stay == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.now.Load(); s != nil && s.any(scopes) {
		return false
	}
	stay.scopes = append(stay.scopes, scopes...)
	return true
}

// Leave is told that the request is over.
func (b *Board) Leave(stay *Stay) {
	if stay == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.stays, stay)
}

// Staying is how many requests are under way.
func (b *Board) Staying() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.stays)
}

// Off says whether what has the name is off, be it by itself or with everything.
func (b *Board) Off(k Kind, name string) bool {
	if b == nil {
		return false
	}
	s := b.now.Load()
	return s != nil && s.off(Scope{k, name})
}

func (s *Switches) any(scopes []Scope) bool { return s.All || slices.ContainsFunc(scopes, s.off) }

func (s *Switches) off(at Scope) bool {
	var of []string
	switch at.Kind {
	case Route:
		of = s.Routes
	case Tenant:
		of = s.Tenants
	case Provider:
		of = s.Providers
	case Tool:
		of = s.Tools
	case Webhook:
		of = s.Webhooks
	}
	return s.All || slices.Contains(of, at.Name)
}

// Check refuses what is off: everything, routes and webhooks, before anything else is
// done; and tenants, when it is known who asks. What it lets in ends when it is
// switched off later.
type Check struct {
	Board    *Board
	Signed   bool
	Webhooks map[string]string // by the route's pattern, how its events are signed; both name it
}

// Name is no protection's that a mode could turn off.
func (Check) Name() string { return "kill" }

// Needs the route; and who asks, where anybody signs in.
func (Check) Needs() guard.Need { return guard.NeedRoute }

// Gives nothing.
func (Check) Gives() guard.Need { return 0 }

type stayKey struct{}

// Check answers 503: the caller did nothing wrong.
func (c Check) Check(x *guard.Exchange) *guard.Denial {
	if c.Signed {
		if x.Who == nil || x.Who.Tenant == "" {
			return nil
		}
		stay, _ := x.Noted(stayKey{}).(*Stay)
		if stay == nil {
			return c.enter(x, "the tenant is switched off", Scope{Tenant, x.Who.Tenant})
		}
		if !c.Board.Join(stay, Scope{Tenant, x.Who.Tenant}) {
			return off("the tenant is switched off")
		}
		return nil
	}
	at := Scope{Route, x.Route.Pattern}
	if scheme, ok := c.Webhooks[x.Route.Pattern]; ok {
		return c.enter(x, "the webhook, its route or everything is switched off", at, Scope{Webhook, x.Route.Pattern}, Scope{Webhook, scheme})
	}
	return c.enter(x, "the route or everything is switched off", at)
}

func (c Check) enter(x *guard.Exchange, why string, scopes ...Scope) *guard.Denial {
	stay, ok := c.Board.Enter(x, scopes...)
	if !ok {
		return off(why)
	}
	x.Note(stayKey{}, stay)
	x.Finally(func(int) { c.Board.Leave(stay) })
	return nil
}

func off(why string) *guard.Denial {
	return &guard.Denial{Status: http.StatusServiceUnavailable, Reason: why, Retry: time.Minute}
}
