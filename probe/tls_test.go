package probe_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/probe"
)

func contextAfter(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

// secure serves HTTP/2 and HTTP/1.1 over TLS with an authority of its own.
func secure(t *testing.T, h http.HandlerFunc) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, file
}

func TestTLS(t *testing.T) {
	s, ca := secure(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, " ", r.RequestURI) })
	addr := s.Listener.Addr().String()
	_, port, _ := strings.Cut(addr, ":")
	for _, tc := range []struct {
		name, base, path string
		o                probe.Options
		proto, body      string
		err              string
	}{
		{"HTTP/2 by own authority", s.URL, "/x", probe.Options{CAFile: ca}, "HTTP/2.0", addr + " /x", ""},
		{"HTTP/1.1 on demand", s.URL, "/x", probe.Options{CAFile: ca, HTTP1: true}, "HTTP/1.1", addr + " /x", ""},
		{"unknown authority", s.URL, "/x", probe.Options{}, "", "", "certificate"},
		{"unverified on demand", s.URL, "/x", probe.Options{Insecure: true}, "HTTP/2.0", addr + " /x", ""},
		{"a name resolved by hand", "https://example.com:" + port, "/x",
			probe.Options{CAFile: ca, Resolve: map[string]string{"example.com:" + port: addr}}, "HTTP/2.0", "example.com:" + port + " /x", ""},
		{"raw path over HTTP/2", s.URL, "/a/%2e%2e//b?x=%41", probe.Options{CAFile: ca}, "HTTP/2.0", addr + " /a/%2e%2e//b?x=%41", ""},
		{"double slash over HTTP/2", s.URL, "//a", probe.Options{CAFile: ca}, "HTTP/2.0", addr + " //a", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.o.Base = parse(t, tc.base)
			ck := newClock()
			tc.o.Sleep = ck.Sleep
			c := client(t, tc.o)
			x, err := c.Do(t.Context(), nil, get(tc.path))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got %v, want an error about the %s", err, tc.err)
				}
				if n := c.Requests(); n != 1 {
					t.Errorf("sent %d times, want 1: a bad certificate does not get better", n)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if x.Proto != tc.proto || string(x.Body) != tc.body {
				t.Errorf("got %s %q, want %s %q", x.Proto, x.Body, tc.proto, tc.body)
			}
		})
	}
}

func TestCAFileWithoutCertificate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := probe.New(probe.Options{Base: parse(t, "https://h"), CAFile: file}); err == nil {
		t.Error("got a client, want an error")
	}
}
