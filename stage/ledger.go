package stage

import "context"

// Entry is one creation in the ledger.
type Entry struct {
	ID         int64
	Run        string
	Tenant     string
	Account    string // name of the account that created it
	Resource   string
	Create     string // "POST /v1/chats"
	Canary     string // finds it again when the answer never came
	List       string // path of the collection, where a lost object can be looked for
	DeletePath string // "DELETE /v1/chats/1"; "" while not known or where no route deletes
	State      State
	Reason     string // why it could not be removed
}

// State is how far a creation went. The zero value is Intended.
type State uint8

const (
	Intended State = iota // about to be created: it may or may not exist
	Created               // exists
	Removed               // taken away, or never came to be
	Orphaned              // exists, and could not be removed
)

// Ledger records creations before they are made, so that they survive the run.
// It is safe for concurrent use, and durable against the death of the process
// when a call returns.
type Ledger interface {
	Intend(ctx context.Context, e Entry) (int64, error)
	Created(ctx context.Context, id int64, deletePath string) error
	Settle(ctx context.Context, id int64, state State, reason string) error
	// Open lists a run's entries that are Intended, Created or Orphaned, newest first.
	Open(ctx context.Context, run string) ([]Entry, error)
}

type noLedger struct{}

func (noLedger) Intend(context.Context, Entry) (int64, error)       { return 0, nil }
func (noLedger) Created(context.Context, int64, string) error       { return nil }
func (noLedger) Settle(context.Context, int64, State, string) error { return nil }
func (noLedger) Open(context.Context, string) ([]Entry, error)      { return nil, nil }
