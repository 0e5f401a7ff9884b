package model

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/launchready/launchready/guard/model/span"
)

// chatTexts are the members of a message or a delta that hold words of the model.
// reasoning_content and reasoning are of compatible servers.
func chatTexts() [4]string { return [4]string{"content", "refusal", "reasoning_content", "reasoning"} }

// chatChunk reads a chunk of OpenAI's chat completions.
func (r *reply) chatChunk(e *event) error {
	d := &e.doc
	r.usage.read(d, d.Get(0, "usage"))
	if r.x.told && d.Kind(d.Get(0, "usage")) == span.Object && d.Len(d.Get(0, "choices")) == 0 {
		e.drop = true // the application did not ask for it
		return nil
	}
	for c := d.First(d.Get(0, "choices")); c != span.None; c = d.Next(c) {
		i64, _ := d.Int(d.Get(c, "index"))
		i := int(i64)
		delta := d.Get(c, "delta")
		if err := r.pieces(e, delta, "", i, calls()...); err != nil {
			return err
		}
		if d.Get(c, "message") != span.None { // some write the whole message anew in each chunk
			d.Drop(c, func(n span.Node) bool { return d.Key(n) == "message" })
		}
		if err := r.pieces(e, c, "choice", i, "delta", "message", "finish_reason"); err != nil {
			return err
		}
		t := r.turn(i)
		if calls := d.Get(delta, "tool_calls"); d.Len(calls) > 0 {
			r.chatCalls(t, d, calls)
			t.hold(e, i, true, delta)
		}
		if f := d.Get(delta, "function_call"); d.Kind(f) == span.Object {
			t.call(-1).name = "function_call" // of a request that was refused: nobody offered it
			t.hold(e, i, true, delta)
		}
		if finish := d.Get(c, "finish_reason"); d.Kind(finish) == span.String {
			if err := r.endAll(func(at place) bool { return at.a == i }); err != nil {
				return err
			}
			r.chatEnd(t, e, i, finish)
		}
	}
	return nil
}

func (r *reply) chatCalls(t *turn, d *span.Document, list span.Node) {
	at := 0
	for n := d.First(list); n != span.None; n = d.Next(n) {
		i := at
		if v, ok := d.Int(d.Get(n, "index")); ok {
			i = int(v)
		}
		at++
		c := t.call(i)
		c.name += d.Text(d.Get(n, "function", "name")) + d.Text(d.Get(n, "custom", "name"))
		arguments, free := d.Get(n, "function", "arguments"), d.Get(n, "custom", "input")
		args := d.Bytes(arguments)
		c.odd = c.odd || odd(d, arguments) || odd(d, free)
		if d.Kind(free) == span.String {
			c.odd = c.odd || len(args) > 0
			args, c.free = d.Bytes(free), true
		}
		c.args = append(c.args, args...)
		r.count += len(args)
	}
}

// chatEnd decides the calls of a message that has ended in the event.
func (r *reply) chatEnd(t *turn, e *event, i int, finish span.Node) {
	text := r.decide(t)
	if text == "" {
		t.release()
		return
	}
	role := false
	for _, h := range t.held {
		d := &h.e.doc
		role = role || d.Kind(d.Get(h.node, "role")) == span.String
		words := false
		for _, name := range chatTexts() {
			words = words || d.Kind(d.Get(h.node, name)) == span.String
		}
		if h.e == e || words || d.Len(d.Get(0, "choices")) > 1 || d.Kind(d.Get(0, "usage")) == span.Object {
			d.Drop(h.node, calling(d))
			role = false
		} else {
			h.e.drop = true
		}
	}
	t.release()
	d := &e.doc
	d.SetText(finish, []byte("stop"))
	delta := map[string]any{"content": text}
	if role {
		delta["role"] = "assistant"
	}
	b, err := json.Marshal(map[string]any{"id": d.Text(d.Get(0, "id")), "object": "chat.completion.chunk", "created": json.RawMessage(orNull(d.Raw(d.Get(0, "created")))), "model": d.Text(d.Get(0, "model")),
		"choices": []any{map[string]any{"index": i, "delta": delta, "finish_reason": nil}}})
	if err == nil {
		e.before = append(append(append(e.before, "data: "...), b...), "\n\n"...)
	}
}

// odd reports arguments that are no text: what an application makes of them is not known.
func odd(d *span.Document, n span.Node) bool {
	k := d.Kind(n)
	return k != 0 && k != span.Null && k != span.String
}

// calls are the members of a message that call tools.
func calls() []string { return []string{"tool_calls", "function_call"} }

func calling(d *span.Document) func(span.Node) bool {
	return func(n span.Node) bool { return slices.Contains(calls(), d.Key(n)) }
}

func orNull(raw []byte) []byte {
	if raw == nil {
		return []byte("null")
	}
	return raw
}

// chatWhole reads a chat completion that is no stream.
func (r *reply) chatWhole(e *event) error {
	d := &e.doc
	r.usage.read(d, d.Get(0, "usage"))
	for c := d.First(d.Get(0, "choices")); c != span.None; c = d.Next(c) {
		i, _ := d.Int(d.Get(c, "index"))
		message := d.Get(c, "message")
		t := r.turn(int(i))
		r.chatCalls(t, d, d.Get(message, "tool_calls"))
		if d.Kind(d.Get(message, "function_call")) == span.Object {
			t.call(-1).name = "function_call"
		}
		text := r.decide(t)
		if text != "" && d.Get(message, "role") == span.None {
			return deny(http.StatusBadGateway, "provider_unreadable", "The provider sent a message without a role.")
		}
		for _, name := range chatTexts() {
			n := d.Get(message, name)
			r.count += len(d.Bytes(n))
			if name == "content" && text != "" {
				out, _, err := r.x.rules.Whole(d.Bytes(n))
				if err != nil {
					return r.stopped(err)
				}
				q := span.Quote(nil, append(out, text...))
				if n != span.None {
					d.Set(n, q)
				} else {
					d.Put(message, name, q)
				}
				continue
			}
		}
		skip := append(calls(), "content")
		if text == "" {
			skip = calls()
		}
		if err := r.wholes(e, message, skip...); err != nil {
			return err
		}
		if err := r.wholes(e, c, "message", "finish_reason"); err != nil {
			return err
		}
		if text != "" {
			d.Drop(message, calling(d))
			if f := d.Get(c, "finish_reason"); f != span.None {
				d.SetText(f, []byte("stop"))
			}
		}
	}
	return nil
}
