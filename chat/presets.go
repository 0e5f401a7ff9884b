package chat

import "strings"

// Presets lists the shapes of known products and protocols, each as its public
// documentation describes it. Detection tries them in this order.
func Presets() []Shape {
	return []Shape{
		openAI("/v1/chat/completions"),
		anthropic("/v1/messages"),
		vercelUI("/api/chat"),
		dify("/v1/chat-messages"),
		flowise("/api/v1/prediction/$flow"),
		libreChat("/api/agents/chat/$endpoint"),
		openWebUI("/api/chat/completions"),
		langflow("/api/v1/run/$flow"),
		plainText("/chat"),
	}
}

// Preset returns the shape of the name, its request sent to path; "" keeps the
// product's own.
func Preset(name, path string) (Shape, bool) {
	for _, s := range Presets() {
		if s.Name == name {
			if path != "" {
				s.Send.Path = path
			}
			return s, true
		}
	}
	return Shape{}, false
}

// PresetNames lists the names that Preset takes.
func PresetNames() []string {
	var out []string
	for _, s := range Presets() {
		out = append(out, s.Name)
	}
	return out
}

// sel reads selectors that stand in this file. A mistake there selects nothing,
// which the test of the presets finds.
func sel(texts ...string) []Selector {
	var out []Selector
	for _, t := range texts {
		if s, err := ParseSelector(t); err == nil {
			out = append(out, s)
		}
	}
	return out
}

// openAI is the chat completion that most gateways speak.
func openAI(path string) Shape {
	return Shape{
		Name:      "openai",
		Send:      Template{Path: path, Body: map[string]any{"model": "gpt-4o-mini", "messages": "$messages", "stream": true, "stream_options": map[string]any{"include_usage": true}}},
		Text:      sel("/choices/*/delta/content", "/choices/*/message/content"),
		Error:     sel("/error/message", "/error"),
		History:   true,
		InTokens:  sel("/usage/prompt_tokens"),
		OutTokens: sel("/usage/completion_tokens"),
		Tools:     sel("/choices/*/delta/tool_calls/*/function/name", "/choices/*/message/tool_calls/*/function/name"),
	}
}

// anthropic is the messages API; usage on message_delta is cumulative.
func anthropic(path string) Shape {
	return Shape{
		Name: "anthropic",
		Send: Template{Path: path, Header: map[string]string{"anthropic-version": "2023-06-01"},
			Body: map[string]any{"model": "claude-sonnet-4-5", "max_tokens": float64(1024), "messages": "$messages", "stream": true}},
		Text:      sel("/delta/text where /type=content_block_delta", "/content/*/text"),
		Error:     sel("/error/message"),
		History:   true,
		InTokens:  sel("/message/usage/input_tokens where /type=message_start", "/usage/input_tokens"),
		OutTokens: sel("/usage/output_tokens"),
		Tools:     sel("/content_block/name where /type=content_block_start", "/content/*/name"),
	}
}

// vercelUI is the UI message stream of the AI SDK, versions 5 and 6; the prefixed
// lines of version 4 are read too.
func vercelUI(path string) Shape {
	return Shape{
		Name:    "vercel-ui",
		Send:    Template{Path: path, Body: map[string]any{"id": "$id", "messages": "$parts", "trigger": "submit-message"}},
		Text:    sel("/delta where /type=text-delta", " where event=0"),
		Error:   sel("/errorText where /type=error", " where event=3"),
		History: true,
		Tools:   sel("/toolName where /type=tool-input-start,tool-input-available"),
		Sources: sel("/title where /type=source-document,source-url", "/url where /type=source-url"),
	}
}

