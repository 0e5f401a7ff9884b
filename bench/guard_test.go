package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/launchready/launchready/guard/policy"
)

// TestStaged: each stage's policy is one that guard takes, holds what the stages before
// hold, and differs from the one before.
func TestStaged(t *testing.T) {
	text, chat, err := policies()
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"UPSTREAM": "http://127.0.0.1:1", "JWKS": "http://127.0.0.1:2/keys", "KEY_HASH": keyHash()}
	at := []string{"auth:", "tenant:", "limits:", "assertion:", "body: [", "openapi:", "ownership:", "cors:", "queue:", "access_log: all"}
	if len(at) != len(guardStages) {
		t.Fatal("a stage has no mark")
	}
	before := ""
	for n := range len(guardStages) + 1 {
		got := filled(staged(text, n), env)
		if _, err := policy.Parse("guard.yaml", []byte(got)); err != nil {
			t.Errorf("%d stages: %v", n, err)
		}
		for i, mark := range at {
			if strings.Contains(got, "\n"+mark) || strings.Contains(got, mark) && i > 2 {
				if i >= n {
					t.Errorf("%d stages, and there is %s:\n%s", n, mark, got)
				}
			} else if i < n {
				t.Errorf("%d stages, and there is no %s:\n%s", n, mark, got)
			}
		}
		if got == before || strings.Contains(got, "#") {
			t.Errorf("%d stages: as the one before, or with marks:\n%s", n, got)
		}
		before = got
	}
	if _, err := policy.Parse("chat.yaml", []byte(filled(chat, env))); err != nil {
		t.Error(err)
	}
}

// TestWire: an answer is read to its end and no further, however its length is told.
func TestWire(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		status int
		body   string
		bad    bool
	}{
		"a length":       {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 200, "hello", false},
		"nothing":        {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, "", false},
		"chunks":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 200, "hello", false},
		"no length":      {"HTTP/1.1 200 OK\r\n\r\nhello", 200, "", true},
		"another length": {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 200, "", true},
		"half":           {"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", 200, "hello", true},
		"half a chunk":   {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhel", 200, "hel", true},
		"no size":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 200, "", true},
		"no HTTP":        {"hello\r\n\r\n", 0, "", true},
	} {
		there, here := net.Pipe()
		go func() {
			_, _ = io.ReadFull(there, make([]byte, 1))
			_, _ = io.WriteString(there, c.answer+"rest")
			if c.bad {
				_ = there.Close()
			}
		}()
		w := &wire{conn: here, in: bufio.NewReader(&eager{here, c.bad, len(c.answer)})}
		var body bytes.Buffer
		r, err := w.ask([]byte("?"), &body)
		if (err != nil) != c.bad || r.status != c.status || !c.bad && body.String() != c.body || !c.bad && r.first.IsZero() != (c.body == "") {
			t.Errorf("%s: %+v %q %v", name, r, body.String(), err)
		}
		_, _ = there.Close(), here.Close()
	}
}

// eager gives what was answered, and what follows only to who reads on after an error.
type eager struct {
	io.Reader
	bad  bool
	left int
}

func (e *eager) Read(p []byte) (int, error) {
	if e.left == 0 && e.bad {
		return 0, io.EOF
	}
	n, err := e.Reader.Read(p[:min(len(p), max(e.left, 1))])
	e.left -= min(n, e.left)
	return n, err
}

func stood(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// TestPaced: a stall is told by all whose turn came meanwhile, and not by the one that
// was asked (coordinated omission).
func TestPaced(t *testing.T) {
	var n atomic.Int64
	const (
		stall = 50 * time.Millisecond // of one answer, on the only connection
		rate  = 200
		at    = 9
	)
	address := stood(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == at+1 {
			select {
			case <-time.After(stall):
			case <-r.Context().Done():
			}
		}
		_, _ = io.WriteString(w, "x")
	}))
	lines, err := connect(t.Context(), address, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.close()
	took, err := lines.paced(t.Context(), question("/v1/notes", "", false), rate, 100*time.Millisecond)
	if err != nil || len(took) != 20 || n.Load() != 20 {
		t.Fatalf("%d of %d: %v", len(took), n.Load(), err)
	}
	for i := at; i < len(took); i++ { // nothing was answered before the stall was over, however loaded the machine
		least := float64(stall)/float64(time.Millisecond) - float64(i-at)*1000/rate
		if took[i] < least {
			t.Errorf("the %dth took %.1f ms from when it was due, and could not have taken less than %.1f", i, took[i], least)
		}
	}
}

