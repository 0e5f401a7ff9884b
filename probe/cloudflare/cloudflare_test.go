package cloudflare_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	fake "github.com/launchready/launchready/demo/cloudflare"
	"github.com/launchready/launchready/probe/cloudflare"
)

const token = "a-token-that-must-not-show"

type loopback struct{}

func (loopback) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}
func (loopback) Resolver() string      { return "127.0.0.1:53" }
func (loopback) Roots() *x509.CertPool { return nil }

func client(t *testing.T, base string) (*cloudflare.Client, *[]time.Duration) {
	t.Helper()
	c := cloudflare.New(base, lr.NewSecret(token), loopback{})
	t.Cleanup(c.Close)
	waited := &[]time.Duration{}
	c.Pause = func(_ context.Context, d time.Duration) error { *waited = append(*waited, d); return nil }
	return c, waited
}

// TestHostile puts the client before servers that are no API.
func TestHostile(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request, n int64)
		tries  int64
		want   string
	}{
		{"always busy", func(w http.ResponseWriter, _ *http.Request, _ int64) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(429)
		}, 4, "429"},
		{"busy for a day", func(w http.ResponseWriter, _ *http.Request, _ int64) {
			w.Header().Set("Retry-After", "90000")
			w.WriteHeader(429)
		}, 1, "to pass first"},
		{"broken", func(w http.ResponseWriter, _ *http.Request, _ int64) { w.WriteHeader(502) }, 4, "502"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request, _ int64) { fmt.Fprint(w, "<html>") }, 4, "no JSON"},
		{"another shape", func(w http.ResponseWriter, _ *http.Request, _ int64) { fmt.Fprint(w, `{"success":true,"result":"x"}`) }, 1, "read the result"},
		{"refused", func(w http.ResponseWriter, _ *http.Request, _ int64) {
			w.WriteHeader(403)
			fmt.Fprint(w, `{"success":false,"errors":[{"code":9109,"message":"Invalid\naccess token"}]}`)
		}, 1, "Invalid access token (9109)"},
		{"a refusal with 200", func(w http.ResponseWriter, _ *http.Request, _ int64) {
			fmt.Fprint(w, `{"success":false,"errors":[{"code":1,"message":"no"}]}`)
		}, 1, "no (1)"},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request, _ int64) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, 1, "302"},
		{"endless", func(w http.ResponseWriter, _ *http.Request, _ int64) {
			for range 300 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, 1, "longer than"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request, _ int64) { panic(http.ErrAbortHandler) }, 4, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, n.Add(1)) }))
			defer s.Close()
			api, waited := client(t, s.URL)
			_, err := api.Zone(t.Context(), "", "harbor.test")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, api), token) {
				t.Error("the token shows")
			}
			if c.name != "cut off" && n.Load() != c.tries { // the transport tries a cut connection again by itself
				t.Errorf("it was asked %d times, want %d", n.Load(), c.tries)
			}
			for _, d := range *waited {
				if c.name == "always busy" && d != 7*time.Second {
					t.Errorf("it waits %s", d)
				}
			}
		})
	}
}

// TestWrites are not sent twice when their answer is lost or broken.
func TestWrites(t *testing.T) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { n.Add(1); w.WriteHeader(502) }))
	defer s.Close()
	api, _ := client(t, s.URL)
	if err := api.Batch(t.Context(), "z", cloudflare.Batch{}); err == nil || n.Load() != 1 {
		t.Errorf("sent %d times: %v", n.Load(), err)
	}
}

// TestZone reads a whole zone over pages and through rate limits.
func TestZone(t *testing.T) {
	z := &fake.Zone{ID: "z1", Name: "harbor.test", DNSSEC: "active", Settings: map[string]any{"ssl": "full"}}
	for i := range 45 {
		z.Records = append(z.Records, fake.Record{Name: fmt.Sprintf("h%d.harbor.test", i), Type: "A", Content: "192.0.2.1"})
	}
	s, err := fake.New(fake.Options{Token: "write", Read: token, Expires: "2027-01-01T00:00:00Z", Zones: []*fake.Zone{z}, Page: 10, Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	api, waited := client(t, s.URL)
	zone, err := api.Zone(t.Context(), "", "harbor.test")
	if err != nil || zone.ID != "z1" {
		t.Fatal(zone, err)
	}
	records, err := api.Records(t.Context(), zone.ID)
	if err != nil || len(records) != 45 {
		t.Errorf("%d records: %v", len(records), err)
	}
	if len(*waited) == 0 {
		t.Error("no limit was met")
	}
	settings, err := api.Settings(t.Context(), zone.ID)
	if err != nil || string(settings["ssl"]) != `"full"` {
		t.Errorf("%s %v", settings, err)
	}
	if rules, err := api.Rules(t.Context(), zone.ID, "http_ratelimit"); rules != nil || err != nil {
		t.Errorf("a phase without rules: %v %v", rules, err)
	}
	if status, err := api.DNSSEC(t.Context(), zone.ID); status != "active" || err != nil {
		t.Errorf("%s %v", status, err)
	}
	if status, until, err := api.Token(t.Context()); status != "active" || until == "" || err != nil {
		t.Errorf("%s %s %v", status, until, err)
	}
	if err := api.Set(t.Context(), zone.ID, "ssl", []byte(`"strict"`)); !cloudflare.Forbidden(err) {
		t.Errorf("a token that reads writes: %v", err)
	}
	if _, err := api.Zone(t.Context(), "", "other.test"); !errors.Is(err, cloudflare.ErrNoZone) {
		t.Errorf("another zone: %v", err)
	}
	if _, err := api.Zone(t.Context(), "nope", ""); !cloudflare.Missing(err) {
		t.Errorf("another id: %v", err)
	}
}
