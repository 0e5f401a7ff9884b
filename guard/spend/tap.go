package spend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/state"
)

// Tap reads what an answer used, and ends a stream that takes more than was
// reserved for it.
type Tap struct{}

// Name is the protection's.
func (Tap) Name() string { return "spend" }

// Watch reads what an answer used where spend only observes: nothing of it is
// changed and nothing is ended.
func (t Tap) Watch(x *guard.Exchange, res *http.Response) error { return t.Tap(x, res) }

// Tap puts the meter between the upstream and the caller.
func (Tap) Tap(x *guard.Exchange, res *http.Response) error {
	h, _ := x.Noted(holdKey{}).(*hold)
	if h == nil {
		return nil
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		if rw, ok := res.Body.(io.ReadWriteCloser); ok {
			res.Body = &tunnel{ReadWriteCloser: rw, h: h, left: h.amount}
		}
		return nil
	}
	if res.StatusCode >= 400 && res.StatusCode < 500 {
		h.free = true // refused, as a request that is too long or malformed
		return nil
	}
	if e := res.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return nil // nothing can be read of it: the reservation stands
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	h.m.from, h.m.most, h.m.h = res.Body, h.out, h
	h.m.s.sse = kind == "text/event-stream"
	h.m.tells = h.m.s.sse || isJSON(kind)
	if h.m.s.sse && !h.observe { // its length may change
		res.Header.Del("Content-Length")
		res.ContentLength = -1
	}
	res.Body = &h.m
	return nil
}

// isJSON reports a type in which what a model wrote is a text among others. Where the
// answer is that text, its caller chooses what it says of usage.
func isJSON(kind string) bool {
	switch kind {
	case "application/json", "text/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
		return true
	}
	return strings.HasSuffix(kind, "+json")
}

// errOver ends an answer that is no event stream and was cut.
var errOver = errors.New("the answer takes more than was reserved for it")

// meter passes an answer on and reads it.
type meter struct {
	from  io.ReadCloser
	most  int64
	s     scan
	ended bool
	tells bool   // its type is one that can tell what was used
	last  []byte // what is still to be said after a stream was cut
	cut   bool
	h     *hold
	said  bool // in observe, that it would have been cut
}

// over is said to the reader of a stream that was cut; the blank lines end an
// event that was under way.
const over = "\n\nevent: error\ndata: {\"type\":\"about:blank\",\"title\":\"The budget of this request is spent\",\"status\":429}\n\n"

func (m *meter) Read(p []byte) (int, error) {
	if m.cut {
		n := copy(p, m.last)
		if m.last = m.last[n:]; len(m.last) == 0 {
			return n, io.EOF
		}
		return n, nil
	}
	n, err := m.from.Read(p)
	if !m.s.sse {
		m.s.write(p[:n])
	} else if upto, much := m.lines(p[:n]); much && m.h.observe {
		m.s.write(p[upto:n])
		if !m.said {
			m.said = true
			m.h.observed("the stream takes more than was reserved for it and would have been ended")
		}
	} else if much {
		m.cut, m.last = true, []byte(over)
		m.h.c.o.Tally.Refused(atFront, dollars, byRequest)
		_ = m.from.Close() // the upstream stops as well
		return upto, nil
	}
	if errors.Is(err, io.EOF) {
		m.s.endLine()
		m.ended = true
	}
	return n, err
}

// lines reads a piece of a stream line by line, so that it ends with the event
// that was too much.
func (m *meter) lines(p []byte) (int, bool) {
	for at := 0; at < len(p); {
		end := len(p)
		if i := bytes.IndexByte(p[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		m.s.write(p[at:end])
		if max(m.s.tokens(), m.s.found.Out) > m.most {
			return end, true
		}
		at = end
	}
	return len(p), false
}

func (m *meter) Close() error {
	if m.cut {
		return nil
	}
	return m.from.Close()
}

func (m *meter) tokens() int64        { return m.s.tokens() }
func (m *meter) usage() (Usage, bool) { return m.s.found, m.ended && m.tells }

// tunnel is a WebSocket to a model. Its bytes are counted, both ways, and when
// they have used up what was reserved as much again is reserved, or it ends.
type tunnel struct {
	io.ReadWriteCloser
	h *hold

	mu    sync.Mutex
	left  state.Money
	parts int
	over  bool // in observe: it would have been ended
}

func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.ReadWriteCloser.Read(p)
	if n > 0 && !t.pay(t.h.cost(0, int64(n+3)/4)) {
		return 0, t.end()
	}
	return n, err
}

func (t *tunnel) Write(p []byte) (int, error) {
	if !t.pay(t.h.cost((int64(len(p))+t.h.c.o.PerToken-1)/t.h.c.o.PerToken, 0)) {
		return 0, t.end()
	}
	return t.ReadWriteCloser.Write(p)
}

func (t *tunnel) end() error {
	_ = t.Close()
	return errOver
}

func (t *tunnel) pay(cost state.Money) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.left < cost {
		if t.h.amount == 0 || t.over {
			return true // the model costs nothing, or nothing is counted any more
		}
		t.parts++
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.h.x.Request.Context()), t.h.patience())
		o, part, caps := &t.h.c.o, t.h.x.ID+"/"+strconv.Itoa(t.parts), t.h.c.caps(t.h.x, t.h.c.o.Now().UTC())
		by, err := o.Ledger.Reserve(ctx, part, t.h.amount, caps)
		if err == nil && by < 0 { // at once: what has passed is not given back
			o.Tally.Reserved(atFront, dollars, inUnit(dollars, t.h.amount))
			var charged state.Money
			if charged, err = o.Ledger.Settle(ctx, part, t.h.amount); err == nil {
				o.Tally.Settled(atFront, dollars, inUnit(dollars, charged))
			}
		}
		cancel()
		if t.over = t.h.observe && (err != nil || by >= 0); t.over {
			t.h.observed("the WebSocket takes more than the budget has and would have been ended")
			return true
		}
		switch {
		case err != nil:
			o.Tally.Refused(atFront, dollars, byLedger)
			return false
		case by >= 0:
			o.Tally.Refused(atFront, dollars, kindOf(caps[by].Account))
			return false
		}
		t.left += t.h.amount
	}
	t.left -= cost
	return true
}
