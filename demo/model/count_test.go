package model_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/launchready/launchready/demo/model"
)

// TestBill: what is charged is what the replies tell; a refusal costs nothing, and
// no reply is longer than the provider allows.
func TestBill(t *testing.T) {
	s, err := model.New(model.Options{Seed: 1, Context: 100, Output: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // nothing is lost with it
	ask := func(text string, stream bool) (int, string) {
		b, err := json.Marshal(model.Request{Messages: []model.Message{{Role: "user", Content: model.Text(text)}}, Stream: stream, StreamOptions: &model.StreamOptions{IncludeUsage: true}})
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.Post(s.URL+"/v1/chat/completions", "application/json", bytes.NewReader(b)) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		said, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(said)
	}
	if code, said := ask(strings.Repeat("long ", 400), false); code != http.StatusBadRequest || !strings.Contains(said, "context_length_exceeded") {
		t.Errorf("a prompt beyond the context: %d %s", code, said)
	}
	if got := s.Bill(); got != (model.Bill{}) {
		t.Errorf("a refusal is charged: %+v", got)
	}
	code, said := ask("Who are you?", false)
	var c model.Completion
	if err := json.Unmarshal([]byte(said), &c); err != nil || code != http.StatusOK || c.Usage == nil {
		t.Fatalf("%d %s (%v)", code, said, err)
	}
	if got, want := s.Bill(), (model.Bill{Calls: 1, Prompt: c.Usage.Prompt, Reply: c.Usage.Completion}); got != want || c.Usage.Completion > 3 {
		t.Errorf("bill %+v, want %+v and at most 3 tokens of reply", got, want)
	}
	if _, said := ask("Who are you?", true); !strings.Contains(said, `"completion_tokens":3`) {
		t.Errorf("the stream tells no usage: %s", said)
	}
	if got := s.Bill(); got.Calls != 2 || got.Reply != 6 {
		t.Errorf("bill %+v after a stream", got)
	}
}
