package model_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/launchready/launchready/guard/model"
	"github.com/launchready/launchready/guard/model/screen"
)

// discard is an application that reads and keeps nothing.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
func (d discard) Flush()                      {}

// BenchmarkStream is a chat of 200 words, an event each, through the proxy with a
// provider that costs nothing: with every rule, and with none but keys and models.
func BenchmarkStream(b *testing.B) {
	words := strings.SplitAfter(strings.Repeat("The refund policy of your plan covers fourteen days after the purchase, see the invoice. ", 14), " ")[:200]
	for _, path := range paths() {
		body := completion(path, true, words, nil)
		to := split{func() io.Reader { return strings.NewReader(body) }, "text/event-stream"}
		for _, c := range []struct {
			name   string
			change func(*model.Options)
		}{
			{"rules", func(*model.Options) {}},
			{"none", func(o *model.Options) {
				o.Prompts, o.Completions, o.Canaries = screen.Rules{}, screen.Rules{}, nil
			}},
		} {
			b.Run(strings.Trim(path, "/")+"/"+c.name, func(b *testing.B) {
				o := options(b, "http://provider.test")
				o.Transport = to
				c.change(&o)
				p, err := model.New(o)
				if err != nil {
					b.Fatal(err)
				}
				ask := question(path, true, "x", "Hi")
				b.ReportAllocs()
				for b.Loop() {
					r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(ask))
					r.Header.Set("Content-Type", "application/json")
					r.Header.Set("Authorization", "Bearer "+virtual)
					p.ServeHTTP(discard{http.Header{}}, r)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(words)), "ns/event")
			})
		}
	}
}

// BenchmarkWhole is a chat that is not streamed.
func BenchmarkWhole(b *testing.B) {
	path := "/v1/chat/completions"
	body := completion(path, false, []string{strings.Repeat("The refund policy of your plan covers fourteen days. ", 20)}, nil)
	o := options(b, "http://provider.test")
	o.Transport = split{func() io.Reader { return strings.NewReader(body) }, "application/json"}
	p, err := model.New(o)
	if err != nil {
		b.Fatal(err)
	}
	ask := question(path, false, "x", "Hi")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(ask))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+virtual)
		p.ServeHTTP(discard{http.Header{}}, r)
	}
}
