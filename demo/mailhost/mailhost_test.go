package mailhost_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/launchready/launchready/demo/authority"
	"github.com/launchready/launchready/demo/mailhost"
)

func start(t *testing.T, flaws ...string) (*mailhost.Server, *authority.Authority) {
	t.Helper()
	ca, err := authority.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s, err := mailhost.Start(mailhost.Options{Domain: "harbor.test", Authority: ca, Flaws: func(id string) bool { return slices.Contains(flaws, id) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, ca
}

// TestExchangers speaks to each mail host as a sender does, with its flaw and without.
func TestExchangers(t *testing.T) {
	for _, c := range []struct{ host, flaw, want string }{
		{"mx1", "", ""}, {"mx2", "", ""}, {"mx3", "", ""},
		{"mx1", "email/starttls", "no STARTTLS"},
		{"mx2", "email/starttls-certificate", "certificate is valid for mail.old-harbor.test"},
		{"mx3", "email/starttls-version", "protocol version"},
	} {
		t.Run(c.host+c.flaw, func(t *testing.T) {
			s, ca := start(t, c.flaw)
			host := c.host + ".harbor.test"
			conn, err := net.Dial("tcp", s.At[host+":25"])
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			client, err := smtp.NewClient(conn, host)
			if err != nil {
				t.Fatal(err)
			}
			if err := client.Hello("sender.test"); err != nil {
				t.Fatal(err)
			}
			got := ""
			if ok, _ := client.Extension("STARTTLS"); !ok {
				got = "no STARTTLS"
			} else if err := client.StartTLS(&tls.Config{ServerName: host, RootCAs: ca.Pool(), MinVersion: tls.VersionTLS12}); err != nil {
				got = err.Error()
			}
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			if c.want != "" {
				return
			}
			if err := client.Mail("a@sender.test"); err != nil {
				t.Fatal(err)
			}
			if err := client.Rcpt("somebody@harbor.test"); err == nil || !strings.Contains(err.Error(), "no such mailbox") {
				t.Errorf("it takes mail: %v", err)
			}
		})
	}
}

// TestPolicy fetches the policy as senders do: by a certificate that verifies, at one
// address.
func TestPolicy(t *testing.T) {
	for flaw, c := range map[string]struct{ has, lacks string }{
		"":                     {"version: STSv1\r\nmode: enforce\r\nmx: mx1.harbor.test\r\nmx: mx2.harbor.test\r\nmx: mx3.harbor.test\r\nmax_age: 2592000\r\n", "testing"},
		"email/mta-sts-policy": {"version: STSv2", "STSv1"},
		"email/mta-sts-mode":   {"mode: testing", "enforce"},
		"email/mta-sts-age":    {"max_age: 3600\r\n", "2592000"},
		"email/mta-sts-mx":     {"mx: mx2.harbor.test", "mx3"},
	} {
		t.Run(flaw, func(t *testing.T) {
			s, ca := start(t, flaw)
			client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), ServerName: "mta-sts.harbor.test", MinVersion: tls.VersionTLS12}}}
			defer client.CloseIdleConnections()
			get := func(path string) (int, string) {
				r, err := client.Get("https://" + s.At["mta-sts.harbor.test:443"] + path)
				if err != nil {
					t.Fatal(err)
				}
				defer r.Body.Close()
				b, err := io.ReadAll(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				return r.StatusCode, string(b)
			}
			if status, body := get("/.well-known/mta-sts.txt"); status != 200 || !strings.Contains(body, c.has) || strings.Contains(body, c.lacks) || body != s.Policy() {
				t.Errorf("%d %q", status, body)
			}
			if status, body := get("/"); status != 404 || strings.Contains(body, "STS") {
				t.Errorf("elsewhere: %d %q", status, body)
			}
		})
	}
}

// TestMessages verifies each message by another library, with its flaw and without.
func TestMessages(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	record, err := mailhost.Record(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(strings.Trim(record, `"`), `" "`, "")
	if len(text) < 300 || slices.ContainsFunc(strings.Split(record, `" "`), func(s string) bool { return len(s) > 257 }) {
		t.Fatalf("the record is no list of strings of at most 255 bytes: %s", record)
	}
	lookup := func(name string) ([]string, error) {
		if name != mailhost.Selector+"._domainkey.harbor.test" {
			t.Errorf("a key is looked for at %s", name)
		}
		return []string{text}, nil
	}
	for _, c := range []struct {
		flaw, file, symptom string
		seen                func(b []byte, valid int) bool
	}{
		{"email/sample-dkim", "invoice.eml", "no signature verifies", func(_ []byte, valid int) bool { return valid == 0 }},
		{"email/sample-spf", "invitation.eml", "another server hands it over", func(b []byte, _ int) bool { return bytes.Contains(b, []byte("[192.0.2.40]")) }},
		{"email/sample-alignment", "reset.eml", "nobody of the domain signs", func(b []byte, valid int) bool {
			return valid == 0 && bytes.HasPrefix(b, []byte("Return-Path: <bounce-17@spf.courier.test>"))
		}},
		{"email/sample-signature", "digest.eml", "the subject is not signed", func(b []byte, _ int) bool { return !signs(b, "subject") }},
		{"email/bulk-sender", "notice.eml", "no Message-ID", func(b []byte, _ int) bool { return !bytes.Contains(b, []byte("\r\nMessage-ID:")) }},
		{"email/one-click-unsubscribe", "news.eml", "no button", func(b []byte, _ int) bool { return !bytes.Contains(b, []byte("\r\nList-Unsubscribe-Post:")) }},
	} {
		t.Run(c.flaw, func(t *testing.T) {
			for _, on := range []bool{false, true} {
				dir := t.TempDir()
				m := mailhost.Messages{Domain: "harbor.test", Key: key, Now: time.Now(), Flaws: func(id string) bool { return on && id == c.flaw }}
				if err := m.Write(dir); err != nil {
					t.Fatal(err)
				}
				b, err := os.ReadFile(filepath.Join(dir, c.file))
				if err != nil {
					t.Fatal(err)
				}
				all, err := dkim.VerifyWithOptions(bytes.NewReader(b), &dkim.VerifyOptions{LookupTXT: lookup})
				if err != nil {
					t.Fatal(err)
				}
				valid := 0
				for _, v := range all {
					if v.Err == nil && v.Domain == "harbor.test" {
						valid++
					}
				}
				if got := c.seen(b, valid); got != on {
					t.Errorf("flaw %v: %s is %v:\n%s", on, c.symptom, got, b)
				}
			}
		})
	}
}

// signs reports whether the signature covers a field.
func signs(b []byte, field string) bool {
	_, rest, _ := strings.Cut(strings.ToLower(string(b)), "dkim-signature:")
	tags, _, _ := strings.Cut(strings.NewReplacer("\r\n ", "", "\r\n\t", "", " ", "").Replace(rest), "\r\n")
	for tag := range strings.SplitSeq(tags, ";") {
		if list, is := strings.CutPrefix(tag, "h="); is {
			return slices.Contains(strings.Split(list, ":"), field)
		}
	}
	return false
}
