package edge

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Phases of Cloudflare's rules that a plan adds to.
const (
	PhaseCache    = "http_request_cache_settings"
	PhaseLimit    = "http_ratelimit"
	PhaseWAF      = "http_request_firewall_managed"
	PhaseRedirect = "http_request_dynamic_redirect"
)

// managedRules is the id of Cloudflare's own managed ruleset.
const managedRules = "efb7b8c949ac4650a09736fc376e9aee"

// refPrefix begins the reference of every rule of ours.
const refPrefix = "launchready_"

// setting is one that every zone should have.
type setting struct {
	id, value, why, where string
	risk                  string
	topics                []string
}

var settings = [...]setting{
	{id: "ssl", value: `"strict"`, why: "The edge checks the origin's certificate.", where: "SSL/TLS > Overview > Full (strict)",
		risk: "an origin without a valid certificate is answered with 526 from then on: check it first", topics: []string{"ssl-mode", "edge-ssl"}},
	{id: "always_use_https", value: `"on"`, why: "HTTP is redirected to HTTPS at the edge.", where: "SSL/TLS > Edge Certificates > Always Use HTTPS", topics: []string{"always-https", "edge-https"}},
	{id: "min_tls_version", value: `"1.2"`, why: "TLS 1.0 and 1.1 are not spoken (RFC 8996).", where: "SSL/TLS > Edge Certificates > Minimum TLS Version", topics: []string{"min-tls", "minimum-tls"}},
	{id: "tls_1_3", value: `"on"`, why: "TLS 1.3 is spoken.", where: "SSL/TLS > Edge Certificates > TLS 1.3", topics: []string{"min-tls", "minimum-tls"}},
	{id: "0rtt", value: `"off"`, why: "Requests in early data can be replayed (RFC 8470).", where: "Speed > Settings > Protocol Optimization > 0-RTT", topics: []string{"0rtt", "early-data"}},
	{id: "development_mode", value: `"off"`, why: "Development mode passes the cache by and is for hours, not for good.", where: "Caching > Configuration > Development Mode", topics: []string{"development-mode"}},
}

const hstsSetting = "security_header"

func (in Intent) edgeKeys() []Key {
	var out []Key
	for _, s := range settings {
		out = append(out, Key{Kind: Setting, Name: s.id})
	}
	out = append(out, Key{Kind: Setting, Name: hstsSetting})
	for _, w := range in.ruleWants() {
		out = append(out, w.Key)
	}
	return out
}

// edge sets what the provider keeps beside the records.
func (m *maker) edge() {
	var by []string // what to do by hand, where nothing can be read
	hand := true
	for _, s := range settings {
		checks, ok := m.wanted(append([]string{"cloudflare"}, s.topics...)...)
		if !ok {
			continue
		}
		k := Key{Kind: Setting, Name: s.id}
		if len(m.state.Sets[k]) == 0 {
			by = append(by, s.where+": "+strings.Trim(s.value, `"`))
			continue
		}
		hand = false
		w := Want{Key: k, Values: []Value{{Data: s.value}}, Why: s.why, Checks: checks}
		if s.risk != "" {
			w.Risks = []Risk{{Text: s.risk}}
		}
		if s.id == "min_tls_version" && slices.ContainsFunc(m.state.Sets[k], func(v Value) bool { return v.Data == `"1.3"` }) {
			continue
		}
		m.want(w)
	}
	if checks, ok := m.wanted("hsts"); ok {
		if len(m.state.Sets[Key{Kind: Setting, Name: hstsSetting}]) == 0 {
			by = append(by, "SSL/TLS > Edge Certificates > HTTP Strict Transport Security: 12 months, with subdomains")
		} else {
			m.hsts(checks)
		}
	}
	m.proxy()
	for _, w := range m.ruleWants() {
		if hand {
			by = append(by, ruleByHand(w))
			continue
		}
		topics := map[string][]string{PhaseCache: {"cache"}, PhaseLimit: {"rate", "limit"}, PhaseWAF: {"waf"}, PhaseRedirect: {"redirect", "canonical", "www"}}
		checks, ok := m.wanted(topics[w.Key.Type]...)
		if !ok {
			continue
		}
		w.Checks = checks
		m.want(w)
	}
	if hand {
		for _, s := range by {
			m.note("Cloudflare, by hand: %s", s)
		}
	}
}

