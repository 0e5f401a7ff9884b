package surface_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/launchready/launchready/surface"
)

// A recording of thirty megabytes, every entry of another object with a long
// text, leaves little behind.
func TestRecordingIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"log": {"version": "1.2", "entries": [`)
	long := strings.Repeat("x", 50_000)
	for i := range 600 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"request": {"method": "GET", "url": "https://acme.test/v1/chats/%d"}, "response": {"status": 200, "content": {"mimeType": "application/json", "text": "{\"id\": %d, \"text\": \"%s\"}"}}}`, i, i, long)
	}
	b.WriteString(`]}}`)
	text := b.String()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	s, err := surface.Recording(t.Context(), strings.NewReader(text), surface.Source{Location: "big.har"})
	if err != nil || len(s.Routes) != 1 {
		t.Fatalf("got %v, %v", s, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&m)
	if grown := int64(m.HeapAlloc) - int64(before); grown > 8<<20 {
		t.Errorf("%d KiB stay in memory of a recording of %d KiB", grown>>10, len(text)>>10)
	}
	runtime.KeepAlive(text)
	runtime.KeepAlive(s)
}

func BenchmarkRecording(b *testing.B) {
	long := strings.Repeat("some words ", 4000)
	entry := fmt.Sprintf(`{"request": {"method": "GET", "url": "https://acme.test/v1/chats/7"}, "response": {"status": 200, "content": {"mimeType": "application/json", "text": "{\"id\": 7, \"text\": \"%s\"}"}}}`, long)
	text := `{"log": {"entries": [` + strings.Repeat(entry+",", 200) + entry + `]}}`
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := surface.Recording(b.Context(), strings.NewReader(text), surface.Source{}); err != nil {
			b.Fatal(err)
		}
	}
}
