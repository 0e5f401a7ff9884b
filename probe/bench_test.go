package probe_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/launchready/launchready/probe"
)

func BenchmarkDo(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(`{"id":"chat_1","title":"x"}`)) }))
	defer s.Close()
	base, err := url.Parse(s.URL)
	if err != nil {
		b.Fatal(err)
	}
	c, err := probe.New(probe.Options{Base: base})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	a := bearer("acme_member", "tok-123456789")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Do(b.Context(), a, get("/v1/chats/chat_1?x=y")); err != nil {
				b.Fatal(err)
			}
		}
	})
}
