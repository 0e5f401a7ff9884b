package policy

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/input"
	"github.com/launchready/launchready/redact"
)

// rehearsed sends what broke the application, as the finding's evidence has it, through
// the description, and reports that nothing of it would be let through. What was masked
// or cut is not what was sent, and proves nothing.
func (d *drafter) rehearsed(f *found) bool {
	if d.compiled == nil || len(f.ops) == 0 || len(f.Subjects) > 0 {
		return false
	}
	broke := 0
	for i := range f.Evidence {
		e := &f.Evidence[i]
		if e.Kind != "exchange" || e.Status < 500 {
			continue
		}
		broke++
		if r, ok := asSent(e); !ok || !d.refuses(r) {
			return false
		}
	}
	return broke > 0
}

// asSent is the request of an exchange.
func asSent(e *lr.EvidenceItem) (*http.Request, bool) {
	head, body, _ := strings.Cut(e.Request, "\n\n")
	lines := strings.Split(head, "\n")
	method, rest, _ := strings.Cut(lines[0], " ")
	target, _, ok := strings.Cut(rest, " HTTP/")
	u, err := url.ParseRequestURI(target)
	if !ok || err != nil || strings.Contains(lines[0]+body, "…") || redact.Masked(lines[0]+body) {
		return nil, false
	}
	r := &http.Request{Method: method, URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Host: "app", RemoteAddr: "127.0.0.1:1",
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	if body == "" {
		r.Body = http.NoBody
	}
	for _, l := range lines[1:] {
		if name, v, ok := strings.Cut(l, ": "); ok && strings.EqualFold(name, "Content-Type") {
			r.Header.Add(name, v)
		}
	}
	return r, true
}

// refuses asks the description alone, as the draft has it.
func (d *drafter) refuses(r *http.Request) bool {
	p, err := guard.New(guard.Options{Upstream: &url.URL{Scheme: "http", Host: "app"}, Routes: []*guard.Route{{Pattern: "/**"}, {Pattern: "/"}},
		Checks: []guard.Check{input.Check{Spec: d.compiled, Depth: 32}}, Dial: passed{}})
	if err != nil {
		return false
	}
	w := &answered{header: http.Header{}}
	p.ServeHTTP(w, r)
	return w.status >= 400
}

// passed is an application that takes everything.
type passed struct{}

func (passed) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// answered remembers how a request was answered.
type answered struct {
	header http.Header
	status int
}

func (a *answered) Header() http.Header         { return a.header }
func (a *answered) Write(b []byte) (int, error) { return len(b), nil }
func (a *answered) WriteHeader(status int)      { a.status = status }