// dify streams its events; message_replace comes after the text has been shown.
func dify(path string) Shape {
	return Shape{
		Name:         "dify",
		Send:         Template{Path: path, Body: map[string]any{"inputs": map[string]any{}, "query": "$message", "response_mode": "streaming", "conversation_id": "$conversation", "user": "$user", "files": "$files"}},
		Text:         sel("/answer where /event=message,agent_message,message_replace", "/answer where /mode=chat"),
		Error:        sel("/message where /event=error"),
		Conversation: sel("/conversation_id"),
		InTokens:     sel("/metadata/usage/prompt_tokens"),
		OutTokens:    sel("/metadata/usage/completion_tokens"),
		Tools:        sel("/tool where /event=agent_thought"),
		Sources:      sel("/metadata/retriever_resources/*/content"),
		Upload: &Upload{Path: "/v1/files/upload", Field: "file", Form: map[string]string{"user": "$user"}, ID: sel("/id"),
			Attach: map[string]any{"type": "document", "transfer_method": "local_file", "upload_file_id": "$file"}},
	}
}

// flowise answers on its prediction route; a chat goes on by its session.
func flowise(path string) Shape {
	return Shape{
		Name:         "flowise",
		Send:         Template{Path: path, Body: map[string]any{"question": "$message", "streaming": true, "overrideConfig": map[string]any{"sessionId": "$conversation"}, "uploads": "$files"}},
		Text:         sel("/data where /event=token", "/text"),
		Error:        sel("/data where /event=error"),
		Conversation: sel("/data/chatId where /event=metadata", "/chatId"),
		Tools:        sel("/data/*/tool where /event=usedTools", "/usedTools/*/tool"),
		Sources:      sel("/data/*/pageContent where /event=sourceDocuments", "/sourceDocuments/*/pageContent"),
	}
}

// libreChat starts a run and streams it from a second address.
func libreChat(path string) Shape {
	return Shape{
		Name:         "librechat",
		Send:         Template{Path: path, Body: map[string]any{"text": "$message", "conversationId": "$conversation", "messageId": "$id", "parentMessageId": "00000000-0000-0000-0000-000000000000", "endpoint": "agents"}},
		Run:          sel("/streamId"),
		Follow:       &Template{Method: "GET", Path: "/api/agents/chat/stream/$run", Header: map[string]string{"Accept": "text/event-stream"}},
		Text:         sel("/data/delta/content/*/text where /event=on_message_delta", "/data/delta/content/text where /event=on_message_delta"),
		Error:        sel("/error/message", "/error"),
		Conversation: sel("/conversationId", "/conversation/conversationId", "/created/conversationId"),
		Tools:        sel("/data/stepDetails/tool_calls/*/name where /event=on_run_step"),
	}
}

// openWebUI speaks OpenAI's shape with files beside the messages.
func openWebUI(path string) Shape {
	s := openAI(path)
	s.Name = "openwebui"
	s.Send.Body = map[string]any{"model": "default", "messages": "$messages", "stream": true, "files": "$files"}
	s.Sources = sel("/sources/*/document/*")
	s.Upload = &Upload{Path: "/api/v1/files/", Field: "file", ID: sel("/id"), Attach: map[string]any{"type": "file", "id": "$file"},
		Wait: &Template{Method: "GET", Path: "/api/v1/files/$file/process/status"}, Ready: sel("/status where /status=completed")}
	return s
}

// langflow answers deep inside its outputs.
func langflow(path string) Shape {
	return Shape{
		Name:         "langflow",
		Send:         Template{Path: path, Body: map[string]any{"input_value": "$message", "session_id": "$conversation", "input_type": "chat", "output_type": "chat"}},
		Text:         sel("/outputs/*/outputs/*/results/message/text"),
		Error:        sel("/detail"),
		Conversation: sel("/session_id"),
	}
}

// plainText takes a message and answers with nothing around the text.
func plainText(path string) Shape {
	return Shape{Name: "text", Send: Template{Path: path, Body: map[string]any{"message": "$message", "conversation_id": "$conversation"}}, Mode: PlainText, Text: sel("")}
}

// placed reports whether the path still holds a variable of the product's own,
// such as the id of a flow, which only a configuration can name.
func (s Shape) placed() bool {
	return !strings.Contains(s.Send.Path, "$flow") && !strings.Contains(s.Send.Path, "$endpoint")
}
