package record_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/record"
)

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// stuck is a reader that takes nothing until it is let.
type stuck struct {
	let chan struct{}
	b   bytes.Buffer
}

func (s *stuck) Write(b []byte) (int, error) {
	<-s.let
	return s.b.Write(b)
}

// TestSink: whatever the writer does, a line costs no time and no error.
func TestSink(t *testing.T) {
	disk := record.NewSink(full{}, 0)
	for range 10 {
		if n, err := io.WriteString(disk, "line\n"); n != 5 || err != nil {
			t.Fatalf("a full disk is told: %d, %v", n, err)
		}
	}
	if err := disk.Close(); err != nil || disk.Dropped() != 10 {
		t.Errorf("a full disk: %d lost, %v", disk.Dropped(), err)
	}
	w := &stuck{let: make(chan struct{})}
	s := record.NewSink(w, 4)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 10 {
				_, _ = io.WriteString(s, "line\n")
			}
		})
	}
	wg.Wait() // comes to an end, though nothing is taken
	close(w.let)
	_ = s.Close()
	lines := strings.Count(w.b.String(), "line\n")
	if lines < 4 || lines > 5 || s.Dropped() != int64(100-lines) {
		t.Errorf("a stuck reader: %d lines, %d lost", lines, s.Dropped())
	}
	if _, err := io.WriteString(s, "after\n"); err != nil || strings.Contains(w.b.String(), "after") {
		t.Errorf("after the end: %v", err)
	}
}

// counts counts how often it is written to.
type counts struct{ writes, lines int }

func (c *counts) Write(b []byte) (int, error) {
	c.writes++
	c.lines += bytes.Count(b, []byte("\n"))
	return len(b), nil
}

// TestSinkGathers: lines that come one after the other are written together.
func TestSinkGathers(t *testing.T) {
	var c counts
	s := record.NewSink(&c, 0)
	for range 1000 {
		_, _ = io.WriteString(s, "line\n")
		runtime.Gosched() // to who writes
	}
	_ = s.Close()
	if c.lines != 1000 || c.writes > 100 {
		t.Errorf("%d lines in %d writes", c.lines, c.writes)
	}
}

func exchange(target, who string) *guard.Exchange {
	r := httptest.NewRequest("GET", target, strings.NewReader("secret-body"))
	r.Header.Set("Authorization", "Bearer secret-token")
	r.Header.Set("Cookie", "sid=secret-cookie")
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	return &guard.Exchange{ID: "id1", Request: r, Client: netip.MustParseAddr("192.0.2.1"), Route: &guard.Route{Pattern: "/v1/chats/{id}"},
		Who: &guard.Principal{Tenant: "acme", Subject: who}}
}

func TestAccess(t *testing.T) {
	var b bytes.Buffer
	a := record.NewAccess(slog.New(slog.NewJSONHandler(&b, nil)), false)
	line := func(x *guard.Exchange, o guard.Outcome) map[string]any {
		t.Helper()
		b.Reset()
		a.Begin()
		a.End(x, o)
		for _, bad := range []string{"secret", "ann@", "chats/7", "q=1"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("the line holds %s: %s", bad, b.String())
			}
		}
		var m map[string]any
		if err := json.Unmarshal(b.Bytes(), &m); err != nil {
			t.Fatalf("%v: %s", err, b.String())
		}
		return m
	}
	one := line(exchange("/v1/chats/7?q=1", "ann@acme.test"), guard.Outcome{Status: 200, Took: time.Second, Upstream: 500 * time.Millisecond, Bytes: 12})
	for k, want := range map[string]any{"kind": "access", "route": "/v1/chats/{id}", "status": 200.0, "seconds": 1.0, "upstream_seconds": 0.5, "bytes": 12.0, "tenant": "acme", "client": "192.0.2.1", "trace": "4bf92f3577b34da6a3ce929d0e0e4736", "denied": ""} {
		if one[k] != want {
			t.Errorf("%s: %v, want %v", k, one[k], want)
		}
	}
	two := line(exchange("/v1/chats/8", "ann@acme.test"), guard.Outcome{Status: 403, Denied: "auth", Reason: "auth: no role"})
	other := line(exchange("/v1/chats/8", "bob@acme.test"), guard.Outcome{})
	if two["kind"] != "audit" || two["level"] != "WARN" || two["user"] != one["user"] || two["credential"] != one["credential"] || other["user"] == one["user"] || one["user"] == "" {
		t.Errorf("fingerprints: %v %v %v", one, two, other)
	}
	x := exchange("/", "")
	x.Route, x.Who, x.Request.Method = nil, nil, "X-SECRET"
	x.Request.Method = "BREW"
	x.Request.Header = http.Header{"Traceparent": {"00-zz-1-1"}}
	if m := line(x, guard.Outcome{}); m["method"] != "other" || m["route"] != "" || m["credential"] != "" || m["trace"] != "" {
		t.Errorf("nothing known: %v", m)
	}
	quiet := record.NewAccess(slog.New(slog.NewJSONHandler(&b, nil)), true)
	b.Reset()
	quiet.End(exchange("/", "a"), guard.Outcome{Status: 200})
	if b.Len() > 0 {
		t.Errorf("refusals only: %s", b.String())
	}
}

