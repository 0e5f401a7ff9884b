package chat

import (
	"encoding/json"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func TestTemplate(t *testing.T) {
	history := []lr.Turn{{Role: "user", Text: "hi"}, {Role: "assistant", Text: "hello"}}
	for _, c := range []struct {
		name string
		body any
		m    lr.Message
		want string
	}{
		{"message", map[string]any{"q": "$message"}, lr.Message{Text: `say "x"`}, `{"q":"say \"x\""}`},
		{"inside a text", map[string]any{"q": "User: $message!"}, lr.Message{Text: "hi"}, `{"q":"User: hi!"}`},
		{"a conversation that is new is left out", map[string]any{"q": "$message", "c": "$conversation"}, lr.Message{Text: "hi"}, `{"q":"hi"}`},
		{"a conversation", map[string]any{"q": "$message", "c": "$conversation"}, lr.Message{Text: "hi", Conversation: "c1"}, `{"c":"c1","q":"hi"}`},
		{"turns", map[string]any{"messages": "$messages"}, lr.Message{Text: "and?", History: history},
			`{"messages":[{"content":"hi","role":"user"},{"content":"hello","role":"assistant"},{"content":"and?","role":"user"}]}`},
		{"history apart", map[string]any{"q": "$message", "history": "$history"}, lr.Message{Text: "and?", History: history},
			`{"history":[{"content":"hi","role":"user"},{"content":"hello","role":"assistant"}],"q":"and?"}`},
		{"no history", map[string]any{"q": "$message", "history": "$history"}, lr.Message{Text: "hi"}, `{"q":"hi"}`},
		{"files", map[string]any{"q": "$message", "files": "$files"}, lr.Message{Text: "hi", Files: []string{"f1"}}, `{"files":[{"id":"f1","type":"file"}],"q":"hi"}`},
		{"no files", map[string]any{"q": "$message", "files": "$files"}, lr.Message{Text: "hi"}, `{"q":"hi"}`},
		{"an element without a value", map[string]any{"l": []any{"$conversation", "x"}}, lr.Message{}, `{"l":["x"]}`},
		{"a dollar that is none of ours", map[string]any{"q": "costs $5 or $message"}, lr.Message{Text: "7"}, `{"q":"costs $5 or 7"}`},
		{"a message that looks like a variable", map[string]any{"q": "$message", "u": "$user"}, lr.Message{Text: "$user"}, `{"q":"$user","u":"me"}`},
		{"what is no text stays", map[string]any{"n": 3.0, "b": true, "z": nil}, lr.Message{}, `{"b":true,"n":3,"z":null}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := valuesOf(c.m, "me", "id-1", map[string]any{"type": "file", "id": "$file"})
			r, err := Template{Path: "/chat", Body: c.body}.build(v)
			if err != nil {
				t.Fatal(err)
			}
			if string(r.Body) != c.want {
				t.Errorf("got  %s\nwant %s", r.Body, c.want)
			}
			if r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("sent as %s with %v", r.Method, r.Header)
			}
		})
	}
}

func TestTemplatePath(t *testing.T) {
	r, err := Template{Method: "GET", Path: "/chats/$conversation/stream?u=$user"}.build(values{"$conversation": "a/b?c", "$user": "me"})
	if err != nil || r.Path != "/chats/a%2Fb%3Fc/stream?u=me" || r.Body != nil {
		t.Errorf("got %q, body %q, %v", r.Path, r.Body, err)
	}
	if _, err := (Template{Path: "chats"}).build(nil); err == nil || !strings.Contains(err.Error(), "does not begin with /") {
		t.Errorf("a path without / gives %v", err)
	}
	r, err = Template{Path: "/f", Form: true, Body: map[string]any{"m": "$message"}}.build(values{"$message": "a&b"})
	if err != nil || string(r.Body) != "m=a%26b" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("form: %q %v %v", r.Body, r.Header, err)
	}
}

// TestParts: the AI SDK's messages are told apart by their ids.
func TestParts(t *testing.T) {
	v := valuesOf(lr.Message{Text: "b", History: []lr.Turn{{Role: "user", Text: "a"}}}, "", "x", nil)
	b, err := json.Marshal(v["$parts"])
	if err != nil || string(b) != `[{"id":"x-0","parts":[{"text":"a","type":"text"}],"role":"user"},{"id":"x-1","parts":[{"text":"b","type":"text"}],"role":"user"}]` {
		t.Errorf("%s %v", b, err)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add(`{"q":"$message","l":["$files"]}`, "hi", "c")
	f.Fuzz(func(t *testing.T, body, message, conversation string) {
		var v any
		if json.Unmarshal([]byte(body), &v) != nil {
			return
		}
		r, err := Template{Path: "/x", Body: v}.build(valuesOf(lr.Message{Text: message, Conversation: conversation}, "", "", nil))
		if err != nil {
			t.Fatal(err)
		}
		if v != nil && !json.Valid(r.Body) {
			t.Errorf("the body is no JSON: %s", r.Body)
		}
		Variables(v)
	})
}
