package assembly_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit"
	"github.com/launchready/launchready/config"
	"github.com/launchready/launchready/demo"
	"github.com/launchready/launchready/internal/assembly"
)

// TestAssistant: a check that needs an assistant gets the one that the routes
// suggest, with what it was found to do, and a listener that the target reaches.
func TestAssistant(t *testing.T) {
	s, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, demo.SecretsFile), s.Secrets(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("launchready.yaml", s.Config(), dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := assembly.New(t.Context(), c, assembly.Options{Mutate: true, Seed: 1, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var skills lr.Skills
	heard := false
	probe := &lr.Check{
		ID: "model/probe", Title: "probe", Why: "x", Fix: "x", Severity: lr.Low, Needs: lr.Chat | lr.Callback, Effect: lr.Spends,
		Run: func(_ context.Context, t *lr.Trial) error {
			skills, heard = t.Assistant.Skills(), t.Listener != nil
			t.Pass(lr.Evidence{}, "application", "met")
			return nil
		},
	}
	a.Audit.Rows = []lr.Row{{ID: "model", Title: "model", Pass: "x", Checks: []*lr.Check{probe}}}
	rep, err := audit.Run(t.Context(), a.Audit)
	if err != nil {
		t.Fatal(err)
	}
	if got := rep.Rows[0].Checks[0]; got.Verdict != lr.Passed {
		t.Fatalf("%s: %s", got.Verdict, got.Reason)
	}
	t.Logf("%+v", skills)
	if !skills.Remembers || !slices.Contains(skills.Computes, "join") || skills.Subject == "" || !heard {
		t.Errorf("skills %+v, listener %v", skills, heard)
	}
	if len(rep.Orphans) > 0 {
		t.Errorf("orphans: %v", rep.Orphans)
	}
}

// TestMeetTidies: who only looks for the assistant leaves nothing behind, and gets
// a configuration by which it is met again with fewer questions.
func TestMeetTidies(t *testing.T) {
	s, err := demo.New(demo.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, demo.SecretsFile), s.Secrets(), 0o600); err != nil {
		t.Fatal(err)
	}
	meet := func(text []byte, want string) (*assembly.Assembly, *assembly.Meeting) {
		c, err := config.Parse("launchready.yaml", text, dir, config.Options{Env: os.LookupEnv, Now: time.Now()})
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		a, err := assembly.New(t.Context(), c, assembly.Options{Seed: 1, Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(a.Close)
		for _, p := range a.Cast.Preflight(t.Context()) {
			t.Log(p)
		}
		m, err := a.Meet(t.Context(), audit.Ordinary(a.Cast.Accounts()))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Assistant.Skills().Subject; got != want || m.Left != 0 {
			t.Errorf("met %s, want %s; %d conversations are left", got, want, m.Left)
		}
		return a, m
	}
	chats := func(a *assembly.Assembly) string {
		x, err := a.Client.Do(t.Context(), audit.Ordinary(a.Cast.Accounts()), &lr.Request{Method: "GET", Path: "/v1/chats/count"})
		if err != nil {
			t.Fatal(err)
		}
		return string(x.Body)
	}
	a, m := meet(s.Config(), "POST /v1/chat/completions")
	before := chats(a)
	text, err := m.Config.YAML()
	if err != nil {
		t.Fatal(err)
	}
	kept := regexp.MustCompile(`(?m)^chat:.*\n`).ReplaceAllLiteral(s.Config(), text)
	b, again := meet(kept, "POST /v1/chat/completions")
	if after := chats(b); after != before {
		t.Errorf("there were %s conversations, and there are %s", before, after)
	}
	if !again.Assistant.Skills().Remembers || again.Assistant.Skills().Shape != "openai" {
		t.Errorf("met again: %+v", again.Assistant.Skills())
	}
	// A native route, kept by hand, is the assistant although others come first.
	native := regexp.MustCompile(`(?m)^chat:.*\n`).ReplaceAllLiteral(s.Config(), []byte("chat: {request: POST /v1/chats/$conversation/messages, body: {content: $message}, begin: {request: POST /v1/chats, body: {title: $title}}}\n"))
	if _, m := meet(native, "POST /v1/chats/{chat_id}/messages"); !m.Assistant.Skills().Remembers || len(m.Assistant.Twins()) == 0 {
		t.Errorf("met %+v", m.Assistant.Skills())
	}
}
