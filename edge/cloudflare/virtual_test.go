package cloudflare_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	fake "github.com/launchready/launchready/demo/cloudflare"
	"github.com/launchready/launchready/edge"
	"github.com/launchready/launchready/edge/cloudflare"
	api "github.com/launchready/launchready/probe/cloudflare"
)

const (
	zone   = "harbor.test"
	zoneID = "023e105f4ecef8ad9ca31a8372d0c353"
	token  = "write-token-of-the-test"
)

// loopback reaches what stands on this machine.
type loopback struct{}

func (loopback) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}
func (loopback) Resolver() string      { return "127.0.0.1:53" }
func (loopback) Roots() *x509.CertPool { return nil }

// standing is a provider with one zone, and the driver of it.
func standing(t *testing.T) (*fake.Server, *cloudflare.Driver) {
	t.Helper()
	ten := uint16(10)
	s, err := fake.New(fake.Options{Token: token, Expires: "2027-01-01T00:00:00Z", Page: 2, Zones: []*fake.Zone{{
		ID: zoneID, Name: zone, DNSSEC: "active",
		Settings: map[string]any{"ssl": "flexible", "tls_1_3": "on"},
		Records: []fake.Record{
			{Name: zone, Type: "TXT", TTL: 3600, Content: `"v=spf1 ~all"`},
			{Name: zone, Type: "TXT", TTL: 3600, Content: `"other=verification"`, Comment: "of another team"},
			{Name: zone, Type: "MX", TTL: 3600, Content: "mx." + zone, Priority: &ten},
			{Name: "api." + zone, Type: "A", TTL: 3600, Content: "192.0.2.1"},
			{Name: "old." + zone, Type: "CNAME", TTL: 3600, Content: "gone.example"},
		},
		Rulesets: []*fake.Ruleset{{Name: "default", Phase: edge.PhaseCache, Rules: []fake.Rule{{"action": "set_cache_settings", "expression": "true", "action_parameters": map[string]any{"cache": true}}}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c := api.New(s.URL, lr.NewSecret(token), loopback{})
	c.Pause = func(context.Context, time.Duration) error { return nil }
	t.Cleanup(c.Close)
	return s, &cloudflare.Driver{Client: c, Zone: zone}
}

// planned is what the provider would tell, had the changes been made.
func planned(t *testing.T, d *cloudflare.Driver, changes ...edge.Change) (*api.Client, *cloudflare.Virtual) {
	t.Helper()
	p := &edge.Plan{Zone: zone}
	for _, c := range changes {
		p.Items = append(p.Items, edge.Item{Change: c})
	}
	v := &cloudflare.Virtual{Network: loopback{}, Driver: d, Plan: p}
	c := api.New(cloudflare.VirtualAPI, lr.NewSecret(token), v)
	c.Pause = func(context.Context, time.Duration) error { return nil }
	t.Cleanup(func() {
		c.Close()
		_ = v.Close() // a test may have closed it
	})
	return c, v
}

// TestVirtual reads a planned zone by the API's own client: what is planned shows,
// what is not stands as it is, and the zone at the provider is left alone.
func TestVirtual(t *testing.T) {
	s, d := standing(t)
	before := s.Dump(zone)
	rule := `{"action":"set_cache_settings","action_parameters":{"cache":false},"enabled":true,"expression":"(starts_with(http.request.uri.path, \"/v1/\"))","ref":"launchready_cache_bypass"}`
	limit := `{"action":"block","enabled":true,"expression":"true","ratelimit":{"period":60},"ref":"launchready_limit"}`
	c, v := planned(t, d,
		edge.Change{Key: edge.RR(zone, "TXT"), Before: []edge.Value{{Data: `"v=spf1 ~all"`, TTL: 3600}, {Data: `"other=verification"`, TTL: 3600, Comment: "of another team"}},
			After: []edge.Value{{Data: `"v=spf1 -all"`, TTL: 3600}, {Data: `"other=verification"`, TTL: 3600, Comment: "of another team"}}},
		edge.Change{Key: edge.RR("api."+zone, "A"), Before: []edge.Value{{Data: "192.0.2.1", TTL: 3600}}, After: []edge.Value{{Data: "192.0.2.1", TTL: 1, Proxied: true}}},
		edge.Change{Key: edge.RR("old."+zone, "CNAME"), Before: []edge.Value{{Data: "gone.example.", TTL: 3600}}},
		edge.Change{Key: edge.Key{Kind: edge.Setting, Name: "ssl"}, Before: []edge.Value{{Data: `"flexible"`}}, After: []edge.Value{{Data: `"strict"`}}},
		edge.Change{Key: edge.Key{Kind: edge.Rule, Name: "launchready_cache_bypass", Type: edge.PhaseCache}, After: []edge.Value{{Data: rule}}},
		edge.Change{Key: edge.Key{Kind: edge.Rule, Name: "launchready_limit", Type: "http_ratelimit"}, After: []edge.Value{{Data: limit}}},
	)
	z, err := c.Zone(t.Context(), "", zone)
	if err != nil || z.ID != zoneID {
		t.Fatal(z, err)
	}
	records, err := c.Records(t.Context(), z.ID)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range records {
		lines = append(lines, strings.Join([]string{r.Name, r.Type, r.Content, r.Comment, map[bool]string{true: "proxied"}[r.Proxied]}, "|"))
	}
	slices.Sort(lines)
	want := []string{"api.harbor.test|A|192.0.2.1||proxied", "harbor.test|MX|mx.harbor.test||", `harbor.test|TXT|"other=verification"|of another team|`, `harbor.test|TXT|"v=spf1 -all"||`}
	if !slices.Equal(lines, want) {
		t.Errorf("records %q\nwant %q", lines, want)
	}
	settings, err := c.Settings(t.Context(), z.ID)
	if err != nil || string(settings["ssl"]) != `"strict"` || string(settings["tls_1_3"]) != `"on"` {
		t.Errorf("settings %s: %v", settings, err)
	}
	cache, err := c.Rules(t.Context(), z.ID, edge.PhaseCache)
	if err != nil || len(cache.Rules) != 2 || cache.Rules[0].Expression != "true" || cache.Rules[1].Ref != "launchready_cache_bypass" {
		t.Errorf("rules of the cache %+v: %v", cache, err)
	}
	limits, err := c.Rules(t.Context(), z.ID, "http_ratelimit")
	if err != nil || limits == nil || len(limits.Rules) != 1 || !limits.Rules[0].Enabled {
		t.Errorf("rules of the limit %+v: %v", limits, err)
	}
	if none, err := c.Rules(t.Context(), z.ID, "http_request_firewall_managed"); none != nil || err != nil {
		t.Errorf("a phase that has none: %+v %v", none, err)
	}
	if status, _, err := c.Token(t.Context()); status != "active" || err != nil {
		t.Errorf("what is not of the zone is not told: %s %v", status, err)
	}
	if err := c.Set(t.Context(), z.ID, "ssl", json.RawMessage(`"off"`)); err == nil {
		t.Error("a planned zone is written to")
	}
	if s.Dump(zone) != before {
		t.Error("the zone at the provider is another one now")
	}
	if conn, err := v.Dial(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://")[:len("127.0.0.1")]+":1"); err == nil {
		_ = conn.Close()
		t.Error("another address leads to the planned zone")
	}
}

// TestVirtualFails as the provider does: what it refuses is refused.
func TestVirtualFails(t *testing.T) {
	_, d := standing(t)
	d.Client = api.New(strings.Replace(cloudflare.VirtualAPI, "planned.invalid", "127.0.0.1:1", 1), lr.NewSecret(token), loopback{})
	d.Client.Pause = func(context.Context, time.Duration) error { return nil }
	c, _ := planned(t, d)
	if _, err := c.Zone(t.Context(), "", zone); err == nil || strings.Contains(err.Error(), token) {
		t.Errorf("a provider that is not there: %v", err)
	}
	s, d := standing(t)
	d.Client = api.New(s.URL, lr.NewSecret("another"), loopback{})
	c, _ = planned(t, d)
	if _, err := c.Zone(t.Context(), "", zone); !api.Forbidden(err) {
		t.Errorf("a token that may not: %v", err)
	}
}

// TestVirtualClosed is a network whose planned zone is gone.
func TestVirtualClosed(t *testing.T) {
	_, d := standing(t)
	_, v := planned(t, d)
	if _, err := v.Dial(t.Context(), "tcp", "planned.invalid:80"); err != nil {
		t.Fatal(err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Dial(t.Context(), "tcp", "planned.invalid:80"); err == nil {
		t.Error("it still answers")
	}
}
