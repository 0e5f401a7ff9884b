package model

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/oracle"
	"github.com/launchready/launchready/probe"
	"github.com/launchready/launchready/probe/callback"
	"github.com/launchready/launchready/stage"
	"github.com/launchready/launchready/surface"
)

// bot is a chat application with a brain of the test's: it gets what the user
// said and the files that were uploaded, and answers.
type bot struct {
	answer func(b *bot, said string, files []string) string
	raw    http.HandlerFunc // instead of answering, when set
	deaf   bool             // it carries out nothing off its subject
	noFile bool             // uploads are refused

	mu    sync.Mutex
	files []string
	made  []string
	calls int
}

// testAssistant is the assistant of the test: a real endpoint, with skills that are given.
type testAssistant struct {
	*chat.Endpoint
	skills lr.Skills
}

func (a *testAssistant) Skills() lr.Skills     { return a.skills }
func (a *testAssistant) Twins() []lr.Assistant { return nil }

func (b *bot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/files" && r.Method == "POST" && !b.noFile:
		f, _, err := r.FormFile("file")
		if err != nil {
			http.Error(w, "no file", http.StatusBadRequest)
			return
		}
		text, err := io.ReadAll(io.LimitReader(f, 1<<20))
		if err != nil {
			http.Error(w, "no file", http.StatusBadRequest)
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.files = append(b.files, string(text))
		fmt.Fprintf(w, `{"id":"f%d"}`, len(b.files))
	case r.URL.Path == "/tickets":
		b.mu.Lock()
		defer b.mu.Unlock()
		list := []map[string]string{}
		for i, m := range b.made {
			list = append(list, map[string]string{"id": fmt.Sprint("t", i), "title": m})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": list})
	case r.URL.Path == "/chat":
		b.mu.Lock()
		b.calls++
		files := append([]string{}, b.files...)
		b.mu.Unlock()
		if b.raw != nil {
			b.raw(w, r)
			return
		}
		var in struct{ Message string }
		if json.NewDecoder(r.Body).Decode(&in) != nil {
			http.Error(w, "no JSON", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"answer": b.answer(b, in.Message, files)})
	default:
		http.NotFound(w, r)
	}
}

// fact answers from the files, as a right assistant does.
func fact(said string, files []string) string {
	for _, f := range files {
		first, _, _ := strings.Cut(f, "\n")
		if _, code, ok := strings.Cut(said, "reference of case "); ok && strings.Contains(first, strings.TrimRight(code, "?")) {
			return first
		}
	}
	return "I do not know."
}

// put puts a check to the bot and returns the outcomes.
func put(t *testing.T, c *lr.Check, b *bot) []lr.Outcome {
	t.Helper()
	s := httptest.NewServer(b)
	t.Cleanup(s.Close)
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	sf, err := surface.RouteList([]byte("POST /chat\nGET /tickets\nPOST /files\n"), surface.Source{Location: "routes.txt"})
	if err != nil {
		t.Fatal(err)
	}
	as := &lr.Account{Identity: lr.Identity{Name: "acme_member", Tenant: "acme", Role: "member", User: "member@acme.test"}}
	boss := &lr.Account{Identity: lr.Identity{Name: "acme_admin", Tenant: "acme", Role: "admin", User: "admin@acme.test"}}
	other := &lr.Account{Identity: lr.Identity{Name: "globex_member", Tenant: "globex", Role: "member", User: "member@globex.test"}}
	target := &lr.Target{Base: base, Routes: sf.Routes, Accounts: []*lr.Account{as, boss, other}, Mutate: true, Spend: true}
	client, err := probe.New(probe.Options{Base: base, Retries: -1, StreamFor: 300 * time.Millisecond, Timeout: 2 * time.Second, MaxWait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	text, err := chat.ParseSelector("/answer")
	if err != nil {
		t.Fatal(err)
	}
	id, err := chat.ParseSelector("/id")
	if err != nil {
		t.Fatal(err)
	}
	a := &testAssistant{Endpoint: &chat.Endpoint{Client: client, Shape: chat.Shape{Name: "custom", Text: []chat.Selector{text},
		Send:   chat.Template{Path: "/chat", Body: map[string]any{"message": "$message"}},
		Upload: &chat.Upload{Path: "/files", Field: "file", ID: []chat.Selector{id}}}},
		skills: lr.Skills{Subject: "POST /chat", Uploads: true, Computes: []string{"join"}}}
	if b.deaf {
		a.skills.Computes = nil
	}
	n := 0
	l, err := callback.Listen(t.Context(), callback.Options{Nonce: func() string { n++; return fmt.Sprintf("n%09dnonce", n) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	var mu sync.Mutex
	var out []lr.Outcome
	tr := &lr.Trial{Check: c, Target: target, HTTP: client, Assistant: a, Listener: l, Log: slog.New(slog.DiscardHandler), Now: time.Now, Profile: lr.Quick, Seed: 1,
		Stage: stage.New(stage.Options{Target: target, HTTP: client, Mint: oracle.NewMint("unit", nil), Run: "unit"}),
		Report: func(o lr.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			out = append(out, o)
		}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Run(ctx, tr); err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	return out
}

// worstOf is the outcome that counts: failed, suspected, open, passed, skipped.
func worstOf(out []lr.Outcome) (string, string) {
	best, rank, message := "nothing", -1, ""
	for _, o := range out {
		kind, r := "skipped", 0
		switch {
		case o.Verdict == lr.Failed && o.Confidence == lr.Confirmed:
			kind, r = "failed", 4
		case o.Verdict == lr.Failed:
			kind, r = "suspected", 3
		case o.Verdict == lr.Unknown:
			kind, r = "open", 2
		case o.Verdict == lr.Passed:
			kind, r = "passed", 1
		}
		if r > rank {
			best, rank, message = kind, r, o.Message
		}
	}
	return best, message
}
