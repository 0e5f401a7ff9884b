package chat

import (
	"encoding/json"
	"slices"
	"testing"

	lr "github.com/launchready/launchready"
)

func schema(required []string, props map[string]*lr.Schema) *lr.Schema {
	return &lr.Schema{Type: "object", Properties: props, Required: required}
}

func str() *lr.Schema { return &lr.Schema{Type: "string"} }

func jsonBody(s *lr.Schema) *lr.Body { return &lr.Body{Type: "application/json", Schema: s} }

func TestFromRoutes(t *testing.T) {
	chats := &lr.Route{Method: "POST", Path: "/v1/chats", Kind: lr.Create, Resource: "/v1/chats", Body: jsonBody(schema([]string{"title"}, map[string]*lr.Schema{"title": str(), "note": str()}))}
	for _, c := range []struct {
		name   string
		routes []*lr.Route
		path   string
		body   string
		begin  string
	}{
		{"openai, its model from the description", []*lr.Route{{Method: "POST", Path: "/v1/chat/completions", Kind: lr.ChatKind,
			Body: jsonBody(schema([]string{"messages"}, map[string]*lr.Schema{"messages": {Type: "array"}, "stream": {Type: "boolean"}, "model": {Type: "string", Enum: []any{"harbor-small", "harbor-large"}}}))}},
			"/v1/chat/completions", `{"messages":"$messages","model":"harbor-small","stream":true}`, ""},
		{"a message and a conversation", []*lr.Route{{Method: "POST", Path: "/ask", Kind: lr.ChatKind,
			Body: jsonBody(schema([]string{"prompt", "lang"}, map[string]*lr.Schema{"prompt": str(), "session_id": str(), "lang": {Type: "string", Enum: []any{"en"}}, "debug": {Type: "boolean"}}))}},
			"/ask", `{"lang":"en","prompt":"$message","session_id":"$conversation"}`, ""},
		{"no description", []*lr.Route{{Method: "POST", Path: "/chat", Kind: lr.ChatKind}}, "/chat", `{"message":"$message"}`, ""},
		{"below a conversation", []*lr.Route{chats, {Method: "POST", Path: "/v1/chats/{chat_id}/messages", Kind: lr.ChatKind, Resource: "/v1/chats/{}/messages",
			Keys: map[string]lr.Key{"chat_id": {Resource: "/v1/chats", Field: "id"}}, Body: jsonBody(schema([]string{"content"}, map[string]*lr.Schema{"content": str()}))}},
			"/v1/chats/$conversation/messages", `{"content":"$message"}`, `POST /v1/chats {"title":"$title"}`},
		{"parts", []*lr.Route{{Method: "POST", Path: "/api/chat", Kind: lr.ChatKind,
			Body: jsonBody(schema(nil, map[string]*lr.Schema{"id": str(), "messages": {Type: "array", Items: schema(nil, map[string]*lr.Schema{"parts": {Type: "array"}})}}))}},
			"/api/chat", `{"id":"$id","messages":"$parts"}`, ""},
		{"dify by its path", []*lr.Route{{Method: "POST", Path: "/v1/chat-messages", Kind: lr.OtherKind}}, "/v1/chat-messages",
			`{"conversation_id":"$conversation","files":"$files","inputs":{},"query":"$message","response_mode":"streaming","user":"$user"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := FromRoutes(c.routes)
			if len(got) == 0 {
				t.Fatal("no candidate")
			}
			s := got[slices.IndexFunc(got, func(s Shape) bool { return s.Send.Path == c.path })]
			b, err := json.Marshal(s.Send.Body)
			if err != nil || s.Send.Path != c.path || string(b) != c.body {
				t.Errorf("%s %s (%v)\nwant %s %s", s.Send.Path, b, err, c.path, c.body)
			}
			begin := ""
			if s.Begin != nil {
				bb, _ := json.Marshal(s.Begin.Body)
				begin = s.Begin.Method + " " + s.Begin.Path + " " + string(bb)
			}
			if begin != c.begin {
				t.Errorf("begins by %q, want %q", begin, c.begin)
			}
		})
	}
}

// TestFromRoutesLeaves what does not talk.
func TestFromRoutesLeaves(t *testing.T) {
	got := FromRoutes([]*lr.Route{
		{Method: "GET", Path: "/v1/chats", Kind: lr.List},
		{Method: "POST", Path: "/v1/files", Kind: lr.Upload},
		{Method: "POST", Path: "/v1/invoices", Kind: lr.Create},
		{Method: "POST", Path: "/v1/a/{x}/b/{y}/chat", Kind: lr.ChatKind}, // two keys: which conversation?
	})
	if len(got) != 0 {
		t.Errorf("candidates %+v", got)
	}
}
