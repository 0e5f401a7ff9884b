package model

import (
	"encoding/json"
	"strings"
)

// Names of the models the provider serves; the second one is the default.
const (
	Large = "harbor-large"
	Small = "harbor-small"
)

// Request is the body of POST /v1/chat/completions, as far as it is read.
type Request struct {
	Model         string         `json:"model"`
	Messages      []Message      `json:"messages"`
	Stream        bool           `json:"stream,omitempty"`
	StreamOptions *StreamOptions `json:"stream_options,omitempty"`
	MaxTokens     int            `json:"max_tokens,omitempty"`
	Tools         []Tool         `json:"tools,omitempty"`
	ToolChoice    any            `json:"tool_choice,omitempty"`
	User          string         `json:"user,omitempty"`
}

// StreamOptions ask for a last chunk with the usage.
type StreamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// Message is one turn.
type Message struct {
	Role       string     `json:"role"`
	Content    Text       `json:"content"`
	Name       string     `json:"name,omitempty"`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

// Text is the content of a message: a string, null, or an array of parts of
// which the text ones are read.
type Text string

func (t Text) String() string { return string(t) }

// UnmarshalJSON accepts the three forms that clients send.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err == nil {
		if s != nil {
			*t = Text(*s)
		}
		return nil
	}
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	var sb strings.Builder
	for _, p := range parts {
		if p.Type == "text" {
			sb.WriteString(p.Text)
		}
	}
	*t = Text(sb.String())
	return nil
}

// Tool is a function the model may ask the caller to run.
type Tool struct {
	Type     string   `json:"type"`
	Function Function `json:"function"`
}

// Function names a tool and its arguments' JSON Schema.
type Function struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
}

// ToolCall is the model's wish to run a tool.
type ToolCall struct {
	Index    *int   `json:"index,omitempty"` // in a streamed delta only
	ID       string `json:"id,omitempty"`
	Type     string `json:"type,omitempty"`
	Function Call   `json:"function"`
}

// Call is a tool's name and its arguments as JSON text.
type Call struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

// Usage counts tokens.
type Usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

// Completion is the reply to a request that does not stream.
type Completion struct {
	ID      string   `json:"id"`
	Object  string   `json:"object"`
	Created int64    `json:"created"`
	Model   string   `json:"model"`
	Choices []Choice `json:"choices"`
	Usage   *Usage   `json:"usage,omitempty"`
}

// Choice is the one answer of a completion.
type Choice struct {
	Index        int      `json:"index"`
	Message      *Message `json:"message,omitempty"`
	Delta        *Delta   `json:"delta,omitempty"`
	FinishReason *string  `json:"finish_reason"`
}

// Delta is what a streamed chunk adds.
type Delta struct {
	Role      string     `json:"role,omitempty"`
	Content   string     `json:"content,omitempty"`
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`
}

// tokens estimates the tokens of a text: four bytes each, rounded up.
func tokens(s string) int { return (len(s) + 3) / 4 }

// promptTokens counts a prompt, with four tokens of framing a message.
func promptTokens(ms []Message) int {
	n := 0
	for _, m := range ms {
		n += tokens(string(m.Content)) + 4
		for _, c := range m.ToolCalls {
			n += tokens(c.Function.Name) + tokens(c.Function.Arguments)
		}
	}
	return n
}
