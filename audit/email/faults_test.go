package email_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/email"
)

// findings puts every check to the world, and lists those that have a finding,
// with its severity.
func findings(t *testing.T, w *world) (found []string, all string) {
	t.Helper()
	target := w.target(t)
	memo := &lr.Memo{}
	var b strings.Builder
	for _, c := range email.Row().Checks {
		if w.domain.Sample == "" && (c.Extra && strings.Contains(c.ID, "/sample") || c.ID == "email/bulk-sender" || c.ID == "email/one-click-unsubscribe") {
			continue
		}
		for _, line := range asked(t, c, target, memo) {
			verdict, _, _ := strings.Cut(line, " ")
			fmt.Fprintf(&b, "%s %s\n", c.ID, line)
			if verdict != "passed" && verdict != "unknown" && verdict != "skipped" {
				found = append(found, strings.TrimPrefix(c.ID, "email/")+" "+verdict)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), b.String()
}

// TestFaults has one fault in each world: it is found by the check it belongs to,
// with the severity of its impact, and by no other.
func TestFaults(t *testing.T) {
	const spf = `include:spf.courier.test -all`
	for _, tc := range []struct {
		name string
		with func(t *testing.T, w *world)
		want []string
	}{
		{"no SPF", func(t *testing.T, w *world) { w.drop(t, `acme.test. TXT "v=spf1 `) }, []string{"spf-present high"}},
		{"two SPF records", func(_ *testing.T, w *world) { w.add(`acme.test. TXT "v=spf1 mx -all"`) }, []string{"spf-multiple high"}},
		{"a misspelt mechanism", func(t *testing.T, w *world) { w.set(t, spf, "ipv4:192.0.2.1 "+spf) }, []string{"spf-syntax high"}},
		{"a bad address", func(t *testing.T, w *world) { w.set(t, spf, "ip4:192.0.2.999 "+spf) }, []string{"spf-syntax high"}},
		{"eleven lookups", func(t *testing.T, w *world) {
			w.set(t, spf, "a mx a:mx1.acme.test a:mail.acme.test a:app.acme.test exists:acme.test exists:app.acme.test exists:mail.acme.test exists:mx1.acme.test mx:reports.test "+spf)
			w.add("mx.reports.test. A 198.51.100.9")
			w.add("reports.test. NS ns.reports.test.")
		}, []string{"spf-lookups high"}},
		{"ten lookups are none", func(t *testing.T, w *world) {
			w.set(t, spf, "a mx a:mx1.acme.test a:mail.acme.test a:app.acme.test exists:acme.test exists:app.acme.test exists:mail.acme.test exists:mx1.acme.test "+spf)
		}, nil},
		{"three voids", func(t *testing.T, w *world) { w.set(t, spf, "a:x.acme.test a:y.acme.test a:z.acme.test "+spf) }, []string{"spf-voids medium"}},
		{"two voids are none", func(t *testing.T, w *world) { w.set(t, spf, "a:x.acme.test a:y.acme.test "+spf) }, nil},
		{"an include leads back", func(t *testing.T, w *world) {
			w.set(t, `"v=spf1 ip4:198.51.100.0/24 -all"`, `"v=spf1 ip4:198.51.100.0/24 include:acme.test -all"`)
		}, []string{"spf-loop high"}},
		{"an include has no record", func(t *testing.T, w *world) { w.set(t, spf, "include:old.courier.test "+spf) }, []string{"spf-include high"}},
		{"an include can be bought", func(t *testing.T, w *world) { w.set(t, spf, "include:spf.gone.test "+spf) }, []string{"spf-takeover critical"}},
		{"an address can be bought", func(t *testing.T, w *world) { w.set(t, spf, "a:mail.gone.test "+spf) }, []string{"spf-takeover critical"}},
		{"everybody passes", func(t *testing.T, w *world) { w.set(t, spf, "include:spf.courier.test +all") }, []string{"spf-all critical"}},
		{"nobody is refused", func(t *testing.T, w *world) { w.set(t, spf, "include:spf.courier.test ?all") }, []string{"spf-all medium"}},
		{"no all", func(t *testing.T, w *world) { w.set(t, spf, "include:spf.courier.test") }, []string{"spf-all medium"}},
		{"soft fail is none", func(t *testing.T, w *world) { w.set(t, spf, "include:spf.courier.test ~all") }, nil},
		{"a whole network", func(t *testing.T, w *world) { w.set(t, spf, "ip4:203.0.0.0/10 "+spf) }, []string{"spf-broad high"}},
		{"ptr", func(t *testing.T, w *world) { w.set(t, spf, "ptr "+spf) }, []string{"spf-ptr medium"}},
		{"a term twice, and one behind all", func(t *testing.T, w *world) { w.set(t, spf, spf+" a") }, []string{"spf-unused low"}},
		{"a sender is not named", func(t *testing.T, w *world) { w.set(t, spf, "-all") }, []string{"spf-senders high"}},
		{"an address is not named", func(_ *testing.T, w *world) { w.domain.Senders = append(w.domain.Senders, "203.0.113.9") }, []string{"spf-senders high"}},

		{"no key at all", func(t *testing.T, w *world) {
			w.drop(t, "s1._domainkey")
			w.drop(t, "old._domainkey")
			w.domain.Selectors = nil
		}, []string{"dkim-present high"}},
		{"a selector in use is not there", func(_ *testing.T, w *world) { w.domain.Selectors = []string{"s1", "courier"} }, []string{"dkim-present high"}},
		{"a key cannot be read", func(_ *testing.T, w *world) { w.add(`s2._domainkey.acme.test. TXT "v=DKIM1; k=rsa; p=MIGf*"`) }, []string{"dkim-syntax high"}},
		{"two keys", func(_ *testing.T, w *world) {
			w.add(`s2._domainkey.acme.test. TXT "v=DKIM1; p="`)
			w.add(`s2._domainkey.acme.test. TXT "v=DKIM1; k=rsa; p="`)
		}, []string{"dkim-syntax high"}},
		{"1024 bits", func(_ *testing.T, w *world) {
			w.add(`s2._domainkey.acme.test. TXT "v=DKIM1; k=rsa; p=` + rsaKey(1024) + `"`)
		}, []string{"dkim-key-length medium"}},
		{"512 bits", func(_ *testing.T, w *world) {
			w.add(`s2._domainkey.acme.test. TXT "v=DKIM1; k=rsa; p=` + rsaKey(512) + `"`)
		}, []string{"dkim-key-length high"}},
		{"SHA-1 alone", func(t *testing.T, w *world) {
			w.set(t, `"v=DKIM1; k=rsa; p=`, `"v=DKIM1; h=sha1; k=rsa; p=`)
			w.add(ed25519Key("s2"))
		}, []string{"dkim-algorithm medium"}},
		{"a test", func(t *testing.T, w *world) { w.set(t, `"v=DKIM1; k=rsa; p=`, `"v=DKIM1; t=y; k=rsa; p=`) }, []string{"dkim-testing medium"}},
		{"a key in use is revoked", func(_ *testing.T, w *world) { w.domain.Selectors = []string{"s1", "old"} }, []string{"dkim-revoked high"}},
		{"a wildcard key", func(_ *testing.T, w *world) { w.add(`*` + strings.TrimPrefix(ed25519Key("x"), "x")) }, []string{"dkim-wildcard medium"}},
		{"a wildcard that revokes is none", func(_ *testing.T, w *world) { w.add(`*._domainkey.acme.test. TXT "v=DKIM1; p="`) }, nil},
		{"a wildcard text is none", func(_ *testing.T, w *world) { w.add(`*._domainkey.acme.test. TXT "acme"`) }, nil},
		{"a selector points to nothing", func(_ *testing.T, w *world) { w.add("k1._domainkey.acme.test. CNAME acme.dkim.courier.test.") }, []string{"dkim-dangling high"}},
		{"a selector can be bought", func(_ *testing.T, w *world) { w.add("k1._domainkey.acme.test. CNAME dkim.gone.test.") }, []string{"dkim-dangling critical"}},

		{"no DMARC", func(t *testing.T, w *world) { w.drop(t, "_dmarc.acme.test") }, []string{"dmarc-present high"}},
		{"two DMARC records", func(_ *testing.T, w *world) { w.add(`_dmarc.acme.test. TXT "v=DMARC1; p=none"`) }, []string{"dmarc-multiple high"}},
		{"another text beside DMARC is none", func(_ *testing.T, w *world) { w.add(`_dmarc.acme.test. TXT "site-verification=1"`) }, nil},
		{"a misspelt policy", func(t *testing.T, w *world) { w.set(t, "p=quarantine;", "p=qarantine;") }, []string{"dmarc-syntax high"}},
		{"a misspelt mode", func(t *testing.T, w *world) { w.set(t, "p=quarantine;", "p=quarantine; adkim=strict;") }, []string{"dmarc-syntax medium"}},
		{"DMARC at the domain", func(_ *testing.T, w *world) { w.add(`acme.test. TXT "v=DMARC1; p=reject"`) }, []string{"dmarc-location medium"}},
		{"none", func(t *testing.T, w *world) { w.set(t, "p=quarantine;", "p=none;") }, []string{"dmarc-policy high"}},
		{"reject", func(t *testing.T, w *world) { w.set(t, "p=quarantine;", "p=reject;") }, nil},
		{"a policy for test", func(t *testing.T, w *world) { w.set(t, "p=quarantine;", "p=reject; t=y;") }, []string{"dmarc-testing high"}},
		{"subdomains are left out", func(t *testing.T, w *world) { w.set(t, "p=quarantine;", "p=quarantine; sp=none;") }, []string{"dmarc-subdomains medium"}},
		{"names that are none are left out", func(t *testing.T, w *world) { w.set(t, "p=quarantine;", "p=quarantine; sp=quarantine; np=none;") }, []string{"dmarc-subdomains medium"}},
		{"a host has its own", func(_ *testing.T, w *world) {
			w.add(`_dmarc.app.acme.test. TXT "v=DMARC1; p=none; rua=mailto:x@acme.test"`)
		}, []string{"dmarc-override medium"}},
		{"a part", func(t *testing.T, w *world) { w.set(t, "p=quarantine;", "p=quarantine; pct=50;") }, []string{"dmarc-removed-tags medium"}},
		{"ri", func(t *testing.T, w *world) { w.set(t, "p=quarantine;", "p=quarantine; ri=3600;") }, []string{"dmarc-removed-tags low"}},
		{"no reports", func(t *testing.T, w *world) { w.set(t, "; rua=mailto:dmarc@acme.test,mailto:acme@reports.test", "") }, []string{"dmarc-reports medium"}},
		{"reports to nowhere", func(t *testing.T, w *world) { w.set(t, "mailto:dmarc@acme.test", "mailto:dmarc@x.acme.test") }, []string{"dmarc-reports medium"}},
		{"no consent", func(t *testing.T, w *world) { w.drop(t, "acme.test._report") }, []string{"dmarc-report-consent medium"}},
		{"p comes late", func(t *testing.T, w *world) {
			w.set(t, "v=DMARC1; p=quarantine; rua=mailto:dmarc@acme.test,mailto:acme@reports.test", "v=DMARC1; rua=mailto:dmarc@acme.test,mailto:acme@reports.test; p=quarantine")
		}, []string{"dmarc-readers low"}},
		{"a service that does not sign as the domain", func(t *testing.T, w *world) { w.domain.Senders = append(w.domain.Senders, "resend") }, []string{"dmarc-alignment medium"}},

		{"no MX", func(t *testing.T, w *world) { w.drop(t, "acme.test. MX") }, []string{"mx-present medium"}},
		{"null MX beside another", func(_ *testing.T, w *world) { w.add("acme.test. MX 0 .") }, []string{"mx-null medium"}},
		{"an MX host is gone", func(_ *testing.T, w *world) { w.add("acme.test. MX 20 mx2.acme.test.") }, []string{"mx-resolves high"}},
		{"an MX host is an alias", func(_ *testing.T, w *world) {
			w.add("acme.test. MX 20 mx2.acme.test.")
			w.add("mx2.acme.test. CNAME mx1.acme.test.")
			w.cert.Names = append(w.cert.Names, "mx2.acme.test")
		}, []string{"mx-cname medium"}},
		{"an MX is an address", func(t *testing.T, w *world) {
			w.add("acme.test. MX 20 192.0.2.7.")
			w.policy = policy("enforce", 2592000, "*.acme.test", "192.0.2.7")
		}, []string{"mx-address high"}},
		{"no name of the address", func(t *testing.T, w *world) { w.drop(t, "1.0.0.127") }, []string{"mx-reverse medium"}},
		{"the name leads elsewhere", func(t *testing.T, w *world) { w.set(t, "PTR mx1.acme.test.", "PTR mail.acme.test.") }, []string{"mx-reverse medium"}},

		{"no STARTTLS", func(_ *testing.T, w *world) { w.mx = func(s *smtp.Server) { s.TLSConfig = nil } }, []string{"starttls high"}},
		{"another's certificate", func(_ *testing.T, w *world) { w.cert.Names = []string{"old.acme.test", "mta-sts.acme.test"} }, []string{"starttls-certificate high"}},
		{"an old version", func(_ *testing.T, w *world) {
			w.mx = func(s *smtp.Server) { s.TLSConfig.MaxVersion = tls.VersionTLS11 }
		}, []string{"starttls-version medium"}},

		{"no MTA-STS", func(t *testing.T, w *world) { w.drop(t, "_mta-sts") }, []string{"mta-sts-record low"}},
		{"an id with a hyphen", func(t *testing.T, w *world) { w.set(t, "id=20260101", "id=2026-01-01") }, []string{"mta-sts-record medium"}},
		{"the policy is moved", func(_ *testing.T, w *world) {
			w.policy = func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "https://acme.test/x", http.StatusFound)
			}
		}, []string{"mta-sts-policy medium"}},
		{"the policy is a page", func(_ *testing.T, w *world) {
			w.policy = func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "<html>welcome</html>") }
		}, []string{"mta-sts-policy medium"}},
		{"the host is busy, which is none", func(_ *testing.T, w *world) {
			w.policy = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) }
		}, nil},
		{"testing", func(_ *testing.T, w *world) { w.policy = policy("testing", 2592000, "*.acme.test") }, []string{"mta-sts-mode low"}},
		{"kept for an hour", func(_ *testing.T, w *world) { w.policy = policy("enforce", 3600, "*.acme.test") }, []string{"mta-sts-age medium"}},
		{"kept for three days", func(_ *testing.T, w *world) { w.policy = policy("enforce", 3*86400, "*.acme.test") }, []string{"mta-sts-age low"}},
		{"another MX", func(_ *testing.T, w *world) { w.policy = policy("enforce", 2592000, "mx.old.test") }, []string{"mta-sts-mx high"}},
		{"no TLS reports", func(t *testing.T, w *world) { w.drop(t, "_smtp._tls") }, []string{"tls-reports low"}},
		{"TLS reports to nowhere", func(t *testing.T, w *world) { w.set(t, "mailto:tls@acme.test", "mailto:tls@x.acme.test") }, []string{"tls-reports medium"}},
		{"a parked domain is open", func(t *testing.T, w *world) { w.drop(t, "_dmarc.parked") }, []string{"parked-domain medium"}},
		{"a parked domain is not there", func(t *testing.T, w *world) { w.drop(t, "parked.test"); w.drop(t, "_dmarc.parked") }, []string{"parked-domain medium"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := good(t)
			tc.with(t, w)
			got, all := findings(t, w)
			if !slices.Equal(got, tc.want) {
				t.Errorf("found %v, want %v\n%s", got, tc.want, all)
			}
		})
	}
}

