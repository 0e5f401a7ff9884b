package model

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/launchready/launchready/guard/model/screen"
	"github.com/launchready/launchready/guard/model/span"
)

// reply takes a completion apart, as events of a stream or whole, and puts together
// what the application gets. Events go on in their order, each as soon as all in it
// is decided, and byte for byte where nothing was changed.
type reply struct {
	x     *exchange
	queue []*event
	free  []*event
	size  int
	texts map[place]*channel
	turns map[int]*turn
	usage Usage
	ended bool // the answer was read to its end, or to what its protocol ends with
	count int  // bytes of text and arguments so far
}

// place is where a text of a completion stands.
type place struct {
	kind string
	a, b int
}

// channel is a text that comes in pieces.
type channel struct {
	text  *screen.Text
	parts []part
}

// part is one piece of it, in one event.
type part struct {
	e       *event
	node    span.Node
	text    []byte
	at      int // of text, decided
	out     []byte
	changed bool
}

// turn is one message of the model, whose calls are decided together: the
// application would carry out what is left of them.
type turn struct {
	calls map[int]*call
	order []int
	held  []heldEvent
	over  bool
}

type heldEvent struct {
	e     *event
	index int       // of the call or, where own is false, of what stands behind one
	own   bool      // a part of a call
	node  span.Node // of the index, or what is to be dropped
}

func newReply(x *exchange) *reply {
	return &reply{x: x, texts: map[place]*channel{}, turns: map[int]*turn{}}
}

// text adds a piece of a text, and counts it.
func (r *reply) text(at place, e *event, n span.Node) error {
	r.count += len(e.doc.Bytes(n))
	return r.piece(at, e, n)
}

// piece adds a piece of a text.
func (r *reply) piece(at place, e *event, n span.Node) error {
	b := e.doc.Bytes(n)
	if len(b) == 0 || !r.x.rules.Active() {
		return nil
	}
	c := r.texts[at]
	if c == nil {
		c = &channel{text: screen.New(r.x.rules)}
		r.texts[at] = c
	}
	c.parts = append(c.parts, part{e: e, node: n, text: b})
	e.held++
	return r.stopped(c.text.Write(b, c.emit))
}

// end ends a text.
func (r *reply) end(at place) error {
	c := r.texts[at]
	if c == nil {
		return nil
	}
	delete(r.texts, at)
	return r.stopped(c.text.Close(c.emit))
}

func (r *reply) endAll(of func(place) bool) error {
	for at := range r.texts {
		if of(at) {
			if err := r.end(at); err != nil {
				return err
			}
		}
	}
	return nil
}

// once screens a text that is there whole.
func (r *reply) once(e *event, n span.Node) error {
	b := e.doc.Bytes(n)
	if len(b) == 0 || !r.x.rules.Active() {
		return nil
	}
	out, changed, err := r.x.rules.Whole(b)
	if changed {
		e.doc.SetText(n, out)
	}
	return r.stopped(err)
}

// stopped makes of a value that must not be written the end of the answer.
func (r *reply) stopped(err error) error {
	var s *screen.Stopped
	if err == nil {
		return nil
	}
	s, ok := err.(*screen.Stopped) //nolint:errorlint // screen wraps nothing
	if !ok {
		return err
	}
	c := r.x.o.Canaries[s.Value]
	r.x.o.Log.Error("canary in a completion", "id", r.x.id, "key", r.x.who.Key, "tenant", r.x.who.Tenant, "user", r.x.who.Subject, "owner", c.Tenant, "canary", c.Name, "model", r.x.model)
	return deny(http.StatusForbidden, "completion_stopped", "The completion was stopped, because it held what must not leave the model.").because("canary " + c.Name)
}

// emit notes what is decided of the pieces.
func (c *channel) emit(n int, left []byte) {
	for n > 0 {
		p := &c.parts[0]
		k := min(n, len(p.text)-p.at)
		if left != nil && !p.changed {
			p.changed = true
			p.out = append(p.out, p.text[:p.at]...)
		}
		switch {
		case left != nil:
			p.out = append(p.out, left...)
			left = left[:0]
		case p.changed:
			p.out = append(p.out, p.text[p.at:p.at+k]...)
		}
		p.at += k
		n -= k
		if p.at == len(p.text) {
			if p.changed {
				p.e.doc.SetText(p.node, p.out)
			}
			p.e.held--
			c.parts = c.parts[1:]
		}
	}
}

// turn is the message of that number.
func (r *reply) turn(i int) *turn {
	t := r.turns[i]
	if t == nil {
		t = &turn{calls: map[int]*call{}}
		r.turns[i] = t
	}
	return t
}

// call is the call of that number.
func (t *turn) call(i int) *call {
	c := t.calls[i]
	if c == nil {
		c = &call{}
		t.calls[i] = c
		t.order = append(t.order, i)
	}
	return c
}

