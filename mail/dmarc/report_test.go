package dmarc_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/launchready/launchready/mail/dmarc"
)

const aggregate = `<?xml version="1.0" encoding="ISO-8859-1"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
 <report_metadata><org_name>receiver.test</org_name><email>x@receiver.test</email><report_id>1</report_id>
  <date_range><begin>1700000000</begin><end>1700086400</end></date_range></report_metadata>
 <policy_published><domain>example.com</domain><discovery_method>treewalk</discovery_method><p>none</p><np>reject</np><testing>n</testing></policy_published>
 <record><row><source_ip>192.0.2.1</source_ip><count>12</count><policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
  <identifiers><header_from>example.com</header_from></identifiers>
  <auth_results><dkim><domain>Example.com</domain><selector>S1</selector><result>pass</result></dkim>
   <dkim><domain>sender.test</domain><selector>k1</selector><result>pass</result></dkim><spf><domain>bounce.sender.test</domain><scope>mfrom</scope><result>pass</result></spf></auth_results></record>
 <record><row><source_ip>2001:db8::1</source_ip><count>1</count></row>
  <auth_results><dkim><domain>mail.example.com</domain><selector>s1</selector></dkim><dkim><domain>example.com</domain><selector>s1</selector></dkim><dkim><domain>notexample.com</domain><selector>x</selector></dkim></auth_results></record>
</feedback>`

func packed(t testing.TB, how string, r io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch how {
	case "gzip":
		w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
		_, err = io.Copy(w, r)
		w.Close()
	case "zip":
		w := zip.NewWriter(&b)
		var f io.Writer
		if f, err = w.Create("receiver.test!example.com!1!2.xml"); err == nil {
			_, err = io.Copy(f, r)
		}
		w.Close()
	default:
		_, err = io.Copy(&b, r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestParseReport(t *testing.T) {
	for _, how := range []string{"plain", "gzip", "zip"} {
		r, err := dmarc.ParseReport(bytes.NewReader(packed(t, how, strings.NewReader(aggregate))))
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if r.Organization != "receiver.test" || r.Published.Discovery != "treewalk" || r.Published.NonExistent != "reject" || len(r.Rows) != 2 ||
			r.Rows[0].Count != 12 || r.Rows[0].DKIM != "pass" || r.Rows[0].Senders[0].Scope != "mfrom" || r.End-r.Begin != 86400 {
			t.Errorf("%s: %+v", how, r)
		}
		if got := fmt.Sprint(r.Selectors("example.com.")); got != "map[example.com:[s1] mail.example.com:[s1]]" {
			t.Errorf("%s: %s", how, got)
		}
	}
}

func TestParseReportRefuses(t *testing.T) {
	whole := packed(t, "zip", strings.NewReader(aggregate))
	blanks := strings.Repeat(" ", 25<<20)
	bomb := func(how string) []byte {
		return packed(t, how, io.MultiReader(strings.NewReader("<feedback><report_metadata><org_name>"), strings.NewReader(blanks)))
	}
	for name, b := range map[string][]byte{
		"nothing":       nil,
		"no XML":        []byte("{}"),
		"another root":  []byte("<html></html>"),
		"about nothing": []byte("<feedback></feedback>"),
		"cut off":       []byte(aggregate[:500]),
		"cut off zip":   whole[:len(whole)/2],
		"an entity":     []byte(`<!DOCTYPE f [<!ENTITY a "&b;&b;"><!ENTITY b "x">]><feedback><policy_published><domain>&a;</domain></policy_published></feedback>`),
		"a deep one":    []byte("<feedback>" + strings.Repeat("<a>", 200_000)),
		"a bad count":   []byte("<feedback><policy_published><domain>d</domain></policy_published><record><row><count>x</count></row></record></feedback>"),
		"a gzip bomb":   bomb("gzip"),
		"a zip bomb":    bomb("zip"),
		"5 MB":          []byte("<feedback>" + strings.Repeat(" ", 5<<20) + "<policy_published><domain>d</domain></policy_published></feedback>"),
	} {
		if r, err := dmarc.ParseReport(bytes.NewReader(b)); !errors.Is(err, dmarc.ErrReport) {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
}

// TestParseReportMemory: a tag of a few bytes must not become a row each.
func TestParseReportMemory(t *testing.T) {
	const head = "<feedback><policy_published><domain>d</domain></policy_published>"
	if _, err := dmarc.ParseReport(bytes.NewReader(packed(t, "gzip", strings.NewReader(head+strings.Repeat("<record/>", 60_000)+"</feedback>")))); !errors.Is(err, dmarc.ErrReport) {
		t.Errorf("got %v", err)
	}
	r, err := dmarc.ParseReport(bytes.NewReader(packed(t, "gzip", strings.NewReader(head+"<record><auth_results>"+strings.Repeat("<dkim/><spf/>", 100_000)+"</auth_results></record></feedback>"))))
	if err != nil || len(r.Rows) != 1 || len(r.Rows[0].Signatures) != 20 || len(r.Rows[0].Senders) != 20 {
		t.Errorf("%v", err)
	}
}

func FuzzReport(f *testing.F) {
	for _, how := range []string{"plain", "gzip", "zip"} {
		f.Add(packed(f, how, strings.NewReader(aggregate)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := dmarc.ParseReport(bytes.NewReader(b)); err == nil {
			r.Selectors("example.com")
		}
	})
}
