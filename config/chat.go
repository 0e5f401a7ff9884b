package config

import (
	"encoding"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/launchready/launchready/internal/nearest"
)

// Chat says how the assistant is spoken to. What it leaves out is taken from the
// preset, and what that does not say is found by asking.
type Chat struct {
	Preset  string           `yaml:"preset,omitempty" jsonschema:"enum=auto,enum=openai,enum=anthropic,enum=vercel-ui,enum=dify,enum=flowise,enum=librechat,enum=openwebui,enum=langflow,enum=text,enum=custom" doc:"Whose shape the endpoint has: auto, openai, anthropic, vercel-ui, dify, flowise, librechat, openwebui, langflow, text or custom. Keys below override what the preset says. Default: custom where request is set, and otherwise auto, which finds the endpoint by asking."`
	Request RequestLine      `yaml:"request,omitempty" doc:"The request that takes a message: POST /v1/chats/$conversation/messages. Default: the preset's own."`
	Header  map[string]Value `yaml:"header,omitempty" doc:"Further header fields of the request."`
	Body    any              `yaml:"body,omitempty" doc:"Its JSON body. Filled in where it says $message, $messages (OpenAI's list of turns), $parts (the same as the Vercel AI SDK writes it), $history (the turns before), $conversation, $user, $id (a fresh UUID) and $files; a member whose variable has no value is left out."`
	Form    bool             `yaml:"form,omitempty" doc:"Send the body as a form instead of JSON."`
	Reply   Reply            `yaml:"reply,omitempty" doc:"Where the reply holds what. Default: found by asking a question whose answer has to be computed."`
	Begin   *Begin           `yaml:"begin,omitempty" doc:"The request that opens a conversation, where the first message does not."`
	Follow  *Follow          `yaml:"follow,omitempty" doc:"The request that reads the reply, where the first one only starts it: an event stream, or a resource that is asked until reply.done holds."`
	Upload  *Upload          `yaml:"upload,omitempty" doc:"How a file is given to the assistant. Inferred from the specification where it can be."`
	History bool             `yaml:"history,omitempty" doc:"The endpoint remembers nothing: earlier turns are sent again, in $messages, $parts or $history."`
	Spends  []Pattern        `yaml:"spends,omitempty" doc:"Further routes that reach the model, which the budget of money counts: POST /v1/summaries. Those that take a chat message are known."`
	Price   ChatPrice        `yaml:"price,omitempty" doc:"What the model costs, for the budget of money: each request is counted at its worst until the reply tells its usage."`
}

// Reply is where a reply holds what.
type Reply struct {
	Mode         string    `yaml:"mode,omitempty" jsonschema:"enum=auto,enum=json,enum=sse,enum=ndjson,enum=text,enum=websocket,enum=poll" doc:"How it is framed: auto, json, sse, ndjson, text, websocket or poll. Default: auto, as its media type and first bytes tell."`
	Text         Selectors `yaml:"text,omitempty" doc:"The answer: /answer; in each event of a stream, joined: /choices/*/delta/content, or /delta where /type=text-delta, or /text where event=token."`
	Error        Selectors `yaml:"error,omitempty" doc:"What tells a failure in a reply of status 200."`
	Conversation Selectors `yaml:"conversation,omitempty" doc:"The conversation's id."`
	Tools        Selectors `yaml:"tools,omitempty" doc:"Names of the tools that were called."`
	Sources      Selectors `yaml:"sources,omitempty" doc:"Titles and texts of citations."`
	InTokens     Selectors `yaml:"in_tokens,omitempty" doc:"Tokens of the prompt."`
	OutTokens    Selectors `yaml:"out_tokens,omitempty" doc:"Tokens of the reply."`
	Done         Selectors `yaml:"done,omitempty" doc:"What is there once the reply is complete, of a reply that is asked for until then, or of a stream that stays open."`
}

// Begin opens a conversation.
type Begin struct {
	Request RequestLine      `yaml:"request,omitempty" jsonschema:"required" doc:"Method and path: POST /v1/chats."`
	Header  map[string]Value `yaml:"header,omitempty" doc:"Further header fields."`
	Body    any              `yaml:"body,omitempty" doc:"JSON body; $title is filled in."`
	ID      Selectors        `yaml:"id,omitempty" doc:"Where its reply holds the conversation's id. Default: /id."`
}

// Follow reads a reply that was started.
type Follow struct {
	Request RequestLine      `yaml:"request,omitempty" jsonschema:"required" doc:"Method and path, in which $run is what id found: GET /v1/runs/$run."`
	Header  map[string]Value `yaml:"header,omitempty" doc:"Further header fields."`
	Body    any              `yaml:"body,omitempty" doc:"JSON body."`
	ID      Selectors        `yaml:"id,omitempty" jsonschema:"required" doc:"Where the first reply names what is to be read: /run_id."`
}

