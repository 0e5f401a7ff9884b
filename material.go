package launchready

import (
	"context"
	"time"
)

// Material is what the owner gave of the product beside its address: what a live
// API does not show. Paths are absolute. A check reads it and never writes there.
type Material struct {
	Repository string   // folder of the work tree; "" when none is known
	Bundles    []string // folders and archives of what browsers get
	Images     []string // saved container images and other archives that are shipped
	Logs       []string // files and folders that the application and its CI write
	Sessions   []string // recordings (HAR) and storage states of browsers
	Guards     []string // names of the functions in the source that let nobody pass who is not signed in
	// Cache is a folder for what a next run need not read again; "" keeps nothing.
	Cache string
}

// KeyState is what a provider says of a key that was found.
type KeyState string

// The states of a key. The zero value is that nobody was asked.
const (
	KeyUnknown KeyState = "unknown"
	KeyActive  KeyState = "active"
	KeyRevoked KeyState = "revoked"
)

// AskKey asks the provider of a key whether it still opens something. rule is the kind
// that package secretscan gave it; cause says why in words. A key of which nobody can be
// asked is unknown.
type AskKey func(ctx context.Context, rule, fingerprint string, key Secret) (state KeyState, cause string)

// KeptSecret is a line of the secrets map: where a server-side secret lives, who
// reads it and how old it is.
type KeptSecret struct {
	Name    string    // of its variable
	Value   Secret    // zero when the owner did not let it be looked for
	Kept    string    // where it lives: a vault, the platform's settings
	Readers []string  // who reads it: services and people
	Rotated time.Time // when it was last changed; zero: not told
	Pasted  *bool     // whether it stood in a chat, a ticket or a screenshot since then; nil: not told
}

// Duty says who answers when something happens.
type Duty struct {
	Default   string
	Backup    string
	Incidents map[string]string // who, by kind: outage, leak, abuse, key-exposed
	Within    time.Duration     // within which they act; zero: not told
}

// Deployment says how a release is made and taken back. The commands are the
// owner's own, and only a drill runs them.
type Deployment struct {
	Release  string
	Rollback string
	Health   *Request // answers while the product is alive; nil: not told
	// Rehearsed is the last roll-back that was tried out; nil: none is on record.
	Rehearsed *Rehearsal
}

// Rehearsal is a roll-back that was tried out.
type Rehearsal struct {
	At      time.Time
	Took    time.Duration // from the command to the first healthy answer
	Healthy bool          // the product answered afterwards
	Kept    bool          // what was written before was still there
	Note    string
}

// DatabaseAccess is how the database behind the target is reached, for the checks that ask it.
type DatabaseAccess struct {
	URL    Secret   // as a role that may read the catalogue
	Role   string   // the role that the application works as; "" is the URL's own
	Tenant string   // the statement by which the application sets the tenant, $1 is its id; "" where it sets none
	Unset  string   // the statement that takes it back; "" leaves it to the transaction
	Column []string // names of the columns that hold a tenant's id
	Shared []string // tables that belong to no tenant
}
