package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
	"github.com/launchready/launchready/guard/policy"
	"github.com/launchready/launchready/guard/record"
)

// TestStanding: guard tells of its health, of its end before it ends, and of what
// it counted; a file with a mistake changes nothing; a mark locks it down.
func TestStanding(t *testing.T) {
	file := filepath.Join(t.TempDir(), "guard.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const text = "version: 1\nlisten: 127.0.0.1:0\nupstream: http://127.0.0.1:1\nroutes: [{path: /a, public: true}]\n"
	write(text)
	pol, b, err := readPolicy(file)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s := &standing{file: file, text: b, policy: pol, begun: pol, handler: &guard.Handler{}, metrics: record.NewMetrics(), log: slog.New(slog.NewTextHandler(&log, nil)), state: &policy.State{Lockdown: &guard.Lockdown{}}}
	sink := record.NewSink(&strings.Builder{}, 0)
	defer sink.Close()
	s.gauges(&guard.Connections{}, &policy.Front{}, sink)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	admin := s.admin(ctx)
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code, w.Body.String()
	}
	for path, want := range map[string]int{"/healthz": 204, "/readyz": 204, "/metrics": 200, "/": 404} {
		if got, _ := ask(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	kept := s.policy
	write("version: 2\n")
	s.reload(false)
	s.reload(false) // the mistake is told once
	if _, m := ask("/metrics"); s.policy != kept || !strings.Contains(m, `guard_reloads_total{result="kept"} 1`) || !strings.Contains(m, "guard_locked 0") {
		t.Errorf("a file with a mistake: %s", m)
	}
	s.reload(true)
	if _, m := ask("/metrics"); s.policy != kept || !strings.Contains(m, `guard_reloads_total{result="kept"} 2`) || !strings.Contains(m, "guard_policy_current 0") {
		t.Errorf("told to read a mistake again: %s", m)
	}
	write(text + "lockdown: true\n")
	s.reload(false)
	s.lock()
	if _, m := ask("/metrics"); s.policy == kept || !strings.Contains(m, "guard_locked 1") || !strings.Contains(m, `guard_reloads_total{result="taken"} 1`) {
		t.Errorf("a policy that locks down: %s", m)
	}
	kept = s.policy
	s.reload(false)
	if s.policy != kept {
		t.Error("a file that did not change is read again by itself")
	}
	if s.reload(true); s.policy == kept {
		t.Error("told to, it does not read again what the file refers to")
	}
	for _, want := range []string{"guard_policy_current 1", "guard_queue_depth 0", "guard_certificate_not_after_seconds 0", "guard_build_info{"} {
		if _, m := ask("/metrics"); !strings.Contains(m, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	write(text + "operations: {drain: 1s}\nadmin: 127.0.0.1:1\n")
	log.Reset()
	if s.reload(false); !strings.Contains(log.String(), "waits for a restart") || !strings.Contains(log.String(), "[admin operations.drain]") {
		t.Errorf("told as %s", log.String())
	}
	write(text)
	if err := os.WriteFile(lockdownMark(file), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.reload(false)
	s.lock()
	if !s.state.Lockdown.Locked() {
		t.Error("the mark does not lock it down")
	}
	if err := os.Remove(lockdownMark(file)); err != nil {
		t.Fatal(err)
	}
	s.lock()
	if s.state.Lockdown.Locked() {
		t.Error("it stays locked down")
	}
	end()
	if got, _ := ask("/readyz"); got != 503 {
		t.Errorf("ready while it ends: %d", got)
	}
	if got, _ := ask("/healthz"); got != 204 {
		t.Errorf("alive while it ends: %d", got)
	}
}

// TestDescriptionIsReadAgain: a description that changes counts at once; one with a
// mistake changes nothing, and is told once, with its place.
func TestDescriptionIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	text := "version: 1\nlisten: 127.0.0.1:0\nupstream: " + app.URL + "\nroutes: [{path: /a, public: true}, {path: /b, public: true}]\ninput: {openapi: {file: api.yaml}}\n"
	file := filepath.Join(dir, "guard.yaml")
	write("guard.yaml", text)
	write("api.yaml", "openapi: 3.1.0\npaths: {/a: {get: {}}}\n")
	pol, b, err := readPolicy(file)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := &standing{file: file, text: b, policy: pol, begun: pol, judged: pol, beside: pol.Beside(dir), handler: &guard.Handler{}, metrics: record.NewMetrics(),
		log: slog.New(slog.NewJSONHandler(&log, nil)), state: &policy.State{Folder: dir, Lockdown: &guard.Lockdown{}}}
	pipe, err := pol.Build(s.state)
	if err != nil {
		t.Fatal(err)
	}
	s.handler.Store(pipe)
	for _, c := range []struct {
		name, file, text string
		a, b             int
		told             string // in the log; "": nothing
	}{
		{"nothing changed", "api.yaml", "", 200, 404, ""},
		{"another operation", "api.yaml", "openapi: 3.1.0\npaths: {/a: {get: {}}, /b: {get: {}}}\n", 200, 200, "policy reloaded"},
		{"no YAML", "api.yaml", "openapi: 3.1.0\npaths:\n  /a: {get: {}\n", 200, 200, "api.yaml:3:7: read the description: yaml: did not find"},
		{"a schema that is none", "api.yaml", "openapi: 3.1.0\npaths:\n  /b:\n    post:\n      requestBody:\n        content:\n          application/json:\n            schema: {type: nothing}\n", 200, 200, "api.yaml:8:13: "},
		{"no JSON", "api.yaml", "{\"openapi\": \"3.1.0\",\n \"paths\": [}", 200, 200, "api.yaml:2:12: "},
		{"only the other", "api.yaml", "openapi: 3.1.0\npaths: {/b: {get: {}}}\n", 404, 200, "policy reloaded"},
		{"another file, which is not there", "guard.yaml", strings.Replace(text, "api.yaml", "none.yaml", 1), 404, 200, "none.yaml"},
		{"it comes", "none.yaml", "openapi: 3.1.0\npaths: {/a: {get: {}}}\n", 200, 404, "policy reloaded"},
		{"a policy with a mistake", "guard.yaml", "version: 3\n", 200, 404, "guard.yaml:1:"},
		{"and a description that changes", "none.yaml", "openapi: 3.1.0\npaths: {/a: {get: {}}, /b: {}}\n", 200, 404, "guard.yaml:1:"},
	} {
		if log.Reset(); c.text != "" {
			write(c.file, c.text)
		}
		s.reload(false)
		s.reload(false)
		said := strings.TrimSpace(log.String())
		if strings.Count(said, "\n") > 0 || (c.told == "") != (said == "") || !strings.Contains(said, c.told) {
			t.Errorf("%s: %s, want %q once", c.name, said, c.told)
		}
		for path, want := range map[string]int{"/a": c.a, "/b": c.b} {
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			if w.Code != want {
				t.Errorf("%s: %s: %d, want %d", c.name, path, w.Code, want)
			}
		}
	}
}
