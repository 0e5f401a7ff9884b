package edge_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/edge"
	"github.com/launchready/launchready/edge/edgetest"
)

// stateOf reads lines of a zone into a state.
func stateOf(t *testing.T, lines ...string) *edge.State {
	t.Helper()
	s := &edge.State{Sets: map[edge.Key][]edge.Value{}}
	for _, l := range lines {
		rr := rr(t, l)
		f := strings.Fields(line(rr))
		k := edge.RR(f[0], f[1])
		s.Sets[k] = append(s.Sets[k], edge.Value{Data: edge.DataOf(rr), TTL: rr.Header().Ttl})
	}
	return s
}

const senders = `spf.mailer.test. IN TXT "v=spf1 ip4:198.51.100.0/24 -all"
wide.test. IN TXT "v=spf1 include:a1.wide.test include:a2.wide.test include:a3.wide.test include:a4.wide.test include:a5.wide.test include:a6.wide.test include:a7.wide.test include:a8.wide.test include:a9.wide.test include:a10.wide.test -all"
`

func leaves() string {
	out := senders
	for i := range 10 {
		out += "a" + string(rune('1'+i%9)) + ".wide.test. IN TXT \"v=spf1 ip4:203.0.113.1 -all\"\n"
	}
	return out + "a10.wide.test. IN TXT \"v=spf1 ip4:203.0.113.2 -all\"\n"
}

func TestSPF(t *testing.T) {
	n := edgetest.Network{Addr: edgetest.Start(t, "test", "@ IN SOA ns1 h 1 1 1 1 1\n", edgetest.Options{Beyond: leaves()}).Addr}
	for _, c := range []struct {
		name    string
		have    []string
		senders []string
		want    string // "" proposes nothing
		note    string // in the notes or risks
	}{
		{"none, a sender", nil, []string{"include:spf.mailer.test"}, "v=spf1 include:spf.mailer.test ~all", ""},
		{"none, no sender", nil, nil, "", "no sender is declared"},
		{"right already", []string{"v=spf1 include:spf.mailer.test -all"}, []string{"include:spf.mailer.test"}, "", ""},
		{"two records", []string{"v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.2 ~all"}, nil, "v=spf1 ip4:192.0.2.1 ip4:192.0.2.2 ~all", ""},
		{"plus all", []string{"v=spf1 ip4:192.0.2.1 +all"}, nil, "v=spf1 ip4:192.0.2.1 ~all", "lets everybody send"},
		{"after all", []string{"v=spf1 ip4:192.0.2.1 -all ip4:192.0.2.9"}, nil, "v=spf1 ip4:192.0.2.1 -all", ""},
		{"dead include", []string{"v=spf1 include:spf.gone.test ip4:192.0.2.1 -all"}, nil, "v=spf1 ip4:192.0.2.1 -all", "leads to nothing"},
		{"broken term", []string{"v=spf1 ip4:300.1.1.1 ip4:192.0.2.1 -all"}, nil, "v=spf1 ip4:192.0.2.1 -all", "is left out"},
		{"redirect alone", []string{"v=spf1 redirect=spf.mailer.test"}, nil, "", ""},
		{"redirect and a sender", []string{"v=spf1 redirect=spf.mailer.test"}, []string{"ip4:192.0.2.7"}, "v=spf1 include:spf.mailer.test ip4:192.0.2.7 ~all", "becomes include"},
		{"over the limit", []string{"v=spf1 ip4:192.0.2.1 -all"}, []string{"include:wide.test"}, "", "no record is proposed"},
		{"addresses and names", nil, []string{"192.0.2.16/28", "2001:db8::1", "spf.mailer.test", "intercom"}, "v=spf1 ip4:192.0.2.16/28 ip6:2001:db8::1 include:spf.mailer.test ~all", ""},
		{"unknown sender", []string{"v=spf1 ip4:192.0.2.1 -all"}, []string{"pigeon-post"}, "", "is not known here"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lines []string
			for _, text := range c.have {
				lines = append(lines, zone+`. 3600 IN TXT "`+text+`"`)
			}
			d := edge.Intent{Zone: zone, Senders: c.senders, Failed: []string{"email/spf-record"}}.Wants(t.Context(), stateOf(t, lines...), n)
			got, said := "", strings.Join(d.Notes, "\n")
			for _, w := range d.Wants {
				got = edge.Text(w.Values[0].Data)
				if !slices.Equal(w.Checks, []string{"email/spf-record"}) {
					t.Errorf("it is for %v", w.Checks)
				}
				for _, r := range w.Risks {
					said += r.Text + "\n"
				}
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if !strings.Contains(said, c.note) {
				t.Errorf("it does not say %q: %s", c.note, said)
			}
		})
	}
}

