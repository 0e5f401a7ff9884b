package model

import (
	"encoding/json"
	"sort"
	"strings"

	"github.com/launchready/launchready/internal/expr"
)

// tools are the functions a request offers, by name.
func tools(req *Request) map[string]Function {
	if choice, ok := req.ToolChoice.(string); ok && choice == "none" {
		return nil
	}
	out := make(map[string]Function, len(req.Tools))
	for _, t := range req.Tools {
		if t.Type == "function" && t.Function.Name != "" {
			out[t.Function.Name] = t.Function
		}
	}
	return out
}

func newCall(name string, args map[string]any) *ToolCall {
	b, err := json.Marshal(args)
	if err != nil {
		b = []byte("{}")
	}
	return &ToolCall{Type: "function", Function: Call{Name: name, Arguments: string(b)}}
}

// choose picks the tool whose name the user's message spells: "create a ticket
// for this" calls create_ticket. Each word of the name, or a synonym, must stand
// in the message.
func choose(ask string, offered map[string]Function) *ToolCall {
	said := words(ask)
	names := make([]string, 0, len(offered))
	for n := range offered {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, name := range names {
		spelt := true
		for _, part := range strings.Split(name, "_") {
			if !meant(said, part) {
				spelt = false
				break
			}
		}
		if spelt {
			return newCall(name, arguments(ask, offered[name].Parameters))
		}
	}
	return nil
}

// synonyms are the words people use for the verbs and nouns of tool names.
var synonyms = map[string][]string{
	"search": {"search", "look", "lookup"}, "get": {"get", "show", "open", "fetch", "status", "look"},
	"create": {"create", "open", "raise", "file", "make"}, "send": {"send", "mail", "forward"},
	"docs": {"docs", "documents", "documentation", "manual", "knowledge"}, "email": {"email", "mail", "e"},
	"fetch": {"fetch", "download", "load"}, "http": {"http", "https", "url", "page", "website"},
	"ticket": {"ticket", "case", "issue"}, "note": {"note", "comment"}, "crm": {"crm", "customer", "account"},
}

func meant(said []string, part string) bool {
	for _, w := range append([]string{part}, synonyms[part]...) {
		if has(said, stem(w)) {
			return true
		}
	}
	return false
}

var (
	mailRe   = expr.Lazy(`[\w.+\-]+@(?:[\w\-]+(?:\.[\w\-]+)+|\[[0-9A-Fa-f.:]+\])`)
	urlRe    = expr.Lazy(`https?://[^\s<>"')\]]+`)
	numberRe = expr.Lazy(`\b[A-Za-z]{0,12}[-_#]?\d[\w\-]*`)
)

// arguments fills a tool's parameters from the message, by what they are called.
func arguments(ask string, schema json.RawMessage) map[string]any {
	var s struct {
		Properties map[string]struct {
			Type string `json:"type"`
		} `json:"properties"`
	}
	// A tool without a readable schema is called without arguments.
	_ = json.Unmarshal(schema, &s)
	out := map[string]any{}
	for name, prop := range s.Properties {
		if prop.Type != "" && prop.Type != "string" {
			continue
		}
		low := strings.ToLower(name)
		switch {
		case low == "to" || strings.Contains(low, "email"):
			put(out, name, mailRe().FindString(ask))
		case strings.Contains(low, "url"):
			put(out, name, urlRe().FindString(ask))
		case low == "id" || strings.HasSuffix(low, "_id") || strings.Contains(low, "number"):
			put(out, name, idOf(ask))
		case low == "title" || low == "subject" || low == "name":
			put(out, name, titleOf(ask))
		case low == "customer" || low == "tenant" || low == "organisation" || low == "organization":
			put(out, name, customerOf(ask))
		default:
			put(out, name, ask)
		}
	}
	return out
}

func put(m map[string]any, k, v string) {
	if v != "" {
		m[k] = v
	}
}
