package surface

import (
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// special recognises the routes whose purpose their names tell. The order
// matters: what is asked first is what is least often meant otherwise.
func (x *index) special(s *shape) lr.Kind {
	m := s.rt.Method
	if m == "OPTIONS" || m == "TRACE" {
		return lr.OtherKind
	}
	get := m == "GET" || m == "HEAD"
	tip := s.tip()
	switch {
	case !s.item() && oneOf(tip, "ws", "wss", "websocket", "websockets", "socket", "socketio", "cable"), s.upgrades():
		return lr.WebSocket
	case get && x.health(s, tip):
		return lr.Health
	case !s.item() && oneOf(tip, "graphql", "gql", "graphiql"):
		return lr.GraphQL
	}
	if k := x.session(s, m, tip, get); k != lr.OtherKind {
		return k
	}
	switch {
	case m == "POST" && x.webhook(s):
		return lr.Webhook
	case x.streams(s, tip, get):
		return lr.Stream
	case m == "POST" && x.chats(s, tip):
		return lr.ChatKind
	case m == "POST" && x.invites(s, tip):
		return lr.Invite
	case !get && m != "DELETE" && x.uploads(s):
		return lr.Upload
	case s.verb == "export" && m != "DELETE", m == "POST" && !s.item() && fold(s.last().text) == "export", !s.item() && oneOf(tip, "takeout", "dataexport"):
		return lr.Export
	case get && x.downloads(s):
		return lr.Download
	case (get || m == "POST" || m == "QUERY") && x.searches(s, tip):
		return lr.Search
	}
	return lr.OtherKind
}

func oneOf(s string, words ...string) bool { return slices.Contains(words, s) }

func (s *shape) upgrades() bool {
	return slices.ContainsFunc(s.rt.Params, func(p lr.Param) bool {
		return p.In == lr.InHeader && strings.EqualFold(p.Name, "Sec-WebSocket-Key")
	})
}

func (x *index) health(s *shape, tip string) bool {
	if s.has("wellknown", "actuator") || strings.Contains(s.rt.Path, "/.well-known/") {
		return true
	}
	if x.describes(s, tip) {
		return true
	}
	for _, g := range s.segs {
		if g.param != "" {
			return oneOf(fold(s.segs[0].text), "docs", "static") && s.item()
		}
	}
	switch tip {
	case "health", "healthz", "healthcheck", "livez", "readyz", "ready", "live", "alive", "liveness", "readiness", "ping", "heartbeat", "metrics",
		"prometheus", "version", "faviconico", "robotstxt", "sitemapxml", "jwks", "jwksjson", "securitytxt", "buildinfo":
		return true
	case "status", "up", "schema":
		n := 0
		for _, g := range s.segs {
			if !frame(g.text) {
				n++
			}
		}
		return n == 1
	}
	return false
}

// webhook reports a receiver of messages; webhook subscriptions are a
// collection with objects.
func (x *index) webhook(s *shape) bool {
	for i, g := range s.segs {
		if g.param != "" || !oneOf(fold(g.text), "webhook", "hook", "callback", "ipn") {
			continue
		}
		if i == len(s.segs)-1 {
			p := x.place(s.segs)
			return !p.item && !p.methods["GET"]
		}
		return s.segs[i+1].param == "" && !x.place(s.segs[:i+1]).methods["GET"]
	}
	return false
}

func (x *index) streams(s *shape, tip string, get bool) bool {
	if s.item() {
		return get && s.accepts("event-stream")
	}
	w := wordsOf(s.last().text)
	if oneOf(tip, "sse", "subscribe", "eventstream", "listen") || slices.Contains(w, "stream") {
		return !x.place(s.segs).item
	}
	if get && s.accepts("event-stream", "x-ndjson", "jsonl") {
		return true
	}
	p := x.place(s.segs)
	return get && tip == "events" && !p.item && !p.methods["POST"] && !s.accepts("json")
}

// chats reports a route that takes what a person says and answers.
func (x *index) chats(s *shape, tip string) bool {
	if s.item() {
		return false
	}
	says := s.props("messages", "message", "prompt", "question", "input", "query", "content", "text", "userinput", "usermessage", "utterance") || s.unnamed()
	p := x.place(s.segs)
	last := fold(s.last().text)
	if plural(s.last().text) && !oneOf(last, "completion", "chatcompletion", "message", "turn", "response") {
		return s.props("messages") && s.props("model")
	}
	switch last {
	case "completion", "chatcompletion":
		return true
	case "message", "turn", "sendmessage":
		if s.props("to", "recipient", "recipients", "subject") {
			return false
		}
		return says && (s.props("chatid", "conversationid", "threadid", "sessionid") || s.has("chat", "chats", "conversation", "conversations", "thread", "threads", "session", "sessions", "bot", "assistant", "assistants", "agent", "agents", "rooms", "channels") || s.props("messages", "prompt"))
	case "ask", "converse", "prompt", "infer", "inference", "answer", "generate", "complete", "chatbot", "copilot", "assistant", "reply", "talk":
		return says && !p.item
	case "chat":
		return !p.item && says || s.props("messages", "message", "prompt", "question")
	case "response":
		return s.props("input", "prompt")
	case "query":
		return s.props("question", "prompt") || s.props("query") && s.has("rag", "ai", "llm", "bot", "assistant", "knowledge")
	}
	return s.props("messages") && s.props("model")
}

func (x *index) invites(s *shape, tip string) bool {
	if s.item() {
		return false
	}
	last := fold(s.last().text)
	if oneOf(last, "invite", "invitation", "inviteuser", "invitemember", "userinvite", "userinvitation") {
		return true
	}
	return oneOf(last, "accept", "redeem", "acceptinvite", "acceptinvitation") && (s.has("invite", "invites", "invitation", "invitations") || last != "accept" && last != "redeem")
}

func (x *index) uploads(s *shape) bool {
	if s.verb == "upload" {
		return true
	}
	if b := s.rt.Body; b != nil {
		switch {
		case b.Type == "multipart/form-data":
			for _, p := range s.prop {
				if p != nil && (p.Format == "binary" || p.Items != nil && p.Items.Format == "binary") {
					return true
				}
			}
			return s.props("file", "files", "upload", "attachment", "image") || s.unnamed()
		case b.Type == "application/octet-stream", strings.HasPrefix(b.Type, "image/"), strings.HasPrefix(b.Type, "video/"), strings.HasPrefix(b.Type, "audio/"):
			return true
		}
	} else if s.rt.Method == "POST" && !s.item() && oneOf(fold(s.last().text), "file", "upload", "attachment") {
		return true // a list of routes tells no body
	}
	return false
}

func (x *index) downloads(s *shape) bool {
	if s.verb == "download" {
		return true
	}
	if s.item() && strings.HasPrefix(s.last().tail, ".") && !oneOf(s.last().tail, ".json", ".xml", ".html", ".{format}", ".{ext}") {
		return true
	}
	return s.accepts("octet-stream", "/pdf", "/zip", "image/", "audio/", "video/") && !s.accepts("json")
}

func (x *index) searches(s *shape, tip string) bool {
	if s.verb == "search" || !s.item() && oneOf(tip, "search", "find", "lookup", "autocomplete", "suggest", "typeahead") {
		return true
	}
	if !s.item() && tip == "suggestions" && s.rt.Safe() { // POST makes or sets some
		return true
	}
	// /search/chats
	return !s.item() && len(s.segs) > 1 && s.segs[len(s.segs)-2].param == "" && oneOf(fold(s.segs[len(s.segs)-2].text), "search")
}
