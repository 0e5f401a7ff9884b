package edge_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/launchready/launchready/edge"
	"github.com/launchready/launchready/edge/edgetest"
)

var renew = flag.Bool("update", false, "write the golden files")

// TestPaste plans by questions alone, without any token, and pastes what is printed
// into the zone by hand: it is then as an apply would make it.
func TestPaste(t *testing.T) {
	s := edgetest.Start(t, zone, zoneText(), edgetest.Options{NoTransfer: true, Beyond: beyond})
	n := edgetest.Network{Addr: s.Addr}
	b := &bench{driver: edge.Questions{Network: n}, network: n}
	p, _ := b.plan(t, intent())
	if err := b.driver.Apply(t.Context(), p.Changes()); err == nil {
		t.Error("it can be applied")
	}
	var out bytes.Buffer
	if err := edge.ZoneText(&out, []*edge.Plan{p}); err != nil {
		t.Fatal(err)
	}
	// By hand: the lines that begin with delete go, the others come.
	s.Change(func(rrs []dns.RR) []dns.RR {
		for l := range strings.Lines(out.String()) {
			gone, is := strings.CutPrefix(strings.TrimSpace(l), "; delete ")
			switch {
			case is:
				old := line(rr(t, strings.TrimSpace(gone)))
				n := len(rrs)
				rrs = slices.DeleteFunc(rrs, func(r dns.RR) bool { return line(r) == old })
				if len(rrs) != n-1 {
					t.Errorf("it says to delete %q, of which there are %d", old, n-len(rrs))
				}
			case !strings.HasPrefix(l, ";"):
				rrs = append(rrs, rr(t, l))
			}
		}
		return rrs
	})
	in := intent()
	in.Policy = "quarantine" // the stage that was pasted
	again, _ := b.plan(t, in)
	if len(again.Items) > 0 {
		t.Errorf("pasted, there is still to change: %s", pretty(again.Items))
	}
}

// TestForms holds the printed forms to golden files.
func TestForms(t *testing.T) {
	b := fileBench(t, hooks{})
	in := intent()
	in.Canonical = zone
	p, _ := b.plan(t, in)
	cloud := cloudBench(t, hooks{})
	in.Edge = &edge.Provider{API: []string{"/v1/"}, Limits: []edge.Limit{{Path: "/v1/auth/", Requests: 20, Seconds: 60}}, WAF: true, Preload: true}
	q, _ := cloud.plan(t, in)
	plans := []*edge.Plan{p, q}
	for name, draw := range map[string]func(*bytes.Buffer) error{
		"plan.txt":     func(b *bytes.Buffer) error { return edge.Show(b, plans, edge.Comparison{}) },
		"plan.zone":    func(b *bytes.Buffer) error { return edge.ZoneText(b, plans) },
		"plan.tf":      func(b *bytes.Buffer) error { return edge.Terraform(b, plans) },
		"dnsconfig.js": func(b *bytes.Buffer) error { return edge.DNSControl(b, plans) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := draw(&out); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name)
			if *renew {
				if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if out.String() != string(want) {
				t.Errorf("%s differs: run go test -update\n%s", file, diff(string(want), out.String()))
			}
			if strings.Contains(out.String(), "token-of-the-test") {
				t.Error("the token is in it")
			}
		})
	}
}

// FuzzRead reads files that claim to be plans: what it takes can be written again
// and holds nothing outside its zone.
func FuzzRead(f *testing.F) {
	ok, err := json.Marshal(edge.Document{Schema: edge.Schema, Plans: []*edge.Plan{{Zone: zone, Items: []edge.Item{{Change: edge.Change{Key: edge.RR(zone, "TXT"), After: []edge.Value{{Data: `"x"`, TTL: 60}}}}}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ok)
	f.Add([]byte(`{"schema":"launchready.edge/v1","plans":[null]}`))
	f.Add([]byte(`{"schema":"launchready.edge/v1","plans":[{"zone":"a.test","items":[{"key":{"kind":"dns","name":"b.test","type":"A"}}]}]}`))
	f.Add([]byte(`{"schema":"launchready.edge/v1","plans":[{"zone":"a.test","items":[{"key":{"kind":"dns","name":"a.test","type":"TXT"},"after":[{"data":"\"x\"\nb.test. 1 IN A 1.2.3.4"}]}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := edge.Read(b)
		if err != nil {
			return
		}
		for _, p := range d.Plans {
			for _, i := range p.Items {
				if i.Key.Kind == edge.Records && i.Key.Name != p.Zone && !strings.HasSuffix(i.Key.Name, "."+p.Zone) {
					t.Errorf("%s is taken into %s", i.Key, p.Zone)
				}
			}
		}
		var out bytes.Buffer
		for _, err := range []error{edge.Show(&out, d.Plans, edge.Comparison{}), edge.ZoneText(&out, d.Plans), edge.Terraform(&out, d.Plans), edge.DNSControl(&out, d.Plans)} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}
