package demo

import (
	"context"
	"sync"
	"time"
)

// statistics sums up the day's questions. Each question is counted under the
// lock, which is held for moments.
type statistics struct {
	mu    sync.Mutex
	asked int
	sums  []int

	done chan struct{}
	wait sync.WaitGroup
}

func newStatistics() *statistics { return &statistics{done: make(chan struct{})} }

// asking counts a question.
func (s *statistics) asking() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
}

// every sums up at a distance, each time for as long as the sum takes, with the
// lock in hand all the while: what made it slow is what every question waits for.
func (s *statistics) every(d, sum time.Duration) {
	s.wait.Go(func() {
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			select {
			case <-s.done:
				return
			case <-tick.C:
			}
			s.mu.Lock()
			s.sums = append(s.sums, s.asked)
			pause(s.done, sum)
			s.mu.Unlock()
		}
	})
}

func pause(done <-chan struct{}, d time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Close ends the summing up.
func (s *statistics) Close() error {
	close(s.done)
	s.wait.Wait()
	return nil
}
