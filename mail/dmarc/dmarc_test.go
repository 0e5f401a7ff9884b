package dmarc_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dmarc"
	"github.com/launchready/launchready/mail/dnstest"
)

// zone makes a zone of domain => record pairs, and of lines of a zone file.
func zone(t testing.TB, records map[string]string, lines ...string) *mail.Zone {
	t.Helper()
	z, err := mail.ParseZone(strings.NewReader(strings.Join(lines, "\n")+"\n"), ".")
	if err != nil {
		t.Fatal(err)
	}
	for domain, txt := range records {
		for one := range strings.SplitSeq(txt, "\n") {
			z.Add(mail.Record{Name: "_dmarc." + domain, Type: mail.TXT, Text: []string{one}})
		}
	}
	return z
}

func TestParse(t *testing.T) {
	const rua = "; rua=mailto:a@d.test"
	for _, c := range []struct {
		name, txt string
		none      bool
		want      string   // p sp np adkim aspf psd t pct
		problems  []string // code@position
	}{
		{name: "4.7 defaults", txt: "v=DMARC1; p=reject" + rua, want: "reject   r r u false 100"},
		{name: "4.7 all tags", txt: "v=DMARC1; p=none; sp=quarantine; np=reject; adkim=s; aspf=s; psd=n; t=y; fo=0:d:s; rua=mailto:a@d.test; ruf=mailto:b@d.test", want: "none quarantine reject s s n true 100"},
		{name: "4.8 white space around", txt: "v = DMARC1 ; p = reject ;rua=mailto:a@d.test ; ", want: "reject   r r u false 100"},
		{name: "4.8 the name v in upper case", txt: "V=DMARC1;p=none" + rua, want: "none   r r u false 100"},
		{name: "4.7 the version is case-sensitive", txt: "v=dmarc1; p=none", none: true},
		{name: "4.7 v is not first", txt: "p=none; v=DMARC1", none: true},
		{name: "4.7 another version", txt: "v=DMARC10; p=none", none: true},
		{name: "white space before v", txt: " v=DMARC1; p=none", none: true},
		{name: "another text", txt: "v=spf1 -all", none: true},
		{name: "empty", txt: "", none: true},
		{name: "4.8 values without case", txt: "v=DMARC1; p=REJECT; adkim=S; T=Y" + rua, want: "reject   s r u true 100"},
		{name: "4.8 unknown tags are ignored", txt: "v=DMARC1; p=none; x=1" + rua, want: "none   r r u false 100", problems: []string{"unknown-tag@18"}},
		{name: "4.8 wrong values fall back", txt: "v=DMARC1; p=none; adkim=x; psd=maybe; t=1; fo=0:1" + rua + "; ruf=mailto:a@d.test", want: "none   r r u false 100",
			problems: []string{"bad-value@24", "bad-value@31", "bad-value@40", "bad-value@46"}},
		{name: "4.7 p is absent", txt: "v=DMARC1; sp=reject" + rua, want: " reject  r r u false 100", problems: []string{"missing-p@0"}},
		{name: "4.10.1 p is wrong", txt: "v=DMARC1; p=all" + rua, want: "   r r u false 100", problems: []string{"bad-value@12"}},
		{name: "C.5.2 removed tags", txt: "v=DMARC1; p=none; pct=20; rf=afrf; ri=86400" + rua, want: "none   r r u false 20",
			problems: []string{"removed-tag@18", "removed-tag@26", "removed-tag@35"}},
		{name: "pct out of range", txt: "v=DMARC1; p=none; pct=101" + rua, want: "none   r r u false 100", problems: []string{"removed-tag@18", "bad-value@22"}},
		{name: "RFC 7489 6.4 p is not second", txt: "v=DMARC1; sp=none; p=none" + rua, want: "none none  r r u false 100", problems: []string{"late-p@0"}},
		{name: "no reports", txt: "v=DMARC1; p=none", want: "none   r r u false 100", problems: []string{"no-rua@0"}},
		{name: "fo without ruf", txt: "v=DMARC1; p=none; fo=1" + rua, want: "none   r r u false 100", problems: []string{"fo-without-ruf@0"}},
		{name: "twice", txt: "v=DMARC1; p=none; p=reject" + rua, want: "none   r r u false 100", problems: []string{"duplicate-tag@18"}},
		{name: "syntax", txt: "v=DMARC1; p=none;; rubbish; =x; 1=2" + rua, want: "none   r r u false 100",
			problems: []string{"syntax@17", "syntax@19", "syntax@28", "syntax@32"}},
		{name: "a comma for a semicolon", txt: "v=DMARC1; p=none, sp=none" + rua, want: "   r r u false 100", problems: []string{"bad-value@12"}},
		{name: "URIs", txt: "v=DMARC1; p=none; rua=mailto:a@d.test!10m, a@d.test ,mailto:, https://d.test/x, mailto:a@" + strings.Repeat("x", 64) + ".test", want: "none   r r u false 100",
			problems: []string{"size-limit@22", "bad-uri@43", "bad-uri@53", "bad-uri@80"}},
		{name: "bytes", txt: "v=DMARC1; p=none; rua=mailto:\xff@d.test", want: "none   r r u false 100", problems: []string{"syntax@29", "no-rua@0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, ok := dmarc.Parse(c.txt)
			if ok == c.none || ok != dmarc.IsRecord(c.txt) {
				t.Fatalf("a record: %v", ok)
			}
			if c.none {
				return
			}
			if got := fmt.Sprintf("%s %s %s %c %c %c %v %d", r.Policy, r.Subdomains, r.NonExistent, r.DKIM, r.SPF, r.PSD, r.Testing, r.Percent); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			var got []string
			for _, p := range r.Problems {
				got = append(got, fmt.Sprintf("%s@%d", p.Code, p.At))
				if p.Text == "" || p.Clause == "" {
					t.Errorf("says too little: %+v", p)
				}
			}
			slices.Sort(got)
			slices.Sort(c.problems)
			if !slices.Equal(got, c.problems) {
				t.Errorf("got %v, want %v: %+v", got, c.problems, r.Problems)
			}
		})
	}
}

