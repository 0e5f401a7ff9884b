package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// written is what a program writes while somebody reads it.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// until waits for something that comes.
func until(t *testing.T, what string, there func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for !there() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("in a minute there is not: %s", what)
		}
	}
}

// TestGuardServes runs the whole of guard under load: no request is lost while its file
// changes and while it says that it ends, the stream that is under way then ends whole,
// and its spans and counts tell of it.
func TestGuardServes(t *testing.T) {
	finish := make(chan struct{})
	var spans atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/traces":
			spans.Add(1)
		case "/stream":
			_, _ = io.WriteString(w, "one,")
			_ = http.NewResponseController(w).Flush()
			<-finish
			_, _ = io.WriteString(w, "two")
		default:
			b, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, "fine %s", b)
		}
	}))
	defer app.Close()
	file := filepath.Join(t.TempDir(), "guard.yaml")
	write := func(more string) {
		t.Helper()
		text := fmt.Sprintf("version: 1\nlisten: 127.0.0.1:0\nadmin: localhost:0\nupstream: %s\ntraces: {endpoint: \"%s/v1/traces\"}\noperations: {linger: 1s, access_log: refused}\nroutes: [{path: \"/work\", public: true}, {path: \"/stream\", public: true}%s]\n", app.URL, app.URL, more)
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	ctx, end := context.WithCancel(t.Context())
	defer end()
	out, log := &written{}, &written{}
	p := &program{dir: filepath.Dir(file), out: out, err: log, now: time.Now}
	over := make(chan error, 1)
	go func() { over <- p.guard(ctx, file) }()
	begun := struct{ Listen, Admin string }{}
	until(t, "a line that it serves", func() bool {
		select {
		case err := <-over:
			t.Fatalf("it ends: %v, %s", err, log)
		default:
		}
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "guard serves") && json.Unmarshal([]byte(line), &begun) == nil {
				return true
			}
		}
		return false
	})
	ask := func(c *http.Client, url string) (int, string, error) {
		r, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, url, strings.NewReader("body"))
		if err != nil {
			return 0, "", err
		}
		if strings.Contains(url, begun.Admin) {
			r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0
		}
		res, err := c.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		return res.StatusCode, string(b), err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	defer client.CloseIdleConnections()
	metric := func(line string) bool {
		_, m, err := ask(client, "http://"+begun.Admin+"/metrics")
		return err == nil && strings.Contains(m, "\n"+line)
	}
	var load sync.WaitGroup
	var asked, lost atomic.Int64
	stop := make(chan struct{})
	for range 2 {
		load.Go(func() {
			pace := time.NewTicker(2 * time.Millisecond)
			defer pace.Stop()
			for {
				select {
				case <-stop:
					return
				case <-pace.C:
				}
				if status, b, err := ask(client, "http://"+begun.Listen+"/work"); err != nil || status != 200 || b != "fine body" {
					lost.Add(1)
					t.Errorf("lost: %d %q %v", status, b, err)
				}
				asked.Add(1)
			}
		})
	}
	write(", {path: /other, blocked: true}")
	until(t, "a reload", func() bool { return metric(`guard_reloads_total{result="taken"} 1`) })
	write(", {path: /other, public: maybe}")
	until(t, "a reload that is refused", func() bool { return metric(`guard_reloads_total{result="kept"} 1`) && metric("guard_policy_current 0") })
	stream, err := client.Get("http://" + begun.Listen + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	ready := func() int { s, _, _ := ask(client, "http://"+begun.Admin+"/readyz"); return s }
	if got := ready(); got != 204 {
		t.Errorf("ready while it serves: %d", got)
	}
	end()
	until(t, "a word that it ends", func() bool { return strings.Contains(log.String(), "guard is about to end") })
	if got := ready(); got != 503 {
		t.Errorf("ready while it ends: %d", got)
	}
	before := asked.Load()
	until(t, "a request that is served while it ends", func() bool { return asked.Load() > before+4 })
	close(stop)
	load.Wait()
	close(finish)
	if b, err := io.ReadAll(stream.Body); err != nil || string(b) != "one,two" {
		t.Errorf("the stream: %q, %v", b, err)
	}
	if err := <-over; err != nil {
		t.Errorf("the end: %v", err)
	}
	if lost.Load() > 0 || spans.Load() == 0 || !strings.Contains(log.String(), `"msg":"guard ends"`) {
		t.Errorf("%d of %d requests are lost, %d times spans were sent, the log says %s", lost.Load(), asked.Load(), spans.Load(), log.String())
	}
}
