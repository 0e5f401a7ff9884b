package guard_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/retry"
)

// TestAgain: a body that guard held can be sent again, whether a check has read it or
// not; one that is passed on as it comes cannot.
func TestAgain(t *testing.T) {
	var mu sync.Mutex
	var got []string
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if got = append(got, string(b)); len(got) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer app.Close()
	o := guard.Options{Wrap: func(next http.RoundTripper) http.RoundTripper {
		return retry.New(next, &retry.Budget{}, retry.Options{Attempts: 2, Random: func() float64 { return 0 }})
	}}
	for name, c := range map[string]struct {
		size   int
		checks []guard.Check
		want   int
	}{
		"held":              {5, nil, http.StatusOK},
		"read by a check":   {5, []guard.Check{&reading{}}, http.StatusOK},
		"large, and read":   {20 << 10, []guard.Check{&reading{}}, http.StatusOK},
		"passed on as such": {20 << 10, nil, http.StatusServiceUnavailable},
	} {
		got, o.Checks = nil, c.checks
		want := strings.Repeat("a", c.size)
		w := httptest.NewRecorder()
		pipeline(t, app.URL, o).ServeHTTP(w, httptest.NewRequest(http.MethodPut, "/v1/chat", strings.NewReader(want)))
		if w.Code != c.want || len(got) != map[int]int{http.StatusOK: 2, http.StatusServiceUnavailable: 1}[c.want] {
			t.Errorf("%s: %d after %d tries, want %d", name, w.Code, len(got), c.want)
		}
		for _, b := range got {
			if b != want {
				t.Errorf("%s: the application got %d bytes, want %d", name, len(b), c.size)
			}
		}
	}
}

// TestOnce: a request with a key that was sent is not sent again by the transport, which
// would do it twice where the application knows nothing of keys.
func TestOnce(t *testing.T) {
	var asked atomic.Int32
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		if asked.Add(1); r.Header.Get("Idempotency-Key")+r.Header.Get("X-Idempotency-Key") != "one" {
			t.Errorf("the application sees %v", r.Header)
		}
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close() // it dies after it has done the work
		}
	}))
	defer app.Close()
	dial := guard.Transport(0, 0)
	defer dial.CloseIdleConnections()
	p := pipeline(t, app.URL, guard.Options{Dial: dial})
	for _, key := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} { // the second on a connection that was used
			asked.Store(0)
			r := httptest.NewRequest(method, "/v1/pay", strings.NewReader("body"))
			r.Header.Set(key, "one")
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			if method == http.MethodPost && (w.Code != http.StatusBadGateway || asked.Load() != 1) {
				t.Errorf("%s: %d, and the application was asked %d times", key, w.Code, asked.Load())
			}
		}
	}
}

// reading is a check that wants the body.
type reading struct{ refused atomic.Int32 }

func (*reading) Name() string      { return "input" }
func (*reading) Needs() guard.Need { return guard.NeedBody }
func (*reading) Gives() guard.Need { return 0 }
func (r *reading) Check(x *guard.Exchange) *guard.Denial {
	_, d := x.Body()
	if d != nil {
		r.refused.Add(1)
	}
	return d
}

// TestBodyLost: a body that could not be read whole is refused to each check that asks,
// and reaches no upstream, also where all of them only observe.
func TestBodyLost(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the application was asked") }))
	defer app.Close()
	one, two := &reading{}, &reading{}
	front := httptest.NewServer(pipeline(t, app.URL, guard.Options{Checks: []guard.Check{one, two}, Modes: map[string]guard.Mode{"input": guard.Observe}}))
	defer front.Close()
	for i, body := range []string{"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", "Content-Length: 9\r\n\r\nhalf"} {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(front.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "POST /v1/chat HTTP/1.1\r\nHost: a\r\n"+body)
		_ = c.(*net.TCPConn).CloseWrite()
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		b, err := io.ReadAll(c)
		_ = c.Close()
		if err != nil || len(b) > 0 && !strings.HasPrefix(string(b), "HTTP/1.1 400 ") {
			t.Errorf("%q: %.80q, %v", body, b, err)
		}
		if n := int32(i + 1); one.refused.Load() != n || two.refused.Load() != n { //nolint:gosec // of two
			t.Errorf("%q: refused to the first check %d times, to the second %d", body, one.refused.Load(), two.refused.Load())
		}
	}
}

// dated counts the deadlines of a connection.
type dated struct {
	*httptest.ResponseRecorder
	set atomic.Int32
}

func (d *dated) SetReadDeadline(time.Time) error { d.set.Add(1); return nil }

// early answers before it has read the body, and reads on.
type early struct {
	begun, over chan struct{}
	err         error
}

func (e *early) RoundTrip(r *http.Request) (*http.Response, error) {
	go func() {
		defer close(e.over)
		_, e.err = io.Copy(io.Discard, r.Body)
	}()
	<-e.begun
	return &http.Response{StatusCode: http.StatusRequestEntityTooLarge, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// heard tells that it is read.
type heard struct {
	io.Reader
	begun chan struct{}
	once  sync.Once
}

func (h *heard) Read(p []byte) (int, error) {
	h.once.Do(func() { close(h.begun) })
	return h.Reader.Read(p)
}

// TestBodyAfter: a transport that still reads the body when the answer is over sets no
// deadline of the connection, which is the next request's then.
func TestBodyAfter(t *testing.T) {
	e := &early{begun: make(chan struct{}), over: make(chan struct{})}
	out, in := io.Pipe()
	w := &dated{ResponseRecorder: httptest.NewRecorder()}
	r := httptest.NewRequest(http.MethodPost, "/v1/chat", &heard{Reader: out, begun: e.begun})
	r.ContentLength = -1
	pipeline(t, "http://app.test", guard.Options{Dial: e, Pace: guard.Pace{Body: time.Minute}}).ServeHTTP(w, r)
	before := w.set.Load()
	_ = in.Close()
	<-e.over
	if w.Code != http.StatusRequestEntityTooLarge || before == 0 || w.set.Load() != before || e.err != nil && !errors.Is(e.err, io.EOF) {
		t.Errorf("%d, %d deadlines, then %d, %v", w.Code, before, w.set.Load(), e.err)
	}
}
