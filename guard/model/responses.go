package model

import (
	"encoding/json"
	"strings"

	"github.com/launchready/launchready/guard/model/span"
)

// responsesChunk reads an event of OpenAI's responses. They say every text three
// times: in pieces, whole, and in the response at the end.
func (r *reply) responsesChunk(e *event) error {
	d := &e.doc
	kind := d.Text(d.Get(0, "type"))
	number := func(name string) int {
		i, _ := d.Int(d.Get(0, name))
		return int(i)
	}
	i := number("output_index")
	t := r.turn(0)
	item := d.Get(0, "item")
	switch {
	case kind == "response.completed" || kind == "response.incomplete" || kind == "response.failed":
		r.ended = true
		if err := r.endAll(func(place) bool { return true }); err != nil {
			return err
		}
		text := r.decide(t)
		r.responsesEnd(t, text)
		if err := r.responsesWhole(e, d.Get(0, "response"), text); err != nil {
			return err
		}
	case responsesCall(d, item):
		c, whole := t.call(i), r.responsesRead(d, item)
		c.odd, c.own = c.odd || whole.odd, whole.own
		switch {
		case kind == "response.output_item.added":
			c.name += whole.name // two that begin in one place are none
			if c.free = whole.free; !whole.own {
				c.args = append(c.args, whole.args...)
			}
		case whole.own && c.args == nil && (c.name == whole.name || c.name == ""):
			c.name, c.args = whole.name, whole.args
		case c.name != whole.name || string(c.args) != string(whole.args):
			c.name = "" // two readings of one call: none of them
		}
		t.hold(e, i, true, item)
	case t.calls[i] != nil:
		if strings.HasSuffix(kind, ".delta") {
			args := d.Bytes(d.Get(0, "delta"))
			if !t.calls[i].own {
				t.calls[i].args = append(t.calls[i].args, args...)
			}
			r.count += len(args)
		}
		t.hold(e, i, true, item)
	case strings.HasSuffix(kind, ".delta"):
		at := place{strings.TrimSuffix(kind, ".delta"), i, number("content_index") + number("summary_index")}
		return r.text(at, e, d.Get(0, "delta"))
	case strings.HasSuffix(kind, ".done"):
		if err := r.end(place{strings.TrimSuffix(kind, ".done"), i, number("content_index") + number("summary_index")}); err != nil {
			return err
		}
		return r.wholes(e, 0)
	case strings.HasSuffix(kind, ".added"):
		return r.wholes(e, 0)
	}
	return nil
}

// responsesTools are the tools whose calls the application carries out though the protocol
// itself names them, by the type of the call.
var responsesTools = map[string][]string{
	"local_shell_call": {"local_shell"},
	"shell_call":       {"shell"},
	"apply_patch_call": {"apply_patch"},
	"computer_call":    {"computer", "computer_use_preview"},
}

func responsesCall(d *span.Document, item span.Node) bool {
	kind := d.Text(d.Get(item, "type"))
	return kind == "function_call" || kind == "custom_tool_call" || responsesTools[kind] != nil
}

// responsesRead is the call of an item.
func (r *reply) responsesRead(d *span.Document, item span.Node) call {
	c := call{name: d.Text(d.Get(item, "name"))}
	switch kind := d.Text(d.Get(item, "type")); kind {
	case "custom_tool_call":
		n := d.Get(item, "input")
		c.args, c.free, c.odd = d.Bytes(n), true, odd(d, n)
	case "function_call":
		n := d.Get(item, "arguments")
		c.args, c.odd = d.Bytes(n), odd(d, n)
	default:
		names := responsesTools[kind]
		c.own, c.name = true, names[0]
		for _, n := range names {
			if r.x.offered[n] {
				c.name = n
			}
		}
		c.args = d.Raw(item)
		for _, name := range []string{"action", "operation"} {
			if n := d.Get(item, name); d.Kind(n) == span.Object {
				c.args = d.Raw(n)
			}
		}
	}
	return c
}

// responsesEnd lets the events of calls go on, or puts a message in their place.
func (r *reply) responsesEnd(t *turn, text string) {
	for k, h := range t.held {
		if text == "" {
			break
		}
		h.e.drop = true
		if k > 0 {
			continue
		}
		part := map[string]any{"type": "output_text", "text": text, "annotations": []any{}}
		at := func(kind string, more map[string]any) map[string]any {
			m := map[string]any{"type": kind, "output_index": h.index, "item_id": refusedItem, "content_index": 0, "sequence_number": 0}
			if n := h.e.doc.Get(0, "sequence_number"); n != span.None {
				m["sequence_number"], _ = h.e.doc.Int(n)
			}
			for k, v := range more {
				m[k] = v
			}
			return m
		}
		for _, v := range []map[string]any{
			at("response.output_item.added", map[string]any{"item": responsesMessage("in_progress")}),
			at("response.content_part.added", map[string]any{"part": map[string]any{"type": "output_text", "text": "", "annotations": []any{}}}),
			at("response.output_text.delta", map[string]any{"delta": text}),
			at("response.output_text.done", map[string]any{"text": text}),
			at("response.content_part.done", map[string]any{"part": part}),
			at("response.output_item.done", map[string]any{"item": responsesMessage("completed", part)}),
		} {
			kind, _ := v["type"].(string)
			h.e.before = appendEvent(h.e.before, kind, v)
		}
	}
	t.release()
}

const refusedItem = "msg_guard"

func responsesMessage(status string, content ...any) map[string]any {
	if content == nil {
		content = []any{}
	}
	return map[string]any{"id": refusedItem, "type": "message", "status": status, "role": "assistant", "content": content}
}

// responsesWhole reads a response that is whole: of a request without a stream, or
// at a stream's end. refused is what was decided of its pieces.
func (r *reply) responsesWhole(e *event, response span.Node, refused string) error {
	d := &e.doc
	r.usage.read(d, d.Get(response, "usage"))
	output := d.Get(response, "output")
	t := &turn{calls: map[int]*call{}}
	i, size := 0, 0
	for item := d.First(output); item != span.None; item = d.Next(item) {
		if responsesCall(d, item) {
			c := t.call(i)
			*c = r.responsesRead(d, item)
			size += len(c.args)
		} else if err := r.wholes(e, item); err != nil {
			return err
		}
		for c := d.First(d.Get(item, "content")); c != span.None; c = d.Next(c) {
			size += len(d.Bytes(d.Get(c, "text")))
		}
		i++
	}
	r.count = max(r.count, size)
	text := refused
	if text == "" {
		text = r.decide(t)
	}
	if text == "" {
		return nil
	}
	first := true
	d.Drop(output, func(item span.Node) bool {
		if !responsesCall(d, item) || first {
			first = first && !responsesCall(d, item)
			return false
		}
		return true
	})
	for item := d.First(output); item != span.None; item = d.Next(item) {
		if responsesCall(d, item) {
			b, err := json.Marshal(responsesMessage("completed", map[string]any{"type": "output_text", "text": text, "annotations": []any{}}))
			if err != nil {
				return err
			}
			d.Set(item, b)
			break
		}
	}
	return nil
}
