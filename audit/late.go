package audit

import (
	"fmt"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// ear is one check's listener: it remembers which addresses the check handed out
// and which of them were silent when the check ended.
type ear struct {
	lr.Listener
	now func() time.Time

	mu     sync.Mutex
	nonces []string
	silent []string
	ended  time.Time
}

func (e *ear) Bait(p lr.Page) lr.Bait {
	b := e.Listener.Bait(p)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.nonces = append(e.nonces, b.Nonce)
	return b
}

// end notes what was silent.
func (e *ear) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended = e.now()
	for _, n := range e.nonces {
		if len(e.Hits(n)) == 0 {
			e.silent = append(e.silent, n)
		}
	}
}

// late lists what came in after the check had ended.
func (e *ear) late() []lr.Hit {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []lr.Hit
	for _, n := range e.silent {
		out = append(out, e.Hits(n)...)
	}
	return out
}

// sweep looks at the end of the run for what came too late for its check: a job
// in the night, a queue, an index. Its controls are long over, so that it is
// suspected and no more.
func (r *run) sweep() {
	for id, e := range r.ears {
		hits := e.late()
		res := r.results[id]
		if len(hits) == 0 || res == nil || len(res.failed()) > 0 {
			continue
		}
		h := hits[0]
		res.outcomes = append(res.outcomes, lr.Outcome{
			Verdict: lr.Failed, Confidence: lr.Suspected, Subject: r.spoken(res.check),
			Message:  fmt.Sprintf("%s after the check had ended, something came to an address that only its question knew: the target acts later than was waited for", h.At.Sub(e.ended).Round(time.Second)),
			Evidence: lr.Evidence{Witness: []string{h.Nonce}, Records: []string{fmt.Sprintf("%s from %s at %s: %s", h.Kind, h.From, h.At.UTC().Format(time.RFC3339), h.Line)}},
		})
	}
}

// spoken is the subject of what no route is the subject of.
func (r *run) spoken(c *lr.Check) string {
	if c.Needs&lr.Chat != 0 && r.assistant != nil {
		return r.assistant.Skills().Subject
	}
	return "application"
}
