package email_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/email"
	"github.com/launchready/launchready/mail/dnstest"
)

// TestNameServerFails has every question about the domain's mail fail in one way:
// nothing is proved, so nothing is found.
func TestNameServerFails(t *testing.T) {
	for name, f := range map[string]dnstest.Fault{
		"SERVFAIL": dnstest.ServFail, "REFUSED": dnstest.Refused, "garbage": dnstest.Garbage, "a name that points at itself": dnstest.Loop,
		"cut off": dnstest.Cut, "a header alone": dnstest.Header, "the answer to another question": dnstest.Other, "TCP closes": dnstest.CloseTCP,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := good(t)
			for _, at := range []string{"acme.test", "_dmarc.acme.test", "_domainkey.acme.test", "s1._domainkey.acme.test", "_mta-sts.acme.test", "_smtp._tls.acme.test", "parked.test",
				"_dmarc.parked.test", "mx1.acme.test", "spf.courier.test", "1.0.0.127.in-addr.arpa", "acme.test._report._dmarc.reports.test", "reports.test", "courier.test"} {
				w.fail[at] = f
			}
			if got, all := findings(t, w); len(got) > 0 {
				t.Errorf("found %v\n%s", got, all)
			}
		})
	}
}

// TestOneNameFails has each name fail alone: what else is asked stands.
func TestOneNameFails(t *testing.T) {
	for _, name := range []string{"acme.test", "_dmarc.acme.test", "s1._domainkey.acme.test", "_mta-sts.acme.test", "_smtp._tls.acme.test", "spf.courier.test", "mx1.acme.test"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := good(t)
			w.fail[name] = dnstest.ServFail
			got, all := findings(t, w)
			if len(got) > 0 || !strings.Contains(all, " unknown ") || strings.Count(all, " passed ") < 20 {
				t.Errorf("found %v\n%s", got, all)
			}
		})
	}
}

// TestSilence ends in bounded time where the name server says nothing at all.
func TestSilence(t *testing.T) {
	w := good(t)
	w.fail["acme.test"] = dnstest.Silent
	target := w.target(t)
	got := asked(t, check(t, "spf-present"), target, &lr.Memo{})
	if len(got) != 1 || !strings.HasPrefix(got[0], "unknown ") {
		t.Errorf("got %v", got)
	}
}

// TestMailServerIsNone meets servers that close, stall, send garbage or a header
// of 1 MB: what they offer is not known, and nothing is found.
func TestMailServerIsNone(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"closes":             func(net.Conn) {},
		"garbage":            func(c net.Conn) { _, _ = io.WriteString(c, "\x00\xffgarbage\n") },
		"a header of 1 MB":   func(c net.Conn) { _, _ = io.WriteString(c, strings.Repeat("A", 1<<20)) },
		"busy":               func(c net.Conn) { _, _ = io.WriteString(c, "421 try later\r\n") },
		"does not want us":   func(c net.Conn) { _, _ = io.WriteString(c, "554 your address is on a list\r\n") },
		"STARTTLS for later": func(c net.Conn) { dialogue(c, "220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n", "454 not now\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := good(t)
			w.raw = serve
			target, memo := w.target(t), &lr.Memo{}
			for _, id := range []string{"starttls", "starttls-certificate", "starttls-version"} {
				got := asked(t, check(t, id), target, memo)
				if len(got) != 1 || !strings.HasPrefix(got[0], "unknown mx1.acme.test: it could not be asked") {
					t.Errorf("%s: got %v", id, got)
				}
			}
		})
	}
}

// dialogue says each text, and waits for a line in between.
func dialogue(c net.Conn, texts ...string) {
	buf := make([]byte, 4096)
	for i, s := range texts {
		if i > 0 {
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
		_, _ = io.WriteString(c, s)
	}
	_, _ = c.Read(buf)
}

// TestMTASTSHostIsNone has the host of the policy be slow to end and large.
func TestMTASTSHostIsNone(t *testing.T) {
	for name, tc := range map[string]struct {
		serve http.HandlerFunc
		want  string
	}{
		"64 KB and more": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, strings.Repeat("version: STSv1\r\n", 10_000))
		}, "medium "},
		"busy": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, "unknown "},
		"gone": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "medium "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := good(t)
			w.policy = tc.serve
			got := asked(t, check(t, "mta-sts-policy"), w.target(t), &lr.Memo{})
			if len(got) != 1 || !strings.HasPrefix(got[0], tc.want) {
				t.Errorf("got %v, want %s", got, tc.want)
			}
		})
	}
}

