package limits_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/limits"
	"github.com/launchready/launchready/guard/state"
)

// named believes a header, as a test may.
type named struct{}

func (named) Name() string      { return "auth" }
func (named) Needs() guard.Need { return guard.NeedRoute }
func (named) Gives() guard.Need { return guard.NeedClaims }
func (named) Check(x *guard.Exchange) *guard.Denial {
	user, tenant, ok := strings.Cut(x.Request.Header.Get("Test-User"), "@")
	if !ok {
		if x.Route.Public {
			return nil
		}
		return &guard.Denial{Status: http.StatusUnauthorized}
	}
	x.Who = &guard.Principal{Subject: user, Tenant: tenant}
	return nil
}

// down is a store that is not there.
type down struct{}

func (down) Take(context.Context, string, []state.Ask) (state.Verdict, error) {
	return state.Verdict{}, errors.New("connection refused")
}
func (down) Give(context.Context, string, []state.Ask, bool) error {
	return errors.New("connection refused")
}

type stand struct {
	t    testing.TB
	pipe *guard.Pipeline
}

func newStand(t testing.TB, o limits.Options, app http.HandlerFunc, modes map[string]guard.Mode, routes ...*guard.Route) *stand {
	t.Helper()
	if o.Counters == nil {
		o.Counters = &state.Memory{}
	}
	early, late := limits.New(o)
	u := &url.URL{Scheme: "http", Host: "app.test"}
	p, err := guard.New(guard.Options{Upstream: u, Routes: routes, Checks: []guard.Check{early, named{}, late}, Modes: modes, MaxBody: 64 << 10, Dial: transport(app)})
	if err != nil {
		t.Fatal(err)
	}
	return &stand{t, p}
}

// transport is an application without a network.
type transport http.HandlerFunc

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if f != nil {
		f(w, r)
	}
	res := w.Result()
	res.Request = r
	return res, nil
}

func (s *stand) ask(path, user, from string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RemoteAddr = from + ":1"
	if strings.Contains(from, ":") {
		r.RemoteAddr = "[" + from + "]:1"
	}
	if user != "" {
		r.Header.Set("Test-User", user)
	}
	w := httptest.NewRecorder()
	s.pipe.ServeHTTP(w, r)
	return w
}

func (s *stand) expect(path, user, from string, want int) http.Header {
	s.t.Helper()
	w := s.ask(path, user, from)
	if w.Code != want {
		s.t.Errorf("%s by %s from %s: %d, want %d", path, user, from, w.Code, want)
	}
	return w.Header()
}

func TestPer(t *testing.T) {
	hour := func(name, per string, n int) limits.Limit {
		return limits.Limit{Name: name, Per: per, Requests: n, Window: time.Hour}
	}
	for name, c := range map[string]struct {
		limit limits.Limit
		asks  string // user@tenant/address/route, and a letter: y let in, n refused
	}{
		"ip":           {hour("l", "ip", 2), "a@x 1.1.1.1 /a y;b@y 1.1.1.1 /a y;a@x 1.1.1.1 /a n;a@x 1.1.1.2 /a y"},
		"ip 6":         {hour("l", "ip", 1), "a@x 2001:db8::1 /a y;a@x 2001:db8::2 /a n;a@x 2001:db8:0:1::1 /a y"},
		"user":         {hour("l", "user", 1), "a@x 1.1.1.1 /a y;a@x 1.1.1.2 /a n;b@x 1.1.1.1 /a y;a@y 1.1.1.1 /a y"},
		"organisation": {hour("l", "organisation", 2), "a@x 1.1.1.1 /a y;b@x 1.1.1.1 /a y;c@x 1.1.1.1 /a n;a@y 1.1.1.1 /a y"},
		"shared":       {hour("l", "user", 1), "a@x 1.1.1.1 /a y;a@x 1.1.1.1 /b n;a@x 1.1.1.1 /c y"},
		"class":        {hour("l", "class", 2), "a@x 1.1.1.1 /a y;b@y 1.1.1.1 /b y;c@z 1.1.1.1 /a n;c@z 1.1.1.1 /c y"},
		"global":       {hour("l", "global", 2), "a@x 1.1.1.1 /c y;b@y 1.1.1.1 /b y;c@z 1.1.1.1 /a n;c@z 1.1.1.1 /c n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, limits.Options{Limits: []limits.Limit{c.limit}}, nil, nil,
				&guard.Route{Pattern: "/a", Limits: []string{"l"}}, &guard.Route{Pattern: "/b", Limits: []string{"l"}}, &guard.Route{Pattern: "/c"})
			for _, a := range strings.Split(c.asks, ";") {
				f := strings.Fields(a)
				s.expect(f[2], f[0], f[1], map[string]int{"y": 200, "n": 429}[f[3]])
			}
		})
	}
}

