package verify

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

const value = "not-a-key-0123456789"

// provider is a fake on loopback that stands for all hosts.
func provider(t *testing.T, h http.HandlerFunc) *Verifier {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	trust := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	v := &Verifier{client: newClient(trust), hosts: map[string]string{}, wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	for _, q := range questions() {
		v.hosts[q.host] = strings.TrimPrefix(s.URL, "https://")
	}
	return v
}

func TestEachProvider(t *testing.T) {
	var got *http.Request
	v := provider(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		fmt.Fprint(w, `{"ok":true}`)
	})
	for _, q := range questions() {
		for _, rule := range q.rules {
			if !Can(rule) {
				t.Errorf("%s cannot be asked for", rule)
			}
			a := v.Ask(t.Context(), rule, rule, lr.NewSecret(value))
			if a.Outcome != Live || !a.Asked || a.Provider != q.provider {
				t.Errorf("%s: %+v", rule, a)
			}
			if got.Method != http.MethodGet || got.URL.Path != q.path || got.URL.RawQuery != "" || got.ContentLength > 0 {
				t.Errorf("%s: asked by %s %s", rule, got.Method, got.URL)
			}
			user, _, basic := got.BasicAuth()
			if !basic && got.Header.Get("Authorization") != "Bearer "+value && got.Header.Get("X-Api-Key") != value && got.Header.Get("PRIVATE-TOKEN") != value || basic && user != value {
				t.Errorf("%s: the key is not where the provider reads it", rule)
			}
		}
	}
	if len(Providers()) < 8 {
		t.Errorf("%d providers", len(Providers()))
	}
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		status     int
		body       string
		want       Outcome
		cause      string
	}{
		{"taken", "github-pat", 200, `{"login":"a"}`, Live, "took it"},
		{"revoked", "github-pat", 401, `{}`, Dead, "does not take it"},
		{"few rights", "github-pat", 403, `{}`, Unknown, "403"},
		{"too often", "github-pat", 429, `{}`, Unknown, "too often"},
		{"broken", "github-pat", 500, `{}`, Unknown, "500"},
		{"moved", "github-pat", 302, `{}`, Unknown, "not followed"},
		{"slack takes it", "slack-bot-token", 200, `{"ok":true}`, Live, "took it"},
		{"slack refuses with 200", "slack-bot-token", 200, `{"ok":false,"error":"invalid_auth"}`, Dead, "does not take it"},
		{"slack is busy", "slack-bot-token", 200, `{"ok":false,"error":"ratelimited"}`, Unknown, "something else"},
		{"slack is no JSON", "slack-bot-token", 200, `<html>`, Unknown, "could not be read"},
		{"slack says nothing", "slack-bot-token", 200, `{}`, Unknown, "could not be read"},
		{"slack with 201", "slack-bot-token", 201, `{"ok":true}`, Unknown, "201"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n atomic.Int32
			v := provider(t, func(w http.ResponseWriter, r *http.Request) {
				n.Add(1)
				w.Header().Set("Location", "https://"+r.Host+"/elsewhere")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			a := v.Ask(t.Context(), c.rule, "f", lr.NewSecret(value))
			if a.Outcome != c.want || !strings.Contains(a.Cause, c.cause) {
				t.Errorf("got %+v, want %v because of %q", a, c.want, c.cause)
			}
			if strings.Contains(fmt.Sprintf("%+v", a), value) {
				t.Error("the key is in the answer")
			}
			if n.Load() != 1 {
				t.Errorf("%d requests", n.Load())
			}
		})
	}
}

