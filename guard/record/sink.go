// Package record tells what guard did: a log that never holds a request up, and
// metrics.
package record

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Sink writes lines in the background, as many at a time as there are. A writer that is
// slow or fails (a full disk, a reader that went away) costs lines, which are counted,
// and never time.
type Sink struct {
	most    int
	wake    chan struct{} // holds one when there is something to write
	done    chan struct{}
	once    sync.Once
	dropped atomic.Int64

	mu     sync.Mutex
	text   []byte // of lines that are not written yet
	lines  int    // of them
	under  int    // lines that are being written
	closed bool
}

const (
	longest = 64 << 10               // that is written at a time
	soon    = 100 * time.Millisecond // when a line is written at the latest, where the writer keeps up
)

// NewSink holds up to so many lines that are not written yet (0: 8,192).
func NewSink(w io.Writer, lines int) *Sink {
	if lines <= 0 {
		lines = 8192
	}
	s := &Sink{most: lines, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run(w)
	return s
}

// run writes until the sink is closed and nothing is left.
func (s *Sink) run(w io.Writer) {
	defer close(s.done)
	var spare []byte
	for closed := false; !closed; {
		<-s.wake
		s.gather()
		s.mu.Lock()
		text, lines := s.text, s.lines
		s.text, s.lines, s.under, closed = spare[:0], 0, lines, s.closed
		s.mu.Unlock()
		s.write(w, text)
		s.mu.Lock()
		s.under = 0
		s.mu.Unlock()
		if spare = text; cap(spare) > 4*longest { // what a burst took is given back
			spare = nil
		}
	}
}

// gather waits for more lines: to wake up and write for each of them would cost more
// than the request that it tells of.
func (s *Sink) gather() {
	s.mu.Lock()
	now := s.closed || s.lines >= s.most/2
	s.mu.Unlock()
	if now {
		return
	}
	t := time.NewTimer(soon)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.wake:
	}
}

// write takes whole lines in pieces: what one of them costs when it fails is told.
func (s *Sink) write(w io.Writer, text []byte) {
	for len(text) > 0 {
		n := len(text)
		if n > longest {
			n = bytes.LastIndexByte(text[:longest], '\n') + 1
			if n == 0 {
				n = bytes.IndexByte(text, '\n') + 1
			}
			if n == 0 {
				n = len(text)
			}
		}
		if _, err := w.Write(text[:n]); err != nil {
			s.dropped.Add(int64(max(bytes.Count(text[:n], []byte{'\n'}), 1)))
		}
		text = text[n:]
	}
}

// Write takes a line, or drops it; it never fails, since no caller could help it.
func (s *Sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	full := s.closed || s.lines+s.under >= s.most
	if !full {
		s.text = append(s.text, b...)
		s.lines++
	}
	wake := !full && (s.lines == 1 || s.lines == s.most/2)
	s.mu.Unlock()
	switch {
	case full:
		s.dropped.Add(1)
	case wake:
		s.nudge()
	}
	return len(b), nil
}

func (s *Sink) nudge() {
	select {
	case s.wake <- struct{}{}:
	default: // it was told already
	}
}

// Dropped is how many lines were lost.
func (s *Sink) Dropped() int64 { return s.dropped.Load() }

// Close writes what is held, and ends.
func (s *Sink) Close() error {
	s.once.Do(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		s.nudge()
	})
	<-s.done
	return nil
}
