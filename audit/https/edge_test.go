package https

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	lr "github.com/launchready/launchready"
	fake "github.com/launchready/launchready/demo/cloudflare"
	"github.com/launchready/launchready/probe/cloudflare"
)

// through is a network in which other servers stand for some addresses.
type through struct {
	lr.Network
	instead map[string]string // "443" or "host:port" => address
}

func (n through) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	for _, k := range []string{address, port} {
		if to, ok := n.instead[k]; ok {
			return (&net.Dialer{}).DialContext(ctx, network, to)
		}
	}
	if strings.HasPrefix(address, "127.") && port != "53" { // the API
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return n.Network.Dial(ctx, network, address)
}

// answers is a target whose every answer is one text.
type answers string

func (p answers) Do(context.Context, *lr.Account, *lr.Request) (*lr.Exchange, error) {
	return &lr.Exchange{Status: http.StatusOK, Body: []byte(p)}, nil
}

func (p answers) Dial(context.Context, *lr.Account, *lr.Request, ...string) (*lr.Exchange, error) {
	return nil, lr.ErrScope
}

// site is a TLS server that answers one text with a header field.
func site(t *testing.T, text, field string) string {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if field != "" {
			w.Header().Set(field, "1")
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// askEdge puts a check to a stand with a client of the application.
func askEdge(t *testing.T, s *stand, c *lr.Check) []lr.Outcome {
	t.Helper()
	var out []lr.Outcome
	trial := &lr.Trial{Check: c, Target: &s.target, Memo: s.memo, HTTP: answers(product), Report: func(o lr.Outcome) { out = append(out, o) }}
	if err := c.Run(t.Context(), trial); err != nil {
		t.Fatalf("%s: %v", c.ID, err)
	}
	return out
}

var product = strings.Repeat("<p>Harbor, the page of the product</p>\n", 5)

// TestNoToken tells which edge is there and that its settings are not read.
func TestNoToken(t *testing.T) {
	for _, c := range []struct {
		name, field string
		verdict     lr.Verdict
		says        string
	}{
		{"Cloudflare", "Cf-Ray", lr.Unknown, "domain.cloudflare.token"},
		{"Fastly", "X-Fastly-Request-Id", lr.Unknown, "behind Fastly"},
		{"CloudFront", "X-Amz-Cf-Id", lr.Unknown, "behind CloudFront"},
		{"Vercel", "X-Vercel-Id", lr.Unknown, "behind Vercel"},
		{"Netlify", "X-Nf-Request-Id", lr.Unknown, "behind Netlify"},
		{"Render", "Rndr-Id", lr.Unknown, "behind Render"},
		{"none", "", lr.Skipped, "no edge is seen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := raise(t, with(), "")
			s.target.Domain.Network = through{s.target.Domain.Network, map[string]string{"443": site(t, "x", c.field)}}
			for _, check := range []*lr.Check{edgeSSLMode, edgeWAF, edgeCacheRules, edgeToken} {
				got := askEdge(t, s, check)
				if len(got) != 1 || got[0].Verdict != c.verdict || !strings.Contains(got[0].Message, c.says) {
					t.Errorf("%s: %v", check.ID, got)
				}
			}
		})
	}
}

// TestHostileAPI asks APIs that refuse, break or say nonsense: nothing is found.
func TestHostileAPI(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request)
	}{
		{"refuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }},
		{"garbage", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"success":true,"result":7}`)) }},
		{"closes", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		{"the zone alone", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/zones" {
				_, _ = w.Write([]byte(`{"success":true,"result":[{"id":"z","name":"harbor.test"}]}`))
				return
			}
			w.WriteHeader(http.StatusForbidden)
		}},
		{"empty settings", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/zones" {
				_, _ = w.Write([]byte(`{"success":true,"result":[{"id":"z","name":"harbor.test"}]}`))
				return
			}
			if strings.HasSuffix(r.URL.Path, "/settings") {
				_, _ = w.Write([]byte(`{"success":true,"result":[{"id":"ssl","value":{"x":1}}]}`))
				return
			}
			w.WriteHeader(http.StatusForbidden)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := httptest.NewServer(http.HandlerFunc(c.answer))
			defer api.Close()
			s := raise(t, with(), "")
			s.target.Domain.Cloudflare = &lr.CloudflareAccess{Token: lr.NewSecret("a-token-that-must-not-show"), API: api.URL}
			s.target.Domain.Network = through{s.target.Domain.Network, nil}
			for _, check := range edges() {
				if check == edgeToken && c.name != "refuses" && c.name != "garbage" && c.name != "closes" {
					continue // a token that cannot be verified is what it finds
				}
				for _, o := range askEdge(t, s, check) {
					if o.Verdict == lr.Failed || o.Verdict == lr.Passed || strings.Contains(o.Message, "must-not-show") {
						t.Errorf("%s: %s %s", check.ID, o.Verdict, o.Message)
					}
				}
			}
		})
	}
}

// TestSSLMode grades the modes.
func TestSSLMode(t *testing.T) {
	for mode, want := range map[string]struct {
		verdict  lr.Verdict
		severity lr.Severity // 0: the check's own
	}{"strict": {lr.Passed, 0}, "origin_pull": {lr.Passed, 0}, "full": {lr.Failed, lr.High}, "flexible": {lr.Failed, 0}, "off": {lr.Failed, 0}} {
		t.Run(mode, func(t *testing.T) {
			api, err := fake.New(fake.Options{Token: "t", Zones: []*fake.Zone{{ID: "z", Name: "harbor.test", Settings: map[string]any{"ssl": mode}}}})
			if err != nil {
				t.Fatal(err)
			}
			defer api.Close()
			s := raise(t, with(), "")
			s.target.Domain.Cloudflare = &lr.CloudflareAccess{Token: lr.NewSecret("t"), API: api.URL}
			s.target.Domain.Network = through{s.target.Domain.Network, nil}
			got := askEdge(t, s, edgeSSLMode)
			if len(got) != 1 || got[0].Verdict != want.verdict || got[0].Severity != want.severity {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestOrigin asks machines behind an edge as a stranger.
func TestOrigin(t *testing.T) {
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().String()
	_ = closed.Close()
	busy := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(busy.Close)
	for name, c := range map[string]struct {
		origin string
		want   lr.Verdict
	}{
		"serves the product":  {site(t, product, ""), lr.Failed},
		"serves another page": {site(t, "Welcome to nginx!", ""), lr.Passed},
		"is closed":           {gone, lr.Passed},
		"is busy":             {busy.Listener.Addr().String(), lr.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := raise(t, with(), "")
			s.target.Domain.Origins = []string{c.origin}
			s.target.Domain.Network = through{s.target.Domain.Network, nil}
			got := askEdge(t, s, edgeOriginOpen)
			if len(got) != 1 || got[0].Verdict != c.want {
				t.Errorf("%v, want %s", got, c.want)
			}
		})
	}
}

// TestExposed finds an origin by the domain's own names, and not by its edge's.
func TestExposed(t *testing.T) {
	s := raise(t, with("https/edge-origin-exposed"), "")
	s.target.Domain.Origins = []string{"127.0.0.8", "192.0.2.99:8443"}
	got := askEdge(t, s, edgeOriginExposed)
	if len(got) != 2 || got[0].Verdict != lr.Failed || !slices.Contains(got[0].Evidence.Records, "direct.harbor.test resolves to 127.0.0.8") || got[1].Verdict != lr.Passed {
		t.Errorf("%+v", got)
	}
}

func TestRuleReading(t *testing.T) {
	for e, want := range map[string]bool{ // lets everybody past
		`true`: true, `(true)`: true, `(http.user_agent contains "x")`: true, `(any(http.request.headers["x-skip"][*] eq "1"))`: true, `(http.referer contains "ours")`: true,
		`(ip.src in {192.0.2.0/28})`: false, `(ip.src eq 192.0.2.1 and http.user_agent contains "x")`: false, `(http.request.uri.path eq "/hook")`: false,
		`(ip.src eq 192.0.2.1) or (http.user_agent contains "x")`: true,
	} {
		if got := wide(e) != ""; got != want {
			t.Errorf("wide(%s) = %t", e, got)
		}
	}
	for e, want := range map[string]bool{`true`: true, `(http.host eq "api.a.test")`: true, `(starts_with(http.request.uri.path, "/assets/"))`: false, `(http.request.uri.path.extension in {"css"})`: false} {
		if got := everything(e); got != want {
			t.Errorf("everything(%s) = %t", e, got)
		}
	}
	for p, want := range map[string]string{
		`{"from_value":{"target_url":{"value":"http://a.test/"}}}`:                                                  "http://a.test/",
		`{"from_value":{"target_url":{"expression":"concat(\"https://a.test\", http.request.uri.path)"}}}`:          "https://a.test",
		`{"from_value":{"target_url":{"expression":"regex_replace(http.request.full_uri, \"^http\", \"https\")"}}}`: "",
		`7`: "",
	} {
		if got := targetOf(cloudflare.Rule{Parameters: json.RawMessage(p)}); got != want {
			t.Errorf("targetOf(%s) = %q", p, got)
		}
	}
	for e, want := range map[string]bool{`(http.host eq "a.test")`: true, `true`: true, `(http.host eq "www.a.test")`: false, `(http.host eq "a.test" and http.request.uri.path eq "/old")`: false} {
		if got := loops(e, "a.test"); got != want {
			t.Errorf("loops(%s) = %t", e, got)
		}
	}
	for p, want := range map[string]bool{`{}`: false, `{"overrides":{"action":"log"}}`: true, `{"overrides":{"enabled":false}}`: true, `{"overrides":{"enabled":true}}`: false} {
		if got := onlyLogs(cloudflare.Rule{Parameters: json.RawMessage(p)}); got != want {
			t.Errorf("onlyLogs(%s) = %t", p, got)
		}
	}
}
