package transport_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/transport"
)

// front is guard over sockets before an application that counts what reaches it.
type front struct {
	address string
	reached atomic.Int32
	seen    atomic.Value // of the last request: method, target, body
}

func newFront(t testing.TB, c *tls.Config, gates ...guard.Gate) *front {
	t.Helper()
	f := &front{}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ws" {
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer c.CloseNow()
			if kind, b, err := c.Read(r.Context()); err == nil {
				_ = c.Write(r.Context(), kind, b)
			}
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return // it was broken off, and means nothing to an application
		}
		f.reached.Add(1)
		f.seen.Store(fmt.Sprintf("%s %s %s %v", r.Method, r.RequestURI, b, r.Header["X-Forwarded-Proto"]))
	}))
	t.Cleanup(app.Close)
	u, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	p, err := guard.New(guard.Options{Upstream: u, Routes: []*guard.Route{{Pattern: "/**", Public: true}}, Gates: gates})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &transport.Server{Handler: p, TLS: c}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	f.address = l.Addr().String()
	return f
}

// raw sends bytes in pieces and gives the statuses that come back. The connection is
// open until the first n are there: a caller that leaves has its request broken off.
func (f *front) raw(t *testing.T, n int, pieces ...string) []int {
	t.Helper()
	c, err := net.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(3 * time.Second))
	go func() {
		for _, p := range pieces {
			if _, err := io.WriteString(c, p); err != nil {
				return
			}
		}
	}()
	var got []int
	r := bufio.NewReader(c)
	for {
		if len(got) == n {
			_ = c.(*net.TCPConn).CloseWrite()
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return got
		}
		_, _ = io.Copy(io.Discard, res.Body)
		got = append(got, res.StatusCode)
	}
}

const host = "Host: api.test\r\n"

// TestSmuggling: what proxies and servers frame in different ways is refused, and the
// application hears nothing of it, nor of what follows.
func TestSmuggling(t *testing.T) {
	hidden := "GET /admin HTTP/1.1\r\n" + host + "\r\n"
	for name, text := range map[string]string{
		"two lengths":              "POST /a HTTP/1.1\r\n" + host + "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + hidden,
		"two equal lengths":        "POST /a HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
		"a list of lengths":        "POST /a HTTP/1.1\r\n" + host + "Content-Length: 1, 1\r\n\r\na",
		"a length with a sign":     "POST /a HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\na",
		"a length below 0":         "POST /a HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\na",
		"a length of no digits":    "POST /a HTTP/1.1\r\n" + host + "Content-Length: 0x1\r\n\r\na",
		"an empty length":          "POST /a HTTP/1.1\r\n" + host + "Content-Length: \r\n\r\n" + hidden,
		"length and chunks":        "POST /a HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"chunks and length":        "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + hidden,
		"another coding":           "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"identity":                 "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + hidden,
		"chunked twice":            "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunked, then more":       "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		"chunked with a tab":       "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
		"chunks of HTTP/1.0":       "POST /a HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a blank before the colon": "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a folded field":           "GET /a HTTP/1.1\r\n" + host + "X-A: b\r\n c\r\n\r\n",
		"a folded coding":          "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a fold at first":          "GET /a HTTP/1.1\r\n " + host + "\r\n",
		"a fold with a tab":        "GET /a HTTP/1.1\r\n" + host + "X-A: b\r\n\tc\r\n\r\n",
		"LF alone":                 "GET /a HTTP/1.1\n" + host + "\r\n",
		"LF in the head":           "GET /a HTTP/1.1\r\nHost: api.test\nX-A: b\r\n\r\n",
		"CR in a field":            "GET /a HTTP/1.1\r\n" + host + "X-A: b\rTransfer-Encoding: chunked\r\n\r\n",
		"NUL in a field":           "GET /a HTTP/1.1\r\n" + host + "X-A: b\x00\r\n\r\n",
		"a line without a colon":   "GET /a HTTP/1.1\r\n" + host + "Content-Length 4\r\n\r\n",
		"an extension":             "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\n\r\n",
		"an extension at the end":  "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0;a\r\n\r\n",
		"an extension with LF":     "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1;\na\r\n0\r\n\r\n",
		"a blank after the size":   "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n",
		"a size with 0x":           "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
		"a size too large":         "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n",
		"LF after the size":        "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
		"more than the size":       "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
		"a folded trailer":         "POST /a HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: b\r\n c\r\n\r\n",
		"two hosts":                "GET /a HTTP/1.1\r\n" + host + host + "\r\n",
		"no host":                  "GET /a HTTP/1.1\r\n\r\n",
		"another target":           "GET http://evil.test:1/%2e%2e/a HTTP/1.1\r\n" + host + "\r\n",
		"a tunnel":                 "CONNECT api.test:80 HTTP/1.1\r\n" + host + "\r\n",
		"a field of the request":   "GET /a HTTP/1.1\r\n" + host + "Connection: close, X-Request-Id\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, pieces := range [][]string{{text}, strings.SplitAfter(text, "\n"), strings.Split(text, "")} {
				f := newFront(t, nil)
				got := f.raw(t, 1, pieces...)
				if len(got) != 1 || got[0] < 400 || got[0] == 404 {
					t.Errorf("in %d pieces: %v", len(pieces), got)
				}
				if seen := f.seen.Load(); seen != nil {
					t.Errorf("in %d pieces: the application was asked %q", len(pieces), seen)
				}
			}
		})
	}
}

