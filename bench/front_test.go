package main

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestFront: the meter stands at a name as well, by TLS, and counts what comes that
// way; a name that leads elsewhere is refused before anything listens.
func TestFront(t *testing.T) {
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "here") }))
	defer behind.Close()
	m, err := newMeter(behind.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	at := "https://localhost:" + freePort(t)
	if err := m.front(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	//nolint:gosec // nobody vouches for a certificate of the bench's own making
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	res, err := c.Get(at + "/v1/me")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || string(b) != "here" || m.read().requests != 1 {
		t.Errorf("got %q, %v, counted %d", b, err, m.read().requests)
	}
	if res.TLS.PeerCertificates[0].VerifyHostname("localhost") != nil {
		t.Error("the certificate is of another name")
	}
	for _, front := range []string{"https://192.0.2.1", "https://no-such-name.invalid"} {
		if _, err := frontAddress(t.Context(), front); err == nil || !strings.Contains(err.Error(), "this machine") && !strings.Contains(err.Error(), "hosts file") {
			t.Errorf("%s: %v", front, err)
		}
	}
}

// freePort is a port that nothing listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(nil)
	defer s.Close()
	return s.URL[strings.LastIndex(s.URL, ":")+1:]
}
