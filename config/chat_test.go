package config

import (
	"strings"
	"testing"
	"time"
)

// loaded reads a configuration that has the lines behind a target.
func loaded(t *testing.T, text string) (*Config, error) {
	t.Helper()
	env := map[string]string{"KEY": "k-0123456789"}
	return Parse("launchready.yaml", []byte("version: 1\ntarget: {url: \"https://staging.acme.test\"}\n"+text), t.TempDir(),
		Options{Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }, Now: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)})
}

func TestChat(t *testing.T) {
	c, err := loaded(t, `chat:
  request: POST /v1/chats/$conversation/messages
  header: {X-Key: "${env:KEY}", X-Cost: "$$5"}
  body: {content: $message, user: $user, n: 3, ref: "${env:KEY}", attachments: $files}
  reply: {mode: sse, text: /delta where /type=text-delta, error: [/error/message, /error], done: "/type where /type=done"}
  begin: {request: POST /v1/chats, body: {title: $title}, id: /id}
  follow: {request: GET /v1/runs/$run, id: /run_id}
  upload: {path: /v1/files, form: {user: $user}, attach: {id: $file}, wait: GET /v1/files/$file, ready: /status where /status=ready}
  spends: [POST /v1/summaries]
  price: {model: gpt-4o-mini, context_tokens: 9000}
listen: {http: ":4242", url: "https://hooks.acme.test", mail_domain: in.acme.test}
budget: {tokens: 5000}
`)
	if err != nil {
		t.Fatal(err)
	}
	h := c.Chat
	if h.Preset != "custom" || h.Request.String() != "POST /v1/chats/$conversation/messages" || h.Reply.Mode != "sse" || len(h.Reply.Text) != 1 || len(h.Reply.Error) != 2 ||
		h.Begin.ID[0] != "/id" || h.Follow.ID[0] != "/run_id" || h.Upload.Wait.Path != "/v1/files/$file" || h.Price.Context != 9000 || c.Budget.Tokens != 5000 ||
		c.Listen.URL.Host != "hooks.acme.test" || c.Listen.MailDomain != "in.acme.test" || h.Spends[0] != "POST /v1/summaries" {
		t.Errorf("got %+v", h)
	}
	if v := h.Header["X-Key"]; v.Reveal() != "k-0123456789" || v.Written != "${env:KEY}" {
		t.Errorf("the header reads %q", v.Written)
	}
	if c.Origin("chat.preset") != "chat.request" {
		t.Errorf("the preset comes from %s", c.Origin("chat.preset"))
	}
	text, err := h.YAML()
	if err != nil || strings.Contains(string(text), "k-0123456789") {
		t.Fatalf("printed with its secret, or not at all (%v):\n%s", err, text)
	}
	again, err := loaded(t, string(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if twice, err := again.Chat.YAML(); err != nil || string(twice) != string(text) {
		t.Errorf("printed again it reads\n%s\nnot\n%s (%v)", twice, text, err)
	}
	if d, err := loaded(t, ""); err != nil || d.Chat.Preset != "auto" || d.Listen != (Listen{}) {
		t.Errorf("by default %+v (%v)", d.Chat, err)
	}
}

func TestChatMistakes(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no such preset":        {"chat: {preset: opnai}", `3:16: preset cannot be "opnai": one of auto, openai, anthropic, vercel-ui, dify, flowise, librechat, openwebui, langflow, text, custom, did you mean "openai"?`},
		"unknown key":           {"chat: {preset: auto, rely: {text: /a}}", `3:22: unknown key "rely" in chat, did you mean "reply"?`},
		"custom without where":  {"chat: {preset: custom}", "3:7: chat.preset is custom: add chat.request, the request that takes a message"},
		"auto and where":        {"chat: {preset: auto, request: POST /x, body: {a: $message}}", "3:16: chat.preset is auto, and chat.request says where to ask: remove one of them, or write custom"},
		"no message":            {"chat: {request: POST /x, body: {a: hello}}", "3:32: the message is nowhere in the request: chat.body must hold $message, $messages or $parts"},
		"no body":               {"chat: {request: POST /x}", "3:7: the message is nowhere in the request"},
		"a variable of sign-in": {"chat: {request: POST /x, body: {a: $message, b: $password}}", "3:49: nothing fills in $password"},
		"a mistyped variable":   {"chat: {request: POST /x, body: {a: $mesage}}", `3:36: nothing fills in $mesage, did you mean "$message"? (write $$ for a dollar sign)`},
		"in the path":           {"chat: {request: POST /x/$conversation_it, body: {a: $message}}", `3:17: nothing fills in $conversation_it, did you mean "$conversation"?`},
		"of another section":    {"chat: {request: POST /x, body: {a: $message, b: $run}}", "3:49: nothing fills in $run"},
		"no place":              {"chat: {request: POST /x, body: {a: $message}, reply: {text: answer}}", `3:61: "answer" is no place in a reply: write /path/*/member, or /path where /type=value, or /path where event=name`},
		"no place in a list":    {"chat: {request: POST /x, body: {a: $message}, reply: {text: [/a, $.b]}}", `"$.b" is no place in a reply`},
		"no mode":               {"chat: {reply: {mode: xml}}", `mode cannot be "xml": one of auto, json, sse, ndjson, text, websocket, poll`},
		"follows nothing":       {"chat: {request: POST /x, body: {a: $message}, follow: {request: GET /runs, id: /id}}", "3:65: chat.follow asks for the same every time: put $run, what chat.follow.id found, into its path"},
		"follow without id":     {"chat: {request: POST /x, body: {a: $message}, follow: {request: GET /runs/$run}}", "id is missing in chat.follow"},
		"polls without an end":  {"chat: {request: POST /x, body: {a: $message}, reply: {mode: poll}, follow: {request: GET /r/$run, id: /id}}", "needs chat.reply.done"},
		"polls nothing":         {"chat: {request: POST /x, body: {a: $message}, reply: {mode: poll, done: /d}}", "needs chat.follow"},
		"ready without a look":  {"chat: {upload: {path: /f, ready: /x}}", "add chat.upload.wait"},
		"an upload to nowhere":  {"chat: {upload: {path: files}}", "3:23: chat.upload.path must be a path that starts with /"},
		"flowise without flow":  {"chat: {preset: flowise}", "3:16: the path of flowise holds the id of the flow: add chat.request with the whole path"},
		"a key that stands":     {"chat: {request: POST /x, header: {X-Api-Key: sk-abcdef0123456789abcdef}, body: {a: $message}}", "a secret may not be written into this file"},
		"price":                 {"chat: {price: {input_per_mtok: cheap}}", "input_per_mtok must be a number"},
		"less than nothing":     {"chat: {price: {input_per_mtok: -1}}", "input_per_mtok cannot be negative"},
		"listen nowhere":        {"listen: {http: localhost}", `3:16: "localhost" is no address to listen on: write HOST:PORT or :PORT`},
		"listen on no port":     {"listen: {smtp: \"localhost:99999\"}", "is no address to listen on"},
		"listen by no URL":      {"listen: {url: hooks.acme.test}", "3:15: not a URL: it must start with https:// or http://"},
		"no domain":             {"listen: {mail_domain: me@acme.test}", `"me@acme.test" is no domain`},
		"half a token":          {"budget: {tokens: 1.5}", "tokens must be a whole number"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loaded(t, c.text+"\n")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "sk-abc") {
				t.Error("the error repeats the secret")
			}
		})
	}
}