// hsts turns the header on. Its list in browsers cannot be left within months.
func (m *maker) hsts(checks []string) {
	k := Key{Kind: Setting, Name: hstsSetting}
	var now struct {
		STS struct {
			Enabled    bool `json:"enabled"`
			MaxAge     int  `json:"max_age"`
			Subdomains bool `json:"include_subdomains"`
			Preload    bool `json:"preload"`
			NoSniff    bool `json:"nosniff"`
		} `json:"strict_transport_security"`
	}
	if vs := m.state.Sets[k]; json.Unmarshal([]byte(vs[0].Data), &now) != nil {
		return
	}
	want := now
	w := Want{Key: k, Why: "Browsers never ask for the site without TLS (RFC 6797).", Checks: checks}
	const year = 31536000
	want.STS.Enabled, want.STS.NoSniff = true, true
	want.STS.MaxAge = max(now.STS.MaxAge, year)
	if m.Edge.Preload {
		want.STS.Preload, want.STS.Subdomains = true, true
	}
	if now == want {
		return
	}
	if !now.STS.Enabled || now.STS.MaxAge < year {
		w.Risks = append(w.Risks, Risk{Irreversible: true, Text: "browsers that saw the header refuse the site without TLS for a year, whatever a roll-back says"})
	}
	if want.STS.Preload && !now.STS.Preload {
		w.Risks = append(w.Risks, Risk{Irreversible: true, Text: "preload: once the domain is in the browsers' list, every name below it needs TLS, and leaving the list takes months"})
	}
	b, err := json.Marshal(want)
	if err != nil {
		return
	}
	w.Values = []Value{{Data: string(b)}}
	m.want(w)
}

// proxy puts the product's hosts behind the edge, never one that takes mail.
func (m *maker) proxy() {
	checks, ok := m.wanted("proxied", "origin")
	if !ok {
		return
	}
	var mail []string
	for k, vs := range m.state.Sets {
		if k.Kind == Records && k.Type == "MX" {
			for _, v := range vs {
				if f := strings.Fields(v.Data); len(f) == 2 {
					mail = append(mail, strings.TrimSuffix(f[1], "."))
				}
			}
		}
	}
	hosts := m.Hosts
	if m.state.Complete {
		for _, host := range mail { // mail does not pass an HTTP edge
			for _, t := range []string{"A", "AAAA"} {
				if k := RR(host, t); proxied(m.state.Sets[k]) {
					m.want(Want{Key: k, Values: flip(m.state.Sets[k], false), Why: "The host takes mail, which the edge does not pass on.", Checks: checks,
						Risks: []Risk{{Text: "its address becomes visible; where the same server is the origin of the site, let it take web traffic from the edge only"}}})
				}
			}
		}
	}
	for _, h := range hosts {
		for _, t := range []string{"A", "AAAA", "CNAME"} {
			k := RR(h, t)
			set := m.state.Sets[k]
			if t == "CNAME" && len(set) > 0 && !inside(RR(set[0].Data, "").Name, m.Zone) {
				continue // a service with an edge of its own
			}
			if len(set) == 0 || !slices.ContainsFunc(set, func(v Value) bool { return !v.Proxied }) {
				continue
			}
			if slices.Contains(mail, h) {
				m.note("%s takes mail as well as web traffic, so that it cannot be put behind the edge: give the mail server a name and an address of its own.", h)
				break
			}
			m.want(Want{Key: k, Values: flip(set, true), Why: "Traffic for the host goes through the edge, which keeps the origin's address hidden.", Checks: checks,
				Risks: []Risk{{Text: "only HTTP on the edge's ports passes; other services on this name stop. The old address stays in histories of DNS: let the origin take web traffic from the edge only"}}})
		}
	}
}

