package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// meter is a reverse proxy on loopback that counts what a tool sends to its
// target. Everything goes through as it came: the tool must not notice.
type meter struct {
	URL string

	target *url.URL
	routes []string // "GET /v1/chats/{chat_id}", of the description
	server *http.Server

	mu    sync.Mutex
	sent  int
	asked map[string]int  // by method and template of the path
	made  map[string]bool // keys in the replies that told of something new
	hurt  map[string]int  // accepted changes of what the tool did not make, likewise
}

// tally is what the meter counted.
type tally struct {
	requests, operations int
	changed, deleted     int // accepted changes, and deletions among them, of what the tool did not make
	hurt                 map[string]int
}

// newMeter stands in front of the target. The routes of its description tell
// which part of a path is a key.
func newMeter(target string, routes []string) (*meter, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("address of the target: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the meter: %w", err)
	}
	m := &meter{URL: "http://" + l.Addr().String(), target: u, routes: routes,
		asked: map[string]int{}, made: map[string]bool{}, hurt: map[string]int{}}
	proxy := &httputil.ReverseProxy{Rewrite: m.rewrite, ModifyResponse: m.note, FlushInterval: -1,
		ErrorLog:     log.New(io.Discard, "", 0), // a tool that hangs up is no news
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }}
	m.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.count(r)
		if err := settle(r); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		proxy.ServeHTTP(w, r)
	}), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 20} // what is too long is the target's to refuse
	go m.server.Serve(l) //nolint:errcheck // it ends when it is closed
	return m, nil
}

// mostSent is more than the demo takes in a body.
const mostSent = 16 << 20

// settle reads a body to its end before it goes on. Else the server would close it
// once the reply begins, and the proxy the connection on which that comes.
func settle(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody || r.Header.Get("Upgrade") != "" {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, mostSent+1))
	if err != nil {
		return err
	}
	if len(b) > mostSent {
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(b), r.Body))
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	if r.ContentLength >= 0 {
		r.ContentLength = int64(len(b))
	}
	return nil
}

func (m *meter) close() error { return m.server.Close() }

// rewrite sends the request on with path and query byte for byte.
func (m *meter) rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme, p.Out.URL.Host = m.target.Scheme, m.target.Host
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	p.Out.Host = m.target.Host
}

func (m *meter) count(r *http.Request) {
	op, _ := m.operation(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent++
	m.asked[op]++
}

// mostNoted bounds how much of a reply is looked at.
const mostNoted = 1 << 20

// note learns the keys of what the tool makes, and sees changes of other things.
func (m *meter) note(res *http.Response) error {
	r := res.Request
	if r.URL.Path == "/openapi.json" && res.StatusCode == http.StatusOK {
		return m.redirected(res)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 || slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, r.Method) {
		return nil
	}
	if res.StatusCode == http.StatusCreated || res.StatusCode == http.StatusAccepted {
		b, err := peek(res)
		if err != nil {
			return err
		}
		m.learn(res.Header.Get("Location"), b)
	}
	op, keys := m.operation(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.ContainsFunc(keys, func(k string) bool { return !m.made[k] }) {
		m.hurt[op]++
	}
	return nil
}

// peek reads the start of a body and puts it back.
func peek(res *http.Response) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(res.Body, mostNoted))
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b), res.Body), res.Body}
	return b, nil
}

// redirected makes the description name the meter, not what stands behind it.
func (m *meter) redirected(res *http.Response) error {
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	b = bytes.ReplaceAll(b, []byte(m.target.String()), []byte(m.URL))
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	res.Header.Set("Content-Length", fmt.Sprint(len(b)))
	return nil
}

// learn takes every value of the reply for a key of what was made. It is
// generous: a tool is not to be blamed for an object of its own.
func (m *meter) learn(location string, body []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for part := range strings.SplitSeq(location, "/") {
		m.made[part] = true
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	for {
		t, err := d.Token()
		if err != nil {
			return
		}
		switch v := t.(type) {
		case string:
			m.made[v] = true
		case json.Number:
			m.made[v.String()] = true
		}
	}
}

// operation is the method with the template that the path fits, and the keys in
// the path. Of several templates the one with the fewest keys is meant.
func (m *meter) operation(r *http.Request) (string, []string) {
	return operationOf(m.routes, r.Method, r.URL.Path)
}

func operationOf(routes []string, method, path string) (string, []string) {
	best, found := method+" "+path, false
	var keys []string
	for _, route := range routes {
		of, template, _ := strings.Cut(route, " ")
		if of != method {
			continue
		}
		if k, ok := fitted(template, path); ok && (!found || len(k) < len(keys)) {
			best, keys, found = route, k, true
		}
	}
	return best, keys
}

// fitted says whether a path is of a template, and the values of its parameters.
func fitted(template, path string) ([]string, bool) {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	var keys []string
	for i, w := range want {
		open, end := strings.IndexByte(w, '{'), strings.IndexByte(w, '}')
		switch {
		case open < 0 || end < open:
			if w != have[i] {
				return nil, false
			}
		default:
			before, after := w[:open], w[end+1:]
			if len(have[i]) <= len(before)+len(after) || !strings.HasPrefix(have[i], before) || !strings.HasSuffix(have[i], after) {
				return nil, false
			}
			keys = append(keys, have[i][len(before):len(have[i])-len(after)])
		}
	}
	return keys, true
}

// read is what was counted so far.
func (m *meter) read() tally {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := tally{requests: m.sent, operations: len(m.asked), hurt: map[string]int{}}
	for op, n := range m.hurt {
		t.hurt[op] = n
		t.changed += n
		if strings.HasPrefix(op, http.MethodDelete+" ") {
			t.deleted += n
		}
	}
	return t
}
