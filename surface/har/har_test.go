package har_test

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/surface/har"
)

// log wraps entries as browsers do.
func log(entries ...string) string {
	return `{"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [{"id": "p"}], "entries": [` + strings.Join(entries, ",\n") + `]}}`
}

const plain = `{"startedDateTime": "2026-11-26T10:00:00.5Z", "_resourceType": "fetch", "_initiator": {"stack": {"deep": [[{}]]}},
 "request": {"method": "post", "url": "https://acme.test/v1/chats?x=1", "headers": [{"name": ":method", "value": "POST"}, {"name": "Content-Type", "value": "application/json"}, {"name": "Authorization", "value": "Bearer sesame-1"}],
  "cookies": [{"name": "sid", "value": "sesame-2"}], "postData": {"mimeType": "application/json", "text": "{\"title\":\"Ünï\"}"}},
 "response": {"status": 201, "headers": [{"name": "Location", "value": "/v1/chats/7"}], "cookies": [{"name": "new", "value": "c"}], "content": {"size": 8, "mimeType": "application/json", "encoding": "base64", "text": "eyJpZCI6IDd9"}},
 "_webSocketMessages": [{"type": "send", "opcode": 1, "data": "hello"}, {"type": "receive", "opcode": 2, "data": "AA=="}]}`

func get(path string) string {
	return `{"request": {"method": "GET", "url": "https://acme.test` + path + `"}, "response": {"status": 200, "content": {"text": "ok"}}}`
}

func read(t *testing.T, text string, o har.Options) ([]*har.Entry, har.Info, error) {
	t.Helper()
	var out []*har.Entry
	info, err := har.Read(strings.NewReader(text), o, func(e *har.Entry) error {
		out = append(out, e)
		return nil
	})
	return out, info, err
}

func TestReadsAnEntryWhole(t *testing.T) {
	for _, bom := range []string{"", "\ufeff"} {
		es, info, err := read(t, bom+log(plain), har.Options{})
		if err != nil || len(es) != 1 {
			t.Fatalf("got %d entries, %v", len(es), err)
		}
		e := es[0]
		for _, c := range []struct{ what, got, want string }{
			{"method", e.Method, "POST"}, {"url", e.URL.String(), "https://acme.test/v1/chats?x=1"}, {"kind", e.Kind, "fetch"},
			{"header", e.Header.Get("Authorization"), "Bearer sesame-1"}, {"pseudo header", e.Header.Get(":method"), ""}, {"cookie", e.Cookies[0].Value, "sesame-2"},
			{"body", string(e.Sent.Text), `{"title":"Ünï"}`}, {"reply", string(e.Content.Text), `{"id": 7}`}, {"reply header", e.Reply.Get("Location"), "/v1/chats/7"},
			{"set cookie", e.Set[0].Name, "new"}, {"message", e.Messages[0].Data, "hello"}, {"version", info.Version, "1.2"}, {"creator", info.Creator, "WebInspector 537.36"},
		} {
			if c.got != c.want {
				t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
			}
		}
		if e.Status != 201 || e.Started.IsZero() || !info.Cookies || !e.Messages[0].Sent || e.Messages[1].Sent || !e.Messages[1].Binary {
			t.Errorf("got status %d, start %s, %+v, %v", e.Status, e.Started, info, e.Messages)
		}
		if s := fmt.Sprintf("%v %+v %#v %s %v %v", e, e, e, e.Cookies, e.Sent, e.Content); strings.Contains(s, "sesame") || strings.Contains(s, "title") {
			t.Errorf("printing an entry tells what it holds: %s", s)
		}
	}
}

func TestSkipsWhatIsNoEntry(t *testing.T) {
	for _, tc := range []struct{ name, entry, says string }{
		{"null", `null`, "no object"},
		{"a number", `17`, "no object"},
		{"a list", `[[1], {"request": {}}]`, "no object"},
		{"no request", `{"response": {}}`, "no request"},
		{"request is a text", `{"request": "GET /"}`, "no request"},
		{"no url", `{"request": {"method": "GET"}}`, "no URL"},
		{"url is an object", `{"request": {"method": "GET", "url": {"raw": "x"}}}`, "no URL"},
		{"url without host", `{"request": {"method": "GET", "url": "https:///x"}}`, "no URL"},
		{"broken url", `{"request": {"method": "GET", "url": "http://a b/%zz"}}`, "no URL"},
		{"no method", `{"request": {"url": "https://acme.test/"}}`, "no method"},
		{"strange method", `{"request": {"method": "GET /x", "url": "https://acme.test/"}}`, "no method"},
		{"data url", `{"request": {"method": "GET", "url": "data:text/plain,x"}}`, ""},
		{"extension", `{"request": {"method": "GET", "url": "chrome-extension://abc/x.js"}}`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			es, info, err := read(t, log(get("/a"), tc.entry, get("/b")), har.Options{})
			if err != nil || len(es) != 2 || es[1].URL.Path != "/b" {
				t.Fatalf("got %v, %v, want the entries around it", es, err)
			}
			if got := strings.Join(info.Warnings, "\n"); tc.says == "" && got != "" || !strings.Contains(got, tc.says) || tc.says != "" && !strings.Contains(got, "entry 2: ") {
				t.Errorf("got warnings %q, want %q", got, tc.says)
			}
		})
	}
}