// TestClosed: what is refused is no answer, and a connection that breaks is counted.
func TestClosed(t *testing.T) {
	var n atomic.Int64
	address := stood(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-No") != "" {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		if n.Add(1)%10 == 0 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "x")
	}))
	lines, err := connect(t.Context(), address, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer lines.close()
	got, err := lines.closed(t.Context(), question("/v1/notes", "", false), 50*time.Millisecond)
	if err != nil || got == 0 || int64(got+lines.broken()) != n.Load() || n.Load() >= 10 && lines.broken() == 0 {
		t.Errorf("%d answers, %d broken, of %d: %v", got, lines.broken(), n.Load(), err)
	}
	if _, err := lines.closed(t.Context(), question("/v1/notes", "X-No: 1\r\n", false), 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "429") {
		t.Errorf("refused: %v", err)
	}
}

// TestParts: the bare proxy changes nothing, breaks nothing off, and passes a stream on
// as it comes; and who holds streams says that they are open, and that one ended.
func TestParts(t *testing.T) {
	up := stood(t, behind())
	u, err := url.Parse("http://" + up)
	if err != nil {
		t.Fatal(err)
	}
	bare := stood(t, bareProxy(u))
	f := &field{s: &settings{out: io.Discard}}
	for _, path := range []string{"/v1/notes", "/v1/chat/completions", "/v1/none"} {
		err := (&subject{name: "bare", address: bare}).over(t.Context(), 1, func(lines callers) error { return right(lines[0], question(path, "", false)) })
		if refused := path == "/v1/none"; refused != (err != nil) || refused && !strings.Contains(err.Error(), "bare: it answers 404") {
			t.Errorf("%s: %v", path, err)
		}
	}
	all := []*subject{{name: "direct", address: up}, {name: "bare", address: bare}, {name: "none", peer: true, address: stood(t, http.NotFoundHandler())}}
	got, err := f.streamers(t.Context(), all, "/v1/chat/completions")
	if err != nil || len(got) != 2 {
		t.Errorf("%d pass a stream on: %v", len(got), err)
	}
	all[2].peer = false
	if _, err := f.streamers(t.Context(), all, "/v1/chat/completions"); err == nil {
		t.Error("guard that passes no stream on is no error")
	}
	ctx, stop := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- hold(ctx, out, bare, question("/v1/streams", "", true), 20); _ = out.Close() }()
	said, err := bufio.NewReader(in).ReadString('\n')
	if err != nil || said != "open 20\n" {
		t.Errorf("%q, %v", said, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	var told bytes.Buffer
	if err := hold(t.Context(), &told, bare, question("/v1/chat/completions", "", true), 2); err == nil || !strings.Contains(told.String(), "ended") {
		t.Errorf("streams that end: %v, %q", err, told.String())
	}
}

// TestTree: what a process started counts with it.
func TestTree(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no proc_pid_stat(5) here")
	}
	c := exec.CommandContext(t.Context(), "sleep", "60")
	if err := c.Start(); err != nil {
		t.Skip(err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	if all := tree(os.Getpid()); !slices.Contains(all, os.Getpid()) || !slices.Contains(all, c.Process.Pid) {
		t.Errorf("%v lacks %d or %d", all, os.Getpid(), c.Process.Pid)
	}
	if m := memoryOf(os.Getpid()); m.all < m.own || m.own <= 0 || m.file < 0 {
		t.Errorf("%+v", m)
	}
}

func TestTurned(t *testing.T) {
	all := []*subject{{name: "a"}, {name: "b"}, {name: "c"}}
	first := map[string]int{}
	for round := range 6 {
		got := turned(all, round)
		if len(got) != 3 || len(slices.Compact(slices.Sorted(slices.Values([]string{got[0].name, got[1].name, got[2].name})))) != 3 {
			t.Fatalf("round %d: %v", round, got)
		}
		first[got[0].name]++
	}
	if len(first) < 2 {
		t.Errorf("one is always first: %v", first)
	}
	c := &contention{cpu: map[string][]float64{"a": {10, 20}, "b": {20, 30}}}
	if got := fmt.Sprint(c.times("b", "a")); got != "[2 1.5]" {
		t.Error(got)
	}
}
