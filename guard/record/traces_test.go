package record_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
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

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/record"
	"github.com/launchready/launchready/guard/retry"
)

// receiver takes traces by OTLP over HTTP.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	spans    []*otlp.Span
	services []string
	tokens   []string
	raw      bytes.Buffer
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	c := &receiver{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var from io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			from = z
		}
		b, err := io.ReadAll(from)
		var m collector.ExportTraceServiceRequest
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(b, &m) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(b)
		c.tokens = append(c.tokens, r.Header.Get("Authorization"))
		for _, of := range m.ResourceSpans {
			for _, a := range of.Resource.Attributes {
				c.services = append(c.services, a.Key+"="+a.Value.GetStringValue())
			}
			for _, s := range of.ScopeSpans {
				c.spans = append(c.spans, s.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(c.Close)
	return c
}

// take gives what has come since the last time.
func (c *receiver) take() []*otlp.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.spans
	c.spans = nil
	return out
}

// stand is guard with traces in front of an application that remembers the header of
// traces it was given.
type stand struct {
	*testing.T
	traces *record.Traces
	front  *httptest.Server
	seen   chan string
	over   chan guard.Outcome
}

type over chan guard.Outcome

func (over) Begin()                                   {}
func (o over) End(_ *guard.Exchange, x guard.Outcome) { o <- x }

func newStand(t *testing.T, o record.TraceOptions, trusted ...netip.Prefix) *stand {
	t.Helper()
	s := &stand{T: t, seen: make(chan string, 64), over: make(chan guard.Outcome, 64)}
	var err error
	if s.traces, err = record.NewTraces(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_ = s.traces.Close(ctx)
	})
	var failed atomic.Bool
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.seen <- strings.Join(r.Header["Traceparent"], " ") + "|" + strings.Join(r.Header["Tracestate"], " ")
		switch {
		case r.URL.Path == "/v1/fails":
			w.WriteHeader(http.StatusInternalServerError)
		case r.URL.Path == "/v1/twice" && !failed.Swap(true):
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/v1/dies":
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		default:
			_, _ = io.WriteString(w, "fine")
		}
	}))
	t.Cleanup(app.Close)
	u, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	base := guard.Transport(0, 0)
	t.Cleanup(base.CloseIdleConnections)
	p, err := guard.New(guard.Options{Upstream: u, Routes: []*guard.Route{{Pattern: "/v1/{what}", Public: true}}, Trusted: trusted, Trace: s.traces, Record: record.All{s.traces, over(s.over)},
		Dial: s.traces.Wrap(base), Wrap: func(next http.RoundTripper) http.RoundTripper {
			return retry.New(next, &retry.Budget{}, retry.Options{Attempts: 2, Base: time.Millisecond})
		}})
	if err != nil {
		t.Fatal(err)
	}
	s.front = httptest.NewServer(p)
	t.Cleanup(s.front.Close)
	return s
}

// ask gives what the application was told.
func (s *stand) ask(method, path string, h http.Header) (int, string) {
	s.Helper()
	var body io.Reader
	if method != http.MethodGet {
		body = strings.NewReader("secret-body")
	}
	r, err := http.NewRequestWithContext(s.Context(), method, s.front.URL+path, body)
	if err != nil {
		s.Fatal(err)
	}
	for k, v := range h {
		r.Header[k] = v
	}
	r.Header.Set("Authorization", "Bearer secret-token")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	<-s.over
	seen := ""
	for len(s.seen) > 0 {
		seen = <-s.seen
	}
	return res.StatusCode, seen
}

func attributes(s *otlp.Span) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes {
		out[a.Key] = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(a.Value.String(), "string_value:\""), "int_value:"), "\"")
	}
	return out
}

const (
	callersTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersParent = "00-" + callersTrace + "-00f067aa0ba902b7-0"
)

