package retry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/retry"
)

// script answers as it is written: a status, "dial" or "broken"; the last for ever.
type script struct {
	mu     sync.Mutex
	says   []string
	asked  int
	bodies []string
	after  string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	say := s.says[min(s.asked, len(s.says)-1)]
	s.asked++
	if r.Body != nil && say != "dial" {
		b, _ := io.ReadAll(r.Body)
		s.bodies = append(s.bodies, string(b))
	}
	switch say {
	case "dial":
		return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
	case "broken":
		return nil, io.ErrUnexpectedEOF
	}
	res := &http.Response{Header: http.Header{}, Body: io.NopCloser(strings.NewReader(say)), Request: r}
	_, _ = fmt.Sscan(say, &res.StatusCode)
	if s.after != "" {
		res.Header.Set("Retry-After", s.after)
	}
	return res, nil
}

func TestRoundTrip(t *testing.T) {
	for name, c := range map[string]struct {
		method, key, body string
		stream            bool // the body cannot be read again
		says, after       string
		want              string // the status, or "error"
		asked             int
	}{
		"fine":               {"GET", "", "", false, "200", "", "200", 1},
		"busy, then fine":    {"GET", "", "", false, "503 502 200", "", "200", 3},
		"busy for ever":      {"GET", "", "", false, "503", "", "503", 3},
		"broken":             {"PUT", "", "x", false, "broken 200", "", "200", 2},
		"a write":            {"POST", "", "x", false, "503 200", "", "503", 1},
		"a write breaks":     {"POST", "", "x", false, "broken 200", "", "error", 1},
		"a write, not sent":  {"POST", "", "x", false, "dial dial 200", "", "200", 3},
		"a write with a key": {"POST", "k", "x", false, "broken 200", "", "200", 2},
		"a stream":           {"PUT", "", "x", true, "503 200", "", "503", 1},
		"not found":          {"GET", "", "", false, "404 200", "", "404", 1},
		"error of its own":   {"GET", "", "", false, "500 200", "", "500", 1},
		"come soon":          {"GET", "", "", false, "503 200", "0", "200", 2},
		"come late":          {"GET", "", "", false, "503 200", "3600", "503", 1},
		"come some day":      {"GET", "", "", false, "503 200", "Wed, 21 Oct 2026 07:28:00 GMT", "503", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{says: strings.Fields(c.says), after: c.after}
			tr := retry.New(s, &retry.Budget{}, retry.Options{Attempts: 3, Random: func() float64 { return 0 }})
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			r, err := http.NewRequestWithContext(t.Context(), c.method, "http://app.test", body)
			if err != nil {
				t.Fatal(err)
			}
			if c.key != "" {
				r.Header.Set("Idempotency-Key", c.key)
			}
			if c.stream {
				r.GetBody = nil
			}
			got := "error"
			if res, err := tr.RoundTrip(r); err == nil {
				got = fmt.Sprint(res.StatusCode)
				if b, err := io.ReadAll(res.Body); err != nil || string(b) != got {
					t.Errorf("the body is %q, %v", b, err)
				}
			}
			if got != c.want || s.asked != c.asked {
				t.Errorf("%s after %d, want %s after %d", got, s.asked, c.want, c.asked)
			}
			for _, b := range s.bodies {
				if b != c.body {
					t.Errorf("the body was %q", b)
				}
			}
		})
	}
}

// TestBudget: in an outage retries are a share of the requests, and no more.
func TestBudget(t *testing.T) {
	s := &script{says: []string{"503"}}
	tr := retry.New(s, &retry.Budget{}, retry.Options{Attempts: 5, Share: 0.1, Random: func() float64 { return 0 }})
	const n = 1000
	for range n {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://app.test", nil)
		res, err := tr.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	if more := s.asked - n; more < n/10 || more > n/10+10 {
		t.Errorf("%d retries of %d requests", more, n)
	}
}

// TestBackOff: waits grow, by chance, and end with the caller.
func TestBackOff(t *testing.T) {
	s := &script{says: []string{"503"}}
	ctx, cancel := context.WithCancel(t.Context())
	tr := retry.New(s, &retry.Budget{}, retry.Options{Attempts: 3, Base: time.Hour, Longest: time.Hour, Random: func() float64 {
		cancel() // while it is to wait
		return 0.5
	}})
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://app.test", nil)
	if _, err := tr.RoundTrip(r); !errors.Is(err, context.Canceled) || s.asked != 1 {
		t.Errorf("%v after %d", err, s.asked)
	}
}

// TestReached: who counts on nothing having been sent is not told so when an
// earlier try was.
func TestReached(t *testing.T) {
	for says, want := range map[string]bool{"dial": true, "503 dial": false} {
		s := &script{says: strings.Fields(says)}
		tr := retry.New(s, &retry.Budget{}, retry.Options{Attempts: 3, Random: func() float64 { return 0 }})
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://app.test", nil)
		_, err := tr.RoundTrip(r)
		var op *net.OpError
		if err == nil || errors.As(err, &op) != want {
			t.Errorf("%s: %v", says, err)
		}
	}
}
