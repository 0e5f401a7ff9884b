package launchready

import "context"

// Object is one thing in the target that belongs to an account, and what is
// known to be in it.
type Object struct {
	Resource string // as in Route.Resource
	Owner    *Account
	Keys     map[string]string // values of path parameters, its parents' included, by "resource" of Key
	ID       string            // its own key: the last of Keys
	Canaries []string          // what this run wrote into it
	Secrets  []string          // values only its owner's view holds: canaries, ids, high-entropy scalars
	Body     map[string]any    // the owner's last view of it, nil when there is none
	Parent   *Object
	Created  *Exchange // how it came to be; nil when harvested
	Made     bool      // this run created it
}

// Stage is the target with the run's own objects on it. It is safe for
// concurrent use.
type Stage interface {
	// Object returns the object of the resource seeded for the account's tenant,
	// or nil. Its Owner is the account of that tenant which could create it.
	Object(resource string, owner *Account) *Object
	// Fresh creates another object, ledgered; ErrNotCreatable when no route does.
	Fresh(ctx context.Context, resource string, owner *Account) (*Object, error)
	// Request builds the route's request: path keys from the object, query and
	// body from schema, examples and observation. The object may be nil where
	// the route has no key.
	Request(ctx context.Context, rt *Route, o *Object, as *Account) (*Request, error)
	// ReadBack reads the object as its owner through the best read route.
	ReadBack(ctx context.Context, o *Object) (*State, error)
	// Adopt ledgers an object that an exchange of a check created, for teardown.
	Adopt(ctx context.Context, rt *Route, as *Account, x *Exchange)
	// Expect ledgers, before the target is asked for it, that it may make something
	// by itself that the list then shows with the mark in it. Teardown looks there.
	Expect(ctx context.Context, list *Route, as *Account, mark string) error
	// Control sends the route's plain request for the object as the account, once
	// in a run: later calls with the same three give the same exchange. Only for
	// requests that read.
	Control(ctx context.Context, rt *Route, o *Object, as *Account) (*Exchange, error)
	// Canary mints a fresh canary for the tenant.
	Canary(tenant string) string
	// TenantOf tells which tenant a canary was minted for, "" when it is not ours.
	TenantOf(canary string) string
}

// State is an object as its owner sees it at one moment.
type State struct {
	Exists   bool
	Body     map[string]any // nil when the reply is no JSON object
	Exchange *Exchange
}
