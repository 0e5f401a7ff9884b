package probe_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe"
)

// TestStreamedBodySaysNoLength: the same bytes arrive, and only the length is
// not told.
func TestStreamedBodySaysNoLength(t *testing.T) {
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%d %v %s", r.ContentLength, r.TransferEncoding, b)
	})
	c := client(t, probe.Options{Base: base})
	for name, tc := range map[string]struct {
		body     string
		streamed bool
		want     string
	}{
		"told":             {"hello", false, "5 [] hello"},
		"streamed":         {"hello", true, "-1 [chunked] hello"},
		"nothing streamed": {"", true, "0 [] "},
	} {
		x := do(t, c, nil, &lr.Request{Method: "POST", Path: "/", Body: []byte(tc.body), Streamed: tc.streamed})
		if got := string(x.Body); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}
