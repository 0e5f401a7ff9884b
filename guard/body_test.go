package guard_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/guard"
)

// closing is a request's body as the server gives it: once it has ended, or the answer
// has begun, to read it again is an error.
type closing struct {
	r    *strings.Reader
	over bool
}

func (c *closing) Read(p []byte) (int, error) {
	if c.over {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := c.r.Read(p)
	if err == nil && c.r.Len() == 0 {
		err = io.EOF // with the last piece
	}
	c.over = errors.Is(err, io.EOF)
	return n, err
}

func (*closing) Close() error { return nil }

// TestBodyOnce: what a body's end was told once is not asked again, of a small body, a
// large one, and one without a length; and all of it arrives.
func TestBodyOnce(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(b)
	}))
	defer app.Close()
	for name, c := range map[string]struct {
		size   int
		length bool
		pace   time.Duration
	}{
		"small":            {1 << 10, true, time.Minute},
		"small, no pace":   {1 << 10, true, 0},
		"as long as held":  {16 << 10, true, time.Minute},
		"longer":           {16<<10 + 1, true, time.Minute},
		"large, no pace":   {1 << 18, true, 0},
		"without a length": {1 << 10, false, time.Minute},
	} {
		p := pipeline(t, app.URL, guard.Options{Pace: guard.Pace{Body: c.pace}})
		want := strings.Repeat("a", c.size)
		r := httptest.NewRequest(http.MethodPost, "/v1/chat", &closing{r: strings.NewReader(want)})
		if r.ContentLength = -1; c.length {
			r.ContentLength = int64(c.size)
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%s: %d, %d bytes, want %d: %.200s", name, w.Code, w.Body.Len(), c.size, w.Body)
		}
	}
}

// TestBodyShort: a small body that ends before its length is told reaches no upstream.
func TestBodyShort(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the application was asked") }))
	defer app.Close()
	r := httptest.NewRequest(http.MethodPost, "/v1/chat", &closing{r: strings.NewReader("half")})
	r.ContentLength = 10
	w := httptest.NewRecorder()
	pipeline(t, app.URL, guard.Options{}).ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "half") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}
