package model_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// tool is a call of a completion.
type tool struct{ Name, Args string }

func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}

func chatText(s string) string {
	return `data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"small","choices":[{"index":0,"delta":{"content":` + quoted(s) + `},"finish_reason":null}]}` + "\n\n"
}

// completion writes an answer in a protocol, whole or as the events in which these
// pieces come.
func completion(path string, stream bool, pieces []string, calls []tool) string {
	return completionCut(path, stream, pieces, calls, func(s string) []string { return []string{s[:len(s)/2], s[len(s)/2:]} })
}

// completionCut is completion with arguments in other pieces than halves.
func completionCut(path string, stream bool, pieces []string, calls []tool, cut func(string) []string) string {
	text := strings.Join(pieces, "")
	var b strings.Builder
	event := func(kind string, v map[string]any) {
		v["type"] = kind
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", kind, quoted(v))
	}
	switch {
	case path == "/v1/chat/completions" && !stream:
		var list []any
		for i, c := range calls {
			list = append(list, map[string]any{"id": fmt.Sprint("call_", i), "type": "function", "function": map[string]any{"name": c.Name, "arguments": c.Args}})
		}
		m := map[string]any{"role": "assistant", "content": text}
		finish := "stop"
		if len(calls) > 0 {
			m["tool_calls"], finish = list, "tool_calls"
		}
		return quoted(map[string]any{"id": "c1", "choices": []any{map[string]any{"index": 0, "message": m, "finish_reason": finish}}, "usage": map[string]any{"prompt_tokens": 1, "completion_tokens": 2}})
	case path == "/v1/chat/completions":
		b.WriteString(`data: {"id":"c1","created":7,"model":"small","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n: keep alive\n\n")
		for _, p := range pieces {
			b.WriteString(chatText(p))
		}
		for i, c := range calls {
			fmt.Fprintf(&b, `data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"id":"call_%d","type":"function","function":{"name":%s,"arguments":""}}]},"finish_reason":null}]}`+"\n\n", i, i, quoted(c.Name))
			for _, h := range cut(c.Args) {
				fmt.Fprintf(&b, `data: {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"function":{"arguments":%s}}]},"finish_reason":null}]}`+"\n\n", i, quoted(h))
			}
		}
		finish := "stop"
		if len(calls) > 0 {
			finish = "tool_calls"
		}
		b.WriteString(`data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"` + finish + `"}]}` + "\n\ndata: [DONE]\n\n")
	case path == "/v1/messages" && !stream:
		list := []any{map[string]any{"type": "text", "text": text}}
		for i, c := range calls {
			list = append(list, map[string]any{"type": "tool_use", "id": fmt.Sprint("toolu_", i), "name": c.Name, "input": json.RawMessage(c.Args)})
		}
		finish := "end_turn"
		if len(calls) > 0 {
			finish = "tool_use"
		}
		return quoted(map[string]any{"type": "message", "role": "assistant", "content": list, "stop_reason": finish, "usage": map[string]any{"input_tokens": 1, "output_tokens": 2}})
	case path == "/v1/messages":
		event("message_start", map[string]any{"message": map[string]any{"id": "m1", "role": "assistant", "content": []any{}, "usage": map[string]any{"input_tokens": 1, "output_tokens": 1}}})
		event("content_block_start", map[string]any{"index": 0, "content_block": map[string]any{"type": "text", "text": ""}})
		for _, p := range pieces {
			event("content_block_delta", map[string]any{"index": 0, "delta": map[string]any{"type": "text_delta", "text": p}})
		}
		event("content_block_stop", map[string]any{"index": 0})
		for i, c := range calls {
			event("content_block_start", map[string]any{"index": i + 1, "content_block": map[string]any{"type": "tool_use", "id": fmt.Sprint("toolu_", i), "name": c.Name, "input": map[string]any{}}})
			for _, h := range cut(c.Args) {
				event("content_block_delta", map[string]any{"index": i + 1, "delta": map[string]any{"type": "input_json_delta", "partial_json": h}})
			}
			event("content_block_stop", map[string]any{"index": i + 1})
		}
		finish := "end_turn"
		if len(calls) > 0 {
			finish = "tool_use"
		}
		event("message_delta", map[string]any{"delta": map[string]any{"stop_reason": finish}, "usage": map[string]any{"output_tokens": 2}})
		event("message_stop", map[string]any{})
	default:
		part := map[string]any{"type": "output_text", "text": text, "annotations": []any{}}
		message := map[string]any{"id": "msg_1", "type": "message", "role": "assistant", "content": []any{part}}
		output := []any{message}
		for i, c := range calls {
			output = append(output, map[string]any{"id": fmt.Sprint("fc_", i), "type": "function_call", "call_id": fmt.Sprint("call_", i), "name": c.Name, "arguments": c.Args})
		}
		whole := map[string]any{"id": "resp_1", "object": "response", "status": "completed", "instructions": canaryOwn, "output": output, "usage": map[string]any{"input_tokens": 1, "output_tokens": 2}}
		if !stream {
			return quoted(whole)
		}
		event("response.created", map[string]any{"sequence_number": 0, "response": map[string]any{"id": "resp_1", "output": []any{}, "instructions": canaryOwn}})
		event("response.output_item.added", map[string]any{"output_index": 0, "item": map[string]any{"id": "msg_1", "type": "message", "content": []any{}}})
		event("response.content_part.added", map[string]any{"output_index": 0, "content_index": 0, "part": map[string]any{"type": "output_text", "text": ""}})
		for _, p := range pieces {
			event("response.output_text.delta", map[string]any{"output_index": 0, "content_index": 0, "delta": p})
		}
		event("response.output_text.done", map[string]any{"output_index": 0, "content_index": 0, "text": text})
		event("response.content_part.done", map[string]any{"output_index": 0, "content_index": 0, "part": part})
		event("response.output_item.done", map[string]any{"output_index": 0, "item": message})
		for i, c := range calls {
			item := map[string]any{"id": fmt.Sprint("fc_", i), "type": "function_call", "call_id": fmt.Sprint("call_", i), "name": c.Name, "arguments": ""}
			event("response.output_item.added", map[string]any{"output_index": i + 1, "item": item})
			for _, h := range cut(c.Args) {
				event("response.function_call_arguments.delta", map[string]any{"output_index": i + 1, "delta": h})
			}
			event("response.function_call_arguments.done", map[string]any{"output_index": i + 1, "arguments": c.Args})
			item["arguments"] = c.Args
			event("response.output_item.done", map[string]any{"output_index": i + 1, "item": item})
		}
		event("response.completed", map[string]any{"response": whole})
	}
	return b.String()
}

// heard is what an application makes of an answer.
type heard struct {
	Text   string
	Calls  []tool
	Finish string
	Error  string
}

type wireCall struct {
	Index    int
	Function struct{ Name, Arguments string }
}

type block struct {
	Type, Text, Name, Arguments string
	Input                       json.RawMessage
	Content                     []block
}

// hear reads an answer as a client library does, and fails on what one would not
// take.
func hear(t testing.TB, path, body string) heard {
	t.Helper()
	var h heard
	var anyError struct {
		Type, Code string
		Error      struct{ Message, Code string }
	}
	decode := func(data string, v any) {
		if err := json.Unmarshal([]byte(data), v); err != nil {
			t.Fatalf("%v in %q", err, data)
		}
	}
	failed := func(data string) bool {
		decode(data, &anyError)
		if anyError.Error.Message != "" || anyError.Type == "error" {
			h.Error = "error"
		}
		return h.Error != ""
	}
	output := func(list []block) {
		for _, b := range list {
			if b.Type == "function_call" {
				h.Calls = append(h.Calls, tool{b.Name, b.Arguments})
			}
			for _, c := range b.Content {
				h.Text += c.Text
			}
		}
	}
	if strings.HasPrefix(body, "{") {
		if failed(body) {
			return h
		}
		var v struct {
			Choices []struct {
				Message struct {
					Content string
					Calls   []wireCall `json:"tool_calls"`
				}
				Finish string `json:"finish_reason"`
			}
			Content []block
			Stop    string `json:"stop_reason"`
			Output  []block
		}
		decode(body, &v)
		for _, c := range v.Choices {
			h.Text, h.Finish = c.Message.Content, c.Finish
			for _, f := range c.Message.Calls {
				h.Calls = append(h.Calls, tool{f.Function.Name, f.Function.Arguments})
			}
		}
		for _, b := range v.Content {
			if h.Text += b.Text; b.Type == "tool_use" {
				h.Calls = append(h.Calls, tool{b.Name, string(b.Input)})
			}
		}
		output(v.Output)
		h.Finish += v.Stop
		return h
	}
	blocks := 0
	var kinds []string
	in := bufio.NewScanner(strings.NewReader(body))
	in.Buffer(nil, 16<<20)
	for in.Scan() {
		data, ok := strings.CutPrefix(in.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		if failed(data) {
			return h
		}
		var v struct {
			Type    string
			Index   int
			Output  int `json:"output_index"`
			Choices []struct {
				Delta struct {
					Content string
					Calls   []wireCall `json:"tool_calls"`
				}
				Finish string `json:"finish_reason"`
			}
			Block    block `json:"content_block"`
			Delta    json.RawMessage
			Item     block
			Response struct{ Output []block }
		}
		decode(data, &v)
		for _, c := range v.Choices {
			h.Text += c.Delta.Content
			for _, f := range c.Delta.Calls {
				for len(h.Calls) <= f.Index {
					h.Calls = append(h.Calls, tool{})
				}
				h.Calls[f.Index].Name += f.Function.Name
				h.Calls[f.Index].Args += f.Function.Arguments
			}
			h.Finish += c.Finish
		}
		var delta struct {
			Text, Type string
			Partial    string `json:"partial_json"`
			Stop       string `json:"stop_reason"`
		}
		switch v.Type {
		case "content_block_start":
			if v.Index != blocks {
				t.Errorf("block %d comes after %d", v.Index, blocks-1)
			}
			blocks++
			kinds = append(kinds, v.Block.Type)
			if v.Block.Type == "tool_use" {
				h.Calls = append(h.Calls, tool{Name: v.Block.Name})
			}
		case "content_block_delta", "message_delta":
			decode(string(v.Delta), &delta)
			h.Text += delta.Text
			h.Finish += delta.Stop
			if delta.Partial != "" {
				if v.Index >= len(kinds) || kinds[v.Index] != "tool_use" {
					t.Fatalf("arguments in block %d", v.Index)
				}
				h.Calls[len(h.Calls)-1].Args += delta.Partial
			}
		case "response.output_text.delta":
			var s string
			decode(string(v.Delta), &s)
			h.Text += s
		case "response.output_item.done":
			if v.Item.Type == "function_call" {
				h.Calls = append(h.Calls, tool{v.Item.Name, v.Item.Arguments})
			}
		case "response.completed":
			pieces := h
			h.Text, h.Calls = "", nil
			output(v.Response.Output)
			if h.Text != pieces.Text || quoted(h.Calls) != quoted(pieces.Calls) {
				t.Errorf("the pieces say %+v, the response %+v", pieces, h)
			}
		}
	}
	return h
}
