package probe_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

// quick are bounds that make a test of them short.
func quick(o probe.Options) probe.Options {
	o.Timeout, o.Stall, o.StreamFor = 300*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	o.Retries = -1
	return o
}

func TestHugeBodyIsCut(t *testing.T) {
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for range 100 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	c := client(t, probe.Options{Base: base})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x := do(t, c, nil, get("/"))
	runtime.ReadMemStats(&after)
	if len(x.Body) != 1<<20 || !x.Truncated || x.Status != 200 {
		t.Errorf("kept %d bytes, truncated %v, status %d", len(x.Body), x.Truncated, x.Status)
	}
	if n := c.Bytes(); n < 8<<20 || n > 10<<20 {
		t.Errorf("read %d bytes, want about 8 MiB", n)
	}
	if grew := after.TotalAlloc - before.TotalAlloc; grew > 32<<20 {
		t.Errorf("allocated %d MiB for a bounded body", grew>>20)
	}
}

func TestBodyBounds(t *testing.T) {
	for _, tc := range []struct {
		name      string
		size      int
		kept      int
		truncated bool
	}{{"empty", 0, 0, false}, {"below", 99, 99, false}, {"exactly", 100, 100, false}, {"above", 101, 100, true}, {"above what is counted", 5000, 100, true}} {
		t.Run(tc.name, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("y", tc.size)) })
			x := do(t, client(t, probe.Options{Base: base, Keep: 100, Count: 1000}), nil, get("/"))
			if len(x.Body) != tc.kept || x.Truncated != tc.truncated {
				t.Errorf("kept %d truncated %v, want %d %v", len(x.Body), x.Truncated, tc.kept, tc.truncated)
			}
		})
	}
}

func TestEndlessStreams(t *testing.T) {
	for _, kind := range []string{"text/event-stream", "application/x-ndjson", "text/plain"} {
		t.Run(kind, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", kind)
				tick := time.NewTicker(time.Millisecond)
				defer tick.Stop()
				for i := 0; ; i++ {
					if _, err := fmt.Fprintf(w, "data: %d\n\n", i); err != nil {
						return
					}
					w.(http.Flusher).Flush()
					select {
					case <-r.Context().Done():
						return
					case <-tick.C:
					}
				}
			})
			x := do(t, client(t, quick(probe.Options{Base: base})), nil, get("/"))
			if !x.Truncated || !strings.HasPrefix(string(x.Body), "data: 0\n\ndata: 1\n\n") {
				t.Errorf("truncated %v, body %.40q", x.Truncated, x.Body)
			}
		})
	}
	t.Run("a stream that ends is whole", func(t *testing.T) {
		base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "event: token\r\ndata: a\r\n\r\n: comment\n")
		})
		x := do(t, client(t, probe.Options{Base: base}), nil, get("/"))
		if x.Truncated || string(x.Body) != "event: token\r\ndata: a\r\n\r\n: comment\n" {
			t.Errorf("truncated %v, body %q", x.Truncated, x.Body)
		}
	})
	t.Run("the request's own bound", func(t *testing.T) {
		base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "data: a\n\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		r := get("/")
		r.StreamFor = 30 * time.Millisecond
		x := do(t, client(t, probe.Options{Base: base, StreamFor: time.Hour}), nil, r)
		if string(x.Body) != "data: a\n\n" || !x.Truncated {
			t.Errorf("truncated %v, body %q", x.Truncated, x.Body)
		}
	})
}