// TestKilobytes: what bodies and queries hold is counted, whether a body tells its
// length or not, and what is refused is counted in nothing.
func TestKilobytes(t *testing.T) {
	for name, c := range map[string]struct {
		sizes string // bytes of each body, q of the query, ? without a length; and the answer
		left  string
	}{
		"bodies":              {"4000 200;4000 200;4000 429;1 200;2000 429;1024 200", "0"},
		"one that is empty":   {"0 200;9216 200;0 429", "0"},
		"without a length":    {"4000? 200;4000? 200;4000? 429;100? 200", "1024"},
		"a query":             {"6000q 200;6000q 429;4000q 200", "0"},
		"too much at once":    {"10241 413;10241? 413;10240 200;10241 413;1 429", "0"},
		"longer than is read": {"70000? 413;10240 200", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, limits.Options{Limits: []limits.Limit{{Name: "text", Per: "user", Kilobytes: 10, Window: time.Hour}}}, nil, nil, &guard.Route{Pattern: "/a", Limits: []string{"text"}})
			var last http.Header
			for _, a := range strings.Split(c.sizes, ";") {
				size, want, _ := strings.Cut(a, " ")
				n, err := strconv.Atoi(strings.TrimRight(size, "q?"))
				if err != nil {
					t.Fatal(err)
				}
				r := httptest.NewRequest(http.MethodPost, "/a", strings.NewReader(strings.Repeat("x", n)))
				switch {
				case strings.HasSuffix(size, "q"):
					r = httptest.NewRequest(http.MethodGet, "/a?"+strings.Repeat("x", n), nil)
				case strings.HasSuffix(size, "?"):
					r.ContentLength = -1
				}
				r.Header.Set("Test-User", "ann@x")
				w := httptest.NewRecorder()
				s.pipe.ServeHTTP(w, r)
				if strconv.Itoa(w.Code) != want {
					t.Errorf("%s: %d", a, w.Code)
				}
				last = w.Header()
			}
			if got := last.Get("RateLimit"); !strings.HasPrefix(got, `"text";r=`+c.left+";") || last.Get("RateLimit-Policy") != `"text";q=10240;qu="content-bytes";w=3600` {
				t.Errorf("%s; %s", got, last.Get("RateLimit-Policy"))
			}
		})
	}
}

// TestNone: a request that one limit refuses is counted in none of the others,
// those before the credential included; what the refused is told fits.
func TestNone(t *testing.T) {
	s := newStand(t, limits.Options{Limits: []limits.Limit{
		{Name: "ip", Per: "ip", Requests: 4, Window: time.Hour, Concurrent: 9},
		{Name: "org", Per: "organisation", Requests: 3, Window: time.Hour},
		{Name: "user", Per: "user", Requests: 1, Window: time.Hour},
	}}, nil, nil, &guard.Route{Pattern: "/a", Limits: []string{"ip", "org", "user"}})
	h := s.expect("/a", "ann@x", "1.1.1.1", 200)
	if h.Get("RateLimit") != `"user";r=0;t=3600` || h.Get("RateLimit-Policy") != `"user";q=1;w=3600` {
		t.Errorf("%v", h)
	}
	for range 5 {
		h = s.expect("/a", "ann@x", "1.1.1.1", 429)
		if h.Get("RateLimit") != `"user";r=0;t=3600` || h.Get("Retry-After") != "3600" || h.Get("RateLimit-Policy") == "" || h.Get("Content-Type") != "application/problem+json" {
			t.Fatalf("%v", h)
		}
	}
	s.expect("/a", "bob@x", "1.1.1.1", 200)
	s.expect("/a", "cid@x", "1.1.1.1", 200)
	s.expect("/a", "dan@x", "1.1.1.1", 429) // the organisation's
	s.expect("/a", "dan@y", "1.1.1.1", 200)
	s.expect("/a", "eve@y", "1.1.1.1", 429) // the address's
}

func TestFailures(t *testing.T) {
	s := newStand(t, limits.Options{Failures: limits.Limit{Requests: 2, Window: time.Hour}}, nil, nil, &guard.Route{Pattern: "/a"})
	for range 5 {
		s.expect("/a", "ann@x", "1.1.1.1", 200)
	}
	s.expect("/a", "", "1.1.1.1", 401)
	s.expect("/a", "", "1.1.1.1", 401)
	if h := s.expect("/a", "ann@x", "1.1.1.1", 429); h.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.expect("/a", "ann@x", "1.1.1.2", 200)
}

