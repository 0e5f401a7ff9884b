// Package record tells what guard did: a log that never holds a request up, and
// metrics.
package record

import (
	"io"
	"sync"
	"sync/atomic"
)

// Sink writes lines in the background. A writer that is slow or fails (a full
// disk, a reader that went away) costs lines, which are counted, and never time.
type Sink struct {
	lines   chan []byte
	done    chan struct{}
	once    sync.Once
	mu      sync.RWMutex
	closed  bool
	dropped atomic.Int64
}

// NewSink holds up to so many lines that are not written yet (0: 8,192).
func NewSink(w io.Writer, lines int) *Sink {
	if lines <= 0 {
		lines = 8192
	}
	s := &Sink{lines: make(chan []byte, lines), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for b := range s.lines {
			if _, err := w.Write(b); err != nil {
				s.dropped.Add(1)
			}
		}
	}()
	return s
}

// Write takes a line, or drops it; it never fails, since no caller could help it.
func (s *Sink) Write(b []byte) (int, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		s.dropped.Add(1)
		return len(b), nil
	}
	select {
	case s.lines <- append([]byte(nil), b...): // slog uses its buffer again
	default:
		s.dropped.Add(1)
	}
	return len(b), nil
}

// Dropped is how many lines were lost.
func (s *Sink) Dropped() int64 { return s.dropped.Load() }

// Close writes what is held, and ends.
func (s *Sink) Close() error {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true
		close(s.lines)
		s.mu.Unlock()
	})
	<-s.done
	return nil
}
