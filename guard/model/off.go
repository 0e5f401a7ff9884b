package model

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/kill"
)

// Cut ends the exchange before its time.
func (x *exchange) Cut(why error) { x.cut(why) }

// scopes are what ends the exchange when it is switched off: its provider, its tenant
// and each tool that the model may call in it.
func (x *exchange) scopes() []kill.Scope {
	out := make([]kill.Scope, 0, 2+len(x.offered))
	out = append(out, kill.Scope{Kind: kill.Provider, Name: x.p.provider()}, kill.Scope{Kind: kill.Tenant, Name: x.who.Tenant})
	for name := range x.offered {
		out = append(out, kill.Scope{Kind: kill.Tool, Name: name})
	}
	return out
}

// ended is the denial of a request that a switch or a lock-down has ended, or nil.
func ended(ctx context.Context) *Denial {
	switch why := context.Cause(ctx); {
	case errors.Is(why, guard.ErrOff):
		return switchedOff()
	case errors.Is(why, guard.ErrLocked):
		return lockedDown()
	}
	return nil
}

func lockedDown() *Denial {
	d := deny(http.StatusServiceUnavailable, "locked_down", "guard is locked down: only essential keys are served.")
	d.Retry = time.Minute
	return d
}

func switchedOff() *Denial {
	d := deny(http.StatusServiceUnavailable, "switched_off", "This is switched off for now.")
	d.Retry = time.Minute
	return d
}
