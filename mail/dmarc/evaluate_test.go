package dmarc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dmarc"
	"github.com/launchready/launchready/mail/dnstest"
)

func spf(domain string) dmarc.Identifier {
	return dmarc.Identifier{By: "spf", Domain: domain, Pass: true}
}
func dkim(domain string) dmarc.Identifier {
	return dmarc.Identifier{By: "dkim", Domain: domain, Pass: true}
}

// TestEvaluate has the examples of RFC 9989 appendix B.1 and B.3 and a case for
// each clause that decides.
func TestEvaluate(t *testing.T) {
	const rua = "; rua=mailto:a@example.com"
	for _, c := range []struct {
		name string
		rec  string // of example.com
		more map[string]string
		from string // "example.com" where empty
		ids  []dmarc.Identifier
		want string // result disposition percent otherwise
		old  string // where it differs under RFC 7489
	}{
		{name: "B.1.1 example 1", rec: "v=DMARC1; p=reject; aspf=s" + rua, ids: []dmarc.Identifier{spf("example.com")}, want: "pass none 100 none"},
		{name: "B.1.1 example 2", rec: "v=DMARC1; p=reject" + rua, ids: []dmarc.Identifier{spf("child.example.com")}, want: "pass none 100 none"},
		{name: "B.1.1 example 2 under strict alignment", rec: "v=DMARC1; p=reject; aspf=s" + rua, ids: []dmarc.Identifier{spf("child.example.com")}, want: "fail reject 100 reject", old: "fail reject 100 quarantine"},
		{name: "B.1.1 example 3", rec: "v=DMARC1; p=reject" + rua, from: "child.example.com", ids: []dmarc.Identifier{spf("example.net")}, want: "fail reject 100 reject", old: "fail reject 100 quarantine"},
		{name: "B.1.2 example 1", rec: "v=DMARC1; p=reject; adkim=s" + rua, ids: []dmarc.Identifier{dkim("example.com")}, want: "pass none 100 none"},
		{name: "B.1.2 example 2", rec: "v=DMARC1; p=reject" + rua, from: "child.example.com", ids: []dmarc.Identifier{dkim("example.com")}, want: "pass none 100 none"},
		{name: "B.1.2 example 3", rec: "v=DMARC1; p=reject" + rua, from: "child.example.com", ids: []dmarc.Identifier{dkim("example.net")}, want: "fail reject 100 reject", old: "fail reject 100 quarantine"},
		{name: "B.3.1", rec: "v=DMARC1; p=reject; aspf=r" + rua, ids: []dmarc.Identifier{spf("mail.example.com"), dkim("example.com")}, want: "pass none 100 none"},
		{name: "4.4 adkim says nothing about SPF", rec: "v=DMARC1; p=reject; adkim=s" + rua, ids: []dmarc.Identifier{spf("child.example.com")}, want: "pass none 100 none"},
		{name: "4.4 an identifier that did not pass", rec: "v=DMARC1; p=quarantine" + rua, ids: []dmarc.Identifier{{By: "spf", Domain: "example.com"}, {By: "dkim", Domain: "example.com"}}, want: "fail quarantine 100 quarantine", old: "fail quarantine 100 none"},
		{name: "5.3.5 one aligned identifier is enough", rec: "v=DMARC1; p=reject" + rua, ids: []dmarc.Identifier{spf("bounce.example.net"), dkim("example.net"), dkim("Example.COM.")}, want: "pass none 100 none"},
		{name: "5.3.5 none at all", rec: "v=DMARC1; p=reject" + rua, want: "fail reject 100 reject", old: "fail reject 100 quarantine"},
		{name: "5.3.2 no record", ids: []dmarc.Identifier{spf("example.com")}, want: "none none 100 none"},
		{name: "4.7 t=y asks for one level less", rec: "v=DMARC1; p=reject; t=y" + rua, want: "fail quarantine 100 quarantine", old: "fail reject 100 quarantine"},
		{name: "4.7 t=y of quarantine", rec: "v=DMARC1; p=quarantine; t=y" + rua, want: "fail none 100 none", old: "fail quarantine 100 none"},
		{name: "4.7 t=y of none", rec: "v=DMARC1; p=none; t=y" + rua, want: "fail none 100 none"},
		{name: "RFC 7489 6.6.4 pct", rec: "v=DMARC1; p=reject; pct=25" + rua, want: "fail reject 100 reject", old: "fail reject 25 quarantine"},
		{name: "4.10.2 psd=n parts a subdomain from its organisation", rec: "v=DMARC1; p=reject" + rua, more: map[string]string{"mail.example.com": "v=DMARC1; p=reject; psd=n" + rua},
			ids: []dmarc.Identifier{spf("a.mail.example.com")}, want: "fail reject 100 reject", old: "pass none 100 none"},
		{name: "4.10.2 psd=y parts its customers", rec: "v=DMARC1; p=reject; psd=y" + rua, from: "one.example.com", ids: []dmarc.Identifier{dkim("two.example.com")}, want: "fail reject 100 reject", old: "pass none 100 none"},
		{name: "4.10.2 psd=y and one customer's names", rec: "v=DMARC1; p=reject; psd=y" + rua, from: "a.one.example.com", ids: []dmarc.Identifier{dkim("b.one.example.com")}, want: "pass none 100 none"},
		{name: "an identifier that is no domain", rec: "v=DMARC1; p=none" + rua, ids: []dmarc.Identifier{dkim("a..b"), spf("")}, want: "fail none 100 none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			records := map[string]string{}
			if c.rec != "" {
				records["example.com"] = c.rec
			}
			for k, v := range c.more {
				records[k] = v
			}
			s := dnstest.Start(t, zone(t, records))
			if c.from == "" {
				c.from = "example.com"
			}
			if c.old == "" {
				c.old = c.want
			}
			for by, want := range map[dmarc.Standard]string{dmarc.RFC9989: c.want, dmarc.RFC7489: c.old} {
				e := dmarc.Evaluate(context.Background(), s.Client(), dmarc.Message{From: []string{c.from}, Identifiers: c.ids}, by)
				got := fmt.Sprintf("%s %s %d %s", e.Result, e.Disposition, e.Percent, e.Otherwise)
				if got != want || e.Why == "" {
					t.Errorf("%s: got %q, want %q: %s %+v", by, got, want, e.Why, e.Alignments)
				}
			}
		})
	}
}

