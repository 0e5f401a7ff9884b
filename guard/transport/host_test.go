package transport_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/transport"
)

// lasting is guard whose streams leave their handlers at once, before an application
// that sends one event, waits, and sends the rest.
type lasting struct {
	*testing.T
	srv      *transport.Server
	address  string
	tls      *tls.Config // of who asks; nil: none
	returned chan struct{}
	more     chan struct{} // one for each rest
	over     chan guard.Outcome
}

// dying panics at the word, or when it is closed.
type dying struct {
	io.ReadCloser
	shut bool
}

func (d dying) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	if strings.Contains(string(p[:n]), "die") {
		panic("a tap has a mistake")
	}
	return n, err
}

func (d dying) Close() error {
	err := d.ReadCloser.Close()
	if d.shut {
		panic("a tap has a mistake")
	}
	return err
}

func (dying) Name() string { return "hygiene" }

func (dying) Tap(_ *guard.Exchange, r *http.Response) error {
	r.Body = dying{r.Body, r.Request.URL.Path == "/shuts"}
	return nil
}

// reading is a check that reads the body.
type reading struct{}

func (reading) Name() string      { return "input" }
func (reading) Needs() guard.Need { return guard.NeedBody }
func (reading) Gives() guard.Need { return 0 }

func (reading) Check(x *guard.Exchange) *guard.Denial {
	if x.Path != "/read" { // what is small is read without it, too
		return nil
	}
	_, d := x.Body()
	return d
}

var long = strings.Repeat("long ", 10_000)

func newLasting(t *testing.T, secure bool, idle time.Duration) *lasting {
	t.Helper()
	l := &lasting{T: t, returned: make(chan struct{}, 64), more: make(chan struct{}), over: make(chan guard.Outcome, 64)}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fine" {
			_, _ = io.WriteString(w, "fine")
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: one\n\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-l.more:
		case <-r.Context().Done():
		}
		switch r.URL.Path {
		case "/long":
			_, _ = io.WriteString(w, "data: "+long+"\n\n")
		case "/trailer":
			w.Header().Set(http.TrailerPrefix+"X-Sum", "42")
		case "/dies":
			_, _ = io.WriteString(w, "data: die\n\n")
		case "/breaks":
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(app.Close)
	u, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	p, err := guard.New(guard.Options{Upstream: u, Routes: []*guard.Route{{Pattern: "/**", Public: true}}, Record: outcomes(l.over), Checks: []guard.Check{reading{}}, MaxBody: 32 << 20, Taps: []guard.Tap{dying{}}, Pace: guard.Pace{Body: time.Minute, Silence: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	ln := listen(t)
	l.srv, l.address = &transport.Server{Idle: idle, After: time.Nanosecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { l.returned <- struct{}{} }()
		p.ServeHTTP(w, r)
	})}, ln.Addr().String()
	if secure {
		l.srv.TLS, l.tls = transport.Base(), &tls.Config{InsecureSkipVerify: true} //nolint:gosec // its own
		l.srv.TLS.Certificates = []tls.Certificate{selfSigned(t, "app.test")}
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = l.srv.Serve(ln) }()
	t.Cleanup(func() { _ = l.srv.Close(); <-done })
	return l
}

// talk is one connection.
type talk struct {
	*lasting
	net.Conn
	in *bufio.Reader
}

func (l *lasting) dial() *talk {
	l.Helper()
	c, err := net.Dial("tcp", l.address)
	if err == nil && l.tls != nil {
		c = tls.Client(c, l.tls)
	}
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return &talk{l, c, bufio.NewReader(c)}
}

func (c *talk) ask(path, more string) {
	c.Helper()
	if _, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: app.test\r\n%sContent-Length: 2\r\n\r\n{}", path, more); err != nil {
		c.Fatal(err)
	}
}

// begun reads the first event, and waits until the handler has left.
func (c *talk) begun() *http.Response {
	c.Helper()
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.Fatal(err)
	}
	one := make([]byte, len("data: one\n\n"))
	if _, err := io.ReadFull(res.Body, one); err != nil || string(one) != "data: one\n\n" {
		c.Fatalf("the first event: %q, %v", one, err)
	}
	<-c.returned
	return res
}

// fine asks for something else.
func (c *talk) fine() {
	c.Helper()
	c.ask("/fine", "")
	c.answered()
}

func (c *talk) answered() {
	c.Helper()
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.Fatalf("no other request: %v", err)
	}
	if b, err := io.ReadAll(res.Body); err != nil || string(b) != "fine" {
		c.Errorf("another request: %q, %v", b, err)
	}
	<-c.returned
	if o := <-c.over; o.Aborted {
		c.Errorf("another request: %+v", o)
	}
}