func TestHostileReplies(t *testing.T) {
	wait := func(c net.Conn) { io.Copy(io.Discard, c) }
	head := func(c net.Conn) { c.Read(make([]byte, 4096)) }
	for _, tc := range []struct {
		name  string
		serve func(c net.Conn)
		err   string // "" wants an answer
		body  string
		trunc bool
	}{
		{"hangs", wait, "no reply in time", "", false},
		{"slow-loris header", func(c net.Conn) {
			head(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for i := 0; ; i++ {
				if _, err := fmt.Fprintf(c, "X-%d: y\r\n", i); err != nil {
					return
				}
				if _, err := c.Read(make([]byte, 1)); err != nil { // blocks until the client gives up
					return
				}
			}
		}, "no reply in time", "", false},
		{"header flood", func(c net.Conn) {
			head(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			line := []byte("X-Flood: " + strings.Repeat("z", 4000) + "\r\n")
			for range 1 << 14 {
				if _, err := c.Write(line); err != nil {
					return
				}
			}
		}, "GET", "", false},
		{"stalled body", func(c net.Conn) {
			head(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
			wait(c)
		}, "", "part", true},
		{"malformed status line", func(c net.Conn) { head(c); io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n") }, "malformed", "", false},
		{"malformed header", func(c net.Conn) { head(c); io.WriteString(c, "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n") }, "malformed", "", false},
		{"bad content length", func(c net.Conn) { head(c); io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n") }, "GET", "", false},
		{"closed without a word", func(c net.Conn) { head(c) }, "EOF", "", false},
		{"RST", func(c net.Conn) { reset(c, true) }, "reset", "", false},
		{"cut in the body", func(c net.Conn) {
			head(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		}, "", "half", true},
		{"bad chunk", func(c net.Conn) {
			head(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\nZZZ\r\n")
		}, "", "good", true},
		{"1xx for ever", func(c net.Conn) {
			head(c)
			for range 1 << 16 {
				if _, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"); err != nil {
					return
				}
			}
		}, "GET", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := client(t, quick(probe.Options{Base: raw(t, tc.serve)}))
			x, err := c.Do(t.Context(), bearer("a", "tok-123456789"), get("/p?q=tok-123456789"))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got %v, %v; want an error with %q", x, err, tc.err)
				}
				if strings.Contains(err.Error(), "tok-") {
					t.Errorf("error shows the token: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(x.Body) != tc.body || x.Truncated != tc.trunc {
				t.Errorf("body %q truncated %v, want %q %v", x.Body, x.Truncated, tc.body, tc.trunc)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	pack := func(w io.WriteCloser, b *bytes.Buffer, s string) []byte {
		io.WriteString(w, s)
		w.Close()
		return b.Bytes()
	}
	var g, z bytes.Buffer
	gz := pack(gzip.NewWriter(&g), &g, "hello gzip")
	zl := pack(zlib.NewWriter(&z), &z, "hello zlib")
	for _, tc := range []struct {
		name, encoding string
		body           []byte
		want           string
		trunc          bool
	}{
		{"gzip", "gzip", gz, "hello gzip", false},
		{"deflate", "deflate", zl, "hello zlib", false},
		{"no encoding", "", []byte("plain"), "plain", false},
		{"gzip in name only", "gzip", []byte("plain"), "plain", false},
		{"gzip broken off", "gzip", gz[:len(gz)-12], "hello g", true},
		{"empty", "gzip", nil, "", false},
		{"unknown is passed on", "br", []byte("\x01\x02"), "\x01\x02", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if tc.encoding != "" {
					w.Header().Set("Content-Encoding", tc.encoding)
				}
				w.Write(tc.body)
			})
			x := do(t, client(t, quick(probe.Options{Base: base})), nil, get("/"))
			if x.Truncated != tc.trunc || (tc.trunc && !strings.HasPrefix("hello gzip", string(x.Body))) || (!tc.trunc && string(x.Body) != tc.want) {
				t.Errorf("body %q truncated %v, want %q %v", x.Body, x.Truncated, tc.want, tc.trunc)
			}
			if got := x.Header.Get("Content-Encoding"); got != tc.encoding {
				t.Errorf("recorded Content-Encoding %q, want %q", got, tc.encoding)
			}
		})
	}
}

func TestGzipBomb(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range 64 {
		w.Write(zeros)
	}
	w.Close()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(b.Bytes())
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	x := do(t, client(t, probe.Options{Base: base}), nil, get("/"))
	runtime.ReadMemStats(&after)
	if len(x.Body) != 1<<20 || !x.Truncated {
		t.Errorf("kept %d, truncated %v", len(x.Body), x.Truncated)
	}
	if grew := after.TotalAlloc - before.TotalAlloc; grew > 32<<20 {
		t.Errorf("allocated %d MiB for a bomb", grew>>20)
	}
}

func TestLargeRequestIsRecordedInPart(t *testing.T) {
	var got int64
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { got, _ = io.Copy(io.Discard, r.Body) })
	x := do(t, client(t, probe.Options{Base: base}), nil, &lr.Request{Method: "POST", Path: "/", Body: make([]byte, 3<<20)})
	if got != 3<<20 || len(x.Sent) != 1<<20 {
		t.Errorf("sent %d recorded %d, want 3 MiB and 1 MiB", got, len(x.Sent))
	}
}