func policy(mode string, age int, mx ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "version: STSv1\r\nmode: %s\r\nmax_age: %d\r\n", mode, age)
		for _, m := range mx {
			fmt.Fprintf(w, "mx: %s\r\n", m)
		}
	}
}

// TestSample has one fault in each message.
func TestSample(t *testing.T) {
	for _, tc := range []struct {
		name string
		with func(*note)
		want []string
	}{
		{"good", nil, nil},
		{"from an address of nobody", func(n *note) { n.ip = "203.0.113.7" }, []string{"bulk-sender medium", "sample-spf high"}},
		{"not signed", func(n *note) { n.domain = "" }, []string{"sample-dkim high"}},
		{"changed on the way", func(n *note) { n.body = "Buy! " }, []string{"sample-dkim high"}},
		{"signed and sent by the service alone", func(n *note) {
			n.domain, n.selector, n.sender, n.ip = "", "", "bounce@spf.courier.test", "198.51.100.4"
		}, []string{"bulk-sender medium", "sample-alignment high", "sample-dkim high"}},
		{"in clear text", func(n *note) { n.with = "ESMTP" }, []string{"bulk-sender medium"}},
		{"two authors", func(n *note) { n.from = "a@acme.test, b@acme.test" }, []string{"bulk-sender medium"}},
		{"unsubscribing by mail", func(n *note) { n.fields = "List-Unsubscribe: <mailto:off@acme.test>\r\n" }, []string{"one-click-unsubscribe medium"}},
		{"to one reader", func(n *note) { n.fields = "" }, nil},
		{"without a trace", func(n *note) { n.ip = "" }, nil},
		{"of another domain", func(n *note) { n.from = "x@stranger.test" }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := good(t)
			w.domain.Sample = sent(t, tc.with)
			got, all := findings(t, w)
			if !slices.Equal(got, tc.want) {
				t.Errorf("found %v, want %v\n%s", got, tc.want, all)
			}
		})
	}
}