// TestDown: what cannot be counted is not let in, and is no fault of the caller.
func TestDown(t *testing.T) {
	asked := 0
	s := newStand(t, limits.Options{Counters: down{}, Limits: []limits.Limit{{Name: "g", Per: "global", Requests: 9, Window: time.Hour}}},
		func(http.ResponseWriter, *http.Request) { asked++ }, nil, &guard.Route{Pattern: "/a"})
	w := s.ask("/a", "ann@x", "1.1.1.1")
	if w.Code != 503 || asked != 0 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "refused") {
		t.Errorf("%d, asked %d, %s", w.Code, asked, w.Body)
	}
}

// TestSlots: no more at one time than there are slots, whoever is denied later,
// dies or is answered; the next waits in the queue and is served.
func TestSlots(t *testing.T) {
	in, out := make(chan struct{}, 10), make(chan struct{})
	app := func(w http.ResponseWriter, _ *http.Request) {
		in <- struct{}{}
		<-out
		_, _ = io.WriteString(w, "done")
	}
	o := limits.Options{Limits: []limits.Limit{{Name: "busy", Per: "organisation", Concurrent: 2}}}
	s := newStand(t, o, app, nil, &guard.Route{Pattern: "/a", Limits: []string{"busy"}})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { s.expect("/a", "ann@x", "1.1.1.1", 200) })
		<-in
	}
	h := s.expect("/a", "bob@x", "1.1.1.1", 429)
	if h.Get("Retry-After") != "1" {
		t.Errorf("%v", h)
	}
	close(out)
	wg.Wait()
	s.expect("/a", "bob@x", "1.1.1.1", 200)

	in, out = make(chan struct{}, 10), make(chan struct{})
	q := &limits.Queue{}
	o.Queue, o.Bounds = q, limits.Bounds{Depth: 1, Wait: time.Minute}
	s = newStand(t, o, app, nil, &guard.Route{Pattern: "/a", Limits: []string{"busy"}})
	for range 3 {
		wg.Go(func() { s.expect("/a", "ann@x", "1.1.1.1", 200) })
	}
	<-in
	<-in
	for q.Stats().Depth == 0 { // the third waits
		if len(in) > 0 {
			t.Fatal("three at one time")
		}
	}
	s.expect("/a", "ann@x", "1.1.1.1", 429)
	out <- struct{}{}
	<-in
	close(out)
	wg.Wait()
	if st := q.Stats(); st.Admitted != 1 || st.Crowded != 1 || st.Depth != 0 {
		t.Errorf("%+v", st)
	}
}

// TestObserve: in observe nobody is held up and nobody is refused.
func TestObserve(t *testing.T) {
	s := newStand(t, limits.Options{Queue: &limits.Queue{}, Bounds: limits.Bounds{Depth: 9, Wait: time.Hour},
		Limits: []limits.Limit{{Name: "g", Per: "global", Requests: 1, Window: time.Hour, Concurrent: 1}}}, nil, map[string]guard.Mode{"limits": guard.Observe}, &guard.Route{Pattern: "/a"})
	for range 3 {
		s.expect("/a", "ann@x", "1.1.1.1", 200)
	}
}

// TestExact: whatever comes at the same time, as many are let in as the limit says.
func TestExact(t *testing.T) {
	const most = 50
	s := newStand(t, limits.Options{Limits: []limits.Limit{{Name: "ip", Per: "ip", Requests: 1000, Window: time.Hour}, {Name: "org", Per: "organisation", Requests: most, Window: time.Hour}}}, nil, nil,
		&guard.Route{Pattern: "/a", Limits: []string{"ip", "org"}})
	var mu sync.Mutex
	got := map[int]int{}
	var wg sync.WaitGroup
	for i := range 4 * most {
		wg.Go(func() {
			w := s.ask("/a", fmt.Sprint(i, "@x"), "1.1.1.1")
			mu.Lock()
			got[w.Code]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if got[200] != most || got[429] != 3*most {
		t.Errorf("%v", got)
	}
}

// BenchmarkLimits is the whole stage: both checks, three limits, one of them with
// slots, and what is done at the end. nothing is the pipeline without it.
func BenchmarkLimits(b *testing.B) {
	all := []limits.Limit{{Name: "ip", Per: "ip", Requests: 1e9, Window: time.Second}, {Name: "user", Per: "user", Requests: 1e9, Window: time.Second, Concurrent: 100}, {Name: "org", Per: "organisation", Requests: 1e9, Window: time.Second}}
	for name, o := range map[string]limits.Options{"nothing": {}, "limits": {Limits: all}, "limits and failures": {Limits: all, Failures: limits.Limit{Requests: 10, Window: time.Minute}}} {
		b.Run(name, func(b *testing.B) {
			s := newStand(b, o, nil, nil, &guard.Route{Pattern: "/a", Limits: []string{"ip", "user", "org"}})
			b.ReportAllocs()
			for b.Loop() {
				if w := s.ask("/a", "ann@x", "1.1.1.1"); w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
