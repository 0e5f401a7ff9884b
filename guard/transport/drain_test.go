package transport_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/transport"
)

// ending is guard that is about to end, before an application that streams and echoes.
type ending struct {
	*testing.T
	srv     *transport.Server
	address string
	begun   chan struct{} // a stream has
	finish  chan struct{} // and may end
	over    chan guard.Outcome
}

type outcomes chan guard.Outcome

func (outcomes) Begin()                                   {}
func (o outcomes) End(_ *guard.Exchange, x guard.Outcome) { o <- x }

func newEnding(t *testing.T) *ending {
	t.Helper()
	e := &ending{T: t, begun: make(chan struct{}, 8), finish: make(chan struct{}), over: make(chan guard.Outcome, 64)}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ws":
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer c.CloseNow()
			for {
				kind, b, err := c.Read(r.Context())
				if err != nil || c.Write(r.Context(), kind, b) != nil {
					return
				}
			}
		case "/stream":
			_, _ = io.WriteString(w, "one,")
			_ = http.NewResponseController(w).Flush()
			e.begun <- struct{}{}
			select {
			case <-e.finish:
			case <-r.Context().Done():
			}
			_, _ = io.WriteString(w, "two")
		default:
			_, _ = io.WriteString(w, "fine")
		}
	}))
	t.Cleanup(app.Close)
	u, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	p, err := guard.New(guard.Options{Upstream: u, Routes: []*guard.Route{{Pattern: "/**", Public: true}}, Record: outcomes(e.over)})
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	e.srv, e.address = &transport.Server{Handler: p}, l.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = e.srv.Serve(l) }()
	t.Cleanup(func() { _ = e.srv.Close(); <-done })
	return e
}

// get asks on a connection of its own, and gives what was answered.
func (e *ending) get(path string) (*http.Response, error) {
	e.Helper()
	r, err := http.NewRequestWithContext(e.Context(), http.MethodGet, "http://"+e.address+path, nil)
	if err != nil {
		e.Fatal(err)
	}
	return (&http.Client{Transport: &http.Transport{}}).Do(r)
}

func (e *ending) shutdown() <-chan error {
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	e.Cleanup(cancel)
	go func() { done <- e.srv.Shutdown(ctx) }()
	return done
}

// TestDrain: before guard ends it serves everybody and sends them elsewhere; then
// streams and tunnels end by themselves, and nobody new is let in.
func TestDrain(t *testing.T) {
	t.Parallel()
	e := newEnding(t)
	kept, err := net.Dial("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	_ = kept.SetDeadline(time.Now().Add(time.Minute))
	answers := bufio.NewReader(kept)
	ask := func() *http.Response {
		if _, err := io.WriteString(kept, "GET /fine HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		return res
	}
	if res := ask(); res.Close {
		t.Error("a connection ends before guard does")
	}
	ws, _, err := websocket.Dial(t.Context(), "ws://"+e.address+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	e.srv.Ending()
	if res := ask(); !res.Close || res.StatusCode != 200 {
		t.Errorf("while it ends: %d, the connection ends: %t", res.StatusCode, res.Close)
	}
	late, _, err := websocket.Dial(t.Context(), "ws://"+e.address+"/ws", nil) // Connection is the upgrade's
	if err != nil {
		t.Fatalf("a tunnel while it ends: %v", err)
	}
	_ = late.Close(websocket.StatusNormalClosure, "")
	stream, err := e.get("/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	<-e.begun
	done := e.shutdown()
	for began := time.Now(); time.Since(began) < time.Minute; { // the listener is closed
		res, err := e.get("/fine")
		if err != nil {
			break
		}
		_ = res.Body.Close()
	}
	close(e.finish)
	if b, err := io.ReadAll(stream.Body); err != nil || string(b) != "one,two" {
		t.Errorf("the stream: %q, %v", b, err)
	}
	if err := ws.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatalf("the tunnel: %v", err)
	}
	if _, b, err := ws.Read(t.Context()); err != nil || string(b) != "hello" {
		t.Errorf("the tunnel: %q, %v", b, err)
	}
	select {
	case err := <-done:
		t.Errorf("it does not wait for the tunnel: %v", err)
	default:
	}
	_ = ws.Close(websocket.StatusNormalClosure, "")
	if err := <-done; err != nil {
		t.Errorf("the end: %v", err)
	}
}

// TestCut: what does not end in time is cut, and is told of its end, so that it can be
// settled and logged.
func TestCut(t *testing.T) {
	t.Parallel()
	e := newEnding(t)
	ws, _, err := websocket.Dial(t.Context(), "ws://"+e.address+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	stream, err := e.get("/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	<-e.begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.srv.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the end: %v", err)
	}
	if err := e.srv.Close(); err != nil {
		t.Error(err)
	}
	if b, err := io.ReadAll(stream.Body); err == nil || strings.Contains(string(b), "two") {
		t.Errorf("half a stream is taken for whole: %q", b)
	}
	if _, _, err := ws.Read(t.Context()); err == nil {
		t.Error("the tunnel is open")
	}
	if len(e.over) != 2 {
		t.Errorf("%d of 2 were told of their end", len(e.over))
	}
}
