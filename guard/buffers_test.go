package guard_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard"
)

// asked is a tap that remembers how much is read of an answer at a time.
type asked struct{ most *int }

func (asked) Name() string { return "hygiene" }

func (a asked) Tap(_ *guard.Exchange, r *http.Response) error {
	r.Body = &measured{r.Body, a.most}
	return nil
}

type measured struct {
	io.ReadCloser
	most *int
}

func (m *measured) Read(p []byte) (int, error) {
	*m.most = max(*m.most, len(p))
	return m.ReadCloser.Read(p)
}

// TestPieces: what a stream of events is copied through is small, because it is held
// for long; and whatever the type, all of the answer arrives.
func TestPieces(t *testing.T) {
	want := strings.Repeat("data: word\n\n", 20_000)
	kind := ""
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{kind}
		if kind == "" {
			w.Header()["Content-Type"] = nil
		}
		_, _ = io.WriteString(w, want)
	}))
	defer app.Close()
	most := 0
	p := pipeline(t, app.URL, guard.Options{Taps: []guard.Tap{asked{&most}}})
	for _, c := range []struct {
		kind string
		most int
	}{
		{"application/json", 32 << 10}, {"text/event-stream", 4 << 10}, {"Text/Event-Stream; charset=utf-8", 4 << 10}, {"text/plain", 32 << 10}, {"text/event-stream;;", 32 << 10}, {"", 32 << 10},
	} {
		kind, most = c.kind, 0
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/chat", http.NoBody))
		if w.Code != http.StatusOK || w.Body.String() != want || most != c.most {
			t.Errorf("%q: %d, %d bytes, %d at a time, want %d and %d", c.kind, w.Code, w.Body.Len(), most, len(want), c.most)
		}
	}
}