func TestURIs(t *testing.T) {
	r, _ := dmarc.Parse("v=DMARC1; p=none; rua=mailto:a%2Cb@D.test!50m, https://d.test/x ,MAILTO:c@e.test?subject=x")
	if len(r.Aggregate) != 3 || r.Aggregate[0].Host != "d.test" || !r.Aggregate[0].Limit || r.Aggregate[1].Host != "" || r.Aggregate[2].Host != "e.test" {
		t.Errorf("%+v %+v", r.Aggregate, r.Problems)
	}
}

// TestTargets is the example of section 4.10 and its borders.
func TestTargets(t *testing.T) {
	got := strings.Join(dmarc.Targets("a.b.c.d.e.f.g.h.i.j.mail.example.com"), " ")
	want := "a.b.c.d.e.f.g.h.i.j.mail.example.com g.h.i.j.mail.example.com h.i.j.mail.example.com i.j.mail.example.com j.mail.example.com mail.example.com example.com com"
	if got != want {
		t.Errorf("got %s", got)
	}
	for domain, n := range map[string]int{"com": 1, "example.com": 2, "a.b.c.d.e.f.com": 7, "a.b.c.d.e.f.g.com": 8, "a.b.c.d.e.f.g.h.com": 8} {
		if got := dmarc.Targets(domain); len(got) != n || got[0] != domain || got[len(got)-1] != "com" {
			t.Errorf("%s: %v", domain, got)
		}
	}
}

