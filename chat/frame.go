package chat

import (
	"bytes"
	"encoding/json"
	"mime"
	"sort"
	"strings"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
)

// Frame is one piece of a reply: the document, an event, a line, a message.
type Frame struct {
	Event string // name of a server-sent event, or the prefix of a prefixed line
	Value any    // as JSON decodes it; a text that is no JSON is a string
}

// maxFrames bounds the frames of one reply; an endless stream ends there.
const maxFrames = 100_000

// Frames splits a reply. In the mode ByType the media type decides, and the
// first bytes where that lies.
func Frames(x *lr.Exchange, m Mode) []Frame {
	if x == nil {
		return nil
	}
	if m == ByType || m == Polled {
		m = modeOf(x)
	}
	body := x.Body
	switch m {
	case Events:
		return events(body)
	case Lines, Socket:
		return lines(body)
	case PlainText:
		return []Frame{{Value: text(body)}}
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return lines(body)
	}
	return []Frame{{Value: v}}
}

// enough reports, while a reply comes in, that Done holds for a frame of it. It
// reads each frame once.
func (s Shape) enough() func(body []byte) bool {
	seen := 0
	return func(body []byte) bool {
		split := events
		switch s.Mode {
		case Socket, Lines:
			split = lines
		case Events, ByType:
		default:
			return false
		}
		// Only what has come whole: up to the last end of a line, for a WebSocket
		// all of it.
		end := len(body)
		if s.Mode != Socket {
			end = bytes.LastIndexByte(body, '\n') + 1
		}
		if end <= seen {
			return false
		}
		frames := split(body[seen:end])
		seen = end
		return picks(s.Done, frames)
	}
}

// modeOf tells how a reply is framed.
func modeOf(x *lr.Exchange) Mode {
	if x.Status == 101 {
		return Socket
	}
	media, _, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	body := bytes.TrimLeft(x.Body, " \t\r\n\ufeff")
	switch {
	case media == "text/event-stream", looksLikeEvents(body):
		return Events
	case media == "application/x-ndjson", media == "application/ndjson", media == "application/jsonl",
		media == "application/x-jsonlines", media == "application/stream+json", media == "application/json-seq":
		return Lines
	case x.Header.Get("X-Vercel-Ai-Data-Stream") != "", prefixed(firstLine(body)):
		return Lines
	case json.Valid(x.Body):
		return JSON
	case len(body) > 0 && (body[0] == '{' || body[0] == '['):
		return Lines // JSON a line, or JSON that was cut
	}
	return PlainText
}

func firstLine(b []byte) string {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = b[:i]
	}
	return string(b[:min(len(b), 4096)])
}

func looksLikeEvents(body []byte) bool {
	for _, p := range []string{"data:", "event:", ":\n", ": ", "id:", "retry:"} {
		if bytes.HasPrefix(body, []byte(p)) {
			return bytes.Contains(body, []byte("\ndata:")) || bytes.HasPrefix(body, []byte("data:"))
		}
	}
	return false
}

// events reads server-sent events (WHATWG HTML, 9.2.6). The last event counts
// even where the blank line after it is missing: the stream may have been cut.
func events(body []byte) []Frame {
	var out []Frame
	var name string
	var data []string
	flush := func() {
		if len(data) > 0 && len(out) < maxFrames {
			out = append(out, Frame{name, decode(strings.Join(data, "\n"))})
		}
		name, data = "", nil
	}
	s := strings.TrimPrefix(text(body), "\ufeff")
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	for line := range strings.SplitSeq(s, "\n") {
		if line == "" {
			flush()
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "data":
			data = append(data, value)
		}
	}
	flush()
	return out
}

// lines reads one value a line. "0:…" is how a prefixed stream names the kind of
// a line; the prefix becomes the frame's event.
func lines(body []byte) []Frame {
	var out []Frame
	for line := range strings.SplitSeq(text(body), "\n") {
		line = strings.Trim(line, " \t\r\x1e") // RFC 7464: a record separator begins each text
		if line == "" {
			continue
		}
		if len(out) == maxFrames {
			break
		}
		if prefixed(line) {
			kind, rest, _ := strings.Cut(line, ":")
			out = append(out, Frame{kind, decode(rest)})
			continue
		}
		out = append(out, Frame{Value: decode(line)})
	}
	return out
}

// prefixed reports a line such as 0:"text" or d:{"finishReason":"stop"}.
func prefixed(line string) bool {
	kind, rest, ok := strings.Cut(line, ":")
	return ok && len(kind) == 1 && (kind[0] >= '0' && kind[0] <= '9' || kind[0] >= 'a' && kind[0] <= 'z') && json.Valid([]byte(rest))
}

// decode is a JSON value, or the text itself. Events within events are usual:
// a text that is an object or a list is decoded once more by who looks for it.
func decode(s string) any {
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return s
	}
	return v
}

// text is a body as valid UTF-8: a stream may be cut inside a character.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return strings.ToValidUTF8(string(b), "\ufffd")
}

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Said is all the text that a reply holds at the places of the answer, however
// many answers it holds.
func (s Shape) Said(x *lr.Exchange) string {
	return joined(selectAll(s.Text, Frames(x, s.Mode)))
}
