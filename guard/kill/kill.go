// Package kill holds switches that turn off everything, one route or one tenant
// at once, and names that others ask for: a provider, a tool, a webhook.
package kill

import (
	"net/http"
	"slices"
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

// Board holds the switches as they are now. It outlives a pipeline: a switch
// that is thrown counts for requests by the old one as well. The zero value is ready.
type Board struct{ now atomic.Pointer[Switches] }

// Set throws the switches, all at once.
func (b *Board) Set(s Switches) { b.now.Store(&s) }

// Off says whether what has the name is off, be it by itself or with everything.
func (b *Board) Off(k Kind, name string) bool {
	s := b.now.Load()
	if s == nil {
		return false
	}
	var of []string
	switch k {
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
	return s.All || slices.Contains(of, name)
}

// Check refuses what is off: everything and routes, before anything else is
// done; and tenants, when it is known who asks.
type Check struct {
	Board  *Board
	Signed bool
}

// Name is no protection's that a mode could turn off.
func (Check) Name() string { return "kill" }

// Needs the route; and who asks, where anybody signs in.
func (Check) Needs() guard.Need { return guard.NeedRoute }

// Gives nothing.
func (Check) Gives() guard.Need { return 0 }

// Check answers 503: the caller did nothing wrong.
func (c Check) Check(x *guard.Exchange) *guard.Denial {
	switch {
	case !c.Signed && c.Board.Off(Route, x.Route.Pattern):
		return off("the route or everything is switched off")
	case c.Signed && x.Who != nil && x.Who.Tenant != "" && c.Board.Off(Tenant, x.Who.Tenant):
		return off("the tenant is switched off")
	}
	return nil
}

func off(why string) *guard.Denial {
	return &guard.Denial{Status: http.StatusServiceUnavailable, Reason: why, Retry: time.Minute}
}
