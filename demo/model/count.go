package model

import "sync"

// Bill is what a provider has charged for.
type Bill struct {
	Calls  int // completions that were answered
	Prompt int // tokens
	Reply  int
}

// bill counts under a lock: completions come from many callers.
type bill struct {
	mu  sync.Mutex
	sum Bill
}

func (b *bill) add(u *Usage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sum.Calls++
	b.sum.Prompt += u.Prompt
	b.sum.Reply += u.Completion
}

// Bill is what has been charged for so far: every answer in full when it begins,
// whether or not the caller reads it to its end.
func (s *Server) Bill() Bill {
	s.bill.mu.Lock()
	defer s.bill.mu.Unlock()
	return s.bill.sum
}
