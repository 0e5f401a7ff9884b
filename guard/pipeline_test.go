package guard_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"github.com/launchready/launchready/guard"
)

func pipeline(t testing.TB, upstream string, o guard.Options) *guard.Pipeline {
	t.Helper()
	u, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	o.Upstream = u
	if o.Routes == nil {
		o.Routes = []*guard.Route{{Pattern: "/**", Public: true}}
	}
	p, err := guard.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"/":            "/",
		"/a/b":         "/a/b",
		"/a/b/":        "/a/b/",
		"/%61":         "/a",
		"/a%20b":       "/a b",
		"/%C3%A9":      "/é",
		"/a.b":         "/a.b",
		"/.git/config": "/.git/config",
		"/a//b":        "",
		"/a/./b":       "",
		"/a/../b":      "",
		"/a%2fb":       "",
		"/a/%2e%2e/b":  "",
		"/a;x=1/b":     "",
		"/a%3bx":       "",
		"/a%5cb":       "",
		"/a%00":        "",
		"/a%252fb":     "",
		"/a%ff":        "",
		"/a./b":        "",
		"/a%20":        "",
	} {
		u, err := url.ParseRequestURI(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := guard.Canonical(u); got != want || ok != (want != "") {
			t.Errorf("%s: %q %t, want %q", in, got, ok, want)
		}
	}
}

// FuzzCanonical: what has a canonical path is the same when it is spelt that way.
func FuzzCanonical(f *testing.F) {
	f.Add("/a/%61?x=1")
	f.Fuzz(func(t *testing.T, in string) {
		u, err := url.ParseRequestURI(in)
		if err != nil {
			return
		}
		p, ok := guard.Canonical(u)
		if !ok {
			return
		}
		again, ok := guard.Canonical(&url.URL{Path: p})
		if !ok || again != p || strings.Contains(p, "//") || strings.Contains(p, "/../") || strings.ContainsAny(p, ";\\%\x00") {
			t.Errorf("%q: %q, then %q %t", in, p, again, ok)
		}
	})
}

