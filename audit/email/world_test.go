package email_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/audit/email"
	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/mail/dkim"
	"github.com/launchready/launchready/mail/dnstest"
	"github.com/launchready/launchready/probe"
)

// clean is a domain that has everything right, and some of what looks wrong to
// others: texts that look like SPF, a policy of quarantine, a revoked selector.
const clean = `
acme.test. NS ns.acme.test.
acme.test. A 127.0.0.1
acme.test. TXT "v=spf1 ip4:192.0.2.0/28 include:spf.courier.test -all"
acme.test. TXT "v=spf10 is another thing" 
acme.test. TXT "spf2.0/pra -all"
acme.test. MX 10 mx1.acme.test.
mx1.acme.test. A 127.0.0.1
1.0.0.127.in-addr.arpa. PTR mx1.acme.test.
mail.acme.test. A 192.0.2.5
5.2.0.192.in-addr.arpa. PTR mail.acme.test.
spf.courier.test. TXT "v=spf1 ip4:198.51.100.0/24 -all"
courier.test. NS ns.courier.test.
s1._domainkey.acme.test. TXT "KEY"
old._domainkey.acme.test. TXT "v=DKIM1; p="
_dmarc.acme.test. TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@acme.test,mailto:acme@reports.test"
acme.test._report._dmarc.reports.test. TXT "v=DMARC1"
reports.test. MX 10 mx.reports.test.
_mta-sts.acme.test. TXT "v=STSv1; id=20260101"
mta-sts.acme.test. A 127.0.0.1
_smtp._tls.acme.test. TXT "v=TLSRPTv1; rua=mailto:tls@acme.test"
app.acme.test. A 127.0.0.1
parked.test. TXT "v=spf1 -all"
_dmarc.parked.test. TXT "v=DMARC1; p=reject"
parked.test. MX 0 .
`

// signing is made once: RSA keys take a moment.
var signing = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

var signers = sync.OnceValues(func() (*authority.Authority, error) { return authority.New(time.Now) })

// world is a domain with its servers.
type world struct {
	zone   string
	domain lr.DomainAccess
	mx     func(*smtp.Server)                           // how the mail server differs
	cert   authority.Kind                               // of the mail server
	policy func(w http.ResponseWriter, r *http.Request) // of MTA-STS
	fail   map[string]dnstest.Fault                     // names whose questions fail
	raw    func(net.Conn)                               // in the place of the mail server
}

// good is the clean domain.
func good(t *testing.T) *world {
	t.Helper()
	key, err := signing()
	if err != nil {
		t.Fatal(err)
	}
	record, err := dkim.RecordFor(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		zone: strings.Replace(clean, "KEY", record[:200]+`" "`+record[200:], 1),
		cert: authority.Kind{Names: []string{"mx1.acme.test", "mta-sts.acme.test"}},
		domain: lr.DomainAccess{
			Name: "acme.test", Hosts: []string{"acme.test", "app.acme.test"}, Parked: []string{"parked.test"},
			Senders: []string{"spf.courier.test", "192.0.2.5"}, Selectors: []string{"s1"},
		},
		policy: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "version: STSv1\r\nmode: enforce\r\nmx: *.acme.test\r\nmax_age: 2592000\r\n")
		},
		fail: map[string]dnstest.Fault{},
	}
}

// set replaces text of the zone.
func (w *world) set(t *testing.T, old, with string) {
	t.Helper()
	if !strings.Contains(w.zone, old) {
		t.Fatalf("the zone has no %q", old)
	}
	w.zone = strings.Replace(w.zone, old, with, 1)
}

// drop leaves out the lines that begin so.
func (w *world) drop(t *testing.T, prefix string) {
	t.Helper()
	lines := strings.Split(w.zone, "\n")
	kept := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasPrefix(l, prefix) })
	if len(kept) == len(lines) {
		t.Fatalf("the zone has no line %q", prefix)
	}
	w.zone = strings.Join(kept, "\n")
}

func (w *world) add(line string) { w.zone += line + "\n" }

type mute struct{}

func (mute) NewSession(*smtp.Conn) (smtp.Session, error) { return mute{}, nil }
func (mute) Mail(string, *smtp.MailOptions) error        { return errors.New("no mail here") }
func (mute) Rcpt(string, *smtp.RcptOptions) error        { return errors.New("no mail here") }
func (mute) Data(io.Reader) error                        { return errors.New("no mail here") }
func (mute) Reset()                                      {}
func (mute) Logout() error                               { return nil }

