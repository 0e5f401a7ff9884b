package demo

import (
	"io"
	"net/http"
	"testing"
)

// BenchmarkRequests measures signed-in requests over loopback, client included.
func BenchmarkRequests(b *testing.B) {
	w := start(b)
	c := w.as("member@acme.test")
	for _, path := range []string{"/v1/me", "/v1/chats", "/healthz"} {
		b.Run(path[1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := http.NewRequest("GET", w.s.URL+path, nil)
				if err != nil {
					b.Fatal(err)
				}
				r.Header.Set(c.header, c.value)
				res, err := w.c.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, res.Body) //nolint:errcheck // measured
				res.Body.Close()
				if res.StatusCode != 200 {
					b.Fatalf("got status %d", res.StatusCode)
				}
			}
		})
	}
}
