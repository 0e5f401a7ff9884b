package guard_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/transport"
)

// ended keeps the outcomes of exchanges.
type ended struct {
	begun atomic.Int64
	last  chan guard.Outcome
}

func (e *ended) Begin() { e.begun.Add(1) }

func (e *ended) End(_ *guard.Exchange, o guard.Outcome) { e.last <- o }

// front serves in front of an application over real sockets.
type front struct {
	*testing.T
	url     string
	srv     *transport.Server
	handler *guard.Handler
	conns   *guard.Connections
	down    *guard.Lockdown
	ended   *ended
	checks  []guard.Check
	build   func(routes ...*guard.Route)
}

func newFront(t *testing.T, app http.Handler, pace guard.Pace, change func(*front)) *front {
	t.Helper()
	up := httptest.NewServer(app)
	t.Cleanup(up.Close)
	u, err := url.Parse(up.URL)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{T: t, url: "http://" + ln.Addr().String(), handler: &guard.Handler{}, conns: &guard.Connections{Listener: ln}, down: &guard.Lockdown{}, ended: &ended{last: make(chan guard.Outcome, 4096)}}
	dial := guard.Transport(0, pace.Whole) // a tight front waits for no answer either
	f.build = func(routes ...*guard.Route) {
		p, err := guard.New(guard.Options{Upstream: u, Routes: routes, Checks: f.checks, Lockdown: f.down, Pace: pace, Record: f.ended, Dial: dial})
		if err != nil {
			t.Fatal(err)
		}
		f.handler.Store(p)
	}
	f.build(&guard.Route{Pattern: "/**", Public: true}, &guard.Route{Pattern: "/essential", Public: true, Essential: true})
	f.srv = &transport.Server{Handler: f.handler}
	if change != nil {
		change(f)
	}
	go func() { _ = f.srv.Serve(f.conns) }()
	t.Cleanup(func() { _ = f.srv.Close(); dial.CloseIdleConnections() })
	return f
}