// Upload gives a file to the assistant.
type Upload struct {
	Path   string            `yaml:"path,omitempty" jsonschema:"required" doc:"Path that takes a multipart form by POST."`
	Field  string            `yaml:"field,omitempty" doc:"The form's field for the file. Default: file."`
	Form   map[string]string `yaml:"form,omitempty" doc:"Further fields of the form; $user is filled in."`
	ID     Selectors         `yaml:"id,omitempty" doc:"Where its reply holds the file's id. Default: /id."`
	Attach any               `yaml:"attach,omitempty" doc:"One element of $files, in which $file is the file's id. Default: the id alone."`
	Wait   RequestLine       `yaml:"wait,omitempty" doc:"The request that tells whether the file can be used yet: GET /v1/files/$file."`
	Ready  Selectors         `yaml:"ready,omitempty" doc:"What is there once it can: /status where /status=ready. Default: a status that reads ready, done, processed or a word like these, or none at all."`
}

// ChatPrice is what the model costs.
type ChatPrice struct {
	Model   string  `yaml:"model,omitempty" doc:"Name of the model, for its list price and its limits: gpt-4o-mini. Default: the one that the request names."`
	In      float64 `yaml:"input_per_mtok,omitempty" doc:"US dollars for a million tokens of prompt."`
	Out     float64 `yaml:"output_per_mtok,omitempty" doc:"US dollars for a million tokens of reply."`
	Context int     `yaml:"context_tokens,omitempty" doc:"The most tokens of prompt that one request takes, all turns of tools together."`
	Output  int     `yaml:"output_tokens,omitempty" doc:"The most tokens of reply, likewise."`
}

// Listen is where the audit listens for what the target sends where it should
// not.
type Listen struct {
	HTTP       string `yaml:"http" doc:"Address of the web listener: 0.0.0.0:4242. Default: a free port on loopback."`
	SMTP       string `yaml:"smtp" doc:"Address of the mail listener. Default: likewise."`
	URL        URL    `yaml:"url" doc:"Address by which the target reaches the web listener: https://hooks.example.test. A target on this machine needs none."`
	MailDomain string `yaml:"mail_domain" doc:"Domain whose mail comes to the mail listener. A target on this machine needs none."`
}

// Selectors pick values from a reply. One may be written as a text.
type Selectors []Selector

// Selector picks values from a reply: a JSON pointer (RFC 6901) in which * is
// every member, with a condition where it holds for some events only.
type Selector string

// selectorForm: /a/*/b, with " where /type=x,y" or " where event=x" behind it.
// The empty pointer is a reply, an event or a line that is itself a text.
var selectorForm = regexp.MustCompile(`^(/\S*)?( where (event|/[^=]+)=.+)?$`)

// UnmarshalText checks the form and keeps the text.
func (p *Selector) UnmarshalText(b []byte) error {
	s := string(b)
	if !selectorForm.MatchString(s) || len(s) > 512 {
		return fmt.Errorf("%s is no place in a reply: write /path/*/member, or /path where /type=value, or /path where event=name", strconv.Quote(clip(s)))
	}
	*p = Selector(s)
	return nil
}

var _ encoding.TextUnmarshaler = (*Selector)(nil)

// Texts are the selectors as they are written.
func (s Selectors) Texts() []string {
	out := make([]string, len(s))
	for i := range s {
		out[i] = string(s[i])
	}
	return out
}

// MarshalYAML writes one selector as a text, more as a list.
func (s Selectors) MarshalYAML() (any, error) {
	if len(s) == 1 {
		return string(s[0]), nil
	}
	return s.Texts(), nil
}

// MarshalYAML writes the form that is safe to print.
func (v Value) MarshalYAML() (any, error) { return v.Written, nil }

// MarshalText writes the form that UnmarshalText reads.
func (r RequestLine) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// YAML writes the section as it stands in a file.
func (c Chat) YAML() ([]byte, error) {
	b, err := yaml.MarshalWithOptions(map[string]Chat{"chat": c}, yaml.Indent(2), yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("write chat: %w", err)
	}
	return b, nil
}

// words are the variables that templates of a section are filled in with.
var words = map[string][]string{
	"chat":        {"$message", "$messages", "$parts", "$history", "$conversation", "$user", "$id", "$files"},
	"chat.begin":  {"$title"},
	"chat.follow": {"$run", "$message", "$messages", "$parts", "$history", "$conversation", "$user", "$id", "$files"},
	"chat.upload": {"$file", "$user"},
	"provider":    {"$status", "$calls"},
}

