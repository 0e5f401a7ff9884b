package tlsrpt_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dnstest"
	"github.com/launchready/launchready/mail/tlsrpt"
)

func TestParseRecord(t *testing.T) {
	for _, c := range []struct {
		name, txt, hosts string
		at               []int
	}{
		{name: "section 3.1.1: mail", txt: "v=TLSRPTv1;rua=mailto:reports@example.com", hosts: "example.com"},
		{name: "section 3.1.2: HTTPS", txt: "v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt", hosts: "reporting.example.com"},
		{name: "both, with spaces and an end", txt: "v=TLSRPTv1; rua=mailto:a@d.test , https://e.test/x ;", hosts: "d.test e.test"},
		{name: "an extension", txt: "v=TLSRPTv1; x.y-z=1; rua=mailto:a@d.test", hosts: "d.test"},
		{name: "no rua", txt: "v=TLSRPTv1;", at: []int{0}},
		{name: "an empty rua", txt: "v=TLSRPTv1; rua=", at: []int{12}},
		{name: "rua twice", txt: "v=TLSRPTv1; rua=mailto:a@d.test; rua=mailto:b@d.test", hosts: "d.test", at: []int{33}},
		{name: "another case", txt: "v=tlsrptv1; rua=mailto:a@d.test", at: []int{0}},
		{name: "no semicolon", txt: "v=TLSRPTv1 rua=mailto:a@d.test", at: []int{0}},
		{name: "an address without mailto", txt: "v=TLSRPTv1; rua=a@d.test", at: []int{16}},
		{name: "plain HTTP", txt: "v=TLSRPTv1; rua=http://d.test/", at: []int{16}},
		{name: "one good, one bad", txt: "v=TLSRPTv1; rua=mailto:a@d.test, mailto:x", hosts: "d.test", at: []int{33}},
		{name: "a size limit", txt: "v=TLSRPTv1; rua=mailto:a@d.test!10m", at: []int{16}},
		{name: "no host", txt: "v=TLSRPTv1; rua=https:///x,mailto:a@", at: []int{16, 27}},
		{name: "nothing between", txt: "v=TLSRPTv1;; rua=mailto:a@d.test", hosts: "d.test", at: []int{11}},
		{name: "rubbish", txt: "v=TLSRPTv1; rubbish; rua=mailto:a@d.test", hosts: "d.test", at: []int{12}},
	} {
		r := tlsrpt.ParseRecord(c.txt)
		var hosts []string
		for _, u := range r.Reports {
			hosts = append(hosts, u.Host)
		}
		var at []int
		for _, p := range r.Problems {
			at = append(at, p.At)
		}
		if strings.Join(hosts, " ") != c.hosts || fmt.Sprint(at) != fmt.Sprint(c.at) || r.Valid() != (c.at == nil) {
			t.Errorf("%s: %v, problems at %v: %+v", c.name, hosts, at, r.Problems)
		}
	}
	if r := tlsrpt.ParseRecord("v=TLSRPTv1; rua=" + strings.Repeat("mailto:a@d.test,", 4000)); len(r.Reports) > 100 || len(r.Problems) > 101 {
		t.Errorf("%d and %d", len(r.Reports), len(r.Problems))
	}
}

func TestAsk(t *testing.T) {
	z, err := mail.ParseZone(strings.NewReader(`
_smtp._tls.one.test. 60 TXT "v=TLSRPTv1;" "rua=mailto:a@one.test"
_smtp._tls.one.test. 60 TXT "something else"
_smtp._tls.two.test. 60 TXT "v=TLSRPTv1;rua=mailto:a@two.test"
_smtp._tls.two.test. 60 TXT "v=TLSRPTv1;rua=mailto:b@two.test"
_smtp._tls.bad.test. 60 TXT "v=TLSRPTv1;rua=a"
`), ".")
	if err != nil {
		t.Fatal(err)
	}
	s := dnstest.Start(t, z)
	s.Fail("_smtp._tls.broken.test", dnstest.Refused)
	for domain, want := range map[string]string{
		"one.test": "found true", "two.test": "multiple", "bad.test": "found false", "none.test": "absent", "broken.test": "unknown", "a..b": "absent",
	} {
		a := tlsrpt.Ask(context.Background(), s.Client(), domain)
		got := a.State.String()
		if a.Record != nil {
			got += fmt.Sprint(" ", a.Record.Valid())
		}
		if got != want || (a.Err != nil) != (want == "unknown") {
			t.Errorf("%s: got %s, want %s", domain, got, want)
		}
	}
}

