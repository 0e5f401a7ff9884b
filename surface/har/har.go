// Package har reads recordings of HTTP traffic in the HTTP Archive format, 1.1
// and 1.2, as browsers and proxies write them. It reads them as a stream: a
// recording of any size takes the memory of its largest entry, whose texts are
// bounded. It knows nothing of routes.
//
// A recording is full of credentials. An [Entry] prints as its number, method
// and path, whatever the verb.
package har

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bounds that hold where [Options] name none.
const (
	DefaultMaxBody    = 256 << 10
	DefaultMaxEntries = 50_000
)

const (
	minString   = 8 << 10 // of one JSON text, escapes counted: what is kept at least
	maxDepth    = 200
	maxFields   = 300 // header fields, cookies, parameters of one message
	maxMessages = 200 // of one WebSocket
	maxWarnings = 20
)

// ErrEmpty says that the recording is well formed and holds no entry.
var ErrEmpty = errors.New("the HAR recording holds no request")

// Options bound what is kept.
type Options struct {
	// MaxBody is how many bytes of a body are kept; longer ones are dropped. The
	// smaller it is, the faster a recording is read.
	MaxBody    int
	MaxEntries int // entries that are read
}

// Info is what a recording tells of itself.
type Info struct {
	Version  string // "1.2"
	Creator  string // "WebInspector 537.36"
	Entries  int    // entries that were handed on
	Skipped  int    // entries that could not be read
	Cookies  bool   // a cookie or an Authorization stood in a request: it was not sanitised
	Warnings []string
}

// Entry is one exchange.
type Entry struct {
	Number  int // as the file counts, from 1
	Started time.Time
	Kind    string // _resourceType of Chromium: "xhr", "fetch", "document", "script", …
	Method  string // upper case
	URL     *url.URL
	Header  http.Header // of the request
	Cookies []Pair      // that the request sent
	Sent    Body
	Status  int
	Reply   http.Header
	Set     []Pair // cookies that the reply set
	Content Body
	// Messages are those of a WebSocket, in order.
	Messages []Message
}

// Pair is a name with its value.
type Pair struct{ Name, Value string }

// Body is what a message carried.
type Body struct {
	Type   string // media type with its parameters
	Text   []byte
	Params []Param // of a form, where the recording lists them
	// Dropped says that there was more than Options.MaxBody, so that Text is empty.
	Dropped bool
}

// Param is one field of a form.
type Param struct {
	Name, Value string
	File        string // file name, where the field is a file
	Type        string
}

// Message is one of a WebSocket's.
type Message struct {
	Sent   bool // by the browser
	Binary bool
	Data   string
}

// Format writes no more than what the entry is, whatever the verb.
func (e *Entry) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, e.name()) // fmt keeps the error of its writer itself
}

func (e *Entry) name() string {
	if e == nil || e.URL == nil {
		return "entry"
	}
	return fmt.Sprintf("entry %d: %s %s", e.Number, e.Method, e.URL.EscapedPath())
}

// Format writes no body.
func (b Body) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%d bytes of %s", len(b.Text), b.Type)
}

// Format writes the name alone: values are credentials.
func (p Pair) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.Name) }

// Format writes the name alone.
func (p Param) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.Name) }

// SyntaxError says where a recording stops being one.
type SyntaxError struct {
	Line, Column int // 0 where the input cannot be read again
	Entry        int // the entry that was being read; 0 before the first
	Message      string
}

func (e *SyntaxError) Error() string {
	s := e.Message
	if e.Entry > 0 {
		s = fmt.Sprintf("entry %d: %s", e.Entry, s)
	}
	if e.Line > 0 {
		s = fmt.Sprintf("%d:%d: %s", e.Line, e.Column, s)
	}
	return s
}

// Looks reports a text that begins as a recording does.
func Looks(head []byte) bool {
	s := strings.TrimLeft(strings.TrimPrefix(string(head[:min(len(head), 4096)]), "\ufeff"), " \t\r\n")
	s, ok := strings.CutPrefix(s, "{")
	if !ok {
		return false
	}
	s, ok = strings.CutPrefix(strings.TrimLeft(s, " \t\r\n"), `"log"`)
	if !ok {
		return false
	}
	s, ok = strings.CutPrefix(strings.TrimLeft(s, " \t\r\n"), ":")
	s = strings.TrimLeft(s, " \t\r\n")
	return ok && (s == "" || s[0] == '{')
}

// Read hands each entry of a recording to visit, in the order of the file, and
// passes on its error. Entries that cannot be read are skipped with a warning.
// Where r can seek, a fault is told with its line.
func Read(r io.Reader, o Options, visit func(*Entry) error) (Info, error) {
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = DefaultMaxEntries
	}
	p := newParser(r, o, visit)
	err := p.recording()
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err != nil && !p.visited(err) {
		err = p.placed(r, err)
	}
	if p.more > 0 {
		p.info.Warnings = append(p.info.Warnings, fmt.Sprintf("and %d more entries that could not be read", p.more))
	}
	if err == nil && p.info.Entries == 0 {
		err = ErrEmpty
	}
	return p.info, err
}

// decoded undoes the base64 of a body. What was cut short is decoded as far as
// it goes.
func decoded(text, encoding string) ([]byte, bool) {
	if !strings.EqualFold(encoding, "base64") {
		return []byte(text), true
	}
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == ' ' {
			return -1
		}
		return r
	}, text)
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		b, err = base64.RawStdEncoding.DecodeString(text)
	}
	return b, err == nil
}
