//go:build unix

package policy_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/launchready/launchready/guard/policy"
)

// bare is an upstream that costs nothing.
type bare struct{}

func (bare) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return &http.Response{StatusCode: 200, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"ok":true}`)), ContentLength: 11, Request: r}, nil
}

// BenchmarkNetwork measures requests over loopback, by a bare ReverseProxy and by
// guard with authentication, tenant binding and limits, in one run.
func BenchmarkNetwork(b *testing.B) {
	raw, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	key, err := jwk.Import(raw)
	if err != nil {
		b.Fatal(err)
	}
	_ = key.Set(jwk.KeyIDKey, "one")
	_ = key.Set(jwk.AlgorithmKey, jwa.RS256())
	pub, err := key.PublicKey()
	if err != nil {
		b.Fatal(err)
	}
	set := jwk.NewSet()
	_ = set.AddKey(pub)
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(set) }))
	defer provider.Close()
	tok := jwt.New()
	for k, v := range map[string]any{"iss": "https://id.test", "aud": "api", "sub": "ann", "tid": "acme", "exp": time.Now().Add(time.Hour)} {
		_ = tok.Set(k, v)
	}
	token, err := jwt.Sign(tok, jwt.WithKey(jwa.RS256(), key))
	if err != nil {
		b.Fatal(err)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"ok":true}`)
	}))
	defer app.Close()
	u, err := url.Parse(app.URL)
	if err != nil {
		b.Fatal(err)
	}
	const head = "version: 1\nlisten: 127.0.0.1:0\nupstream: %s\nauth: {issuer: https://id.test, audience: api, jwks: %s, tenant_claim: tid}\n" +
		"limits:\n  user: {per: user, requests: 100000000, window: 1m}\nroutes: [{path: /v1/chat, limits: [user]}]\n"
	build := func(more string, transport http.RoundTripper) http.Handler {
		p, err := policy.Parse("guard.yaml", fmt.Appendf(nil, head+more, app.URL, provider.URL))
		if err != nil {
			b.Fatal(err)
		}
		pipe, err := p.Build(&policy.State{Transport: transport})
		if err != nil {
			b.Fatal(err)
		}
		return pipe
	}
	tenant := "tenant: {query: [tenant_id], header: [X-Tenant-ID]}\n"
	full := "tenant: {query: [tenant_id], header: [X-Tenant-ID], body: [tenant_id]}\ninput: {max_depth: 32}\nhygiene: {scrub_errors: true, hide_headers: [Server], security_headers: true}\n"
	rewrite := func(r *httputil.ProxyRequest) { r.SetURL(u); r.SetXForwarded() }
	tuned := func() *http.Transport {
		return &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true}
	}
	body := `{"message":"` + strings.Repeat("a", 1000) + `"}`
	for _, c := range []struct {
		name string
		h    http.Handler
	}{
		{"bare/network", &httputil.ReverseProxy{Transport: tuned(), Rewrite: rewrite}},
		{"auth+tenant+limits/network", build(tenant, nil)},
		{"everything/network", build(full, nil)},
		{"bare/process", &httputil.ReverseProxy{Transport: bare{}, Rewrite: rewrite}},
		{"auth+tenant+limits/process", build(tenant, bare{})},
		{"everything/process", build(full, bare{})},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			do := func() {
				r := httptest.NewRequest(http.MethodPost, "/v1/chat", strings.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("Authorization", "Bearer "+string(token))
				w := httptest.NewRecorder()
				c.h.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("status %d: %s", w.Code, w.Body)
				}
			}
			began := cpu()
			for b.Loop() {
				do()
			}
			b.ReportMetric(float64((cpu()-began).Microseconds())/float64(b.N), "cpu-us/op")
		})
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