func FuzzStrict(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}]}`))
	f.Fuzz(func(_ *testing.T, b []byte) { _ = guard.Strict(b, 8, func(string, any) {}) })
}

func TestTable(t *testing.T) {
	routes := []*guard.Route{
		{Pattern: "/**", Public: true}, {Pattern: "/a/{id}"}, {Pattern: "/a/list", Methods: []string{"GET"}}, {Pattern: "/a/list/deep"},
	}
	table, err := guard.NewTable(routes)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"GET /a/list": "/a/list", "HEAD /a/list": "/a/list", "POST /a/list": "", "GET /A/list": "", "GET /a/LIST": "",
		"GET /a/7": "/a/{id}", "GET /a/7/": "", "GET /a/list/": "", "GET /b": "/**", "GET /a/7/x": "/**", "GET /a/list/deep": "/a/list/deep",
	} {
		method, path, _ := strings.Cut(in, " ")
		got := ""
		if r, _ := table.Find(method, path); r != nil {
			got = r.Pattern
		}
		if got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	for _, bad := range []string{"a", "/a/**/b", "/a//b", "/a*", "/{a", "/%61", "/a/{id}/b/{id}", "/{a}/{a}/**"} {
		if _, err := guard.NewTable([]*guard.Route{{Pattern: bad}}); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// TestMethods: a method in another case than methods have, which some frameworks take as
// the one it looks like, and those that are a proxy's are asked of no application.
func TestMethods(t *testing.T) {
	asked := ""
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = r.Method }))
	defer app.Close()
	p := pipeline(t, app.URL, guard.Options{})
	for method, want := range map[string]int{
		"GET": 200, "DELETE": 200, "PROPFIND": 200, "VERSION-CONTROL": 200,
		"get": 400, "Delete": 400, "delete": 400, "POSt": 400, "propfind": 400, "TRACE": 400, "trace": 400, "TRACK": 400, "CONNECT": 400,
	} {
		asked = ""
		r := httptest.NewRequest("GET", "/a", http.NoBody)
		r.Method = method
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != want || (asked != "") != (want == 200) {
			t.Errorf("%s: %d, want %d; the application was asked %q", method, w.Code, want, asked)
		}
	}
}

// TestBlankInQuery: what would end a request line in the middle of the target is not
// written into one.
func TestBlankInQuery(t *testing.T) {
	app := &counted{}
	p := pipeline(t, "http://app.test", guard.Options{Dial: app})
	for query, want := range map[string]int{"a=b": 200, "a=b+c": 200, "a=b%20c": 200, "a=b HTTP/1.0": 400, " ": 400} {
		app.n = 0
		r := httptest.NewRequest("GET", "/a", http.NoBody)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != want || (app.n == 1) != (want == 200) {
			t.Errorf("%q: %d, want %d; asked %d times", query, w.Code, want, app.n)
		}
	}
}

type counted struct{ n int }

func (a *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	a.n++
	return nothing{}.RoundTrip(r)
}

// TestHeadOfItsOwn: a route that names HEAD decides about it, wherever it stands, and
// not the one of GET.
func TestHeadOfItsOwn(t *testing.T) {
	get, head := &guard.Route{Pattern: "/a", Methods: []string{"GET"}, Public: true}, &guard.Route{Pattern: "/a", Methods: []string{"HEAD"}, Roles: []string{"admin"}}
	for _, routes := range [][]*guard.Route{{get, head}, {head, get}} {
		table, err := guard.NewTable(routes)
		if err != nil {
			t.Fatal(err)
		}
		if r, _ := table.Find("HEAD", "/a"); r != head {
			t.Errorf("HEAD is decided by %+v", r)
		}
		if r, _ := table.Find("GET", "/a"); r != get {
			t.Errorf("GET is decided by %+v", r)
		}
	}
}

// TestExtension: an extension, by which some frameworks choose the form of an answer, is no
// way past a more literal route; a route that has it is served.
func TestExtension(t *testing.T) {
	table, err := guard.NewTable([]*guard.Route{
		{Pattern: "/**", Public: true}, {Pattern: "/admin/users", Roles: []string{"admin"}}, {Pattern: "/a/{id}"}, {Pattern: "/a/list"}, {Pattern: "/docs"}, {Pattern: "/docs.json"}, {Pattern: "/.git/**", Blocked: true}, {Pattern: "/b/{id}/c"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"/admin/users.json": "", "/admin/Users.JSON": "", "/admin/users.x": "", "/docs.xml": "", "/docs.json": "/docs.json", "/a/list.json": "", "/b/7/c.json": "",
		"/a/7.json": "/a/{id}", "/app.js": "/**", "/admin/users.json/x": "/**", "/.env": "/**", "/admin.json": "/**",
	} {
		got := ""
		if r, _ := table.Find("GET", in); r != nil {
			got = r.Pattern
		}
		if got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// TestEitherSlash: a route may have both spellings, under its own policy, and takes
// none from a route that is as literal.
func TestEitherSlash(t *testing.T) {
	table, err := guard.NewTable([]*guard.Route{
		{Pattern: "/user/", Methods: []string{"GET"}, Slash: true}, {Pattern: "/user/", Methods: []string{"PUT"}}, {Pattern: "/a/{id}", Slash: true}, {Pattern: "/a/list", Methods: []string{"GET"}},
		{Pattern: "/a/all/", Methods: []string{"GET"}}, {Pattern: "/**", Public: true}, {Pattern: "/b/{id}", Slash: true}, {Pattern: "/b/**", Methods: []string{"GET"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"GET /user/": "/user/", "GET /user": "/user/", "HEAD /user": "/user/", "PUT /user/": "/user/", "PUT /user": "", "GET /USER": "", "POST /user": "",
		"GET /a/7": "/a/{id}", "GET /a/7/": "/a/{id}", "PUT /a/7/": "/a/{id}", "GET /a/list": "/a/list", "GET /a/list/": "", "PUT /a/list/": "",
		"GET /a/all/": "/a/all/", "PUT /a/all/": "", "GET /a/all": "", "GET /a/": "/**", "GET /": "/**", "PUT /b/7/": "/b/{id}", "GET /b/7/": "/b/{id}", "GET /b/7/8": "/b/**",
	} {
		method, path, _ := strings.Cut(in, " ")
		got := ""
		r, params := table.Find(method, path)
		if r != nil {
			got = r.Pattern
		}
		if got != want || strings.HasSuffix(got, "{id}") && params["id"] != "7" {
			t.Errorf("%s: %q %q, want %q", in, got, params, want)
		}
	}
	for _, bad := range [][]*guard.Route{
		{{Pattern: "/", Slash: true}}, {{Pattern: "/a/**", Slash: true}}, {{Pattern: "/a", Slash: true}, {Pattern: "/a/"}}, {{Pattern: "/a/"}, {Pattern: "/A", Slash: true}},
		{{Pattern: "/a/{id}", Slash: true}, {Pattern: "/a/{name}/", Methods: []string{"GET"}}},
	} {
		if _, err := guard.NewTable(bad); err == nil {
			t.Errorf("%+v is accepted", bad[0])
		}
	}
}

// TestStream: an event arrives while the answer is still open, so nothing held it.
func TestStream(t *testing.T) {
	next := make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: one\n\n")
		_ = http.NewResponseController(w).Flush()
		<-next
		_, _ = io.WriteString(w, "data: two\n\n")
	}))
	defer app.Close()
	front := httptest.NewServer(pipeline(t, app.URL, guard.Options{}))
	defer front.Close()
	res, err := http.Get(front.URL + "/s")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	if line, err := r.ReadString('\n'); err != nil || line != "data: one\n" {
		t.Fatalf("%q %v", line, err)
	}
	close(next)
	if rest, err := io.ReadAll(r); err != nil || string(rest) != "\ndata: two\n\n" {
		t.Errorf("%q %v", rest, err)
	}
}

func TestWebSocket(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		kind, b, err := c.Read(r.Context())
		if err == nil {
			_ = c.Write(r.Context(), kind, b)
		}
	}))
	defer app.Close()
	front := httptest.NewServer(pipeline(t, app.URL, guard.Options{}))
	defer front.Close()
	c, _, err := websocket.Dial(t.Context(), front.URL+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, b, err := c.Read(t.Context()); err != nil || string(b) != "hello" {
		t.Errorf("%q %v", b, err)
	}
}

// counting is a check that registers a finalizer and denies on demand.
type counting struct {
	ended *atomic.Int32
	needs guard.Need
	deny  bool
}

func (counting) Name() string        { return "limits" }
func (c counting) Needs() guard.Need { return c.needs }
func (counting) Gives() guard.Need   { return 0 }
func (c counting) Check(x *guard.Exchange) *guard.Denial {
	x.Finally(func(int) { c.ended.Add(1) })
	if c.deny {
		return &guard.Denial{Status: http.StatusTooManyRequests}
	}
	return nil
}

// TestFinally: once, for what is served, denied, observed, dies on the way, or
// finds no upstream.
func TestFinally(t *testing.T) {
	dies := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer dies.Close()
	fine := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer fine.Close()
	for name, c := range map[string]struct {
		upstream string
		deny     bool
		mode     guard.Mode
		want     int
	}{
		"served": {fine.URL, false, guard.Enforce, 200}, "denied": {fine.URL, true, guard.Enforce, 429}, "observed": {fine.URL, true, guard.Observe, 200},
		"dies": {dies.URL, false, guard.Enforce, 0}, "nobody": {"http://127.0.0.1:1", false, guard.Enforce, 502},
	} {
		var ended atomic.Int32
		p := pipeline(t, c.upstream, guard.Options{Checks: []guard.Check{counting{ended: &ended, deny: c.deny}}, Modes: map[string]guard.Mode{"limits": c.mode}})
		front := httptest.NewServer(p)
		res, err := http.Get(front.URL)
		got := 0 // broken off, as the upstream broke off
		if err == nil {
			got = res.StatusCode
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				got = 0
			}
			_ = res.Body.Close()
		}
		front.Close() // waits for the handler
		if got != c.want || ended.Load() != 1 {
			t.Errorf("%s: status %d, want %d; ended %d times; %v", name, got, c.want, ended.Load(), err)
		}
	}
	u, _ := url.Parse(fine.URL)
	if _, err := guard.New(guard.Options{Upstream: u, Checks: []guard.Check{counting{needs: guard.NeedClaims}}}); err == nil {
		t.Error("a check without its claims is accepted")
	}
}

// TestSwap: a request that has begun ends by the pipeline it began with.
func TestSwap(t *testing.T) {
	in, out := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(in)
		<-out
		_, _ = io.WriteString(w, "old")
	}))
	defer slow.Close()
	fresh := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "new") }))
	defer fresh.Close()
	h := &guard.Handler{}
	front := httptest.NewServer(h)
	defer front.Close()
	get := func() (int, string) {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, front.URL, nil)
		if err != nil {
			return 0, err.Error()
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, err.Error()
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(b)
	}
	if status, _ := get(); status != http.StatusServiceUnavailable {
		t.Errorf("without a pipeline: %d", status)
	}
	h.Store(pipeline(t, slow.URL, guard.Options{}))
	old := make(chan string)
	go func() { _, b := get(); old <- b }()
	<-in
	h.Store(pipeline(t, fresh.URL, guard.Options{}))
	if _, b := get(); b != "new" {
		t.Errorf("after the swap: %q", b)
	}
	close(out)
	if b := <-old; b != "old" {
		t.Errorf("begun before: %q", b)
	}
}

// canned is an upstream that costs nothing, so that only the proxy is measured.
type canned struct{}

func (canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"ok":true}`)), ContentLength: 11, Request: r}, nil
}