func TestDMARC(t *testing.T) {
	n := edgetest.Network{Addr: edgetest.Start(t, "test", "@ IN SOA ns1 h 1 1 1 1 1\n", edgetest.Options{}).Addr}
	for _, c := range []struct {
		name, have, policy string
		heard              bool
		want               string
		risk               string
	}{
		{"none there", "", "", false, "v=DMARC1; p=none; rua=mailto:d@harbor.test", ""},
		{"stays without reports", "v=DMARC1; p=none; rua=mailto:d@harbor.test", "", false, "", ""},
		{"up with reports", "v=DMARC1; p=none; rua=mailto:d@harbor.test", "", true, "v=DMARC1; p=quarantine; rua=mailto:d@harbor.test", "does not come back"},
		{"up by name, flagged", "v=DMARC1; p=none; rua=mailto:d@harbor.test", "reject", false, "v=DMARC1; p=quarantine; rua=mailto:d@harbor.test", "no aggregate report was read"},
		{"never weaker", "v=DMARC1; p=reject; rua=mailto:d@harbor.test", "none", false, "", ""},
		{"removed tags", "v=DMARC1; p=reject; pct=50; adkim=s; rua=mailto:x@harbor.test", "", true, "v=DMARC1; p=reject; rua=mailto:x@harbor.test; adkim=s", ""},
		{"testing ends", "v=DMARC1; p=reject; t=y; rua=mailto:d@harbor.test", "", true, "v=DMARC1; p=reject; rua=mailto:d@harbor.test", "t=y goes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lines []string
			if c.have != "" {
				lines = append(lines, "_dmarc."+zone+`. 3600 IN TXT "`+c.have+`"`)
			}
			d := edge.Intent{Zone: zone, Policy: c.policy, Heard: c.heard, Reports: "d@harbor.test"}.Wants(t.Context(), stateOf(t, lines...), n)
			got, risks := "", ""
			for _, w := range d.Wants {
				if strings.HasPrefix(w.Key.Name, "_dmarc") {
					got = edge.Text(w.Values[0].Data)
					for _, r := range w.Risks {
						risks += r.Text + "\n"
					}
				}
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if !strings.Contains(risks, c.risk) || c.risk == "" && risks != "" {
				t.Errorf("risks: %q, want %q", risks, c.risk)
			}
		})
	}
}

// TestRisks flags what cannot be undone, or hurts.
func TestRisks(t *testing.T) {
	n := edgetest.Network{Addr: edgetest.Start(t, "test", "@ IN SOA ns1 h 1 1 1 1 1\n", edgetest.Options{}).Addr}
	hsts := edge.Key{Kind: edge.Setting, Name: "security_header"}
	settings := stateOf(t, "mx.harbor.test. 1 IN A 192.0.2.1", "harbor.test. 300 IN MX 10 mx.harbor.test.", "app.harbor.test. 300 IN A 192.0.2.2")
	settings.Complete = true
	mx := settings.Sets[edge.RR("mx."+zone, "A")]
	mx[0].Proxied = true
	settings.Sets[hsts] = []edge.Value{{Data: `{"strict_transport_security":{"enabled":false,"max_age":0,"include_subdomains":false,"preload":false,"nosniff":false}}`}}
	for _, c := range []struct {
		name   string
		in     edge.Intent
		state  *edge.State
		key    edge.Key
		risk   string
		sticks bool
	}{
		{"MX deletion", edge.Intent{Zone: zone, Parked: true}, stateOf(t, "harbor.test. 300 IN MX 10 mx.harbor.test."), edge.RR(zone, "MX"), "no longer taken", true},
		{"CAA without the issuer of today", edge.Intent{Zone: zone, Issuers: []string{"letsencrypt.org"}, Current: []string{"digicert.com"}}, stateOf(t), edge.RR(zone, "CAA"), "the next renewal fails", false},
		{"CAA, an issuer of no known name", edge.Intent{Zone: zone, Issuers: []string{"letsencrypt.org"}, Current: []string{"?House CA"}}, stateOf(t), edge.RR(zone, "CAA"), "House CA", false},
		{"HSTS", edge.Intent{Zone: zone, Edge: &edge.Provider{}}, settings, hsts, "for a year", true},
		{"HSTS preload", edge.Intent{Zone: zone, Edge: &edge.Provider{Preload: true}}, settings, hsts, "preload", true},
		{"a mail host that is proxied", edge.Intent{Zone: zone, Edge: &edge.Provider{}}, settings, edge.RR("mx."+zone, "A"), "becomes visible", false},
		{"a web host that becomes proxied", edge.Intent{Zone: zone, Hosts: []string{"app." + zone}, Edge: &edge.Provider{}}, settings, edge.RR("app."+zone, "A"), "histories of DNS", false},
		{"MTA-STS enforced", edge.Intent{Zone: zone, STS: "enforce"}, stateOf(t, "harbor.test. 300 IN MX 10 mx.harbor.test.", "mta-sts.harbor.test. 300 IN A 192.0.2.1"), edge.RR("_mta-sts."+zone, "TXT"), "keep the policy", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, w := range c.in.Wants(t.Context(), c.state, n).Wants {
				if w.Key != c.key {
					continue
				}
				for _, r := range w.Risks {
					if strings.Contains(r.Text, c.risk) {
						if r.Irreversible != c.sticks {
							t.Errorf("irreversible is %t", r.Irreversible)
						}
						return
					}
				}
				t.Errorf("risks are %v", w.Risks)
				return
			}
			t.Errorf("nothing is planned for %s", c.key)
		})
	}
}

// TestMailHost is not put behind the edge, though the product uses it.
func TestMailHost(t *testing.T) {
	n := edgetest.Network{Addr: edgetest.Start(t, "test", "@ IN SOA ns1 h 1 1 1 1 1\n", edgetest.Options{}).Addr}
	s := stateOf(t, "harbor.test. 300 IN MX 10 harbor.test.", "harbor.test. 300 IN A 192.0.2.2")
	s.Complete = true
	d := edge.Intent{Zone: zone, Hosts: []string{zone}, Edge: &edge.Provider{}}.Wants(t.Context(), s, n)
	for _, w := range d.Wants {
		if w.Key == edge.RR(zone, "A") {
			t.Errorf("it becomes %v", w.Values)
		}
	}
	if !strings.Contains(strings.Join(d.Notes, "\n"), "takes mail as well as web traffic") {
		t.Errorf("notes: %v", d.Notes)
	}
}