// TestTraces: each exchange is a span, each call of the upstream one below it, in the
// caller's trace; the application is told the call's. Nothing that came with the
// request is in them.
func TestTraces(t *testing.T) {
	c := newReceiver(t)
	s := newStand(t, record.TraceOptions{Endpoint: c.URL + "/v1/traces", Sample: 1, Version: "1.2.3", Headers: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer for-the-collector")}})
	for _, x := range []struct {
		name, method, path string
		status             int
		spans              int
		root, call         map[string]string // of the exchange, and of the last call
	}{
		{"fine", "POST", "/v1/secret-id?q=secret-query", 200, 2,
			map[string]string{"http.request.method": "POST", "http.route": "/v1/{what}", "http.response.status_code": "200", "url.scheme": "http", "network.protocol.version": "1.1", "http.response.body.size": "4", "error.type": ""},
			map[string]string{"http.request.method": "POST", "http.response.status_code": "200", "server.address": "127.0.0.1", "http.request.resend_count": "", "error.type": ""}},
		{"fails", "GET", "/v1/fails", 500, 2, map[string]string{"error.type": "500", "http.response.status_code": "500"}, map[string]string{"error.type": "500"}},
		{"is asked again", "GET", "/v1/twice", 200, 3, map[string]string{"error.type": ""}, map[string]string{"http.request.resend_count": "1", "http.response.status_code": "200"}},
		{"dies", "POST", "/v1/dies", 200, 2, map[string]string{"error.type": "aborted"}, map[string]string{"error.type": "broken"}},
		{"refused", "SECRET-METHOD", "/no/secret-route", 404, 1, map[string]string{"http.request.method": "_OTHER", "launchready.denied": "route", "http.route": "", "error.type": ""}, nil},
	} {
		status, seen := s.ask(x.method, x.path, http.Header{"Traceparent": {callersParent + "0"}, "Tracestate": {"vendor=1"}})
		if err := s.traces.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		spans := c.take()
		if status != x.status || len(spans) != x.spans {
			t.Errorf("%s: %d, %d spans", x.name, status, len(spans))
			continue
		}
		root := spans[len(spans)-1] // it ends last
		at := attributes(root)
		for k, want := range x.root {
			if at[k] != want {
				t.Errorf("%s: %s is %q, want %q", x.name, k, at[k], want)
			}
		}
		if root.Kind != otlp.Span_SPAN_KIND_SERVER || hexOf(root.TraceId) != callersTrace || hexOf(root.ParentSpanId) != "00f067aa0ba902b7" || at["launchready.request.id"] == "" {
			t.Errorf("%s: the span of the exchange: %v", x.name, root)
		}
		if want := x.method + " /v1/{what}"; x.call != nil && root.Name != want || x.call == nil && root.Name != "_OTHER" {
			t.Errorf("%s: it is called %q", x.name, root.Name)
		}
		if x.call == nil {
			continue
		}
		call := spans[len(spans)-2]
		at = attributes(call)
		for k, want := range x.call {
			if at[k] != want {
				t.Errorf("%s: of the call %s is %q, want %q", x.name, k, at[k], want)
			}
		}
		if call.Kind != otlp.Span_SPAN_KIND_CLIENT || hexOf(call.ParentSpanId) != hexOf(root.SpanId) || hexOf(call.TraceId) != callersTrace {
			t.Errorf("%s: the span of the call: %v", x.name, call)
		}
		if want := "00-" + callersTrace + "-" + hexOf(call.SpanId) + "-01|vendor=1"; seen != want {
			t.Errorf("%s: the application was told %s, want %s", x.name, seen, want)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if got := strings.Join(c.services, " "); !strings.Contains(got, "service.name=launchready-guard") || !strings.Contains(got, "service.version=1.2.3") || c.tokens[0] != "Bearer for-the-collector" {
		t.Errorf("of %s, by %s", got, c.tokens)
	}
	for _, bad := range []string{"secret", "SECRET", "for-the-collector"} {
		if strings.Contains(c.raw.String(), bad) {
			t.Errorf("a span holds %s", bad)
		}
	}
	if s.traces.Ended() != 10 || s.traces.Sent() != 10 {
		t.Errorf("%d spans, %d sent", s.traces.Ended(), s.traces.Sent())
	}
}

// locked is a log that is read while it may be written.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var out strings.Builder
	for _, c := range b {
		out.WriteByte(digits[c>>4])
		out.WriteByte(digits[c&15])
	}
	return out.String()
}

// TestSampled: guard decides, and believes a trusted proxy; who comes after is told.
// A header that can be read in two ways is none.
func TestSampled(t *testing.T) {
	proxy := netip.MustParsePrefix("127.0.0.0/8")
	for name, x := range map[string]struct {
		sample  float64
		trusted []netip.Prefix
		parent  []string
		traced  bool
		trace   string // that the application is told; "": another
	}{
		"nobody's, all":                  {1, nil, nil, true, ""},
		"nobody's, none":                 {0, nil, nil, false, ""},
		"a stranger wants it":            {0, nil, []string{callersParent + "1"}, false, callersTrace},
		"a stranger does not":            {1, nil, []string{callersParent + "0"}, true, callersTrace},
		"a proxy wants it":               {0, []netip.Prefix{proxy}, []string{callersParent + "1"}, true, callersTrace},
		"a proxy does not":               {1, []netip.Prefix{proxy}, []string{callersParent + "0"}, false, callersTrace},
		"a proxy says nothing":           {1, []netip.Prefix{proxy}, nil, true, ""},
		"a proxy says it in two ways":    {0, []netip.Prefix{proxy}, []string{callersParent + "1", callersParent + "1"}, false, ""},
		"no trace":                       {0, []netip.Prefix{proxy}, []string{"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01"}, false, ""},
		"no header of the specification": {0, []netip.Prefix{proxy}, []string{"secret"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newReceiver(t)
			s := newStand(t, record.TraceOptions{Endpoint: c.URL + "/v1/traces", Sample: x.sample}, x.trusted...)
			_, seen := s.ask("GET", "/v1/a", http.Header{"Traceparent": x.parent, "Tracestate": {"vendor=1"}})
			if err := s.traces.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := len(c.take()); (n > 0) != x.traced {
				t.Errorf("%d spans", n)
			}
			parent, state, _ := strings.Cut(seen, "|")
			part := strings.Split(parent, "-")
			flag := map[bool]string{true: "01", false: "00"}[x.traced]
			if len(part) != 4 || len(part[1]) != 32 || len(part[2]) != 16 || part[3] != flag || (part[1] == callersTrace) != (x.trace != "") || (state == "vendor=1") != (x.trace != "") {
				t.Errorf("the application was told %s", seen)
			}
		})
	}
}

// TestCollector: one that refuses, is not there or never answers costs no request
// anything, and what it did not take is counted.
func TestCollector(t *testing.T) {
	hang := make(chan struct{})
	stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the token went elsewhere") }))
	leads := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	for _, c := range []*httptest.Server{refuses, elsewhere, leads} {
		defer c.Close()
	}
	defer stuck.Close()
	defer close(hang)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // nobody is there any more
	for name, at := range map[string]string{"refuses": refuses.URL, "is not there": "http://" + l.Addr().String(), "never answers": stuck.URL, "leads elsewhere": leads.URL} {
		t.Run(name, func(t *testing.T) {
			var text locked
			s := newStand(t, record.TraceOptions{Endpoint: at + "/v1/traces", Sample: 1, Headers: map[string]lr.Secret{"Authorization": lr.NewSecret("Bearer for-the-collector")}, Log: slog.New(slog.NewTextHandler(&text, nil))})
			for range 20 {
				if status, _ := s.ask("GET", "/v1/a", nil); status != 200 {
					t.Fatalf("a request fails: %d", status)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			for range 2 {
				_ = s.traces.Flush(ctx) // ends, whatever the collector does
			}
			if s.traces.Ended() != 40 || s.traces.Sent() != 0 {
				t.Errorf("%d spans, %d taken", s.traces.Ended(), s.traces.Sent())
			}
			_ = s.traces.Close(ctx)
			if name != "never answers" && strings.Count(text.String(), "traces are lost") != 1 || strings.Contains(text.String(), "for-the-collector") {
				t.Errorf("told as %q", text.String())
			}
		})
	}
	t.Run("floods", func(t *testing.T) {
		traces, err := record.NewTraces(record.TraceOptions{Endpoint: stuck.URL, Sample: 1})
		if err != nil {
			t.Fatal(err)
		}
		for range 10_000 { // far more than are held; none waits
			x := exchange("/v1/chats/7", "ann")
			x.Request = x.Request.WithContext(traces.Start(t.Context(), x.Request, false))
			traces.End(x, guard.Outcome{Status: 200})
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := traces.Close(ctx); traces.Ended() != 10_000 {
			t.Errorf("%d spans, %v", traces.Ended(), err)
		}
	})
}

// TestNoTraces: without a section of the policy nothing is wrapped.
func TestNoTraces(t *testing.T) {
	var none *record.Traces
	base := guard.Transport(0, 0)
	if none.Wrap(base) != http.RoundTripper(base) {
		t.Error("a transport is wrapped for nothing")
	}
	if _, err := record.NewTraces(record.TraceOptions{Endpoint: "http://127.0.0.1:1/v1/traces"}); err != nil {
		t.Errorf("a collector that is not there keeps guard from starting: %v", err)
	}
}

func BenchmarkTraces(b *testing.B) {
	for name, sample := range map[string]float64{"sampled": 1, "not": 0} {
		b.Run(name, func(b *testing.B) {
			traces, err := record.NewTraces(record.TraceOptions{Endpoint: "http://127.0.0.1:1/v1/traces", Sample: sample})
			if err != nil {
				b.Fatal(err)
			}
			x := exchange("/v1/chats/7", "ann")
			plain := x.Request
			b.ReportAllocs()
			for b.Loop() {
				x.Request = plain.WithContext(traces.Start(b.Context(), plain, false))
				traces.End(x, guard.Outcome{Status: 200})
			}
		})
	}
}

// TestModelTraces: what asks the model is a span in the application's trace, and the
// provider, who is somebody else, is not told of it. A path that is none has no name.
func TestModelTraces(t *testing.T) {
	c := newReceiver(t)
	traces, err := record.NewTraces(record.TraceOptions{Endpoint: c.URL + "/v1/traces", Sample: 0}) // the application says it
	if err != nil {
		t.Fatal(err)
	}
	defer traces.Close(t.Context()) //nolint:errcheck // nothing is held
	told := make(chan http.Header, 1)
	provider := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.Header }))
	defer provider.Close()
	base := guard.Transport(0, 0)
	defer base.CloseIdleConnections()
	h := traces.Model(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := map[string]int{"/v1/secret": http.StatusNotFound, "/v1/secret-off": http.StatusServiceUnavailable}[r.URL.Path]; status != 0 {
			w.WriteHeader(status)
			return
		}
		out, err := http.NewRequestWithContext(r.Context(), http.MethodPost, provider.URL+r.URL.Path, strings.NewReader("secret-body"))
		if err != nil {
			t.Error(err)
			return
		}
		res, err := traces.Wrap(base).RoundTrip(out)
		if err != nil {
			t.Error(err)
			return
		}
		_ = res.Body.Close()
		_, _ = io.WriteString(w, "fine")
		_ = http.NewResponseController(w).Flush()
	}))
	for path, want := range map[string]string{"/v1/messages": "POST,POST /v1/messages", "/v1/secret": "POST", "/v1/secret-off": "POST"} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("secret-body"))
		r.Header.Set("Traceparent", callersParent+"1")
		h.ServeHTTP(httptest.NewRecorder(), r)
		if err := traces.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, s := range c.take() {
			names = append(names, s.Name)
			if hexOf(s.TraceId) != callersTrace {
				t.Errorf("%s: in another trace: %v", path, s)
			}
		}
		if got := strings.Join(names, ","); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	if h := <-told; h.Get("Traceparent") != "" {
		t.Errorf("the provider is told %v", h)
	}
	if none := (*record.Traces)(nil); none.Model(h) == nil {
		t.Error("without traces there is no handler")
	}
	if strings.Contains(c.raw.String(), "secret") {
		t.Error("a span holds what came with a request")
	}
}
