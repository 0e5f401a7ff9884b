package chat_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/probe"
)

// client is the real one, without a limit on its rate.
func client(t *testing.T, base string) *probe.Client {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c, err := probe.New(probe.Options{Base: u, Budget: lr.Budget{Requests: 10000, Wall: time.Minute}, Header: http.Header{}, Run: "t"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func endpoint(t *testing.T, base string, s chat.Shape) chat.Endpoint {
	return chat.Endpoint{
		Shape: s, Client: client(t, base), ID: func() string { return "4f9d0f3e-0000-4000-8000-000000000001" },
		User:  func(*lr.Account) string { return "member@acme.test" },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func preset(t *testing.T, name, path string) chat.Shape {
	t.Helper()
	s, ok := chat.Preset(name, path)
	if !ok {
		t.Fatalf("no preset %s", name)
	}
	return s
}

// blank is the shape without what detection must find.
func blank(s chat.Shape) chat.Shape {
	s.Text, s.Conversation = nil, nil
	return s
}

func own(path string, body map[string]any) chat.Shape {
	return chat.Shape{Name: "auto", Send: chat.Template{Path: path, Body: body}}
}

// TestDetect finds reply and conversation on every shape: with the preset's own
// places, and with none at all.
func TestDetect(t *testing.T) {
	const j = "/choices/*/delta/content"
	poll := own("/jobs", map[string]any{"message": "$message"})
	poll.Mode = chat.Polled
	poll.Run = parse(t, "/job")
	poll.Follow = &chat.Template{Method: "GET", Path: "/jobs/$run"}
	poll.Done = parse(t, "/result")
	socket := own("/ws", map[string]any{"message": "$message"})
	socket.Mode, socket.Send.Method = chat.Socket, "GET"
	notStreaming := preset(t, "openai", "")
	notStreaming.Send.Body.(map[string]any)["stream"] = false
	flowNotStreaming := preset(t, "flowise", "/api/v1/prediction/flow-1")
	flowNotStreaming.Send.Body.(map[string]any)["streaming"] = false
	for _, c := range []struct {
		name      string
		serve     func(*testing.T, *brain) string
		shape     chat.Shape
		text      string // where the answer is found without help
		remembers bool
	}{
		{"openai stream", openAIServer, preset(t, "openai", ""), j, true},
		{"openai", openAIServer, notStreaming, "/choices/*/message/content", true},
		{"anthropic", anthropicServer, preset(t, "anthropic", ""), "/delta/text where /type=content_block_delta", true},
		{"vercel ui", vercelServer, preset(t, "vercel-ui", ""), "/delta where /type=text-delta", true},
		{"vercel data stream", prefixedServer, preset(t, "vercel-ui", ""), " where event=0", true},
		{"dify", difyServer, preset(t, "dify", ""), "/answer where /event=message", true},
		{"flowise stream", flowiseServer, preset(t, "flowise", "/api/v1/prediction/flow-1"), "/data where /event=token", true},
		{"flowise", flowiseServer, flowNotStreaming, "/text", true},
		{"librechat", libreServer, preset(t, "librechat", "/api/agents/chat/agents"), "/data/delta/content/*/text where /event=on_message_delta", true},
		{"open webui", openAIServer, preset(t, "openwebui", "/v1/chat/completions"), j, true},
		{"langflow", langflowServer, preset(t, "langflow", "/api/v1/run/flow-1"), "/outputs/*/outputs/*/results/message/text", true},
		{"text", textServer, preset(t, "text", ""), "", true},
		{"own lines", ownServer, own("/assistant/ask", map[string]any{"prompt": "$message", "session_id": "$conversation"}), "/out/t where /kind=piece", true},
		{"websocket", socketServer, socket, "/text where /type=token", true},
		{"poll", pollServer, poll, "/result/reply", true},
	} {
		for _, helped := range []bool{true, false} {
			name, shape := c.name+" with its places", c.shape
			if !helped {
				name, shape = c.name+" unknown", blank(c.shape)
			}
			if helped && len(shape.Text) == 0 {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				base := c.serve(t, newBrain())
				d := chat.Detector{Endpoint: endpoint(t, base, chat.Shape{}), Random: rand.New(rand.NewPCG(1, 2))}
				got, err := d.Detect(t.Context(), nil, []chat.Shape{own("/nothing/here", map[string]any{"message": "$message"}), shape})
				if err != nil {
					t.Fatalf("%v; notes %q", err, got.Notes)
				}
				if !helped {
					if at := got.Shape.Text[0].String(); len(got.Shape.Text) != 1 || at != c.text {
						t.Errorf("the answer is looked for at %v, want %q", got.Shape.Text, c.text)
					}
				}
				if got.Remembers != c.remembers {
					t.Errorf("remembers %t, want %t; notes %q; conversation %v", got.Remembers, c.remembers, got.Notes, got.Shape.Conversation)
				}
				if !slices.Equal(got.Ops, chat.Ops()) {
					t.Errorf("answers %v, want every kind of question", got.Ops)
				}
				if !slices.ContainsFunc(got.Notes, func(n string) bool { return strings.Contains(n, "/nothing/here: answered 404") }) {
					t.Errorf("no note of the candidate that was not there: %q", got.Notes)
				}
			})
		}
	}
}

func parse(t *testing.T, texts ...string) []chat.Selector {
	t.Helper()
	var out []chat.Selector
	for _, s := range texts {
		p, err := chat.ParseSelector(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// TestRefuser: an assistant that answers questions on its subject only gives no
// calibration, and must not be taken for one that was read.
func TestRefuser(t *testing.T) {
	b := newBrain()
	b.refuses = true
	base := openAIServer(t, b)
	d := chat.Detector{Endpoint: endpoint(t, base, chat.Shape{}), Random: rand.New(rand.NewPCG(1, 2))}
	got, err := d.Detect(t.Context(), nil, []chat.Shape{preset(t, "openai", "")})
	if !errors.Is(err, chat.ErrNoShape) {
		t.Fatalf("error %v, want ErrNoShape", err)
	}
	if len(got.Ops) != 0 || !slices.ContainsFunc(got.Notes, func(n string) bool { return strings.Contains(n, "nothing in the answer is the result") }) {
		t.Errorf("ops %v, notes %q", got.Ops, got.Notes)
	}
}

// TestEcho: what repeats the question has not answered it.
func TestEcho(t *testing.T) {
	base := serve(t, map[string]http.HandlerFunc{"POST /chat": func(w http.ResponseWriter, r *http.Request) {
		in, ok := body[struct{ Message string }](w, r)
		if ok {
			answer(w, object{"reply": in.Message, "you_said": in.Message})
		}
	}})
	d := chat.Detector{Endpoint: endpoint(t, base, chat.Shape{}), Random: rand.New(rand.NewPCG(1, 2))}
	if got, err := d.Detect(t.Context(), nil, []chat.Shape{own("/chat", map[string]any{"message": "$message"})}); !errors.Is(err, chat.ErrNoShape) {
		t.Errorf("an echo was taken for an answer at %v (%v)", got.Shape.Text, err)
	}
}

// poor is a client whose money ends after so many requests.
type poor struct {
	lr.Client
	left int
}

func (p *poor) Do(ctx context.Context, as *lr.Account, r *lr.Request) (*lr.Exchange, error) {
	if p.left--; p.left < 0 {
		return nil, lr.ErrMoney
	}
	return p.Client.Do(ctx, as, r)
}
