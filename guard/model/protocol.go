package model

import (
	"strings"

	"github.com/launchready/launchready/guard/model/span"
)

// protocol is one of the interfaces that are spoken, by its path.
type protocol int

const (
	chat       protocol = iota // OpenAI chat completions
	responses                  // OpenAI responses
	embeddings                 // OpenAI embeddings
	messages                   // Anthropic messages
)

// paths that are spoken, with the base addresses of both libraries: OpenAI's has
// the /v1 in it, Anthropic's has not.
func protocolOf(path string) (protocol, bool) {
	switch path {
	case "/v1/chat/completions", "/chat/completions":
		return chat, true
	case "/v1/responses", "/responses":
		return responses, true
	case "/v1/embeddings", "/embeddings":
		return embeddings, true
	case "/v1/messages":
		return messages, true
	}
	return chat, strings.HasPrefix(path, "/v1/")
}

func (p protocol) anthropic() bool { return p == messages }

// path at the provider, below its base address.
func (p protocol) path() string {
	switch p {
	case responses:
		return "/v1/responses"
	case embeddings:
		return "/v1/embeddings"
	case messages:
		return "/v1/messages"
	case chat:
	}
	return "/v1/chat/completions"
}

func (p protocol) provider() string {
	if p == messages {
		return "anthropic"
	}
	return "openai"
}

// texts are the members of a request that the model reads.
func (p protocol) texts() []string {
	switch p {
	case responses:
		return []string{"instructions", "input"}
	case embeddings:
		return []string{"input"}
	case messages:
		return []string{"system", "messages"}
	case chat:
	}
	return []string{"messages", "prediction"}
}

// limits are the members that bound a completion; the last is the one to set where
// none is there.
func (p protocol) limits() []string {
	switch p {
	case responses:
		return []string{"max_output_tokens"}
	case messages:
		return []string{"max_tokens"}
	case chat, embeddings:
	}
	return []string{"max_tokens", "max_completion_tokens"}
}

// unseen are members by which a provider would use what is not in the request, keep
// what guard cannot see again, or answer in a form that is not looked through.
var unseen = map[string]string{
	"functions":            "use tools",
	"function_call":        "use tool_choice",
	"previous_response_id": "send the turns themselves",
	"conversation":         "send the turns themselves",
	"prompt":               "send the prompt itself",
	"background":           "it would be answered past guard",
	"mcp_servers":          "the provider would call tools past guard",
	"container":            "the provider would keep files past guard",
	"audio":                "spoken answers cannot be looked through",
	"models":               "name one model", // of compatible providers, as what follows
	"fallbacks":            "name one model",
	"preset":               "send the prompt itself",
	"plugins":              "use tools",
}

// spellings are the members that bound a completion, of any protocol: a provider may know
// more than one.
var spellings = []string{"max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens", "max_tokens_to_sample"}

// folded is the member that guard decides by, and that a provider which ignores case would
// take the name for; "" where that is none, or the name is written as it should be.
func folded(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 0x80 }) {
		return ""
	}
	for _, list := range [][]string{spellings, {"model", "stream", "stream_options", "n", "best_of", "tools", "tool_choice", "parallel_tool_calls", "web_search_options", "messages", "system",
		"input", "instructions", "prediction", "logprobs", "top_logprobs", "include", "modalities", "thinking"}} {
		for _, n := range list {
			if strings.EqualFold(n, name) {
				return n
			}
		}
	}
	for n := range unseen {
		if strings.EqualFold(n, name) {
			return n
		}
	}
	return ""
}

// toolName is what a tool in a request is called in the allow-list: its own name, or
// its type where the provider runs it.
func (p protocol) toolName(d *span.Document, n span.Node) string {
	kind := d.Text(d.Get(n, "type"))
	switch {
	case p == messages:
		return d.Text(d.Get(n, "name"))
	case kind == "mcp":
		return "mcp:" + d.Text(d.Get(n, "server_label"))
	case kind == "function" || kind == "custom":
		if p == chat {
			return d.Text(d.Get(n, kind, "name"))
		}
		return d.Text(d.Get(n, "name"))
	}
	return kind
}
