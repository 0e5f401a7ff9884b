package assembly

import (
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/config"
)

const somewhere = head + "target: {url: \"http://127.0.0.1:1\", environment: test, spec: [POST /login]}\n"

func selectors(t *testing.T, texts ...string) []chat.Selector {
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

// TestPresetNames holds the enumeration of the configuration to the shapes there are.
func TestPresetNames(t *testing.T) {
	f, _ := reflect.TypeFor[config.Chat]().FieldByName("Preset")
	want := append(append([]string{"auto"}, chat.PresetNames()...), "custom")
	var got []string
	for r := range strings.SplitSeq(f.Tag.Get("jsonschema"), ",") {
		got = append(got, strings.TrimPrefix(r, "enum="))
	}
	if !slices.Equal(got, want) {
		t.Errorf("chat.preset takes %q, and the shapes are %q", got, want)
	}
	r, _ := reflect.TypeFor[config.Reply]().FieldByName("Mode")
	got = nil
	for m := range strings.SplitSeq(r.Tag.Get("jsonschema"), ",") {
		got = append(got, strings.TrimPrefix(m, "enum="))
	}
	if !slices.Equal(got, modes()) {
		t.Errorf("chat.reply.mode takes %q, and the modes are %q", got, modes())
	}
}

// TestShapeRoundTrip: a shape that is printed and read again is the same.
func TestShapeRoundTrip(t *testing.T) {
	whole := chat.Shape{
		Name:  "custom",
		Begin: &chat.Template{Method: "POST", Path: "/v1/chats", Header: map[string]string{"X-A": "b"}, Body: map[string]any{"title": "$title", "n": 1.5}}, Begun: selectors(t, "/id", "/data/id"),
		Send: chat.Template{Method: "PUT", Path: "/v1/chats/$conversation/say", Header: map[string]string{"X-Cost": "5 $$"}, Form: true,
			Body: map[string]any{"m": "$message", "f": "$files", "h": "$history", "deep": []any{true, nil, "yes", "123", "", " a", map[string]any{"x": float64(-7)}}}},
		Mode: chat.Polled, Text: selectors(t, "/a~1b/*/c", " where event=0", "/x where /type=p,q"), Error: selectors(t, "/e"), Conversation: selectors(t, "/c"),
		History: true, Follow: &chat.Template{Method: "GET", Path: "/r/$run"}, Run: selectors(t, "/run"), Done: selectors(t, "/done where /done=true"),
		InTokens: selectors(t, "/u/in"), OutTokens: selectors(t, "/u/out"), Tools: selectors(t, "/t/*"), Sources: selectors(t, "/s/*/title"),
		Upload: &chat.Upload{Path: "/f", Field: "doc", Form: map[string]string{"user": "$user"}, ID: selectors(t, "/id"), Attach: map[string]any{"id": "$file"},
			Wait: &chat.Template{Method: "GET", Path: "/f/$file"}, Ready: selectors(t, "/status where /status=ready")},
	}
	shapes := append(chat.Presets(), whole, chat.Shape{Name: "custom", Send: chat.Template{Method: "POST", Path: "/a", Body: map[string]any{"q": "$message"}}})
	for _, s := range shapes {
		t.Run(s.Name, func(t *testing.T) {
			s.Send.Path = strings.NewReplacer("$flow", "f-1", "$endpoint", "agents").Replace(s.Send.Path)
			text, err := Described(s).YAML()
			if err != nil {
				t.Fatal(err)
			}
			got, err := candidates(parsed(t, somewhere+string(text)), nil)
			if err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			for _, t := range []*chat.Template{&s.Send, s.Begin, s.Follow} {
				if t == nil {
					continue
				}
				if t.Method == "" {
					t.Method = http.MethodPost // which printing says
				}
				h := map[string]string{}
				for k, v := range t.Header {
					h[http.CanonicalHeaderKey(k)] = v
				}
				if len(h) > 0 {
					t.Header = h
				}
			}
			if !reflect.DeepEqual(got[0], s) {
				t.Errorf("from\n%s\ngot  %+v\nwant %+v", text, got[0], s)
			}
		})
	}
}

// TestDollars: a dollar sign that begins no variable stays one.
func TestDollars(t *testing.T) {
	for in, want := range map[string]string{"": "", "$message": "$message", "a $message b": "a $message b", "$5": "$$5", "$$": "$$", "$nothing": "$$nothing", "end $": "end $$", "$message$conversation": "$message$conversation"} {
		if got := dollars(in); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}

// TestOverlay: keys of the configuration stand in place of the preset's and of what
// the routes tell; a preset finds its twin.
func TestOverlay(t *testing.T) {
	got, err := candidates(parsed(t, somewhere+"chat: {preset: openai, request: POST /llm, header: {X-Key: \"${env:TOKEN}\"}, reply: {text: /x}}\n"), nil)
	if err != nil || len(got) != 2 {
		t.Fatalf("%v: %d candidates", err, len(got))
	}
	s := got[0]
	if s.Name != "openai" || s.Send.Path != "/llm" || s.Send.Header["X-Key"] != "token-of-globex-77" || s.Text[0].String() != "/x" || !s.History || len(s.Error) == 0 {
		t.Errorf("got %+v", s)
	}
	if stream := got[1].Send.Body.(map[string]any)["stream"]; stream != false || s.Send.Body.(map[string]any)["stream"] != true {
		t.Errorf("its twin streams %v", stream)
	}
	c := parsed(t, head+"target: {url: \"http://127.0.0.1:1\", environment: test, spec: ['POST /chat {\"message\":\"hi\"}']}\nchat: {upload: {path: /f, attach: {id: $file}}}\n")
	a := assembled(t, c, Options{})
	if got, err := candidates(c, a.Surface.Routes); err != nil || len(got) == 0 || got[0].Upload == nil || got[0].Upload.ID[0].String() != "/id" {
		t.Errorf("an upload alone: %+v (%v)", got, err)
	}
}

func TestPrice(t *testing.T) {
	for name, c := range map[string]struct {
		chat    string
		want    chat.Price
		guessed bool
	}{
		"nothing said": {"", chat.Usual(), true},
		"a model":      {"chat: {price: {model: gpt-4o-mini}}", chat.Price{InPerMTok: 0.15, OutPerMTok: 0.60, Context: 128_000, Output: 16_384}, false},
		"its bounds":   {"chat: {price: {model: gpt-4o-mini, context_tokens: 8000, output_tokens: 500}}", chat.Price{InPerMTok: 0.15, OutPerMTok: 0.60, Context: 8000, Output: 500}, false},
		"of the body":  {"chat: {request: POST /c, body: {model: gpt-4o, m: $message}}", chat.Price{InPerMTok: 2.5, OutPerMTok: 10, Context: 128_000, Output: 16_384}, false},
		"one's own":    {"chat: {price: {input_per_mtok: 3, output_per_mtok: 4}}", chat.Price{InPerMTok: 3, OutPerMTok: 4, Context: 6000, Output: 1000}, false},
		"half of it":   {"chat: {price: {input_per_mtok: 3}}", chat.Price{InPerMTok: 3, OutPerMTok: 2, Context: 6000, Output: 1000}, true},
		"one unknown":  {"chat: {price: {model: harbor}}", chat.Usual(), true},
	} {
		got, guessed := price(parsed(t, somewhere+c.chat+"\n"))
		if got != c.want || guessed != c.guessed {
			t.Errorf("%s: %+v guessed %t, want %+v %t", name, got, guessed, c.want, c.guessed)
		}
	}
}

// TestHear: where no callback can come, the reason says what to do.
func TestHear(t *testing.T) {
	decoy := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(decoy.Close)
	for _, c := range []struct {
		name, text, deaf string
	}{
		{"on this machine", "target: {url: \"http://127.0.0.1:1\", environment: test, spec: [POST /login]}", ""},
		{"elsewhere", "target: {url: \"https://staging.acme.test\", spec: [POST /login]}", "give listen.url, or --listen-url"},
		{"an address of somebody else", "target: {url: \"https://staging.acme.test\", spec: [POST /login]}\nlisten: {url: \"" + decoy.URL + "\"}", "answered 404 and is not it: listen.url must lead to listen.http"},
		{"an address that nobody answers", "target: {url: \"https://staging.acme.test\", spec: [POST /login]}\nlisten: {url: \"http://127.0.0.1:1\"}", "cannot be reached"},
		{"a port that is taken", "target: {url: \"http://127.0.0.1:1\", environment: test, spec: [POST /login]}\nlisten: {http: \"" + strings.TrimPrefix(decoy.URL, "http://") + "\"}", "listen for callbacks on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := assembled(t, parsed(t, head+c.text+"\n"), Options{})
			if c.deaf != "" {
				if a.Audit.Listener != nil || !strings.Contains(a.Audit.Deaf, c.deaf) {
					t.Errorf("listener %v, deaf because %q, want %q", a.Audit.Listener != nil, a.Audit.Deaf, c.deaf)
				}
				return
			}
			if a.Audit.Listener == nil {
				t.Fatalf("deaf: %s", a.Audit.Deaf)
			}
			if b := a.Audit.Listener.Bait(lr.Page{}); !strings.HasPrefix(b.URL, "http://127.0.0.1:") || !strings.HasSuffix(b.Mail, "@[127.0.0.1]") {
				t.Errorf("bait %+v", b)
			}
		})
	}
	// A port that was free a moment ago, by which a target elsewhere would come.
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	a := assembled(t, parsed(t, head+"target: {url: \"https://staging.acme.test\", spec: [POST /login]}\nlisten: {http: \""+at+"\", url: \"http://"+at+"\"}\n"), Options{})
	if a.Audit.Listener == nil {
		t.Fatalf("deaf: %s", a.Audit.Deaf)
	}
	if b := a.Audit.Listener.Bait(lr.Page{}); !strings.HasPrefix(b.URL, "http://"+at+"/cb/") || b.Mail != "" {
		t.Errorf("bait %+v, want no mail address that nobody can reach", b)
	}
}