// TestAuthors is section 5.3.1.
func TestAuthors(t *testing.T) {
	z := zone(t, map[string]string{"example.com": "v=DMARC1; p=reject", "xn--bcher-kva.example": "v=DMARC1; p=reject"})
	for _, c := range []struct {
		name string
		from []string
		want dmarc.Result
	}{
		{"none", nil, dmarc.ResultNone},
		{"two", []string{"example.com", "example.net"}, dmarc.ResultNone},
		{"the same twice", []string{"example.com", "EXAMPLE.com"}, dmarc.Fail},
		{"a U-label", []string{"bücher.example"}, dmarc.Fail},
		{"rubbish", []string{"a b..c"}, dmarc.ResultNone},
	} {
		if e := dmarc.Evaluate(context.Background(), z, dmarc.Message{From: c.from}, dmarc.RFC9989); e.Result != c.want || e.Why == "" {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
}

// TestTemporary is section 5.3.6: a question without answer decides nothing,
// unless another identifier passes already.
func TestTemporary(t *testing.T) {
	s := dnstest.Start(t, zone(t, map[string]string{"example.com": "v=DMARC1; p=reject; np=none; rua=mailto:a@b.test"}))
	for _, f := range []dnstest.Fault{dnstest.ServFail, dnstest.Refused, dnstest.Silent, dnstest.Garbage, dnstest.Loop, dnstest.Cut, dnstest.Other} {
		for _, c := range []struct {
			broken, from string
			ids          []dmarc.Identifier
			want         dmarc.Result
		}{
			{"_dmarc.example.com", "example.com", nil, dmarc.TempError},
			{"_dmarc.com", "example.com", nil, dmarc.TempError},
			{"x.example.com", "x.example.com", nil, dmarc.TempError}, // sp or np?
			{"_dmarc.example.net", "example.com", []dmarc.Identifier{spf("example.net")}, dmarc.TempError},
			{"_dmarc.example.net", "example.com", []dmarc.Identifier{spf("example.net"), dkim("example.com")}, dmarc.Pass},
		} {
			s.Fail(c.broken, f)
			e := dmarc.Evaluate(context.Background(), s.Client(), dmarc.Message{From: []string{c.from}, Identifiers: c.ids}, dmarc.RFC9989)
			s.Fail(c.broken, dnstest.None)
			if e.Result != c.want || e.Result == dmarc.TempError && e.Disposition != dmarc.None {
				t.Errorf("%s broken by %d: %s, %s", c.broken, f, e.Result, e.Why)
			}
		}
	}
}

// TestDestinations are the examples of appendix B.2.3 and B.2.4, and who is asked.
func TestDestinations(t *testing.T) {
	z := zone(t, map[string]string{"example.com": "v=DMARC1; p=none"}, `
example.com._report._dmarc.thirdparty.example.net. 60 TXT "v=DMARC1;"
example.com._report._dmarc.moved.example.net. 60 TXT "v=DMARC1; rua=mailto:new@moved.example.net,mailto:bomb@victim.example; ruf=mailto:ruf@moved.example.net"
*._report._dmarc.any.example.org. 60 TXT "v=DMARC1"
example.com._report._dmarc.noise.example.org. 60 TXT "hello"
`)
	s := dnstest.Start(t, z)
	s.Fail("example.com._report._dmarc.broken.example.org", dnstest.ServFail)
	rec, _ := dmarc.Parse("v=DMARC1; p=none; rua=mailto:a@example.com,mailto:a@sub.example.com,mailto:a@thirdparty.example.net,mailto:a@moved.example.net," +
		"mailto:a@any.example.org,mailto:a@noise.example.org,mailto:a@no.example.org,mailto:a@broken.example.org,https://x.example.org/; ruf=mailto:a@moved.example.net")
	want := []string{
		"rua mailto:a@example.com inside []",
		"rua mailto:a@sub.example.com inside []",
		"rua mailto:a@thirdparty.example.net given []",
		"rua mailto:a@moved.example.net given [mailto:new@moved.example.net]",
		"rua mailto:a@any.example.org given []",
		"rua mailto:a@noise.example.org withheld []",
		"rua mailto:a@no.example.org withheld []",
		"rua mailto:a@broken.example.org unknown []",
		"ruf mailto:a@moved.example.net given [mailto:ruf@moved.example.net]",
	}
	for _, by := range []dmarc.Standard{dmarc.RFC9989, dmarc.RFC7489} {
		var got []string
		for _, d := range dmarc.Destinations(context.Background(), s.Client(), "Example.com", rec, by) {
			var instead []string
			for _, u := range d.Instead {
				instead = append(instead, u.Text)
			}
			got = append(got, fmt.Sprintf("%s %s %s %v", d.Tag, d.URI.Text, d.Consent, instead))
			if d.Why == "" {
				t.Errorf("no reason: %+v", d)
			}
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: got\n%s", by, strings.Join(got, "\n"))
		}
	}
}

func TestManyDestinationsAndSignatures(t *testing.T) {
	rua := make([]string, 0, 1000)
	var ids []dmarc.Identifier
	for i := range 1000 {
		rua = append(rua, fmt.Sprintf("mailto:a@d%d.test", i))
		ids = append(ids, dkim(fmt.Sprintf("a.b.c.d%d.test", i)))
	}
	txt := "v=DMARC1; p=reject; rua=" + strings.Join(rua, ",")
	z := &counting{Resolver: zone(t, map[string]string{"example.com": txt})}
	rec, _ := dmarc.Parse(txt)
	if got := dmarc.Destinations(context.Background(), z, "example.com", rec, dmarc.RFC9989); len(got) != 20 || z.n > 100 {
		t.Errorf("%d destinations, %d questions", len(got), z.n)
	}
	z.n = 0
	if e := dmarc.Evaluate(context.Background(), z, dmarc.Message{From: []string{"example.com"}, Identifiers: ids}, dmarc.RFC9989); e.Result != dmarc.Fail || z.n > 150 {
		t.Errorf("%s after %d questions", e.Result, z.n)
	}
}

type counting struct {
	mail.Resolver
	n int
}

func (c *counting) Lookup(ctx context.Context, name string, t mail.Type) (mail.Answer, error) {
	c.n++
	return c.Resolver.Lookup(ctx, name, t)
}

func ExampleDiscover() {
	zone, err := mail.ParseZone(strings.NewReader(`
_dmarc.example.com. 300 TXT "v=DMARC1; p=none; np=reject; rua=mailto:dmarc@example.com"
shop.example.com.   300 A   192.0.2.1
`), ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, domain := range []string{"shop.example.com", "shpo.example.com"} {
		d := dmarc.Discover(context.Background(), zone, domain, dmarc.RFC9989)
		fmt.Println(domain, d.Why)
	}
	// Output:
	// shop.example.com The record of example.com (organizational domain) asks for none by p.
	// shpo.example.com The record of example.com (organizational domain) asks for reject by np.
}

func ExampleEvaluate() {
	zone, err := mail.ParseZone(strings.NewReader(`_dmarc.example.com. 300 TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"`), ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := dmarc.Evaluate(context.Background(), zone, dmarc.Message{
		From: []string{"example.com"},
		Identifiers: []dmarc.Identifier{
			{By: "spf", Domain: "bounces.sender.test", Pass: true},
			{By: "dkim", Domain: "mail.example.com", Pass: true},
		},
	}, dmarc.RFC9989)
	fmt.Println(e.Result)
	for _, a := range e.Alignments {
		fmt.Println(a.By, a.Domain, a.Aligned, a.Why)
	}
	// Output:
	// pass
	// spf bounces.sender.test false Its organisation is bounces.sender.test, that of the author example.com.
	// dkim mail.example.com true Its organisation is example.com, that of the author example.com.
}

func FuzzParse(f *testing.F) {
	f.Add("v=DMARC1; p=reject; rua=mailto:a@b.test!10m,https://c.test; fo=1:d; t=y; psd=n")
	f.Add("v=DMARC1;;=;p")
	f.Fuzz(func(t *testing.T, txt string) {
		r, ok := dmarc.Parse(txt)
		if ok != dmarc.IsRecord(txt) || r.Percent < 0 || r.Percent > 100 {
			t.Errorf("%+v %v", r, ok)
		}
		for _, p := range r.Problems {
			if p.At < 0 || p.At > len(txt) {
				t.Errorf("outside: %+v", p)
			}
		}
		z := &mail.Zone{}
		z.Add(mail.Record{Name: "_dmarc.d.test", Type: mail.TXT, Text: []string{txt}})
		for _, by := range []dmarc.Standard{dmarc.RFC9989, dmarc.RFC7489} {
			if d := dmarc.Discover(context.Background(), z, "a.d.test", by); d.Err != nil || len(d.Queries) > 8 || d.Applies() != (d.Policy != dmarc.NoPolicy) {
				t.Errorf("%+v", d)
			}
		}
	})
}