// hold keeps an event until the turn's calls are decided.
func (t *turn) hold(e *event, index int, own bool, n span.Node) {
	e.held++
	t.held = append(t.held, heldEvent{e, index, own, n})
}

// decide judges all calls of a message. The text is what stands in their place; "" lets
// them go on. One that is refused takes the others with it: they were made by the
// same words.
func (r *reply) decide(t *turn) string {
	t.over = true
	text := ""
	for _, i := range t.order {
		c := t.calls[i]
		bad := r.x.judge(c)
		if bad == nil {
			continue
		}
		r.x.o.Log.Warn("tool call refused", "id", r.x.id, "key", r.x.who.Key, "tenant", r.x.who.Tenant, "user", r.x.who.Subject, "tool", name(c.name, r.x), "reason", bad.why, "confirm", bad.ask != "")
		if bad.ask != "" && text == "" {
			text = fmt.Sprintf("Before I do this I need your confirmation, because this did not come from you: `%s`. To go on, please write it yourself.", shown(bad.ask))
		} else if bad.ask == "" {
			text = refusedText
		}
	}
	return text
}

// refusedText stands for calls that the policy refuses.
const refusedText = "I did not carry this out: it is not allowed here."

// name is a tool's for the log: one that was not offered is the model's invention.
func name(s string, x *exchange) string {
	if x.offered[s] || x.o.tools[s] != nil {
		return s
	}
	return "unknown"
}

// shown is a value in backticks.
func shown(v string) string {
	return string(bytes.Map(func(c rune) rune {
		if c < ' ' || c == '`' || c == 0x7f {
			return -1
		}
		return c
	}, []byte(v)))
}

// release lets the events of a turn go on.
func (t *turn) release() {
	for _, h := range t.held {
		h.e.held--
	}
	t.held = nil
}

// take is a free event.
func (r *reply) take() *event {
	if n := len(r.free); n > 0 {
		e := r.free[n-1]
		r.free = r.free[:n-1]
		return e
	}
	return &event{}
}

// push queues an event, and flush appends what is decided to dst.
func (r *reply) push(e *event) error {
	r.queue = append(r.queue, e)
	if r.size += len(e.raw); r.size > longestQueue {
		return deny(http.StatusBadGateway, "completion_too_long", "The completion holds a part that is too long to be looked through.")
	}
	return nil
}

func (r *reply) flush(dst []byte) []byte {
	n := 0
	for n < len(r.queue) && r.queue[n].held == 0 {
		e := r.queue[n]
		dst = e.write(dst)
		r.size -= len(e.raw)
		r.free = append(r.free, e)
		n++
	}
	if n > 0 {
		r.queue = r.queue[:copy(r.queue, r.queue[n:])]
	}
	return dst
}

// chunk takes one event of a stream.
func (r *reply) chunk(e *event) error {
	if len(e.data) > 0 && string(e.data) != "[DONE]" {
		if err := e.doc.Read(e.data); err != nil || e.doc.Kind(0) != span.Object {
			return deny(http.StatusBadGateway, "provider_unreadable", "The provider sent what is not an event of the protocol.")
		}
		e.json = true
		r.x.failures(&e.doc)
	}
	if err := r.push(e); err != nil {
		return err
	}
	if !e.json {
		if string(e.data) == "[DONE]" {
			r.ended = true // libraries leave here
			return r.over()
		}
		return nil
	}
	switch r.x.p {
	case chat:
		return r.chatChunk(e)
	case responses:
		return r.responsesChunk(e)
	case messages:
		return r.messagesChunk(e)
	case embeddings:
	}
	return nil
}

// over ends all that is open. Calls of a message without its end are not whole.
func (r *reply) over() error {
	if err := r.endAll(func(place) bool { return true }); err != nil {
		return err
	}
	for _, t := range r.turns {
		for _, h := range t.held {
			h.e.drop = h.e.drop || h.own
		}
		t.release()
	}
	return nil
}

// whole takes an answer that is no stream.
func (r *reply) whole(body []byte) ([]byte, error) {
	e := &event{raw: body, data: body, json: true}
	if err := e.doc.Read(body); err != nil || e.doc.Kind(0) != span.Object {
		return nil, deny(http.StatusBadGateway, "provider_unreadable", "The provider sent what is not an answer of the protocol.")
	}
	r.x.failures(&e.doc)
	var err error
	switch r.x.p {
	case chat:
		err = r.chatWhole(e)
	case responses:
		err = r.responsesWhole(e, 0, "")
	case messages:
		err = r.messagesWhole(e)
	case embeddings:
		r.usage.read(&e.doc, e.doc.Get(0, "usage"))
	}
	if err != nil {
		return nil, err
	}
	return e.doc.Output(), nil
}