// TestSampleFile meets files that are no message.
func TestSampleFile(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "binary": "\x00\x01\x02", "no header": "\r\n\r\nhello", "endless header": strings.Repeat("X: y\r\n", 200_000)} {
		t.Run(name, func(t *testing.T) {
			w := good(t)
			w.domain.Sample = filepath.Join(t.TempDir(), "x.eml")
			if err := os.WriteFile(w.domain.Sample, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, all := findings(t, w); len(got) > 0 && !slices.ContainsFunc(got, func(s string) bool { return strings.HasSuffix(s, " error") }) {
				t.Errorf("found %v\n%s", got, all)
			}
		})
	}
}

// TestSelectorsOfReports finds the selector that a receiver saw.
func TestSelectorsOfReports(t *testing.T) {
	w := good(t)
	w.set(t, "s1._domainkey", "h8x2k._domainkey")
	w.domain.Selectors = nil
	file := filepath.Join(t.TempDir(), "report.xml")
	text := `<feedback><report_metadata><org_name>stranger</org_name></report_metadata><record><row><source_ip>203.0.113.3</source_ip><count>40</count><policy_evaluated><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>acme.test</header_from></identifiers><auth_results><dkim><domain>acme.test</domain><selector>h8x2k</selector><result>pass</result></dkim></auth_results></record>
<record><row><source_ip>198.51.100.3</source_ip><count>40</count><policy_evaluated><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>acme.test</header_from></identifiers><auth_results><dkim><domain>helpdesk.test</domain><selector>a</selector><result>pass</result></dkim></auth_results></record></feedback>`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w.domain.Reports = []string{file}
	target := w.target(t)
	memo := &lr.Memo{}
	if got := strings.Join(asked(t, check(t, "dkim-present"), target, memo), "\n"); !strings.Contains(got, "passed h8x2k._domainkey.acme.test") {
		t.Errorf("got %s", got)
	}
	if got := strings.Join(asked(t, check(t, "dmarc-alignment"), target, memo), "\n"); !strings.Contains(got, "suspected helpdesk.test: ") {
		t.Errorf("got %s", got)
	}
}

// TestUnknownSelector is what others call "DKIM missing": there are keys, at
// selectors that nobody told.
func TestUnknownSelector(t *testing.T) {
	w := good(t)
	w.set(t, "s1._domainkey", "h8x2k._domainkey")
	w.drop(t, "old._domainkey")
	w.domain.Selectors = nil
	got, all := findings(t, w)
	if len(got) > 0 || !strings.Contains(all, "dkim-present unknown DKIM of acme.test: none of ") {
		t.Errorf("found %v\n%s", got, all)
	}
}