func TestMetrics(t *testing.T) {
	m := record.NewMetrics()
	all := record.All{m, record.NewAccess(slog.New(slog.DiscardHandler), false)}
	all.Begin()
	all.Begin()
	all.End(exchange("/v1/chats/7", "ann"), guard.Outcome{Status: 200, Took: 20 * time.Millisecond, Upstream: 7 * time.Millisecond})
	for i := range 50 { // a caller makes no series
		x := exchange("/x", "ann")
		x.Route, x.Request.Method = nil, strings.Repeat("X", i+1)
		m.Begin()
		m.End(x, guard.Outcome{Status: 404, Denied: "route", Aborted: true})
	}
	m.Reloaded(true)
	m.Build("1.2.3", "abc", "go1")
	m.Queue(func() record.Waiting {
		return record.Waiting{Depth: 4, Tenants: 2, Admitted: 9, Crowded: 3, Late: 1, Waited: 1500 * time.Millisecond}
	})
	m.Gauge("guard_connections", "open", func() float64 { return 7 })
	m.Counter("guard_log_dropped_total", "lost", func() float64 { return 3 })
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`guard_requests_total{method="GET",route="/v1/chats/{id}",status="200"} 1`, `guard_requests_total{method="other",route="none",status="404"} 50`,
		`guard_denied_total{protection="route",route="none"} 50`, `guard_request_seconds_bucket{route="/v1/chats/{id}",le="0.05"} 1`, `guard_requests_in_flight 1`,
		`guard_upstream_seconds_bucket{route="/v1/chats/{id}",le="0.005"} 0`, `guard_upstream_seconds_bucket{route="/v1/chats/{id}",le="0.01"} 1`,
		"guard_aborted_total 50", `guard_reloads_total{result="taken"} 1`, `guard_reloads_total{result="kept"} 0`, "guard_connections 7", "guard_log_dropped_total 3", "go_goroutines",
		`guard_build_info{go="go1",revision="abc",version="1.2.3"} 1`, "guard_queue_depth 4", "guard_queue_tenants 2", "guard_queue_waited_seconds_total 1.5",
		`guard_queue_ended_total{result="admitted"} 9`, `guard_queue_ended_total{result="crowded"} 3`, `guard_queue_ended_total{result="late"} 1`,
		"guard_policy_current 1", "guard_policy_loaded_seconds 1.", "go_memstats_alloc_bytes", "process_open_fds",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(w.Body.String(), `guard_upstream_seconds_count{route="none"}`) {
		t.Error("the upstream took time for what it was not asked")
	}
	if n := strings.Count(w.Body.String(), "guard_requests_total{"); n != 2 {
		t.Errorf("%d series of requests", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	sink := record.NewSink(io.Discard, 0)
	defer sink.Close()
	all := record.All{record.NewMetrics(), record.NewAccess(slog.New(slog.NewJSONHandler(sink, nil)), false)}
	x := exchange("/v1/chats/7", "ann")
	b.ReportAllocs()
	for b.Loop() {
		all.Begin()
		all.End(x, guard.Outcome{Status: 200, Took: time.Millisecond})
	}
}
