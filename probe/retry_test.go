package probe_test

import (
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

func TestRetries(t *testing.T) {
	const ms = time.Millisecond
	for _, tc := range []struct {
		name, method string
		answers      []string // status, and Retry-After after a slash; the last repeats
		status       int
		attempts     int
		waits        []time.Duration
	}{
		{"GET 200", "GET", []string{"200"}, 200, 1, nil},
		{"GET 404 stands", "GET", []string{"404"}, 404, 1, nil},
		{"GET 429 obeys Retry-After", "GET", []string{"429/2", "200"}, 200, 2, []time.Duration{2 * time.Second}},
		{"GET 429 backs off", "GET", []string{"429", "429", "200"}, 200, 3, []time.Duration{125 * ms, 250 * ms}},
		{"Retry-After is capped", "GET", []string{"429/3600", "200"}, 200, 2, []time.Duration{15 * time.Second}},
		{"Retry-After as a date", "GET", []string{"503/Fri, 01 May 2026 12:00:07 GMT", "200"}, 200, 2, []time.Duration{7 * time.Second}},
		{"Retry-After of nonsense", "GET", []string{"503/soon", "200"}, 200, 2, []time.Duration{125 * ms}},
		{"Retry-After in the past", "GET", []string{"503/Fri, 01 May 2020 12:00:07 GMT", "200"}, 200, 2, []time.Duration{0}},
		{"GET 429 for ever is the answer", "GET", []string{"429"}, 429, 4, []time.Duration{125 * ms, 250 * ms, 500 * ms}},
		{"GET 503", "GET", []string{"503", "200"}, 200, 2, []time.Duration{125 * ms}},
		{"GET 502 then 504", "GET", []string{"502", "504", "200"}, 200, 3, []time.Duration{125 * ms, 250 * ms}},
		{"GET 500 once", "GET", []string{"500"}, 500, 2, []time.Duration{125 * ms}},
		{"PUT 502", "PUT", []string{"502", "204"}, 204, 2, []time.Duration{125 * ms}},
		{"PUT 500 stands", "PUT", []string{"500"}, 500, 1, nil},
		{"DELETE 503", "DELETE", []string{"503", "204"}, 204, 2, []time.Duration{125 * ms}},
		{"POST 429", "POST", []string{"429/1", "201"}, 201, 2, []time.Duration{time.Second}},
		{"POST 503 with Retry-After", "POST", []string{"503/1", "201"}, 201, 2, []time.Duration{time.Second}},
		{"POST 503 without stands", "POST", []string{"503", "201"}, 503, 1, nil},
		{"POST 502 stands", "POST", []string{"502", "201"}, 502, 1, nil},
		{"PATCH 504 stands", "PATCH", []string{"504", "200"}, 504, 1, nil},
		{"POST 500 stands", "POST", []string{"500", "201"}, 500, 1, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var n atomic.Int32
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				i := min(int(n.Add(1)), len(tc.answers)) - 1
				status, after, _ := strings.Cut(tc.answers[i], "/")
				if after != "" {
					w.Header().Set("Retry-After", after)
				}
				code, _ := strconv.Atoi(status)
				w.WriteHeader(code)
			})
			ck := newClock()
			c := client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep, Jitter: func() float64 { return 0 }})
			x := do(t, c, nil, &lr.Request{Method: tc.method, Path: "/"})
			if x.Status != tc.status || x.Attempts != tc.attempts || int(n.Load()) != tc.attempts || c.Requests() != tc.attempts {
				t.Errorf("got %d after %d attempts (%d served), want %d after %d", x.Status, x.Attempts, n.Load(), tc.status, tc.attempts)
			}
			var waits []time.Duration // without those of the lowered rate
			for _, d := range ck.Slept() {
				if slices.Contains(tc.waits, d) {
					waits = append(waits, d)
				}
			}
			if !slices.Equal(waits, tc.waits) {
				t.Errorf("waited %v (all: %v), want %v", waits, ck.Slept(), tc.waits)
			}
		})
	}
}

// TestARequestThatIsSentOnce: no retry, no wait for the pace, no slot, and a 429
// does not slow what follows.
func TestARequestThatIsSentOnce(t *testing.T) {
	var under, most, n atomic.Int32
	gate := make(chan struct{})
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		if r.URL.Path != "/burst" {
			return
		}
		if now := under.Add(1); now > most.Load() {
			most.Store(now)
		}
		if under.Load() == 8 {
			close(gate)
		}
		<-gate
		w.WriteHeader(http.StatusTooManyRequests)
	})
	ck := newClock()
	c := client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep, Concurrency: 2, Budget: lr.Budget{Rate: 1}})
	begun := ck.Now()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			x, err := c.Do(t.Context(), nil, &lr.Request{Method: "GET", Path: "/burst", Once: true})
			if err != nil || x.Status != 429 || x.Attempts != 1 {
				t.Errorf("got %v, %v", x, err)
			}
		})
	}
	wait.Wait()
	if n.Load() != 8 || most.Load() != 8 {
		t.Errorf("%d requests came, %d of them at once; want 8 and 8", n.Load(), most.Load())
	}
	if _, err := c.Do(t.Context(), nil, &lr.Request{Method: "GET", Path: "/"}); err != nil {
		t.Fatal(err)
	}
	if d := ck.Now().Sub(begun); d != 0 {
		t.Errorf("the client waited %s", d)
	}
}

