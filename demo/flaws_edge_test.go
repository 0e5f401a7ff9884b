package demo

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/launchready/launchready/mail"
)

// edgeFlaws are those of what the makers of Harbor set at the edge, and of the
// machine behind it.
var edgeFlaws = map[string]symptom{
	"https/edge-proxied":          atEdge("dns_records?per_page=500", `"name":"api.harbor.test","content":"127.0.0.1"`),
	"https/edge-origin-exposed":   func(w *world) bool { return addressOf(w, "direct.harbor.test") == originAt },
	"https/edge-origin-open":      func(w *world) bool { return strings.Contains(w.origin(), "Harbor") },
	"https/edge-ssl-mode":         atEdge("settings/ssl", `"value":"flexible"`),
	"https/edge-always-https":     atEdge("settings/always_use_https", `"value":"off"`),
	"https/edge-minimum-tls":      atEdge("settings/min_tls_version", `"value":"1.0"`),
	"https/edge-early-data":       atEdge("settings/0rtt", `"value":"on"`),
	"https/edge-development-mode": atEdge("settings/development_mode", `"value":"on"`),
	"https/edge-waf":              atEdge("rulesets/phases/http_request_firewall_managed/entrypoint", `"action":"log"`),
	"https/edge-waf-skip":         atEdge("rulesets/phases/http_request_firewall_custom/entrypoint", "http.user_agent"),
	"https/edge-rate-limit":       atEdge("rulesets/phases/http_ratelimit/entrypoint", `"enabled":false`),
	"https/edge-cache-rules":      atEdge("rulesets/phases/http_request_cache_settings/entrypoint", "http.host"),
	"https/edge-redirect-rules":   atEdge("rulesets/phases/http_request_dynamic_redirect/entrypoint", `"value":"http://`),
	"https/edge-views":            atEdge("", `"paused":true`),
	"https/edge-token":            func(w *world) bool { return !strings.Contains(w.edge("/user/tokens/verify"), "expires_on") },
}

// atEdge shows a text in what the API says of the zone.
func atEdge(path, text string) symptom {
	return func(w *world) bool { return strings.Contains(w.edge("/zones/"+zoneID+"/"+path), text) }
}

// edge is an answer of the provider's API, without spaces that JSON does not need.
func (w *world) edge(path string) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, strings.TrimSuffix(w.s.domain.edge.api.URL+path, "/"), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.s.derived("edge-token"))
	resp, err := w.c.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct {
		Success bool            `json:"success"`
		Result  json.RawMessage `json:"result"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || !body.Success {
		w.t.Fatalf("%s: %d %v", path, resp.StatusCode, err)
	}
	return string(body.Result)
}

// origin is what the machine behind the edge answers to a stranger.
func (w *world) origin() string {
	w.t.Helper()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}} //nolint:gosec // only the edge trusts it
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://"+w.s.domain.edge.origin+"/", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b := make([]byte, 4096)
	n, _ := resp.Body.Read(b)
	return string(b[:n])
}

func addressOf(w *world, name string) string {
	w.t.Helper()
	a, err := (&mail.Client{Server: w.s.Resolver()}).Lookup(context.Background(), name, mail.A)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(a.Records) == 0 {
		return ""
	}
	return a.Records[0].Addr.String()
}