// BenchmarkBare is what BenchmarkPipeline is to be compared with.
func BenchmarkBare(b *testing.B) {
	u := &url.URL{Scheme: "http", Host: "app.test"}
	bench(b, &httputil.ReverseProxy{Transport: canned{}, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u); r.SetXForwarded() }})
}

// BenchmarkPipeline has no protection: routes, canonical path, headers, finalizers.
func BenchmarkPipeline(b *testing.B) {
	bench(b, pipeline(b, "http://app.test", guard.Options{Dial: canned{}}))
}

func bench(b *testing.B, h http.Handler) {
	b.Helper()
	b.ReportAllocs()
	body := `{"message":"` + strings.Repeat("a", 1000) + `"}`
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/v1/chat", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}

// telling is a check that sets a field of every answer, a tap and a recorder.
type telling struct {
	check, tap error // what they refuse with
	outcome    *guard.Outcome
}

func (telling) Name() string      { return "ownership" }
func (telling) Needs() guard.Need { return guard.NeedRoute }
func (telling) Gives() guard.Need { return 0 }
func (c telling) Check(x *guard.Exchange) *guard.Denial {
	x.Field("Ratelimit", "left")
	d, _ := c.check.(*guard.Denial) //nolint:errorlint // it is one, or nil
	return d
}
func (c telling) Tap(*guard.Exchange, *http.Response) error { return c.tap }
func (telling) Dress(_ *guard.Exchange, h http.Header)      { h.Set("Dressed", "yes") }
func (telling) Begin()                                      {}
func (c telling) End(_ *guard.Exchange, o guard.Outcome)    { *c.outcome = o }

// TestFields: a field that a check sets is on every kind of answer, once, and whoever
// refuses is told of.
func TestFields(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	missing := func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 404, Header: http.Header{"Ratelimit": {"of the application"}}, Body: http.NoBody, Request: r}, nil
	}
	none := func(*http.Request) (*http.Response, error) { return nil, &guard.Denial{Status: 410, Reason: "gone"} }
	for name, c := range map[string]struct {
		upstream   string
		check, tap error
		want       int
		denied     string
		reason     string
	}{
		"served":             {app.URL, nil, nil, 200, "", ""},
		"refused":            {app.URL, &guard.Denial{Status: 403, Reason: "no"}, nil, 403, "ownership", "ownership: no"},
		"answered instead":   {app.URL, &guard.Denial{Status: 404, Reason: "no", Answer: missing}, nil, 404, "ownership", "ownership: no"},
		"nothing to answer":  {app.URL, &guard.Denial{Status: 404, Reason: "no", Answer: none}, nil, 410, "ownership", "ownership: no"},
		"refused by a tap":   {app.URL, nil, &guard.Denial{Status: 502, Reason: "no list"}, 502, "ownership", "ownership: no list"},
		"given before":       {app.URL, &guard.Denial{Status: 201, Reason: "given", Given: true, Body: []byte("x")}, nil, 201, "ownership", "ownership: given"},
		"sent elsewhere":     {app.URL, &guard.Denial{Status: 308, Reason: "not over TLS"}, nil, 308, "", ""},
		"asked before":       {app.URL, &guard.Denial{Status: 204, Reason: "preflight"}, nil, 204, "", ""},
		"a tap that breaks":  {app.URL, nil, io.ErrUnexpectedEOF, 502, "", ""},
		"nobody is upstream": {"http://127.0.0.1:1", nil, nil, 502, "", ""},
	} {
		var o guard.Outcome
		c1 := telling{c.check, c.tap, &o}
		w := httptest.NewRecorder()
		pipeline(t, c.upstream, guard.Options{Checks: []guard.Check{c1}, Taps: []guard.Tap{c1}, Record: c1}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/a", http.NoBody))
		if got := w.Header()["Ratelimit"]; w.Code != c.want || len(got) != 1 || got[0] != "left" || len(w.Header()["X-Request-Id"]) != 1 {
			t.Errorf("%s: %d, want %d: %v", name, w.Code, c.want, w.Header())
		}
		own := w.Header().Get("Content-Type") == "application/problem+json"
		if own && w.Header().Get("Dressed") == "" || o.Denied != c.denied || o.Reason != c.reason || o.Status != c.want {
			t.Errorf("%s: recorded %+v, want %q %q: %v", name, o, c.denied, c.reason, w.Header())
		}
	}
}