// reset ends a connection with RST, before or after reading the request.
func reset(c net.Conn, read bool) {
	if read {
		c.Read(make([]byte, 4096))
	}
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

func TestConnectionReset(t *testing.T) {
	for _, tc := range []struct {
		method string
		served int32
		ok     bool
	}{{"GET", 2, true}, {"DELETE", 2, true}, {"POST", 1, false}} {
		t.Run(tc.method, func(t *testing.T) {
			var n atomic.Int32
			base := raw(t, func(c net.Conn) {
				if n.Add(1) == 1 {
					reset(c, true)
					return
				}
				c.Read(make([]byte, 4096))
				c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"))
			})
			ck := newClock()
			c := client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep})
			x, err := c.Do(t.Context(), nil, &lr.Request{Method: tc.method, Path: "/"})
			if (err == nil) != tc.ok || n.Load() != tc.served {
				t.Fatalf("got %v, %v after %d connections; want ok=%v after %d", x, err, n.Load(), tc.ok, tc.served)
			}
			if tc.ok && (x.Attempts != 2 || string(x.Body) != "ok") {
				t.Errorf("got %d attempts, body %q", x.Attempts, x.Body)
			}
		})
	}
}

func TestPostIsRetriedWhenNothingWasSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close() // connections are refused now
	ck := newClock()
	c := client(t, probe.Options{Base: parse(t, "http://"+addr), Now: ck.Now, Sleep: ck.Sleep})
	if _, err := c.Do(t.Context(), nil, &lr.Request{Method: "POST", Path: "/", Body: []byte("x")}); err == nil {
		t.Fatal("got an answer from nobody")
	}
	if n := c.Requests(); n != 4 {
		t.Errorf("tried %d times, want 4", n)
	}
}

func TestBodyIsSentAgainWhole(t *testing.T) {
	var bodies []string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, 64)
		n, _ := r.Body.Read(b)
		bodies = append(bodies, string(b[:n]))
		if len(bodies) == 1 {
			w.WriteHeader(429)
		}
	})
	ck := newClock()
	c := client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep})
	do(t, c, nil, &lr.Request{Method: "POST", Path: "/", Body: []byte("hello")})
	if !slices.Equal(bodies, []string{"hello", "hello"}) {
		t.Errorf("got %q", bodies)
	}
}

func TestHTTP2StreamReset(t *testing.T) {
	var n atomic.Int32
	s, ca := secure(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			panic(http.ErrAbortHandler) // net/http's server sends RST_STREAM
		}
	})
	ck := newClock()
	c := client(t, probe.Options{Base: parse(t, s.URL), CAFile: ca, Now: ck.Now, Sleep: ck.Sleep})
	if x := do(t, c, nil, get("/")); x.Status != 200 || x.Attempts != 2 || x.Proto != "HTTP/2.0" {
		t.Errorf("got %d over %s after %d attempts, want 200 over HTTP/2.0 after 2", x.Status, x.Proto, x.Attempts)
	}
}

func TestRefusalsSlowTheClient(t *testing.T) {
	var n atomic.Int32
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 20 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(429)
		}
	})
	ck := newClock()
	c := client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep})
	start := ck.Now()
	for range 19 {
		do(t, c, nil, get("/"))
	}
	if took := ck.Now().Sub(start); took != 0 {
		t.Fatalf("without a refusal 19 requests waited %v", took)
	}
	if x := do(t, c, nil, get("/")); x.Status != 200 || x.Attempts != 2 {
		t.Fatalf("got %d after %d attempts", x.Status, x.Attempts)
	}
	start = ck.Now()
	for range 10 {
		do(t, c, nil, get("/"))
	}
	// 20 at once were too many: half as many a second follow.
	if took := ck.Now().Sub(start); took < 800*time.Millisecond || took > 1100*time.Millisecond {
		t.Errorf("10 requests after a refusal took %v of the clock, want about 1s", took)
	}
	for range 2000 {
		do(t, c, nil, get("/"))
	}
	start = ck.Now()
	for range 100 {
		do(t, c, nil, get("/"))
	}
	if took := ck.Now().Sub(start); took > 2*time.Second {
		t.Errorf("after a long calm 100 requests still took %v of the clock", took)
	}
}

func TestRefusedSignInsDoNotSlowTheRest(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			w.WriteHeader(429)
		}
	})
	ck := newClock()
	c := client(t, probe.Options{Base: base, Now: ck.Now, Sleep: ck.Sleep})
	if x, err := c.Private(t.Context(), nil, &lr.Request{Method: "POST", Path: "/login"}); err != nil || x.Status != 429 || x.Attempts != 4 {
		t.Fatalf("got %v, %v; want the 429 after 4 attempts", x, err)
	}
	start := ck.Now()
	for range 100 {
		do(t, c, nil, get("/"))
	}
	if took := ck.Now().Sub(start); took != 0 {
		t.Errorf("100 requests waited %v for a limit of the sign-in", took)
	}
}