// TestBombs are zones that cost whoever believes them: each ends, in a verdict.
func TestBombs(t *testing.T) {
	for name, with := range map[string]func(*testing.T, *world){
		"a thousand includes": func(t *testing.T, w *world) {
			w.set(t, "include:spf.courier.test -all", "include:b0.acme.test include:spf.courier.test -all")
			for i := range 1000 {
				w.add(fmt.Sprintf(`b%d.acme.test. TXT "v=spf1 include:b%d.acme.test include:b%d.acme.test -all"`, i, (i+1)%1000, (i+2)%1000))
			}
		},
		"a text of 60 KB": func(_ *testing.T, w *world) {
			w.add(`acme.test. TXT` + strings.Repeat(` "`+strings.Repeat("x", 250)+`"`, 240))
		},
		"a chain of aliases": func(_ *testing.T, w *world) {
			w.domain.Selectors = append(w.domain.Selectors, "c")
			for i := range 30 {
				w.add(fmt.Sprintf("c%d.acme.test. CNAME c%d.acme.test.", i, i+1))
			}
			w.add("c._domainkey.acme.test. CNAME c0.acme.test.")
		},
		"an alias of itself": func(_ *testing.T, w *world) {
			w.domain.Selectors = append(w.domain.Selectors, "c")
			w.add("c._domainkey.acme.test. CNAME c._domainkey.acme.test.")
		},
		"a hundred MX": func(_ *testing.T, w *world) {
			for i := range 100 {
				w.add(fmt.Sprintf("acme.test. MX %d mx1.acme.test.", i+20))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := good(t)
			with(t, w)
			target, memo := w.target(t), &lr.Memo{}
			started := time.Now()
			for _, c := range email.Row().Checks {
				for _, line := range asked(t, c, target, memo) {
					if strings.HasPrefix(line, "error ") {
						t.Errorf("%s: %s", c.ID, line)
					}
				}
			}
			if took := time.Since(started); took > 45*time.Second { // no measurement: that it ends
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestOddNames asks hosts with IPv6 alone, which this machine may not reach, and
// names with letters beyond ASCII: neither is a finding.
func TestOddNames(t *testing.T) {
	t.Run("IPv6 alone", func(t *testing.T) {
		t.Parallel()
		w := good(t)
		w.drop(t, "mx1.acme.test. A ")
		w.drop(t, "1.0.0.127.in-addr.arpa.")
		w.add("mx1.acme.test. AAAA 2001:db8::1")
		w.add("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR mx1.acme.test.")
		w.raw = func(net.Conn) {} // in the place of a machine that is not reached
		if got, all := findings(t, w); len(got) > 0 || !strings.Contains(all, "email/starttls unknown mx1.acme.test: it could not be asked") || !strings.Contains(all, "email/mx-resolves passed") {
			t.Errorf("found %v\n%s", got, all)
		}
	})
	t.Run("letters beyond ASCII", func(t *testing.T) {
		t.Parallel()
		w := good(t)
		w.domain.From = []string{"xn--bro-hoa.acme.test"} // büro
		w.add(`xn--bro-hoa.acme.test. TXT "v=spf1 include:acme.test -all"`)
		w.add("xn--bro-hoa.acme.test. MX 10 mx1.acme.test.")
		got, all := findings(t, w)
		if len(got) > 0 || !strings.Contains(all, "email/spf-present passed SPF of xn--bro-hoa.acme.test") {
			t.Errorf("found %v\n%s", got, all)
		}
	})
}

// TestBudget ends the run where the budget is spent.
func TestBudget(t *testing.T) {
	w := good(t)
	target := w.target(t)
	d := *target.Domain
	d.Network = spentNetwork{d.Network}
	for _, id := range []string{"spf-takeover", "dkim-present", "dmarc-present", "mx-resolves", "mta-sts-record", "tls-reports"} {
		got := asked(t, check(t, id), &lr.Target{Domain: &d}, &lr.Memo{})
		if strings.Contains(strings.Join(got, "\n"), "passed ") {
			t.Errorf("%s: got %v", id, got)
		}
	}
}

type spentNetwork struct{ lr.Network }

func (n spentNetwork) Dial(context.Context, string, string) (net.Conn, error) {
	return nil, lr.ErrBudget
}
