package audit

import (
	"context"
	"hash/maphash"
	"iter"
	"sync"

	lr "github.com/launchready/launchready"
)

// Bounds of what a run keeps of the answers it saw.
const (
	mostSeen     = 48 << 20 // bytes of bodies
	mostSeenBody = 1 << 20  // of one
)

// seen is a client that keeps one of each answer, for the checks that judge what
// all others were answered.
type seen struct {
	lr.Client
	seed maphash.Seed

	mu   sync.Mutex
	had  map[uint64]bool
	kept []*lr.Exchange
	size int
	full bool // something was left out
}

func newSeen(c lr.Client) *seen {
	return &seen{Client: c, seed: maphash.MakeSeed(), had: map[uint64]bool{}}
}

func (s *seen) Do(ctx context.Context, as *lr.Account, r *lr.Request) (*lr.Exchange, error) {
	x, err := s.Client.Do(ctx, as, r)
	s.keep(x)
	return x, err
}

func (s *seen) Dial(ctx context.Context, as *lr.Account, r *lr.Request, send ...string) (*lr.Exchange, error) {
	x, err := s.Client.Dial(ctx, as, r, send...)
	s.keep(x)
	return x, err
}

// keep takes in an answer unless one with the same body was there.
func (s *seen) keep(x *lr.Exchange) {
	if x == nil || len(x.Body) == 0 {
		return
	}
	sum := maphash.Bytes(s.seed, x.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.had[sum] {
		return
	}
	s.had[sum] = true
	if len(x.Body) > mostSeenBody || s.size+len(x.Body) > mostSeen {
		s.full = true
		return
	}
	s.size += len(x.Body)
	s.kept = append(s.kept, x)
}

// Seen lists the answers so far.
func (s *seen) Seen() (answers iter.Seq[*lr.Exchange], whole bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, whole := s.kept[:len(s.kept):len(s.kept)], !s.full
	return func(yield func(*lr.Exchange) bool) {
		for _, x := range kept {
			if !yield(x) {
				return
			}
		}
	}, whole
}