func TestFaultsNameTheirPlace(t *testing.T) {
	whole := log(get("/a"), get("/b"))
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "1:1: the recording ends in the middle"},
		{"cut off", whole[:len(whole)-40], "2:"},
		{"cut off in a text", strings.TrimSuffix(log(get("/a"), `{"request": {"url": "https://ac`), "]}}"), "entry 2: the recording ends in the middle: it was cut off while it was saved; export it again"},
		{"broken", strings.Replace(whole, `"GET", "url": "https://acme.test/b"`, `"GET" "url"`, 1), "2:30: entry 2: this is no JSON"},
		{"no log", `{"entries": []}`, "it has no log"},
		{"no entries", `{"log": {"version": "1.2"}}`, "it has no log"},
		{"entries are none", `{"log": {"entries": {}}}`, "it has no log"},
		{"a list", `[1, 2]`, "it has no log"},
		{"no entry", log(), "holds no request"},
		{"only strange ones", log(`{}`), "holds no request"},
		{"deep", `{"log": {"x": ` + strings.Repeat("[", 5000), "nested deeper than"},
		{"a number without end", `{"log": {"x": ` + strings.Repeat("1", 10000), "without end"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := read(t, tc.text, har.Options{})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestBoundsHold(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	big := `{"request": {"method": "POST", "url": "https://acme.test/x", "postData": {"mimeType": "text/plain", "text": "` + long + `"}}, "response": {"status": 200, "content": {"text": "` + long + `"}}}`
	es, _, err := read(t, log(big, get("/after")), har.Options{})
	if err != nil || len(es) != 2 {
		t.Fatalf("got %d entries, %v", len(es), err)
	}
	if e := es[0]; !e.Sent.Dropped || !e.Content.Dropped || len(e.Sent.Text)+len(e.Content.Text) > 0 {
		t.Errorf("got %v and %v, want both dropped", e.Sent, e.Content)
	}
	es, info, err := read(t, log(get("/1"), get("/2"), get("/3")), har.Options{MaxEntries: 2})
	if err != nil || len(es) != 2 || !slices.Contains(info.Warnings, "only the first 2 entries were read") {
		t.Errorf("got %d entries, %v, %v", len(es), info.Warnings, err)
	}
	if _, info, _ := read(t, log(slices.Repeat([]string{"7"}, 100)...), har.Options{}); len(info.Warnings) > 30 || info.Skipped != 100 {
		t.Errorf("got %d warnings of %d skipped entries", len(info.Warnings), info.Skipped)
	}
}

// A fault after a text that was cut short is still told at its own line.
func TestPlaceIsTrueAfterACut(t *testing.T) {
	text := log(`{"request": {"method": "GET", "url": "https://acme.test/x"}, "response": {"content": {"text": "`+strings.Repeat("x", 3<<20)+`"}}}`, `{"request": }`)
	_, _, err := read(t, text, har.Options{})
	var syn *har.SyntaxError
	if !errors.As(err, &syn) || syn.Line != 2 || syn.Entry != 2 {
		t.Errorf("got %v, want line 2, entry 2", err)
	}
}

func TestVisitStopsTheReading(t *testing.T) {
	stop := errors.New("enough for me")
	n := 0
	_, err := har.Read(strings.NewReader(log(get("/1"), get("/2"))), har.Options{}, func(*har.Entry) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("got %v after %d entries", err, n)
	}
	fails := io.MultiReader(strings.NewReader(`{"log": {"entries": [`), failing{})
	if _, err := har.Read(fails, har.Options{}, func(*har.Entry) error { return nil }); !errors.Is(err, errDisk) {
		t.Errorf("got %v, want the reader's own error", err)
	}
}

var errDisk = errors.New("disk is gone")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestLooks(t *testing.T) {
	for text, want := range map[string]bool{
		log(get("/")): true, "\ufeff \n{ \"log\" :\n{": true, `{"log": [`: false, `{"log":`: true, `{"info": {}, "log": {}}`: false, `log: {}`: false, "": false,
	} {
		if got := har.Looks([]byte(text)); got != want {
			t.Errorf("%.30q: got %v", text, got)
		}
	}
}

func FuzzHAR(f *testing.F) {
	for _, s := range []string{log(plain, get("/a")), log(`{"request": "x"}`), `{"log":{"entries":[{"request":{"method":"GET","url":"http://a/\ud800\u12"}}]}}`, log(plain)[:200], `{"log": ` + strings.Repeat("[", 500)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		info, err := har.Read(strings.NewReader(string(text)), har.Options{MaxBody: 64, MaxEntries: 10}, func(e *har.Entry) error {
			if e.URL == nil || e.URL.Host == "" || e.Method == "" || len(e.Sent.Text) > 64 || len(e.Content.Text) > 64 {
				t.Errorf("got %v with %d and %d bytes", e, len(e.Sent.Text), len(e.Content.Text))
			}
			if _, err := url.Parse(e.URL.String()); err != nil {
				t.Errorf("a URL that cannot be read again: %v", err)
			}
			return nil
		})
		if err == nil && info.Entries == 0 {
			t.Error("nothing was read, and no error tells so")
		}
	})
}
