package har_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/launchready/launchready/surface/har"
)

// reel is a recording of a given size that is never in memory: entries with
// bodies of a megabyte, and one body of a quarter of all.
type reel struct {
	left    int64
	pending string
	fill    int64 // bytes of a body still to come
	after   string
	n       int
	ended   bool
	size    int64
}

func newReel(size int64) *reel {
	return &reel{left: size, size: size, pending: `{"log": {"version": "1.2", "entries": [`}
}

func (r *reel) Read(p []byte) (int, error) {
	switch {
	case r.pending != "":
		n := copy(p, r.pending)
		r.pending = r.pending[n:]
		r.left -= int64(n)
		return n, nil
	case r.fill > 0:
		n := int(min(r.fill, int64(len(p))))
		for i := range n {
			p[i] = 'x'
		}
		r.fill -= int64(n)
		r.left -= int64(n)
		if r.fill == 0 {
			r.pending = r.after
		}
		return n, nil
	case r.left > 0:
		comma := ","
		if r.n == 0 {
			comma = ""
		}
		r.n++
		r.pending = fmt.Sprintf(`%s{"request": {"method": "GET", "url": "https://acme.test/v1/chats/%d", "headers": []}, "response": {"status": 200, "content": {"text": "`, comma, r.n)
		r.fill, r.after = 1<<20, `"}}}`
		if r.n == 3 {
			r.fill = r.size / 4
		}
	case !r.ended:
		r.ended = true
		r.pending = `]}}`
	default:
		return 0, io.EOF
	}
	return r.Read(p)
}

// peak reads a recording and returns how much the heap grew at most.
func peak(t testing.TB, size int64) (grown uint64, entries int) {
	t.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	info, err := har.Read(newReel(size), har.Options{}, func(e *har.Entry) error {
		if e.Number%8 == 0 || e.Number == 4 {
			runtime.GC() // what is garbage does not count
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > before {
				grown = max(grown, m.HeapAlloc-before)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return grown, info.Entries
}

// A recording of thirty megabytes, a quarter of it one body, takes the memory of
// its largest text that is kept.
func TestMemoryIsBounded(t *testing.T) {
	grown, entries := peak(t, 30<<20)
	if entries < 20 || grown > 8<<20 {
		t.Errorf("the heap grew by %d KiB for %d entries, want less than 8 MiB", grown>>10, entries)
	}
}

// TestMemoryOfAHugeRecording reads 500 MB: LAUNCHREADY_HUGE=1 asks for it.
func TestMemoryOfAHugeRecording(t *testing.T) {
	if os.Getenv("LAUNCHREADY_HUGE") == "" {
		t.Skip("reads 500 MB: set LAUNCHREADY_HUGE=1")
	}
	grown, entries := peak(t, 500<<20)
	t.Logf("the heap grew by %d KiB for %d entries", grown>>10, entries)
	if entries < 300 || grown > 8<<20 {
		t.Errorf("the heap grew by %d KiB for %d entries, want less than 8 MiB", grown>>10, entries)
	}
}

func BenchmarkRead(b *testing.B) {
	text := log(strings.Split(strings.Repeat(plain+"\x00", 2000), "\x00")[:2000]...)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := har.Read(strings.NewReader(text), har.Options{}, func(*har.Entry) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