// TestFramed: what is framed rightly passes, however it is cut, one after the other.
func TestFramed(t *testing.T) {
	f := newFront(t, nil)
	text := "POST /a HTTP/1.1\r\n" + host + "Content-Length: 3\r\nX-Long: " + strings.Repeat("x", 500) + "\r\n\r\nabc" +
		"POST /b HTTP/1.1\r\n" + host + "transfer-encoding: Chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: t\r\n\r\n" +
		"GET /c?x=" + strings.Repeat("y", 400) + " HTTP/1.1\r\n" + host + "X-Content: Transfer-Encoding: chunked\r\n\r\n" +
		"GET /d HTTP/1.1\r\n" + host + "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" +
		"GET /e HTTP/1.0\r\n" + host + "\r\n"
	for _, pieces := range [][]string{{text}, strings.SplitAfter(text, "\n"), strings.Split(text, "")} {
		before := f.reached.Load()
		if got := f.raw(t, 5, pieces...); fmt.Sprint(got) != "[200 200 200 200 200]" || f.reached.Load() != before+5 {
			t.Errorf("in %d pieces: %v", len(pieces), got)
		}
	}
}

// TestNoTunnel: what asks for a tunnel that is not given hides nothing behind it.
func TestNoTunnel(t *testing.T) {
	f := newFront(t, nil)
	text := "GET /a HTTP/1.1\r\n" + host + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n" +
		"POST /hidden HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	for _, pieces := range [][]string{{text}, strings.SplitAfter(text, "\n"), strings.Split(text, "")} {
		got := f.raw(t, 2, pieces...)
		if seen, _ := f.seen.Load().(string); strings.Contains(seen, "/hidden") || len(got) == 0 || got[len(got)-1] != 400 {
			t.Errorf("in %d pieces: %v, the application was asked %q", len(pieces), got, seen)
		}
	}
}

// TestRefusedLater: a second request of a connection that is kept is answered like a first,
// whether the server waits for it or is still at work on the first.
func TestRefusedLater(t *testing.T) {
	f := newFront(t, nil)
	first := "GET /a HTTP/1.1\r\n" + host + "\r\n"
	for name, second := range map[string]string{
		"two framings": "POST /hidden HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a bare LF":    "\n",
		"one letter":   "P\n",
		"a short line": "GE\x00",
	} {
		for _, at := range []int{0, 1, 3, 4} { // bytes of it that come at first
			at = min(at, len(second)-1) // the first is not refused, too
			c, err := net.Dial("tcp", f.address)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			r := bufio.NewReader(c)
			var got []int
			for _, text := range []string{first + second[:at], second[at:]} {
				if _, err := io.WriteString(c, text); err != nil {
					break // it was refused already
				}
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					break
				}
				_, _ = io.Copy(io.Discard, res.Body)
				got = append(got, res.StatusCode)
			}
			for len(got) == 1 { // the refusal, where it came before all was written
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					break
				}
				got = append(got, res.StatusCode)
			}
			_ = c.Close()
			if seen, _ := f.seen.Load().(string); strings.Contains(seen, "/hidden") || !slices.Equal(got, []int{200, 400}) {
				t.Errorf("%s, %d bytes at first: %v, the application was asked %q", name, at, got, seen)
			}
		}
	}
}

