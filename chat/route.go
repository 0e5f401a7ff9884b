package chat

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// FromRoutes proposes shapes for the chat routes of a surface, the likeliest
// first: what the description tells of a body, and the preset of a known path.
// Where the answer stands in the reply is left to [Detect].
func FromRoutes(routes []*lr.Route) []Shape {
	var out []Shape
	for _, rt := range routes {
		if rt.Method != "POST" && rt.Method != "PUT" && rt.Kind != lr.WebSocket {
			continue
		}
		if !talks(rt) {
			continue
		}
		if s, ok := preset(rt); ok {
			out = append(out, s)
			continue
		}
		if s, ok := fromBody(rt, routes); ok {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Shape) int { return rank(a) - rank(b) })
	return out
}

// rank puts what needs nothing before it first.
func rank(s Shape) int {
	n := strings.Count(s.Send.Path, "$") * 2
	if s.Begin != nil {
		n++
	}
	return n
}

func talks(rt *lr.Route) bool {
	if rt.Kind == lr.ChatKind || rt.Kind == lr.Stream {
		return true
	}
	if rt.Kind != lr.Create && rt.Kind != lr.Action && rt.Kind != lr.OtherKind {
		return false
	}
	// The last word decides: what lies below a chat is rarely a way to talk.
	p := strings.TrimRight(strings.ToLower(rt.Path), "/")
	switch p[strings.LastIndexByte(p, '/')+1:] {
	case "chat", "chat-messages", "message", "messages", "completions", "ask", "predict", "converse", "query", "generate", "reply":
		return true
	}
	return strings.Contains(p, "/prediction/") || strings.Contains(p, "/agents/chat/") || strings.Contains(p, "/api/v1/run/")
}

// preset is the preset of a path that only one product has.
func preset(rt *lr.Route) (Shape, bool) {
	p := strings.ToLower(rt.Path)
	for _, k := range []struct{ ends, preset string }{
		{"/api/chat/completions", "openwebui"}, {"/chat/completions", "openai"}, {"/v1/messages", "anthropic"}, {"/chat-messages", "dify"},
	} {
		if strings.HasSuffix(p, k.ends) {
			s, ok := Preset(k.preset, rt.Path)
			s.pinModel(rt)
			return s, ok
		}
	}
	for _, k := range []struct{ part, preset string }{
		{"/api/v1/prediction/", "flowise"}, {"/api/agents/chat/", "librechat"}, {"/api/v1/run/", "langflow"},
	} {
		if i := strings.Index(p, k.part); i >= 0 && !strings.Contains(rt.Path[i+len(k.part):], "{") {
			return Preset(k.preset, rt.Path)
		}
	}
	return Shape{}, false
}

// pinModel takes the model's name from the description.
func (s *Shape) pinModel(rt *lr.Route) {
	m, ok := s.Send.Body.(map[string]any)
	if !ok || rt.Body == nil || rt.Body.Schema == nil {
		return
	}
	props := rt.Body.Schema.Properties
	switch p := props["model"]; {
	case p == nil && len(props) > 0:
		delete(m, "model")
	case p != nil:
		if v := sampleOf(p); v != nil {
			m["model"] = v
		}
	}
	if len(props) > 0 && props["stream_options"] == nil {
		delete(m, "stream_options")
	}
}

// names of the member that takes the message, likeliest first.
var messageNames = []string{"message", "prompt", "question", "query", "input_value", "input", "content", "text", "msg", "q", "user_message", "usermessage"}

// names of the member that goes on with a conversation.
var conversationNames = []string{"conversation_id", "conversationid", "chat_id", "chatid", "thread_id", "threadid", "session_id", "sessionid", "conversation", "session", "thread"}

