package edge_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	fake "github.com/launchready/launchready/demo/cloudflare"
	"github.com/launchready/launchready/edge"
	"github.com/launchready/launchready/edge/cloudflare"
	"github.com/launchready/launchready/edge/edgetest"
	"github.com/launchready/launchready/edge/update"
	"github.com/launchready/launchready/edge/zonefile"
	api "github.com/launchready/launchready/probe/cloudflare"
)

const zone = "harbor.test"

// keySecret is base64 of a text, as TSIG keys are written.
const keySecret = "c2VjcmV0IG9mIHRoZSB0ZXN0"

// foreign are records that no plan may touch: forty, at the same names as ours and
// at others.
func foreign() []string {
	out := []string{
		`@ IN TXT "google-site-verification=abcdefghijklmnop"`,
		`@ IN TXT "MS=ms12345678"`,
		`@ IN TXT "a \"quoted\" text; with a semicolon" "and a second string"`,
		`_dmarc IN TXT "not a policy"`,
		`_smtp._tls IN TXT "a note of somebody"`,
		`@ IN CAA 0 iodef "mailto:security@harbor.test"`,
		`app IN A 127.0.0.1`,
		`www IN A 127.0.0.1`,
		`@ IN A 127.0.0.1`,
		`mx IN A 127.0.0.1`,
		`mta-sts IN A 127.0.0.1`,
		`_sip._tcp IN SRV 10 20 5060 sip`,
	}
	for i := len(out); i < 40; i++ {
		out = append(out, fmt.Sprintf("host%d 7200 IN A 127.0.1.%d", i, i))
	}
	return out
}

// ours are records that the plan takes over.
func ours() []string {
	return []string{
		`@ IN TXT "v=spf1 ip4:192.0.2.10 include:spf.gone.test ?all"`,
		`@ IN TXT "v=spf1 mx ~all"`,
		`@ IN MX 10 mx`,
		`_dmarc IN TXT "v=DMARC1; p=none; pct=50"`,
	}
}

func zoneText() string {
	lines := []string{"$TTL 3600", "@ IN SOA ns1 hostmaster 1 7200 3600 1209600 3600", "@ IN NS ns1", "ns1 IN A 127.0.0.1", "; what others put here"}
	lines = append(lines, foreign()...)
	lines = append(lines, "; mail", ours()[0], ours()[1], ours()[2], "", ours()[3])
	return strings.Join(lines, "\n") + "\n"
}

const beyond = `spf.mailer.test. IN TXT "v=spf1 ip4:198.51.100.0/24 -all"
harbor.test._report._dmarc.reports.test. IN TXT "v=DMARC1"
`