func TestTunnel(t *testing.T) {
	f := newFront(t, nil)
	c, _, err := websocket.Dial(t.Context(), "http://"+f.address+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	message := bytes.Repeat([]byte("\n \x00;"), 100) // no framing of HTTP
	if err := c.Write(t.Context(), websocket.MessageBinary, message); err != nil {
		t.Fatal(err)
	}
	if _, b, err := c.Read(t.Context()); err != nil || !bytes.Equal(b, message) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// TestTwo: HTTP/2 has a framing of its own, but fields that a downgrade would turn into
// that of HTTP/1.
func TestTwo(t *testing.T) {
	c := transport.Base()
	c.Certificates = []tls.Certificate{selfSigned(t, "api.test")}
	for name, x := range map[string]struct {
		fields []string
		body   string
		want   bool
	}{
		"right":             {nil, "", true},
		"with a body":       {[]string{"content-length", "3"}, "abc", true},
		"transfer-encoding": {[]string{"transfer-encoding", "chunked"}, "0\r\n\r\n", false},
		"connection":        {[]string{"connection", "x-request-id"}, "", false},
		"upgrade":           {[]string{"upgrade", "websocket"}, "", false},
		"keep-alive":        {[]string{"keep-alive", "1"}, "", false},
		"another length":    {[]string{"content-length", "0"}, "GET /admin HTTP/1.1\r\n\r\n", false},
		"shorter than told": {[]string{"content-length", "9"}, "abc", false},
		"two lengths":       {[]string{"content-length", "3", "content-length", "4"}, "abc", false},
		"CRLF in a value":   {[]string{"x-a", "b\r\ntransfer-encoding: chunked"}, "", false},
		"CRLF in a name":    {[]string{"x-a: b\r\nx-c", "d"}, "", false},
		"a colon in a name": {[]string{"x:a", "b"}, "", false},
		"upper case":        {[]string{"X-A", "b"}, "", false},
		"a late pseudo":     {[]string{":path", "/admin"}, "", false},
		"a bad path":        {[]string{"%path", "/a b HTTP/1.1\r\nx: y"}, "", false},
		"a bad method":      {[]string{"%method", "GET /admin HTTP/1.1\r\nx:"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFront(t, c)
			got := f.two(t, x.fields, x.body)
			if (got == 200) != x.want || (f.reached.Load() == 1) != x.want {
				t.Errorf("status %d, the application was asked %d times", got, f.reached.Load())
			}
		})
	}
}

// two sends one request over HTTP/2 frame by frame and gives its status, 0 for a reset.
func (f *front) two(t *testing.T, fields []string, body string) int {
	t.Helper()
	c, err := tls.Dial("tcp", f.address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, http2.ClientPreface)
	fr := http2.NewFramer(c, c)
	fr.AllowIllegalWrites = true
	_ = fr.WriteSettings()
	var head bytes.Buffer
	enc := hpack.NewEncoder(&head)
	pseudo := map[string]string{":method": "POST", ":scheme": "https", ":path": "/a", ":authority": "api.test"}
	for i := 0; i+1 < len(fields); i += 2 {
		if n, ok := strings.CutPrefix(fields[i], "%"); ok {
			pseudo[":"+n] = fields[i+1]
		}
	}
	for _, k := range []string{":method", ":scheme", ":path", ":authority"} {
		_ = enc.WriteField(hpack.HeaderField{Name: k, Value: pseudo[k]})
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i][0] != '%' {
			_ = enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
		}
	}
	_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head.Bytes(), EndHeaders: true, EndStream: body == ""})
	if body != "" {
		_ = fr.WriteData(1, true, []byte(body))
	}
	dec := hpack.NewDecoder(4096, nil)
	for {
		frame, err := fr.ReadFrame()
		if err != nil {
			return 0
		}
		switch frame := frame.(type) {
		case *http2.HeadersFrame:
			all, err := dec.DecodeFull(frame.HeaderBlockFragment())
			if err != nil {
				t.Fatal(err)
			}
			var status int
			_, _ = fmt.Sscan(all[0].Value, &status)
			return status
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return 0
		}
	}
}

func FuzzFraming(f *testing.F) {
	f.Add([]byte("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"), 3)
	f.Fuzz(func(t *testing.T, b []byte, at int) { transport.CheckFraming(t, b, at) })
}