func TestOneRequestForEachKey(t *testing.T) {
	var n atomic.Int32
	v := provider(t, func(w http.ResponseWriter, _ *http.Request) { n.Add(1) })
	var logged atomic.Int32
	v.Log = func(provider, fingerprint string, o Outcome) {
		logged.Add(1)
		if provider != "github" || fingerprint != "f" || o != Live {
			t.Errorf("logged %s %s %s", provider, fingerprint, o)
		}
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if a := v.Ask(t.Context(), "github-pat", "f", lr.NewSecret(value)); a.Outcome != Live {
				t.Errorf("got %+v", a)
			}
		})
	}
	wait.Wait()
	if n.Load() != 1 || logged.Load() != 1 {
		t.Errorf("%d requests, %d lines of the log", n.Load(), logged.Load())
	}
}

func TestPace(t *testing.T) {
	v := provider(t, func(http.ResponseWriter, *http.Request) {})
	var waited []time.Duration
	v.wait = func(_ context.Context, d time.Duration) error { waited = append(waited, d); return nil }
	for i := range 3 {
		v.Ask(t.Context(), "github-pat", fmt.Sprint(i), lr.NewSecret(value))
	}
	v.Ask(t.Context(), "npm-access-token", "f", lr.NewSecret(value))
	if len(waited) != 4 || waited[1] <= 0 || waited[2] <= waited[1] || waited[3] > 0 {
		t.Errorf("waited %v", waited)
	}
}

func TestNobodyIsAskedWithoutNeed(t *testing.T) {
	v := provider(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	if a := v.Ask(t.Context(), "password", "f", lr.NewSecret(value)); a.Outcome != Unknown || a.Asked {
		t.Errorf("got %+v", a)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a := v.Ask(ctx, "github-pat", "f", lr.NewSecret(value)); a.Outcome != Unknown || a.Asked || a.Cause != "the run ended first" {
		t.Errorf("got %+v", a)
	}
	v.hosts = map[string]string{}
	if a := v.Ask(t.Context(), "npm-access-token", "f", lr.NewSecret(value)); a.Asked {
		t.Errorf("a test may not leave loopback: %+v", a)
	}
}

func TestWhatCannotBeReachedIsUnknown(t *testing.T) {
	// A certificate that nobody trusts.
	v := provider(t, func(http.ResponseWriter, *http.Request) { t.Error("asked over a connection that is not trusted") })
	v.client = newClient(&tls.Config{MinVersion: tls.VersionTLS12})
	if a := v.Ask(t.Context(), "github-pat", "f", lr.NewSecret(value)); a.Outcome != Unknown || !strings.Contains(a.Cause, "not trusted") {
		t.Errorf("got %+v", a)
	}
	// A server that is gone.
	v = provider(t, func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	if a := v.Ask(t.Context(), "github-pat", "f", lr.NewSecret(value)); a.Outcome != Unknown || !strings.Contains(a.Cause, "could not be reached") {
		t.Errorf("got %+v", a)
	}
	// One that goes on forever is cut.
	v = provider(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			if _, err := w.Write(make([]byte, 1024)); err != nil {
				return
			}
		}
	})
	if a := v.Ask(t.Context(), "slack-bot-token", "f", lr.NewSecret(value)); a.Outcome != Unknown {
		t.Errorf("got %+v", a)
	}
}

func TestHostsAreFixed(t *testing.T) {
	for _, q := range questions() {
		if q.host == "" || strings.ContainsAny(q.host, ":/@%{") || !strings.HasPrefix(q.path, "/") || strings.ContainsAny(q.path, "?%{") {
			t.Errorf("%s is asked at %q %q", q.provider, q.host, q.path)
		}
	}
	c := newClient(nil)
	tr := c.Transport.(*http.Transport)
	if c.Timeout != timeout || tr.Proxy != nil || tr.TLSClientConfig.InsecureSkipVerify {
		t.Error("the client takes longer, a proxy, or any certificate")
	}
}

func TestRunbooks(t *testing.T) {
	for _, p := range append(Providers(), "aws", "google", "supabase", "") {
		b := RunbookOf(p)
		if b.Provider != p || len(b.Steps) != 5 || p != "" && b.Where == "" {
			t.Errorf("%q: %+v", p, b)
		}
	}
}