// get gives status, body and how reading it ended.
func (f *front) get(path string) (int, string, error) {
	f.Helper()
	r, err := http.NewRequestWithContext(f.Context(), http.MethodGet, f.url+path, nil)
	if err != nil {
		f.Fatal(err)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// dial opens a connection and says something.
func (f *front) dial(text string) net.Conn {
	f.Helper()
	c, err := (&net.Dialer{}).DialContext(f.Context(), "tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		f.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	return c
}

// faulty is an application that fails in the way that its path says.
func faulty(w http.ResponseWriter, r *http.Request) {
	rc := http.NewResponseController(w)
	switch r.URL.Path {
	case "/dies":
		_, _ = io.WriteString(w, "half of ")
		_ = rc.Flush()
		panic(http.ErrAbortHandler)
	case "/stalls":
		<-r.Context().Done()
	case "/stalls-later":
		_, _ = io.WriteString(w, "half of ")
		_ = rc.Flush()
		<-r.Context().Done()
	case "/storm":
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "busy")
	case "/flood":
		b := make([]byte, 1<<16)
		for r.Context().Err() == nil {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	default:
		b, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "ok %d", len(b))
	}
}

var tight = guard.Pace{Body: 500 * time.Millisecond, Whole: 500 * time.Millisecond, Silence: 500 * time.Millisecond}

// TestUpstreamFails: what the upstream does badly is told as it is, nothing of it
// is taken for whole, and each exchange ends once.
func TestUpstreamFails(t *testing.T) {
	t.Parallel()
	f := newFront(t, http.HandlerFunc(faulty), tight, nil)
	for name, c := range map[string]struct {
		path   string
		status int
		cut    bool
	}{
		"dies in the body":   {"/dies", 200, true},
		"never answers":      {"/stalls", 504, false},
		"stops in the body":  {"/stalls-later", 200, true},
		"refuses everything": {"/storm", 503, false},
	} {
		status, body, err := f.get(c.path)
		if status != c.status || (err != nil) != c.cut {
			t.Errorf("%s: status %d, body %q, %v; want %d, cut %t", name, status, body, err, c.status, c.cut)
		}
		if strings.Contains(body, "127.0.0.1") || strings.Contains(body, "dial") {
			t.Errorf("%s: the answer tells of the inside: %q", name, body)
		}
		if o := <-f.ended.last; o.Aborted != c.cut || o.Status != c.status || o.Upstream <= 0 || o.Upstream > o.Took {
			t.Errorf("%s: recorded %+v", name, o)
		}
	}
	f = newFront(t, http.HandlerFunc(faulty), guard.Pace{}, nil)
	for range 200 { // a storm leaves nothing behind
		if status, body, err := f.get("/storm"); status != 503 || body != "busy" || err != nil {
			t.Fatalf("in the storm: %d %q %v", status, body, err)
		}
		<-f.ended.last
	}
	if status, body, err := f.get("/fine"); status != 200 || body != "ok 0" || err != nil {
		t.Errorf("afterwards: %d %q %v", status, body, err)
	}
	if len(f.ended.last) != 1 || f.ended.begun.Load() != 201 {
		t.Errorf("%d exchanges begun, %d endings left", f.ended.begun.Load(), len(f.ended.last))
	}
}

// TestSlowCaller: a caller that is slow in any part is let go.
func TestSlowCaller(t *testing.T) {
	t.Parallel()
	f := newFront(t, http.HandlerFunc(faulty), tight, func(f *front) { f.srv.Header, f.srv.Idle = tight.Body, tight.Body })
	for name, c := range map[string]struct{ says, want string }{
		"in the header":              {"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ", ""},
		"in the body":                {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 408 "},
		"in a body that is not read": {"POST /a//b HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 400 "},
		"between requests":           {"GET /fine HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := io.ReadAll(f.dial(c.says)) // ends when guard lets go
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				t.Fatal("it is still served")
			}
			if !strings.HasPrefix(string(b), c.want) || c.want == "" && len(b) > 0 && !strings.HasPrefix(string(b), "HTTP/1.1 408 ") {
				t.Errorf("answered %.80q, want %q", b, c.want)
			}
		})
	}
	t.Run("in taking the answer", func(t *testing.T) {
		t.Parallel()
		f := newFront(t, http.HandlerFunc(faulty), tight, nil)
		f.dial("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n") // and reads nothing
		if o := <-f.ended.last; !o.Aborted {
			t.Errorf("recorded %+v", o)
		}
	})
}

// TestFlood: connections are bounded in all and of one address, what is one too
// many is closed, and room comes back.
func TestFlood(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*front){
		"in all":     func(f *front) { f.conns.Max = 5 },
		"an address": func(f *front) { f.conns.PerAddress = 5 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, http.HandlerFunc(faulty), guard.Pace{}, set)
			var served []net.Conn
			refused := 0
			for range 40 {
				c := f.dial("GET /fine HTTP/1.1\r\nHost: a\r\n\r\n")
				if line, err := bufio.NewReader(c).ReadString('\n'); err == nil && strings.HasPrefix(line, "HTTP/1.1 200") {
					served = append(served, c)
				} else {
					refused++
				}
			}
			if len(served) != 5 || refused != 35 || f.conns.Refused() != 35 || f.conns.Open() != 5 {
				t.Fatalf("%d served, %d refused; guard counts %d open, %d refused", len(served), refused, f.conns.Open(), f.conns.Refused())
			}
			for _, c := range served {
				_ = c.Close()
			}
			for f.conns.Open() > 0 && t.Context().Err() == nil {
				if _, err := f.dialOnce(); err == nil {
					break
				}
			}
			if status, _, err := f.get("/fine"); status != 200 || err != nil {
				t.Errorf("afterwards: %d, %v", status, err)
			}
		})
	}
	t.Run("a proxy speaks for many", func(t *testing.T) {
		t.Parallel()
		f := newFront(t, http.HandlerFunc(faulty), guard.Pace{}, func(f *front) {
			f.conns.PerAddress, f.conns.Trusted = 1, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		})
		for range 5 {
			if line, err := bufio.NewReader(f.dial("GET /fine HTTP/1.1\r\nHost: a\r\n\r\n")).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 200") {
				t.Fatalf("%q, %v", line, err)
			}
		}
	})
}

// dialOnce reports whether there is room again.
func (f *front) dialOnce() (int, error) {
	status, _, err := f.get("/fine")
	return status, err
}

// TestLockdown: what is not essential is refused and cut, the rest is served, and
// it opens again.
func TestLockdown(t *testing.T) {
	t.Parallel()
	f := newFront(t, http.HandlerFunc(faulty), guard.Pace{}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/stalls-later", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if !f.down.Lock(true) || f.down.Lock(true) || !f.down.Locked() {
		t.Fatal("it does not lock down")
	}
	if _, err := io.ReadAll(res.Body); err == nil || ctx.Err() != nil {
		t.Errorf("what was under way ended by %v", err)
	}
	if status, body, _ := f.get("/fine"); status != 503 || strings.Contains(body, "essential") {
		t.Errorf("locked down: %d %s", status, body)
	}
	if status, _, _ := f.get("/essential"); status != 200 {
		t.Errorf("an essential route: %d", status)
	}
	f.down.Lock(false)
	if status, _, _ := f.get("/fine"); status != 200 {
		t.Errorf("open again: %d", status)
	}
}