// judgeChat finds what is well formed and could not be asked by.
func (c *Config) judgeChat() {
	d, h := c.doc, &c.Chat
	if d.mistyped("chat") || c.failedBelow("chat") {
		return
	}
	c.paths("chat.request", h.Request.Path, words["chat"])
	if h.Begin != nil {
		c.paths("chat.begin.request", h.Begin.Request.Path, words["chat.begin"])
	}
	if h.Follow != nil {
		c.paths("chat.follow.request", h.Follow.Request.Path, words["chat.follow"])
		if !strings.Contains(h.Follow.Request.Path, "$run") && h.Follow.Body == nil {
			d.fail(d.place("chat.follow.request"), "chat.follow asks for the same every time: put $run, what chat.follow.id found, into its path")
		}
	}
	if u := h.Upload; u != nil {
		c.paths("chat.upload.wait", u.Wait.Path, words["chat.upload"])
		if !strings.HasPrefix(u.Path, "/") {
			d.fail(d.place("chat.upload.path"), "chat.upload.path must be a path that starts with /")
		}
		if u.Wait.IsZero() && len(u.Ready) > 0 {
			d.fail(d.place("chat.upload.ready"), "chat.upload.ready tells what is there once the file can be used: add chat.upload.wait, the request to look with")
		}
	}
	custom := h.Preset == "custom" || h.Preset == "" && !h.Request.IsZero()
	switch {
	case h.Preset == "custom" && h.Request.IsZero():
		d.fail(d.place("chat"), "chat.preset is custom: add chat.request, the request that takes a message")
	case custom && !says(h.Body) && !strings.Contains(h.Request.Path, "$message"):
		d.fail(d.place("chat.body"), "the message is nowhere in the request: chat.body must hold $message, $messages or $parts")
	case h.Preset == "auto" && !h.Request.IsZero():
		d.fail(d.place("chat.preset"), "chat.preset is auto, and chat.request says where to ask: remove one of them, or write custom")
	case h.Reply.Mode == "poll" && h.Follow != nil && len(h.Reply.Done) == 0:
		d.fail(d.place("chat.reply"), "a reply that is asked for until it is complete needs chat.reply.done, what is there once it is")
	case h.Reply.Mode == "poll" && h.Follow == nil && custom:
		d.fail(d.place("chat.reply.mode"), "a reply that is asked for needs chat.follow, the request that asks for it")
	}
	for _, need := range []struct {
		preset, hole, what string
	}{{"flowise", "$flow", "the id of the flow"}, {"langflow", "$flow", "the id of the flow"}, {"librechat", "$endpoint", "the endpoint"}} {
		if h.Preset == need.preset && h.Request.IsZero() {
			d.fail(d.place("chat.preset"), "the path of %s holds %s: add chat.request with the whole path", need.preset, need.what)
		}
	}
}

// says reports a body that takes the message.
func says(body any) bool {
	found := false
	var visit func(any)
	visit = func(t any) {
		switch t := t.(type) {
		case string:
			for _, w := range variable.FindAllString(t, -1) {
				found = found || w == "$message" || w == "$messages" || w == "$parts"
			}
		case map[string]any:
			for _, e := range t {
				visit(e)
			}
		case []any:
			for _, e := range t {
				visit(e)
			}
		}
	}
	visit(body)
	return found
}

// paths holds the variables of a path to those there are.
func (c *Config) paths(at, path string, list []string) {
	for _, w := range variable.FindAllString(path, -1) {
		if w != "$$" && !known(w, list) {
			c.doc.fail(c.doc.place(at), "nothing fills in %s%s (write $$ for a dollar sign)", clip(w), nearest.Hint(w, list))
		}
	}
}

// judgeListen holds addresses to what can be listened on.
func (c *Config) judgeListen() {
	for _, x := range []struct{ path, at string }{{"listen.http", c.Listen.HTTP}, {"listen.smtp", c.Listen.SMTP}} {
		if x.at == "" || c.doc.failedAt(x.path) {
			continue
		}
		i := strings.LastIndexByte(x.at, ':')
		port, err := strconv.Atoi(x.at[i+1:])
		if i < 0 || err != nil || port < 0 || port > 65535 {
			c.doc.fail(c.doc.place(x.path), "%q is no address to listen on: write HOST:PORT or :PORT", clip(x.at))
		}
	}
	if m := c.Listen.MailDomain; m != "" && (strings.ContainsAny(m, "@/ ") || !strings.Contains(m, ".")) {
		c.doc.fail(c.doc.place("listen.mail_domain"), "%q is no domain: write what stands behind the @ of an address", clip(m))
	}
}