func flip(set []Value, on bool) []Value {
	out := slices.Clone(set)
	for i := range out {
		out[i].Proxied = on
	}
	return out
}

// ruleWants are the rules that the intent asks for.
func (in Intent) ruleWants() []Want {
	var out []Want
	rule := func(phase, ref, why string, v map[string]any, risks ...Risk) {
		v["ref"], v["description"], v["enabled"] = refPrefix+ref, "Launch Ready: "+why, true
		b, err := json.Marshal(v)
		if err != nil {
			return
		}
		out = append(out, Want{Key: Key{Kind: Rule, Name: refPrefix + ref, Type: phase}, Values: []Value{{Data: string(b)}}, Why: why, Risks: risks})
	}
	if len(in.Edge.API) > 0 {
		var terms []string
		for _, p := range in.Edge.API {
			terms = append(terms, prefix(p))
		}
		rule(PhaseCache, "cache_bypass", "Answers of the API are never cached.",
			map[string]any{"action": "set_cache_settings", "action_parameters": map[string]any{"cache": false}, "expression": "(" + strings.Join(terms, ") or (") + ")"})
	}
	for i, l := range in.Edge.Limits {
		rule(PhaseLimit, fmt.Sprintf("limit_%d", i+1), fmt.Sprintf("At most %d requests in %d s from one address to %s.", l.Requests, l.Seconds, l.Path),
			map[string]any{"action": "block", "expression": "(" + prefix(l.Path) + ")",
				"ratelimit": map[string]any{"characteristics": []string{"cf.colo.id", "ip.src"}, "period": l.Seconds, "requests_per_period": l.Requests, "mitigation_timeout": l.Seconds}},
			Risk{Text: "offices behind one address share the limit: see that it is above what they need"})
	}
	if in.Edge.WAF {
		rule(PhaseWAF, "waf_managed", "Cloudflare's managed rules look at every request.",
			map[string]any{"action": "execute", "action_parameters": map[string]any{"id": managedRules}, "expression": "true"},
			Risk{Text: "managed rules may block text that users paste into a chat: look at the security events for a few days"})
	}
	if in.Canonical != "" {
		for _, h := range []string{in.Zone, "www." + in.Zone} {
			if h == in.Canonical || !slices.Contains(in.Hosts, h) {
				continue
			}
			rule(PhaseRedirect, "canonical_"+strings.NewReplacer(".", "_", "-", "_").Replace(h), h+" redirects to "+in.Canonical+", with path and query.",
				map[string]any{"action": "redirect", "expression": fmt.Sprintf("(http.host eq %q)", h),
					"action_parameters": map[string]any{"from_value": map[string]any{"status_code": 308, "preserve_query_string": true,
						"target_url": map[string]any{"expression": fmt.Sprintf("concat(\"https://%s\", http.request.uri.path)", in.Canonical)}}}})
		}
	}
	return out
}

func prefix(path string) string {
	return fmt.Sprintf("starts_with(http.request.uri.path, %q)", strings.TrimRight(path, "*"))
}

// ruleByHand is the click path for a rule.
func ruleByHand(w Want) string {
	var r struct {
		Action     string          `json:"action"`
		Expression string          `json:"expression"`
		Parameters json.RawMessage `json:"action_parameters"`
		Limit      json.RawMessage `json:"ratelimit"`
	}
	_ = json.Unmarshal([]byte(w.Values[0].Data), &r)
	where := map[string]string{PhaseCache: "Caching > Cache Rules > Bypass cache", PhaseLimit: "Security > WAF > Rate limiting rules", PhaseWAF: "Security > WAF > Managed rules", PhaseRedirect: "Rules > Redirect Rules"}
	out := where[w.Key.Type] + ": " + w.Why + " When " + r.Expression
	if len(r.Limit) > 0 {
		out += ", " + string(r.Limit)
	}
	if w.Key.Type == PhaseRedirect {
		out += ", " + string(r.Parameters)
	}
	return out
}
