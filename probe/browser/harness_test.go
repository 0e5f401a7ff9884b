package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/probe/browser"
)

// binary is a Chromium; without one the test is skipped, or fails in CI.
func binary(t *testing.T) string {
	t.Helper()
	bin, err := browser.Find(os.Getenv("LAUNCHREADY_CHROMIUM"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v; in CI the proof must be driven: make test installs one", err)
		}
		t.Skipf("%v: the proof is not driven", err)
	}
	return bin
}

// serve runs a handler and a browser on it.
func serve(t *testing.T, h http.HandlerFunc) (*browser.Browser, *httptest.Server) {
	t.Helper()
	bin := binary(t)
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return open(t, bin, s), s
}

func open(t *testing.T, bin string, s *httptest.Server) *browser.Browser {
	t.Helper()
	base, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	b, err := browser.New(browser.Options{Binary: bin, Base: base, Insecure: base.Scheme == "https"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func cookies(lines ...string) []lr.Secret {
	var out []lr.Secret
	for _, l := range lines {
		out = append(out, lr.NewSecret(l))
	}
	return out
}