// TestReloadUnderLoad: the policy is swapped all the time, and no request is lost
// or met by half a policy.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	f := newFront(t, http.HandlerFunc(faulty), guard.Pace{Body: time.Minute, Silence: time.Minute}, nil)
	var wg sync.WaitGroup
	var lost atomic.Int64
	answered := make(chan struct{})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	defer client.CloseIdleConnections()
	for range 4 {
		wg.Go(func() {
			for i := range 100 {
				if i > 0 {
					answered <- struct{}{}
				}
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/fine", strings.NewReader("body"))
				if err != nil {
					lost.Add(1)
					continue
				}
				res, err := client.Do(r)
				if err != nil {
					lost.Add(1)
					continue
				}
				b, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || res.StatusCode != 200 || string(b) != "ok 4" {
					lost.Add(1)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	swaps := 0
	for {
		select {
		case <-done:
			if lost.Load() > 0 || swaps != 396 {
				t.Errorf("%d of 400 requests lost in %d reloads", lost.Load(), swaps)
			}
			return
		case <-answered:
			swaps++
			f.build(&guard.Route{Pattern: "/**", Public: true}, &guard.Route{Pattern: fmt.Sprintf("/other/%d", swaps), Blocked: true})
		}
	}
}

// apart is a check that lets the exchange go on without its caller.
type apart struct{ most time.Duration }

func (apart) Name() string      { return "idempotency" }
func (apart) Needs() guard.Need { return guard.NeedRoute }
func (apart) Gives() guard.Need { return 0 }
func (a apart) Check(x *guard.Exchange) *guard.Denial {
	x.Detach(a.most)
	return nil
}

// TestDetach: what its caller leaves goes on, and ends by a lock-down, by the upstream's
// silence, and when its time is over.
func TestDetach(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		most, silence time.Duration
		detach, lock  bool
	}{
		"a lock-down": {time.Minute, time.Minute, true, true}, "silence": {time.Minute, 300 * time.Millisecond, true, false}, "its time": {300 * time.Millisecond, time.Minute, true, false},
		"the caller, not detached": {0, time.Minute, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun, done := make(chan struct{}), make(chan struct{})
			f := newFront(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, "half of ")
				_ = http.NewResponseController(w).Flush()
				close(begun)
				<-r.Context().Done()
				close(done)
			}), guard.Pace{Silence: c.silence}, nil)
			if c.detach {
				f.checks = []guard.Check{apart{c.most}}
				f.build(&guard.Route{Pattern: "/**", Public: true})
			}
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			<-begun
			if !c.detach {
				leave()
			}
			if c.lock {
				f.down.Lock(true)
			}
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Error("the upstream is still asked")
			}
			if o := <-f.ended.last; !o.Aborted {
				t.Errorf("recorded %+v", o)
			}
		})
	}
	t.Run("the caller leaves", func(t *testing.T) {
		t.Parallel()
		begun, finish, left := make(chan struct{}), make(chan struct{}), make(chan bool, 1)
		f := newFront(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-finish
			left <- r.Context().Err() != nil
		}), guard.Pace{}, nil)
		f.checks = []guard.Check{apart{time.Minute}}
		f.build(&guard.Route{Pattern: "/**", Public: true})
		c := f.dial("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
		<-begun
		_ = c.Close()
		time.Sleep(200 * time.Millisecond) // as long as the news of it may take
		close(finish)
		if <-left {
			t.Error("what was begun was cut")
		}
		<-f.ended.last
	})
}

// TestQuietAnswer: an answer that begins late and pauses is no caller that is slow, over
// HTTP/1.1 and HTTP/2; one that takes nothing is let go over both.
func TestQuietAnswer(t *testing.T) {
	t.Parallel()
	const pace = 200 * time.Millisecond
	for name, two := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/flood" {
					faulty(w, r)
					return
				}
				w.Header().Set("Content-Type", "text/event-stream")
				for range 3 {
					time.Sleep(3 * pace)
					_ = http.NewResponseController(w).Flush() // first the header alone
					_, _ = io.WriteString(w, "data: x\n\n")
				}
			}))
			defer app.Close()
			e := &ended{last: make(chan guard.Outcome, 2)}
			front := httptest.NewUnstartedServer(pipeline(t, app.URL, guard.Options{Pace: guard.Pace{Body: pace}, Record: e}))
			front.EnableHTTP2 = two
			front.StartTLS()
			defer front.Close()
			ask := func(path string) *http.Response {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, front.URL+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				res, err := front.Client().Do(r)
				if err != nil {
					t.Fatal(err)
				}
				if two != (res.ProtoMajor == 2) {
					t.Fatalf("over %s", res.Proto)
				}
				return res
			}
			res := ask("/quiet")
			b, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || strings.Count(string(b), "data: x") != 3 {
				t.Errorf("%q, %v", b, err)
			}
			if o := <-e.last; o.Aborted {
				t.Errorf("recorded %+v", o)
			}
			res = ask("/flood") // and reads nothing
			defer res.Body.Close()
			select {
			case o := <-e.last:
				if !o.Aborted {
					t.Errorf("recorded %+v", o)
				}
			case <-time.After(20 * time.Second):
				t.Error("a caller that takes nothing is still served")
			}
		})
	}
}