func listen(t *testing.T) (net.Listener, int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return l, n
}

// target starts the servers.
func (w *world) target(t *testing.T) *lr.Target {
	t.Helper()
	a, err := signers()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := a.Issue(w.cert)
	if err != nil {
		t.Fatal(err)
	}
	names := dnstest.Zone(t, w.zone)
	for name, f := range w.fail {
		names.Fail(name, f)
	}
	mx, mxPort := listen(t)
	if w.raw != nil {
		go func() {
			for {
				c, err := mx.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					w.raw(c)
				}()
			}
		}()
	} else {
		s := smtp.NewServer(mute{})
		s.Domain, s.TLSConfig = "mx1.acme.test", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10}
		s.ErrorLog = log.New(io.Discard, "", 0)
		if w.mx != nil {
			w.mx(s)
		}
		go func() { _ = s.Serve(mx) }()
		t.Cleanup(func() { _ = s.Close() })
	}
	web, webPort := listen(t)
	site := &http.Server{Handler: http.HandlerFunc(w.policy), ErrorLog: log.New(io.Discard, "", 0), TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
	go func() { _ = site.ServeTLS(web, "", "") }()
	t.Cleanup(func() { _ = site.Close() })

	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, a.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := probe.New(probe.Options{Base: &url.URL{Scheme: "http", Host: "127.0.0.1"}, Budget: lr.Budget{Requests: 5000}, CAFile: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	n, err := c.Network(probe.NetworkOptions{Domains: []string{"acme.test", "parked.test"}, Resolver: names.Addr, Ports: map[int]int{25: mxPort, 443: webPort}})
	if err != nil {
		t.Fatal(err)
	}
	d := w.domain
	d.Network = n
	return &lr.Target{Domain: &d}
}

// asked puts a check to a target and returns a line for each outcome.
func asked(t *testing.T, c *lr.Check, target *lr.Target, memo *lr.Memo) []string {
	t.Helper()
	var mu sync.Mutex
	var out []string
	trial := &lr.Trial{Check: c, Target: target, Now: time.Now, Memo: memo, Seed: 7, Report: func(o lr.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		verdict := o.Verdict.String()
		if o.Verdict == lr.Failed {
			s := o.Severity
			if s == 0 {
				s = c.Severity
			}
			verdict = s.String()
			if o.Confidence != lr.Confirmed {
				verdict = "suspected"
			}
			if len(o.Evidence.Records) == 0 {
				t.Errorf("%s: a finding about %s without evidence", c.ID, o.Subject)
			}
		}
		out = append(out, verdict+" "+o.Subject+": "+o.Message)
	}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Run(ctx, trial); err != nil {
		out = append(out, "error : "+err.Error())
	}
	return out
}

func check(t *testing.T, id string) *lr.Check {
	t.Helper()
	for _, c := range email.Row().Checks {
		if c.ID == "email/"+id {
			return c
		}
	}
	t.Fatalf("no check email/%s", id)
	return nil
}

// sent is a message of the domain as a stranger's mailbox has it.
func sent(t *testing.T, with func(*note)) string {
	t.Helper()
	key, err := signing()
	if err != nil {
		t.Fatal(err)
	}
	n := &note{
		from: "Acme <news@acme.test>", domain: "acme.test", selector: "s1", ip: "192.0.2.5", sender: "bounce@acme.test", with: "ESMTPS",
		fields: "List-Unsubscribe: <https://acme.test/u/1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
	}
	if with != nil {
		with(n)
	}
	text := fmt.Sprintf("From: %s\r\nTo: reader@stranger.test\r\nSubject: News\r\nDate: Fri, 27 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@acme.test>\r\n%s\r\nHello.\r\n", n.from, n.fields)
	if n.domain != "" {
		field, err := dkim.Signer{Domain: n.domain, Selector: n.selector, Key: key}.Sign([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		text = field + text
	}
	if n.ip != "" {
		text = fmt.Sprintf("Return-Path: <%s>\r\nReceived: from mail.acme.test (mail.acme.test [%s]) by mx.stranger.test with %s id 1; Fri, 27 Nov 2026 09:00:01 +0000\r\n", n.sender, n.ip, n.with) + text
	}
	text = strings.Replace(text, "Hello.", n.body+"Hello.", 1)
	file := filepath.Join(t.TempDir(), "sample.eml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// note is how a message differs. Body is put in after it was signed.
type note struct{ from, domain, selector, ip, sender, with, fields, body string }
