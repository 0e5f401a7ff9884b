package edge_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/edge"
	"github.com/launchready/launchready/edge/edgetest"
	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dmarc"
)

// TestOverlay asks the planned zone, over the real one and in place of one.
func TestOverlay(t *testing.T) {
	s := edgetest.Start(t, zone, zoneText(), edgetest.Options{Beyond: beyond + "target.other.test. IN A 192.0.2.77\n"})
	n := edgetest.Network{Addr: s.Addr}
	long := strings.Repeat("x", 1500)
	planned := map[edge.Key][]edge.Value{
		edge.RR("_dmarc."+zone, "TXT"):       {{Data: `"v=DMARC1; p=reject"`, TTL: 60}},
		edge.RR("new.deep."+zone, "TXT"):     {{Data: edge.Quote(long), TTL: 60}},
		edge.RR("alias."+zone, "CNAME"):      {{Data: "target.other.test.", TTL: 60}},
		edge.RR("*._domainkey."+zone, "TXT"): {{Data: `"v=DKIM1; p="`, TTL: 60}},
		edge.RR("mx."+zone, "A"):             nil,
		edge.RR(zone, "SOA"):                 {{Data: "ns1.harbor.test. hostmaster.harbor.test. 1 7200 3600 1209600 3600", TTL: 60}},
	}
	changed := map[edge.Key]bool{}
	for k := range planned {
		changed[k] = true
	}
	over := &edge.Overlay{Network: n, Zone: zone, Sets: planned, Changed: changed}
	whole := &edge.Overlay{Network: n, Zone: zone, Sets: planned}
	for _, c := range []struct {
		name string
		net  lr.Network
		ask  string
		t    mail.Type
		want string // text or address; "" none, "NXDOMAIN"
	}{
		{"changed", over, "_dmarc." + zone, mail.TXT, "v=DMARC1; p=reject"},
		{"any case", over, "_DMARC.Harbor.Test", mail.TXT, "v=DMARC1; p=reject"},
		{"not changed", over, "www." + zone, mail.A, "127.0.0.1"},
		{"another zone", over, "spf.mailer.test", mail.TXT, "v=spf1 ip4:198.51.100.0/24 -all"},
		{"long, by TCP", over, "new.deep." + zone, mail.TXT, long},
		{"a name between", over, "deep." + zone, mail.A, ""},
		{"alias to another zone", over, "alias." + zone, mail.A, "192.0.2.77"},
		{"wildcard", over, "s9._domainkey." + zone, mail.TXT, "v=DKIM1; p="},
		{"deleted", over, "mx." + zone, mail.A, ""},
		{"nothing there", over, "nothing." + zone, mail.A, "NXDOMAIN"},
		{"whole: there", whole, "_dmarc." + zone, mail.TXT, "v=DMARC1; p=reject"},
		{"whole: what only the real zone has", whole, "www." + zone, mail.A, "NXDOMAIN"},
		{"whole: alias", whole, "alias." + zone, mail.A, "192.0.2.77"},
		{"whole: another zone", whole, "spf.mailer.test", mail.TXT, "v=spf1 ip4:198.51.100.0/24 -all"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := edge.Resolver{Network: c.net}.Lookup(t.Context(), c.ask, c.t)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, r := range a.Records {
				if got = r.Joined(); r.Type == mail.A {
					got = r.Addr.String()
				}
			}
			if a.Missing() {
				got = "NXDOMAIN"
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	t.Run("authoritative", func(t *testing.T) {
		q := new(dns.Msg).SetQuestion("_dmarc."+zone+".", dns.TypeTXT)
		c, err := over.Dial(t.Context(), "udp", "127.0.0.1:53")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conn := &dns.Conn{Conn: c}
		if err := conn.WriteMsg(q); err != nil {
			t.Fatal(err)
		}
		r, err := conn.ReadMsg()
		if err != nil || !r.Authoritative || r.RecursionAvailable || len(r.Answer) != 1 {
			t.Errorf("%v %v", r, err)
		}
	})
}

// policyCheck is a check as the rows have them.
func policyCheck() *lr.Check {
	return &lr.Check{ID: "email/dmarc-policy", Title: "a policy", Severity: lr.High, Needs: lr.Domain, Run: func(ctx context.Context, t *lr.Trial) error {
		d := t.Target.Domain
		found := dmarc.Discover(ctx, edge.Resolver{Network: d.Network}, d.Name, dmarc.RFC9989)
		switch {
		case found.Err != nil:
			t.Unknown(d.Name, "%v", found.Err)
		case found.Policy == "none" || !found.Applies():
			t.Fail(lr.Evidence{Records: []string{found.Why}}, d.Name, "p=%s", found.Policy)
		default:
			t.Pass(lr.Evidence{Records: []string{found.Why}}, d.Name, "p=%s", found.Policy)
		}
		return nil
	}}
}

// TestAsk shows a check before and after a plan that was never applied.
func TestAsk(t *testing.T) {
	b := updateBench(t, hooks{})
	p, s := b.plan(t, intent())
	dump := b.dump()
	target := &lr.Target{Domain: &lr.DomainAccess{Name: zone}}
	asks := []*lr.Check{policyCheck(), {ID: "email/other", Needs: lr.Domain | lr.Logs}, {ID: "email/broken", Needs: lr.Domain, Run: func(context.Context, *lr.Trial) error { return errors.New("no answer") }},
		{ID: "email/http", Needs: lr.Domain, Run: func(ctx context.Context, t *lr.Trial) error {
			_, err := t.HTTP.Do(ctx, nil, &lr.Request{})
			return err
		}}}
	before := edge.Ask(t.Context(), asks, target, b.network, time.Now, nil)
	after := edge.Ask(t.Context(), asks, target, p.Planned(b.network, s, false), time.Now, nil)
	if before[0].Verdict != lr.Failed || after[0].Verdict != lr.Passed {
		t.Errorf("before %s (%s), after %s (%s)", before[0].Verdict, before[0].Message, after[0].Verdict, after[0].Message)
	}
	for _, x := range after[1:] {
		if x.Verdict != lr.Unknown || x.Message == "" {
			t.Errorf("%s is %s: %q", x.ID, x.Verdict, x.Message)
		}
	}
	if target.Domain.Network != nil || b.dump() != dump {
		t.Error("asking changed something")
	}
	var out strings.Builder
	if err := edge.Show(&out, []*edge.Plan{p}, edge.Comparison{Before: before, After: after}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "email/dmarc-policy               failed -> passed") {
		t.Errorf("it does not show it:\n%s", out.String())
	}
	if worse := (edge.Comparison{Before: after, After: before}).Worse(); len(worse) != 1 {
		t.Errorf("worse: %v", worse)
	}
}
