package demo

import (
	"context"
	"net/http"
	"slices"
)

// role orders what a user may do in the tenant. The zero value is nobody.
type role int

const (
	anyone role = iota // no credential is looked at
	guest              // a credential is not needed, and when there is one it must be good
	viewer             // reads
	member             // writes its own and the tenant's content
	admin              // manages users and settings
	owner              // pays
)

var roleNames = [...]string{"anyone", "guest", "viewer", "member", "admin", "owner"}

func (r role) String() string { return roleNames[r] }

// roleOf reads a role's name; an unknown one is anyone.
func roleOf(name string) role { return role(max(slices.Index(roleNames[:], name), 0)) }

// principal is who a request speaks for. Of an anonymous request it is zero.
type principal struct {
	UserID    string
	TenantID  string
	Role      role
	SessionID string
	Scopes    []string // of an API key; nil for a person
	ByCookie  bool     // a browser sends it by itself, so writes need a header
	ByKey     bool
}

type principalKey struct{}

func withPrincipal(r *http.Request, p *principal) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), principalKey{}, p))
}

var nobody = &principal{}

// who is the request's principal. It is never nil: of a route that anyone may
// call it is the zero principal, which belongs to no tenant.
func who(r *http.Request) *principal {
	if p, ok := r.Context().Value(principalKey{}).(*principal); ok {
		return p
	}
	return nobody
}
