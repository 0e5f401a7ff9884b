package model

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/launchready/launchready/guard/model/span"
)

// messagesChunk reads an event of Anthropic's messages.
func (r *reply) messagesChunk(e *event) error {
	d := &e.doc
	t := r.turn(0)
	index := d.Get(0, "index")
	i64, _ := d.Int(index)
	i := int(i64)
	switch d.Text(d.Get(0, "type")) {
	case "message_start":
		r.usage.read(d, d.Get(0, "message", "usage"))
		r.usage.Known = false // the first number of output tokens is none
	case "content_block_start":
		block := d.Get(0, "content_block")
		if d.Is(d.Get(block, "type"), "tool_use") {
			c := t.call(i)
			c.name += d.Text(d.Get(block, "name")) // two that begin in one place are none
			if in := d.Get(block, "input"); d.Len(in) > 0 {
				c.args = append(c.args, d.Raw(in)...)
			}
			t.hold(e, i, true, index)
			return nil
		}
		if ran(d, block) {
			break
		}
		if err := r.pieces(e, block, "", i, "citations"); err != nil {
			return err
		}
		if err := r.wholes(e, d.Get(block, "citations")); err != nil {
			return err
		}
	case "content_block_delta":
		delta := d.Get(0, "delta")
		if c := t.calls[i]; c != nil {
			args := d.Bytes(d.Get(delta, "partial_json"))
			c.args = append(c.args, args...)
			r.count += len(args)
			t.hold(e, i, true, index)
			return nil
		}
		if err := r.pieces(e, delta, "", i, "citation", "partial_json"); err != nil {
			return err
		}
		if err := r.wholes(e, d.Get(delta, "citation")); err != nil {
			return err
		}
	case "content_block_stop":
		if t.calls[i] != nil {
			t.hold(e, i, true, index)
			return nil
		}
		if err := r.endAll(func(at place) bool { return at.a == i }); err != nil {
			return err
		}
	case "message_stop":
		r.ended = true
	case "message_delta":
		r.usage.read(d, d.Get(0, "usage"))
		if err := r.endAll(func(place) bool { return true }); err != nil {
			return err
		}
		r.messagesEnd(t, e)
		return nil
	}
	if index != span.None && len(t.calls) > 0 && !t.over {
		t.hold(e, i, false, index) // what stands behind a call gets another number when the call goes
	}
	return nil
}

// ran reports a block of a tool that the provider has run, and what came of it: the
// application gives both back as they are.
func ran(d *span.Document, block span.Node) bool {
	kind := d.Text(d.Get(block, "type"))
	return kind == "server_tool_use" || strings.HasSuffix(kind, "_tool_result")
}

// messagesEnd decides the calls when the message has ended in the event.
func (r *reply) messagesEnd(t *turn, e *event) {
	if t.over {
		return
	}
	text := r.decide(t)
	if text == "" {
		t.release()
		return
	}
	first := true
	for _, h := range t.held {
		if !h.own {
			less := -1 // of the text that stands for all calls
			for _, i := range t.order {
				if i < h.index {
					less++
				}
			}
			h.e.doc.Set(h.node, []byte(strconv.Itoa(h.index-less)))
			continue
		}
		h.e.drop = true
		if first {
			first = false
			h.e.before = messagesText(h.index, text)
		}
	}
	t.release()
	if n := e.doc.Get(0, "delta", "stop_reason"); n != span.None {
		e.doc.SetText(n, []byte("end_turn"))
	}
}

// messagesText are the events of a block of text.
func messagesText(index int, text string) []byte {
	var out []byte
	for _, v := range []struct {
		event string
		body  map[string]any
	}{
		{"content_block_start", map[string]any{"type": "content_block_start", "index": index, "content_block": map[string]any{"type": "text", "text": ""}}},
		{"content_block_delta", map[string]any{"type": "content_block_delta", "index": index, "delta": map[string]any{"type": "text_delta", "text": text}}},
		{"content_block_stop", map[string]any{"type": "content_block_stop", "index": index}},
	} {
		out = appendEvent(out, v.event, v.body)
	}
	return out
}

func appendEvent(dst []byte, name string, body any) []byte {
	b, err := json.Marshal(body)
	if err != nil {
		return dst
	}
	dst = append(append(dst, "event: "...), name...)
	return append(append(append(dst, "\ndata: "...), b...), "\n\n"...)
}

// messagesWhole reads a message that is no stream.
func (r *reply) messagesWhole(e *event) error {
	d := &e.doc
	r.usage.read(d, d.Get(0, "usage"))
	content := d.Get(0, "content")
	t := r.turn(0)
	use := func(b span.Node) bool { return d.Is(d.Get(b, "type"), "tool_use") }
	i := 0
	for b := d.First(content); b != span.None; b = d.Next(b) {
		if use(b) {
			c := t.call(i)
			c.name, c.args = d.Text(d.Get(b, "name")), d.Raw(d.Get(b, "input"))
			r.count += len(c.args)
		}
		for _, name := range []string{"text", "thinking"} {
			r.count += len(d.Bytes(d.Get(b, name)))
		}
		if !use(b) && !ran(d, b) {
			if err := r.wholes(e, b); err != nil {
				return err
			}
		}
		i++
	}
	text := r.decide(t)
	if text == "" {
		return nil
	}
	first := true
	d.Drop(content, func(b span.Node) bool {
		if !use(b) || first {
			first = first && !use(b)
			return false
		}
		return true
	})
	for b := d.First(content); b != span.None; b = d.Next(b) {
		if use(b) {
			d.Set(b, append(append([]byte(`{"type":"text","text":`), span.Quote(nil, []byte(text))...), '}'))
			break
		}
	}
	if n := d.Get(0, "stop_reason"); n != span.None {
		d.SetText(n, []byte("end_turn"))
	}
	return nil
}
