package hygiene_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/hygiene"
)

const trace = "Traceback (most recent call last):\n  File \"/app/main.py\", line 3\n"

// wide is a text in UTF-16.
func wide(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))      //nolint:gosec // the low half
		b.WriteByte(byte(u >> 8)) //nolint:gosec // the high half
	}
	return b.String()
}

// TestScrub: no error tells of internals, however it is written; one that tells of none stays.
func TestScrub(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		kind    string
		body    string
		endless bool
		stays   bool
	}{
		"a trace":                        {404, "text/plain", trace, false, false},
		"a trace as an event":            {404, "text/event-stream", "data: " + trace + "\n\n", false, false},
		"a trace as an event of 500":     {500, "Text/Event-Stream; charset=utf-8", "data: " + trace + "\n\n", true, false},
		"events without an end":          {404, "text/event-stream", "data: {}\n\n", true, false},
		"an event that tells of nothing": {429, "text/event-stream", "data: {\"error\":\"slow down\"}\n\n", false, true},
		"a trace in UTF-16":              {404, "text/plain; charset=utf-16", wide(trace), false, false},
		"an error of its own":            {422, "application/json", `{"error":"no such plan"}`, false, true},
		"events":                         {200, "text/event-stream", "data: hello\n\n", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			res := &http.Response{StatusCode: c.status, ContentLength: int64(len(c.body)), Body: io.NopCloser(strings.NewReader(c.body)),
				Header: http.Header{"Content-Type": {c.kind}, "X-Error": {"/app/main.py:3 failed"}, "Content-Disposition": {"attachment; filename=a"}, "X-Plan": {"free"}}}
			if c.endless {
				res.ContentLength = -1
			}
			if err := (hygiene.Tap{Scrub: true}).Tap(&guard.Exchange{ID: "ID1", Request: httptest.NewRequest("GET", "/a", nil)}, res); err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if c.stays {
				if string(b) != c.body || res.Header.Get("X-Error") == "" || res.Header.Get("Content-Type") != c.kind {
					t.Errorf("changed: %s %v", b, res.Header)
				}
				return
			}
			if strings.Contains(string(b), "main") || !strings.Contains(string(b), "urn:incident:ID1") || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %v", b, res.Header)
			}
			if res.Header.Get("X-Error") != "" || res.Header.Get("Content-Disposition") != "" || res.Header.Get("X-Plan") != "free" {
				t.Errorf("header: %v", res.Header)
			}
		})
	}
}
