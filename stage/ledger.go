package stage

import (
	"context"
	"sync"
)

// Entry is one creation in the ledger.
type Entry struct {
	ID         int64
	Run        string
	Tenant     string
	Account    string // name of the account that created it
	Resource   string
	Create     string // "POST /v1/chats"
	Canary     string // finds it again when the answer never came
	Path       string // path of the creation: "/v1/chats/1/messages"
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

// memory is the ledger of a run that has no file for one.
type memory struct {
	mu      sync.Mutex
	entries []Entry
}

func (m *memory) Intend(_ context.Context, e Entry) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.ID = int64(len(m.entries) + 1)
	m.entries = append(m.entries, e)
	return e.ID, nil
}

func (m *memory) Created(_ context.Context, id int64, deletePath string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[id-1].State, m.entries[id-1].DeletePath = Created, deletePath
	return nil
}

func (m *memory) Settle(_ context.Context, id int64, state State, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[id-1].State, m.entries[id-1].Reason = state, reason
	return nil
}

func (m *memory) Open(_ context.Context, run string) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Entry
	for i := len(m.entries) - 1; i >= 0; i-- {
		if e := m.entries[i]; e.Run == run && e.State != Removed {
			out = append(out, e)
		}
	}
	return out, nil
}

// intend records a creation before it is made, and counts it.
func (s *Stage) intend(ctx context.Context, e Entry) (int64, error) {
	n := s.made.Add(1)
	if s.opt.OnMade != nil {
		s.opt.OnMade(int(n))
	}
	return s.ledger.Intend(ctx, e)
}

// Made is how many creations the run has asked for.
func (s *Stage) Made() int { return int(s.made.Load()) }