func intent() edge.Intent {
	return edge.Intent{
		Zone: zone, Hosts: []string{zone, "www." + zone, "app." + zone}, Canonical: "app." + zone,
		Senders: []string{"include:spf.mailer.test"}, Policy: "reject", Reports: "dmarc@reports.test", STS: "testing", Issuers: []string{"letsencrypt.org"}, Current: []string{"letsencrypt.org"},
		Keys: map[string]string{"s1": "s1.dkim.mailer.test", "s2": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
	}
}

// bench is one driver with the place that it writes to.
type bench struct {
	driver  edge.Driver
	servers edge.Servers
	network lr.Network
	dump    func() string   // the whole zone
	meddle  func()          // somebody else changes a set of the plan
	beside  func()          // somebody else adds a record of their own to a set of ours
	records func() []string // "name TYPE data" of all
}

type place struct {
	name string
	make func(*testing.T, hooks) *bench
}

// hooks see each write before and after it took effect; false cuts the connection.
type hooks struct {
	before, after func() bool
	watch         func(records []string)
}

func places() []place {
	return []place{{"zonefile", fileBench}, {"rfc2136", updateBench}, {"cloudflare", cloudBench}}
}

func fileBench(t *testing.T, _ hooks) *bench {
	t.Helper()
	file := filepath.Join(t.TempDir(), "harbor.test.zone")
	if err := os.WriteFile(file, []byte(zoneText()), 0o640); err != nil {
		t.Fatal(err)
	}
	read := func() string {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	others := edgetest.Start(t, "test", "@ IN SOA ns1 h 1 1 1 1 1\n", edgetest.Options{Beyond: beyond})
	return &bench{
		driver: &zonefile.Driver{File: file, Zone: zone}, network: edgetest.Network{Addr: others.Addr}, dump: read,
		meddle: func() { write(strings.Replace(read(), "p=none; pct=50", "p=quarantine", 1)) },
		beside: func() { write(read() + `@ IN TXT "another=verification"` + "\n") },
		records: func() []string {
			var out []string
			p := dns.NewZoneParser(strings.NewReader(read()), zone+".", "")
			for rr, ok := p.Next(); ok; rr, ok = p.Next() {
				out = append(out, line(rr))
			}
			return out
		},
	}
}

func line(rr dns.RR) string {
	return strings.TrimSuffix(rr.Header().Name, ".") + " " + dns.TypeToString[rr.Header().Rrtype] + " " + edge.DataOf(rr)
}

func updateBench(t *testing.T, h hooks) *bench {
	t.Helper()
	guard := func(f func() bool) func(*dns.Msg) bool {
		if f == nil {
			return nil
		}
		return func(*dns.Msg) bool { return f() }
	}
	var watch func([]dns.RR)
	if h.watch != nil {
		watch = func(rrs []dns.RR) {
			var out []string
			for _, rr := range rrs {
				out = append(out, line(rr))
			}
			h.watch(out)
		}
	}
	s := edgetest.Start(t, zone, zoneText(), edgetest.Options{Key: "launchready", Secret: keySecret, Beyond: beyond, Before: guard(h.before), After: guard(h.after), Watch: watch})
	n := edgetest.Network{Addr: s.Addr}
	return &bench{
		driver:  &update.Driver{Zone: zone, Server: s.Addr, Dial: n.Dial, Key: "launchready", Secret: lr.NewSecret(keySecret), Timeout: 5 * time.Second},
		servers: edge.NameServers{Network: n, Zone: zone}, network: n, dump: s.Dump,
		meddle: func() {
			s.Change(func(rrs []dns.RR) []dns.RR {
				return append(slices.DeleteFunc(rrs, func(rr dns.RR) bool { return strings.Contains(rr.String(), "pct=50") }), rr(t, `_dmarc.harbor.test. 3600 IN TXT "v=DMARC1; p=quarantine"`))
			})
		},
		beside: func() {
			s.Change(func(rrs []dns.RR) []dns.RR {
				return append(rrs, rr(t, `harbor.test. 3600 IN TXT "another=verification"`))
			})
		},
		records: func() []string {
			var out []string
			s.Change(func(rrs []dns.RR) []dns.RR {
				for _, rr := range rrs {
					out = append(out, line(rr))
				}
				return rrs
			})
			return out
		},
	}
}

func rr(t *testing.T, s string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(s)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}

// cloudZone is the same zone as the API has it, with rules and settings of others.
func cloudZone(t testing.TB) *fake.Zone {
	t.Helper()
	z := &fake.Zone{ID: "023e105f4ecef8ad9ca31a8372d0c353", Name: zone, DNSSEC: "disabled",
		Settings: map[string]any{"ssl": "flexible", "always_use_https": "off", "min_tls_version": "1.0", "tls_1_3": "on", "0rtt": "on", "development_mode": "off", "brotli": "on",
			"security_header": map[string]any{"strict_transport_security": map[string]any{"enabled": false, "max_age": 0.0, "include_subdomains": false, "preload": false, "nosniff": false}}},
		Rulesets: []*fake.Ruleset{{Name: "default", Phase: edge.PhaseCache, Rules: []fake.Rule{{"action": "set_cache_settings", "expression": `(http.request.uri.path eq "/logo.png")`, "action_parameters": map[string]any{"cache": true}}}}},
	}
	p := dns.NewZoneParser(strings.NewReader(zoneText()), zone+".", "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		h := rr.Header()
		r := fake.Record{Name: strings.TrimSuffix(h.Name, "."), Type: dns.TypeToString[h.Rrtype], TTL: h.Ttl, Content: strings.TrimSuffix(edge.DataOf(rr), ".")}
		switch rr := rr.(type) {
		case *dns.SOA, *dns.NS:
			continue // they are the provider's
		case *dns.MX:
			r.Content, r.Priority = strings.TrimSuffix(rr.Mx, "."), &rr.Preference
		case *dns.SRV:
			r.Content, r.Priority = fmt.Sprintf("%d %d %s", rr.Weight, rr.Port, strings.TrimSuffix(rr.Target, ".")), &rr.Priority
		}
		if strings.HasPrefix(r.Name, "host1") {
			r.Comment, r.Tags = "the warehouse", []string{"team:ops"}
		}
		z.Records = append(z.Records, r)
	}
	return z
}

func cloudBench(t *testing.T, h hooks) *bench {
	t.Helper()
	var s *fake.Server
	writes := func(f func() bool) func(method string) bool {
		return func(method string) bool { return f == nil || method == "GET" || f() }
	}
	before, after := writes(h.before), writes(h.after)
	s, err := fake.New(fake.Options{Token: "write-token-of-the-test", Zones: []*fake.Zone{cloudZone(t)}, Limit: 7, Page: 20,
		Hook: func(r *http.Request) bool { return before(r.Method) }, After: func(r *http.Request) bool { return after(r.Method) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	others := edgetest.Start(t, "test", "@ IN SOA ns1 h 1 1 1 1 1\n", edgetest.Options{Beyond: beyond})
	n := edgetest.Network{Addr: others.Addr}
	client := api.New(s.URL, lr.NewSecret("write-token-of-the-test"), n)
	client.Pause = func(context.Context, time.Duration) error { return nil }
	t.Cleanup(client.Close)
	records := func() []string {
		var out []string
		for _, r := range s.Records(zone) {
			data := r.Content
			if r.Priority != nil {
				data = fmt.Sprintf("%d %s", *r.Priority, data)
			}
			if r.Type == "MX" {
				data += "."
			}
			out = append(out, r.Name+" "+r.Type+" "+edge.Data(r.Type, data))
		}
		return out
	}
	return &bench{
		driver: &cloudflare.Driver{Client: client, Zone: zone}, network: n, dump: func() string { return s.Dump(zone) }, records: records,
		meddle: func() {
			s.Change(zone, func(z *fake.Zone) {
				for i := range z.Records {
					if strings.Contains(z.Records[i].Content, "pct=50") {
						z.Records[i].Content = `"v=DMARC1; p=quarantine"`
					}
				}
			})
		},
		beside: func() {
			s.Change(zone, func(z *fake.Zone) {
				z.Records = append(z.Records, fake.Record{ID: "other", Name: zone, Type: "TXT", TTL: 3600, Content: `"another=verification"`, Tags: []string{}})
			})
		},
	}
}

// plan reads and plans as the verb does.
func (b *bench) plan(t *testing.T, in edge.Intent) (*edge.Plan, *edge.State) {
	t.Helper()
	s, err := b.driver.Read(t.Context(), in.ReadKeys())
	if err != nil {
		t.Fatal(err)
	}
	d := in.Wants(t.Context(), s, b.network)
	p := edge.NewPlan(zone, b.driver.Name(), time.Unix(1790000000, 0), s, d.Wants)
	p.Files, p.Notes = d.Files, d.Notes
	return p, s
}

func (b *bench) run(dir string) *edge.Run {
	return &edge.Run{File: filepath.Join(dir, edge.JournalFile), Now: func() time.Time { return time.Unix(1790000000, 0) },
		Apply: func(*edge.Plan) (*edge.Applier, error) {
			return &edge.Applier{Driver: b.driver, Servers: b.servers, Pause: func(context.Context, time.Duration) error { return nil }, Patience: 4 * time.Second}, nil
		}}
}

// TestDrivers puts every driver through the same: plan, apply, plan again, roll
// back.
func TestDrivers(t *testing.T) {
	for _, at := range places() {
		t.Run(at.name, func(t *testing.T) {
			b := at.make(t, hooks{})
			in := intent()
			if at.name == "cloudflare" {
				in.Edge = &edge.Provider{API: []string{"/v1/"}, Limits: []edge.Limit{{Path: "/v1/auth/", Requests: 20, Seconds: 60}}, WAF: true}
			}
			before, had := b.dump(), b.records()
			p, _ := b.plan(t, in)
			want := map[string]string{
				"harbor.test TXT":                 `"v=spf1 ip4:192.0.2.10 mx include:spf.mailer.test ~all"`,
				"_dmarc.harbor.test TXT":          `"v=DMARC1; p=quarantine; rua=mailto:dmarc@reports.test"`,
				"harbor.test CAA":                 `0 issue "letsencrypt.org"`,
				"_smtp._tls.harbor.test TXT":      `"v=TLSRPTv1; rua=mailto:dmarc@reports.test"`,
				"_mta-sts.harbor.test TXT":        "v=STSv1; id=",
				"s1._domainkey.harbor.test CNAME": "s1.dkim.mailer.test.",
				"s2._domainkey.harbor.test TXT":   "v=DKIM1; k=ed25519",
			}
			for _, item := range p.Items {
				w, ok := want[item.Key.String()]
				if item.Key.Kind == edge.Records && item.Key.Type != "A" && (!ok || !strings.Contains(item.After[len(item.After)-1].Data+datas(item.Added()), w)) {
					t.Errorf("%s becomes %v, want %q", item.Key, item.After, w)
				}
				delete(want, item.Key.String())
			}
			if len(want) > 0 {
				t.Errorf("not planned: %v", want)
			}
			dir := t.TempDir()
			if _, err := b.run(dir).Do(t.Context(), []*edge.Plan{p}); err != nil {
				t.Fatal(err)
			}
			untouched(t, had, b.records())
			if again, _ := b.plan(t, in); len(again.Items) > 1 || len(again.Items) == 1 && again.Items[0].Key.Name != "_dmarc.harbor.test" {
				t.Errorf("a second plan is not empty: %v", again.Keys())
			}
			if _, err := b.run(dir).Back(t.Context()); err != nil {
				t.Fatal(err)
			}
			if after := b.dump(); after != before {
				t.Errorf("rolled back, the zone is not as before:\n%s", diff(before, after))
			}
			if _, err := b.run(dir).Back(t.Context()); err == nil {
				t.Error("what was rolled back can be rolled back again")
			}
		})
	}
}

func datas(vs []edge.Value) string {
	var out []string
	for _, v := range vs {
		out = append(out, v.Data)
	}
	return strings.Join(out, "\n")
}

// untouched reports foreign records that are not as they were.
func untouched(t *testing.T, before, after []string) {
	t.Helper()
	mine := func(l string) bool {
		return strings.Contains(l, "v=spf1") || strings.Contains(l, "v=DMARC1") || strings.Contains(l, " SOA ")
	}
	for _, l := range before {
		if !mine(l) && !slices.Contains(after, l) {
			t.Errorf("a foreign record is gone: %s", l)
		}
	}
}

func diff(a, b string) string {
	var out []string
	al, bl := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, l := range al {
		if !slices.Contains(bl, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range bl {
		if !slices.Contains(al, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}

func pretty(v any) string {
	b, _ := json.MarshalIndent(v, "", " ")
	return string(b)
}
