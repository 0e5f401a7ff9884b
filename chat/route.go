package chat

import (
	"maps"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// FromRoutes proposes shapes for the chat routes of a surface, the likeliest
// first: what the description tells of a body, and the preset of a known path.
// Where the answer stands in the reply is left to [Detect].
func FromRoutes(routes []*lr.Route) []Shape {
	var out, guesses, sockets []Shape
	for _, rt := range routes {
		if rt.Kind == lr.WebSocket {
			sockets = append(sockets, fromSocket(rt, routes)...)
			continue
		}
		if rt.Method != "POST" && rt.Method != "PUT" || !talks(rt) {
			continue
		}
		if s, ok := preset(rt); ok {
			out = append(out, s)
			continue
		}
		if s, ok := fromBody(rt, routes); ok {
			out = append(out, s)
			guesses = append(guesses, s.otherwise(rt)...)
		}
	}
	slices.SortStableFunc(out, func(a, b Shape) int { return rank(a) - rank(b) })
	for _, s := range out {
		if t, ok := s.twin(); ok {
			out = append(out, t)
		}
	}
	out = append(out, guesses...)
	return append(out, sockets[:min(len(sockets), mostSockets)]...)
}

// otherwise are further guesses at a body that nothing describes: the list of
// turns that clients of model providers and of the Vercel AI SDK send, and an
// object that has the text under every usual name.
func (s Shape) otherwise(rt *lr.Route) []Shape {
	if rt.Body != nil && rt.Body.Schema != nil && len(rt.Body.Schema.Properties) > 0 || s.Send.Form {
		return nil
	}
	body := func(b map[string]any, history bool) Shape {
		c := s
		c.Send.Body, c.History, c.guess = b, history, true
		return c
	}
	parts := vercelUI(s.Send.Path)
	parts.Begin, parts.Begun, parts.guess = s.Begin, s.Begun, true
	parts.Send.Method = s.Send.Method
	every := map[string]any{"conversation_id": "$conversation", "session_id": "$conversation"}
	for _, name := range []string{"message", "prompt", "question", "query", "input", "text"} {
		every[name] = "$message"
	}
	return []Shape{parts, body(map[string]any{"messages": "$messages"}, true), body(every, false)}
}

// mostSockets is how many forms of a message are tried on WebSockets, which are
// described nowhere.
const mostSockets = 3

// Others are the candidates that are other ways than the shape's own, its twin
// first.
func Others(own Shape, list []Shape) []Shape {
	var out []Shape
	if t, ok := own.twin(); ok {
		out = append(out, t)
	}
	for _, s := range list {
		if s.Subject() != own.Subject() {
			out = append(out, s)
		}
	}
	return out
}

// twin is the same request that asks for a stream where the shape's does not, and
// the other way round. ok is false where nothing in it says so.
func (s Shape) twin() (twin Shape, ok bool) {
	body, isMap := s.Send.Body.(map[string]any)
	if !isMap {
		return s, false
	}
	m := maps.Clone(body)
	for _, k := range []string{"stream", "streaming"} {
		if on, is := m[k].(bool); is {
			m[k], ok = !on, true
			if on {
				delete(m, "stream_options")
			}
		}
	}
	if mode, is := m["response_mode"].(string); is {
		m["response_mode"], ok = map[bool]string{true: "blocking", false: "streaming"}[mode == "streaming"], true
	}
	s.Send.Body = m
	return s, ok
}

// fromSocket proposes messages for a WebSocket: an object in which the text has
// the names that are usual, for a server that passes over what it does not know,
// and the plainest one.
func fromSocket(rt *lr.Route, routes []*lr.Route) []Shape {
	s := Shape{Name: "auto", Mode: Socket, Send: Template{Method: "GET", Path: rt.Path, Body: map[string]any{
		"type": "message", "message": "$message", "content": "$message", "text": "$message", "chat_id": "$conversation", "conversation_id": "$conversation", "session_id": "$conversation",
	}}}
	if keys := rt.PathParams(); len(keys) > 0 {
		if !s.path(rt, routes) {
			return nil
		}
	} else if b := opening(routes); b != nil {
		s.Begin, s.Begun = b, begun("id")
	}
	s.guess = true
	plain := s
	plain.Send.Body = map[string]any{"message": "$message"}
	return []Shape{s, plain}
}

// opening is the route that opens a conversation.
func opening(routes []*lr.Route) *Template {
	for _, rt := range routes {
		p := strings.TrimRight(strings.ToLower(rt.Path), "/")
		if rt.Method != "POST" || rt.Kind != lr.Create || len(rt.PathParams()) > 0 {
			continue
		}
		switch p[strings.LastIndexByte(p, '/')+1:] {
		case "chats", "conversations", "threads", "sessions", "rooms":
			return creation(rt)
		}
	}
	return nil
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
	for _, k := range []string{"stream_options", "stream"} {
		if len(props) > 0 && props[k] == nil {
			delete(m, k)
		}
	}
}

// names of the member that takes the message, likeliest first.
var messageNames = []string{"message", "prompt", "question", "query", "input_value", "input", "content", "text", "msg", "q", "user_message", "usermessage"}

// names of the member that takes uploaded files.
var fileNames = []string{"files", "file_ids", "fileids", "attachments", "attachment_ids", "attachmentids", "documents", "document_ids", "uploads"}

// attachment is one element of such a member: the id alone, or an object with the
// id in it.
func attachment(p *lr.Schema) any {
	if p == nil || len(p.Properties) == 0 {
		return nil
	}
	m := map[string]any{}
	for _, k := range []string{"id", "file_id", "fileId", "upload_file_id", "document_id"} {
		if p.Properties[k] != nil && len(m) == 0 {
			m[k] = "$file"
		}
	}
	for name, e := range p.Properties {
		if v := sampleOf(e); v != nil && p.Requires(name) && m[name] == nil {
			m[name] = v
		}
	}
	return m
}

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
	if s.Upload != nil {
		attach := s.Upload.Attach
		if s.Upload = uploadOf(routes); s.Upload != nil {
			s.Upload.Attach = attach
		}
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
		case (low == "stream" || low == "streaming") && p.Type == "boolean":
			body[name] = false
		case slices.Contains(fileNames, low) && p.Type == "array":
			body[name] = "$files"
			s.Upload = &Upload{Attach: attachment(p.Items)}
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
		s.Begin, s.Begun = creation(c), begun(keys[0])
		return true
	}
	return false
}

// creation is the plainest request of a route that makes something.
func creation(c *lr.Route) *Template {
	body := map[string]any{}
	if c.Body != nil && c.Body.Schema != nil {
		for name, p := range c.Body.Schema.Properties {
			if !c.Body.Schema.Requires(name) {
				continue
			}
			if p.Type == "string" && len(p.Enum) == 0 {
				body[name] = "$title"
			} else if v := sampleOf(p); v != nil {
				body[name] = v
			}
		}
	}
	return &Template{Method: c.Method, Path: c.Path, Body: body}
}

// begun are the places where a reply usually names what was made.
func begun(key string) []Selector {
	return sel("/id", "/data/id", "/"+key, "/uuid", "/"+strings.TrimSuffix(key, "_id")+"/id")
}