// The example of RFC 8460 appendix B.
const example = `{
  "organization-name": "Company-X",
  "date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z"},
  "contact-info": "sts-reporting@company-x.example",
  "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
  "policies": [{
    "policy": {"policy-type": "sts", "policy-string": ["version: STSv1","mode: testing","mx: *.mail.company-y.example","max_age: 86400"],
      "policy-domain": "company-y.example", "mx-host": ["*.mail.company-y.example"]},
    "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
    "failure-details": [{"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:0012::1", "receiving-mx-hostname": "mx1.mail.company-y.example", "failed-session-count": 100},
      {"result-type": "starttls-not-supported", "sending-mta-ip": "2001:db8:abcd:0013::1", "receiving-mx-hostname": "mx2.mail.company-y.example", "receiving-ip": "203.0.113.56", "failed-session-count": 200,
       "additional-information": "https://reports.company-x.example/report_info?id=5065427c-23d3#StarttlsNotSupported"},
      {"result-type": "validation-failure", "sending-mta-ip": "198.51.100.62", "receiving-ip": "203.0.113.58", "receiving-mx-hostname": "mx-backup.mail.company-y.example", "failed-session-count": 3,
       "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"}]}]}`

func zipped(t testing.TB, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParseReport(t *testing.T) {
	for name, b := range map[string][]byte{"plain": []byte(example), "gzip": zipped(t, strings.NewReader(example))} {
		r, err := tlsrpt.ParseReport(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if s := r.Sessions(); s.Successful != 5326 || s.Failed != 303 || r.Organization != "Company-X" || r.Range.Start.Year() != 2016 ||
			len(r.Policies[0].Failures) != 3 || r.Policies[0].Failures[1].Type != "starttls-not-supported" || len(r.Policies[0].Policy.Text) != 4 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r, err := tlsrpt.ParseReport(strings.NewReader(strings.Replace(example, `["*.mail.company-y.example"]`, `"*.mail.company-y.example"`, 1)))
	if err != nil || len(r.Policies[0].Policy.MX) != 1 {
		t.Errorf("a string in place of a list: %+v %v", r, err)
	}
	blanks := strings.Repeat(" ", 17<<20)
	whole := zipped(t, strings.NewReader(example))
	for name, b := range map[string][]byte{
		"nothing":          nil,
		"no JSON":          []byte("<html>"),
		"another object":   []byte(`{"a": 1}`),
		"a list":           []byte(`[]`),
		"null":             []byte(`null`),
		"cut off":          []byte(example[:400]),
		"cut off gzip":     whole[:len(whole)/2],
		"two":              []byte(example + example),
		"a negative count": []byte(strings.Replace(example, "5326", "-1", 1)),
		"a huge count":     []byte(strings.Replace(example, "5326", "99999999999999999999", 1)),
		"deep":             []byte(strings.Repeat(`{"policies":[`, 200_000)),
		"many objects":     []byte(`{"policies":[` + strings.Repeat("{},", 30_000) + "{}]}"),
		"a bomb":           zipped(t, strings.NewReader(blanks)),
		"a bomb in a name": zipped(t, io.MultiReader(strings.NewReader(`{"organization-name":"`), strings.NewReader(blanks))),
	} {
		if r, err := tlsrpt.ParseReport(bytes.NewReader(b)); !errors.Is(err, tlsrpt.ErrReport) {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}

func ExampleParseReport() {
	r, err := tlsrpt.ParseReport(strings.NewReader(example))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range r.Policies {
		fmt.Println(p.Policy.Domain, p.Policy.Type, p.Summary.Failed, "of", p.Summary.Failed+p.Summary.Successful, "failed")
		for _, f := range p.Failures {
			fmt.Println("-", f.Sessions, f.Type, f.Host)
		}
	}
	// Output:
	// company-y.example sts 303 of 5629 failed
	// - 100 certificate-expired mx1.mail.company-y.example
	// - 200 starttls-not-supported mx2.mail.company-y.example
	// - 3 validation-failure mx-backup.mail.company-y.example
}

func FuzzRecord(f *testing.F) {
	f.Add("v=TLSRPTv1; rua=mailto:a@d.test,https://e.test/x; y=z")
	f.Fuzz(func(t *testing.T, txt string) {
		r := tlsrpt.ParseRecord(txt)
		for _, p := range r.Problems {
			if p.At < 0 || p.At > len(txt) {
				t.Errorf("outside: %+v", p)
			}
		}
		for _, u := range r.Reports {
			if u.Host == "" || txt[u.At:u.At+len(u.Text)] != u.Text {
				t.Errorf("%+v", u)
			}
		}
	})
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(example))
	f.Add(zipped(f, strings.NewReader(example)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := tlsrpt.ParseReport(bytes.NewReader(b)); err == nil && len(r.Policies) == 0 {
			t.Errorf("%+v", r)
		}
	})
}
