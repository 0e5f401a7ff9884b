package model_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/demo/model"
)

// serve puts a text to the model as document and as question: whatever it says,
// it must answer, and the stream must say the same.
func serve(t *testing.T, h http.Handler, s string) {
	t.Helper()
	say := func(stream bool) string {
		b, err := json.Marshal(model.Request{
			Messages: talk("system", s, "user", s), Stream: stream,
			Tools: []model.Tool{{Type: "function", Function: model.Function{Name: "t"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(string(b)))
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("got %d %s, want 200", w.Code, w.Body.String())
		}
		if !stream {
			var c model.Completion
			if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil {
				t.Fatal(err)
			}
			return c.Choices[0].Message.Content.String()
		}
		text, _, _, _ := read(t, w.Body.String())
		return text
	}
	if a, b := say(false), say(true); a != b {
		t.Errorf("got %q streamed, want %q", b, a)
	}
}
