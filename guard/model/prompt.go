package model

import (
	"bytes"
	"strings"

	"github.com/launchready/launchready/guard/model/span"
)

// structure are members that hold no words of anybody, or bytes that must stay.
var structure = map[string]bool{
	"type": true, "role": true, "id": true, "name": true, "tool_call_id": true, "tool_use_id": true, "call_id": true, "item_id": true, "data": true, "url": true,
	"image_url": true, "file_data": true, "file_id": true, "media_type": true, "format": true, "signature": true, "encrypted_content": true, "encrypted_index": true,
	"status": true, "detail": true, "cache_control": true, "ttl": true,
}

// text goes through what the model reads: it notes who said it, and takes out
// what must not leave. In arguments no name is of the protocol.
func (x *exchange) text(d *span.Document, n span.Node, from source, key string, arguments bool) {
	switch d.Kind(n) {
	case span.String:
		s := d.Bytes(n)
		if structure[key] && !arguments {
			if key == "url" && from == untrusted && len(x.offered) > 0 { // of what a search found
				x.said.add(from, s)
			}
			return
		}
		if len(x.offered) > 0 {
			x.said.add(from, s)
		}
		if x.o.Prompts.Active() {
			if out, changed, err := x.o.Prompts.Whole(s); err == nil && changed && !bytes.Equal(out, s) {
				d.SetText(n, out)
			}
		}
	case span.Array:
		for c := d.First(n); c != span.None; c = d.Next(c) {
			x.text(d, c, from, key, arguments)
		}
	case span.Object:
		if !arguments {
			from = x.source(d, n, from)
		}
		kind := d.Text(d.Get(n, "type"))
		for c := d.First(n); c != span.None; c = d.Next(c) {
			key := d.Key(c)
			if key == "data" && kind == "text" { // a document of plain text
				key = "text"
			}
			x.text(d, c, from, key, arguments || key == "input" && strings.HasSuffix(kind, "tool_use"))
		}
	case span.Null, span.True, span.False, span.Number:
	}
}

// source is who said what is in an object. What is in something untrusted is so too.
func (x *exchange) source(d *span.Document, n span.Node, from source) source {
	if from == untrusted {
		return untrusted
	}
	kind, role := d.Text(d.Get(n, "type")), d.Text(d.Get(n, "role"))
	id := func(name string) string { return d.Text(d.Get(n, name)) }
	switch kind { // calls in the history: the name of the tool, for its result
	case "function":
		x.results[id("id")] = d.Text(d.Get(n, "function", "name"))
		return neutral
	case "tool_use":
		x.results[id("id")] = id("name")
		return neutral
	case "function_call", "custom_tool_call":
		x.results[id("call_id")] = id("name")
		return neutral
	}
	result := func(id string) source {
		if t := x.o.tools[x.results[id]]; t != nil && t.Trusted {
			return trusted
		}
		return untrusted
	}
	switch {
	case role == "tool" || role == "function":
		return result(id("tool_call_id"))
	case kind == "tool_result":
		return result(id("tool_use_id"))
	case kind == "function_call_output" || kind == "custom_tool_call_output":
		return result(id("call_id"))
	case kind == "document" || kind == "file" || kind == "input_file" || kind == "search_result" || strings.HasSuffix(kind, "_output") || strings.HasSuffix(kind, "_result") || strings.HasPrefix(kind, "mcp_") || strings.HasSuffix(kind, "_call"):
		return untrusted
	case role == "assistant" || kind == "reasoning" || kind == "thinking":
		return neutral
	case role == "system" || role == "developer" || role == "user":
		return trusted
	}
	return from
}