// fromBody builds a request from the description of a route's body.
func fromBody(rt *lr.Route, routes []*lr.Route) (Shape, bool) {
	s := Shape{Name: "auto", Send: Template{Method: rt.Method, Path: rt.Path}}
	body := map[string]any{}
	put := false
	var schema *lr.Schema
	if rt.Body != nil {
		schema = rt.Body.Schema
		s.Send.Form = strings.Contains(rt.Body.Type, "x-www-form-urlencoded")
	}
	if schema == nil || len(schema.Properties) == 0 {
		body["message"], put = "$message", true
	} else {
		put = s.members(body, schema)
	}
	if !put {
		return Shape{}, false
	}
	s.Send.Body = body
	return s, s.path(rt, routes)
}

// members fills a body by its schema and reports whether the message is in it.
func (s *Shape) members(body map[string]any, schema *lr.Schema) bool {
	put := ""
	for _, want := range messageNames {
		for name, p := range schema.Properties {
			if put == "" && strings.EqualFold(name, want) && (p.Type == "string" || p.Type == "") {
				body[name], put = "$message", name
			}
		}
	}
	if p := schema.Properties["messages"]; put == "" && p != nil && p.Type == "array" {
		body["messages"], put = "$messages", "messages"
		if p.Items != nil && p.Items.Properties["parts"] != nil {
			body["messages"] = "$parts"
		}
		s.History = true
	}
	for name, p := range schema.Properties {
		switch low := strings.ToLower(name); {
		case name == put:
		case slices.Contains(conversationNames, low):
			body[name] = "$conversation"
		case low == "id" && s.History, low == "message_id", low == "messageid":
			body[name] = "$id"
		case schema.Requires(name):
			if v := sampleOf(p); v != nil {
				body[name] = v
			}
		}
	}
	return put != ""
}

// sampleOf is a value that the description itself offers, or the plainest one.
func sampleOf(p *lr.Schema) any {
	for _, v := range []any{p.Const, p.Example, p.Default} {
		if v != nil {
			return v
		}
	}
	if len(p.Enum) > 0 {
		return p.Enum[0]
	}
	switch p.Type {
	case "string":
		return "launchready"
	case "integer", "number":
		return float64(1)
	case "boolean":
		return false
	case "array":
		return []any{}
	case "object":
		return map[string]any{}
	}
	return nil
}

// path puts the conversation where the path has one key, and finds the route
// that opens it: the creation of what the key names.
func (s *Shape) path(rt *lr.Route, routes []*lr.Route) bool {
	keys := rt.PathParams()
	switch len(keys) {
	case 0:
		return true
	case 1:
	default:
		return false
	}
	s.Send.Path = strings.ReplaceAll(rt.Path, "{"+keys[0]+"}", "$conversation")
	resource := rt.Keys[keys[0]].Resource
	for _, c := range routes {
		if resource == "" || c.Kind != lr.Create || c.Resource != resource || len(c.PathParams()) > 0 {
			continue
		}
		body := map[string]any{}
		if c.Body != nil && c.Body.Schema != nil {
			for name, p := range c.Body.Schema.Properties {
				if c.Body.Schema.Requires(name) {
					if p.Type == "string" && len(p.Enum) == 0 {
						body[name] = "$title"
					} else if v := sampleOf(p); v != nil {
						body[name] = v
					}
				}
			}
		}
		s.Begin = &Template{Method: c.Method, Path: c.Path, Body: body}
		s.Begun = sel("/id", "/data/id", "/"+keys[0], "/uuid", "/"+strings.TrimSuffix(keys[0], "_id")+"/id")
		return true
	}
	return false
}

// uploadOf is the route by which users give files to the assistant: a form with
// a file, at an address without keys. Nil where there is none.
func uploadOf(routes []*lr.Route) *Upload {
	for _, rt := range routes {
		if rt.Method != "POST" || len(rt.PathParams()) > 0 || rt.Body == nil || rt.Body.Schema == nil || !strings.Contains(rt.Body.Type, "multipart/") {
			continue
		}
		for name, p := range rt.Body.Schema.Properties {
			if p.Format == "binary" || strings.EqualFold(name, "file") {
				return &Upload{Path: rt.Path, Field: name, ID: sel("/id", "/file_id", "/data/id", "/file/id", "/uuid")}
			}
		}
	}
	return usualUpload(routes)
}