// TestDiscover has a case for each clause that decides, under both standards.
func TestDiscover(t *testing.T) {
	const rua = "; rua=mailto:a@d.test"
	for _, c := range []struct {
		name    string
		records map[string]string
		lines   []string
		domain  string
		want    string // policy tag at organization
		old     string // the same under RFC 7489
	}{
		{name: "4.10.1 the author's own record",
			records: map[string]string{"a.example.com": "v=DMARC1; p=reject" + rua, "example.com": "v=DMARC1; p=none" + rua},
			domain:  "a.example.com", want: "reject p a.example.com example.com", old: "reject p a.example.com example.com"},
		{name: "4.10.1 sp of the organisation for a name that exists",
			records: map[string]string{"example.com": "v=DMARC1; p=none; sp=quarantine; np=reject" + rua}, lines: []string{"a.example.com. 60 A 192.0.2.1"},
			domain: "a.example.com", want: "quarantine sp example.com example.com", old: "quarantine sp example.com example.com"},
		{name: "4.10.1 np for a name that does not exist",
			records: map[string]string{"example.com": "v=DMARC1; p=none; sp=quarantine; np=reject" + rua},
			domain:  "a.example.com", want: "reject np example.com example.com", old: "quarantine sp example.com example.com"},
		{name: "3.2.13 a name with names below it exists",
			records: map[string]string{"example.com": "v=DMARC1; p=none; np=reject" + rua}, lines: []string{"x.a.example.com. 60 TXT x"},
			domain: "a.example.com", want: "none p example.com example.com", old: "none p example.com example.com"},
		{name: "4.7 np falls back to sp, sp to p",
			records: map[string]string{"example.com": "v=DMARC1; p=reject" + rua},
			domain:  "a.b.example.com", want: "reject p example.com example.com", old: "reject p example.com example.com"},
		{name: "4.7 sp is not for the organisation itself",
			records: map[string]string{"example.com": "v=DMARC1; p=none; sp=reject" + rua},
			domain:  "example.com", want: "none p example.com example.com", old: "none p example.com example.com"},
		{name: "4.7 sp of a record below the organisation is ignored",
			records: map[string]string{"mail.example.com": "v=DMARC1; p=none; sp=reject" + rua, "example.com": "v=DMARC1; p=quarantine" + rua},
			domain:  "a.mail.example.com", want: "quarantine p example.com example.com", old: "quarantine p example.com example.com"},
		{name: "4.10.2 the record with the fewest labels is the organisation's",
			records: map[string]string{"mail.example.com": "v=DMARC1; p=none" + rua, "example.com": "v=DMARC1; p=reject" + rua},
			domain:  "a.mail.example.com", want: "reject p example.com example.com", old: "reject p example.com example.com"},
		{name: "4.10.2 psd=n ends the walk",
			records: map[string]string{"mail.example.com": "v=DMARC1; p=none; psd=n" + rua, "example.com": "v=DMARC1; p=reject" + rua},
			domain:  "a.mail.example.com", want: "none p mail.example.com mail.example.com", old: "reject p example.com example.com"},
		{name: "4.10.2 psd=y: one label below",
			records: map[string]string{"com": "v=DMARC1; p=reject; psd=y" + rua},
			domain:  "a.mail.example.com", want: "reject p com example.com", old: "  example.com"},
		{name: "4.10.1 the public suffix's record is not used where the organisation has one",
			records: map[string]string{"com": "v=DMARC1; p=reject; psd=y" + rua, "example.com": "v=DMARC1; p=none" + rua},
			domain:  "a.example.com", want: "none p example.com example.com", old: "none p example.com example.com"},
		{name: "4.10.1 np of a public suffix",
			records: map[string]string{"com": "v=DMARC1; p=none; np=reject; psd=y" + rua},
			domain:  "example.com", want: "reject np com example.com", old: "  example.com"},
		{name: "4.10.2 psd=y where the walk starts is no border below",
			records: map[string]string{"example.com": "v=DMARC1; p=reject; psd=y" + rua},
			domain:  "example.com", want: "reject p example.com example.com", old: "reject p example.com example.com"},
		{name: "4.10.2 nothing found: the domain itself",
			domain: "a.example.com", want: "  a.example.com", old: "  example.com"},
		{name: "4.10 a domain in the middle that only the walk sees",
			records: map[string]string{"mail.example.com": "v=DMARC1; p=reject" + rua},
			domain:  "a.mail.example.com", want: "reject p mail.example.com mail.example.com", old: "  example.com"},
		{name: "4.10 step 2 several records are all discarded and the walk goes on",
			records: map[string]string{"a.example.com": "v=DMARC1; p=none\nv=DMARC1; p=reject", "example.com": "v=DMARC1; p=quarantine" + rua},
			domain:  "a.example.com", want: "quarantine p example.com example.com", old: "  example.com"},
		{name: "4.10 step 2 other texts do not count",
			records: map[string]string{"example.com": "v=DMARC1; p=reject" + rua + "\nverification=123\nv=spf1 -all"},
			domain:  "example.com", want: "reject p example.com example.com", old: "reject p example.com example.com"},
		{name: "4.10.1 a wrong p with an address is none",
			records: map[string]string{"example.com": "v=DMARC1; p=rejct" + rua},
			domain:  "example.com", want: "none p example.com example.com", old: "none p example.com example.com"},
		{name: "4.10.1 a wrong p without one is no DMARC",
			records: map[string]string{"example.com": "v=DMARC1; p=rejct"},
			domain:  "example.com", want: "  example.com", old: "  example.com"},
		{name: "4.10.1 a wrong np spoils the record for its readers only",
			records: map[string]string{"example.com": "v=DMARC1; p=reject; np=x"},
			domain:  "example.com", want: "  example.com", old: "reject p example.com example.com"},
		{name: "RFC 7489 6.4 a late p is no record to the older",
			records: map[string]string{"example.com": "v=DMARC1; sp=none; p=reject"},
			domain:  "example.com", want: "reject p example.com example.com", old: "  example.com"},
		{name: "a suffix of the list that is none to the walk",
			records: map[string]string{"github.io": "v=DMARC1; p=reject" + rua},
			domain:  "a.github.io", want: "reject p github.io github.io", old: "  a.github.io"},
		{name: "an internationalised domain",
			records: map[string]string{"xn--bcher-kva.example": "v=DMARC1; p=reject" + rua},
			domain:  "Bücher.example", want: "reject p xn--bcher-kva.example xn--bcher-kva.example", old: "reject p xn--bcher-kva.example xn--bcher-kva.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := dnstest.Start(t, zone(t, c.records, c.lines...))
			for by, want := range map[dmarc.Standard]string{dmarc.RFC9989: c.want, dmarc.RFC7489: c.old} {
				d := dmarc.Discover(context.Background(), s.Client(), c.domain, by)
				got := fmt.Sprintf("%s %s %s %s", d.Policy, d.Tag, d.At, d.Organization)
				if !d.Applies() {
					got = "  " + d.Organization
				}
				if got != want || d.Err != nil || d.Why == "" {
					t.Errorf("%s: got %q, want %q (%v, %s)", by, got, want, d.Err, d.Why)
				}
				if len(d.Queries) > 8 {
					t.Errorf("%d queries", len(d.Queries))
				}
			}
		})
	}
}

func TestDiscoverBadNames(t *testing.T) {
	z := zone(t, nil)
	for _, domain := range []string{"", ".", "a..b", strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 126) + "c", "\xff"} {
		for _, by := range []dmarc.Standard{dmarc.RFC9989, dmarc.RFC7489} {
			if d := dmarc.Discover(context.Background(), z, domain, by); d.Applies() || d.Why == "" || len(d.Queries) > 8 {
				t.Errorf("%q: %+v", domain, d)
			}
		}
	}
}
