package demo

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/launchready/launchready/demo/mailhost"
	"github.com/launchready/launchready/mail"
)

// mailFlaws are those of the domain's mail: what the zone says, what the servers
// do, what was sent.
var mailFlaws = map[string]symptom{
	"email/spf-present":  lacks("notify.harbor.test", mail.TXT, "v=spf1"),
	"email/spf-multiple": shows("billing.harbor.test", mail.TXT, "~all"),
	"email/spf-syntax":   shows("news.harbor.test", mail.TXT, "ipv4:"),
	"email/spf-lookups":  shows("news.harbor.test", mail.TXT, "exists:www"),
	"email/spf-voids":    shows("news.harbor.test", mail.TXT, "a:web1"),
	"email/spf-loop":     shows("news.harbor.test", mail.TXT, "include:news"),
	"email/spf-include":  shows("news.harbor.test", mail.TXT, "include:old"),
	"email/spf-takeover": shows("news.harbor.test", mail.TXT, "harbor-relay"),
	"email/spf-all":      shows("news.harbor.test", mail.TXT, "?all"),
	"email/spf-broad":    shows("news.harbor.test", mail.TXT, "/10"),
	"email/spf-ptr":      shows("news.harbor.test", mail.TXT, " ptr"),
	"email/spf-unused":   shows("news.harbor.test", mail.TXT, "all ip4:192.0.2.40"),
	"email/spf-senders":  lacks("harbor.test", mail.TXT, "include:spf.courier.test"),

	"email/dkim-present":    lacks("courier1._domainkey.harbor.test", mail.TXT, "v=DKIM1"),
	"email/dkim-syntax":     shows("s2._domainkey.harbor.test", mail.TXT, "*"),
	"email/dkim-key-length": shows("k1._domainkey.harbor.test", mail.TXT, "p=MIGf"),
	"email/dkim-algorithm":  shows("mail._domainkey.harbor.test", mail.TXT, "h=sha1"),
	"email/dkim-testing":    shows("k2._domainkey.harbor.test", mail.TXT, "t=y"),
	"email/dkim-revoked":    func(w *world) bool { return strings.Contains(string(w.s.Config()), "courier1, default") },
	"email/dkim-wildcard":   shows("nobody._domainkey.news.harbor.test", mail.TXT, "v=DKIM1"),
	"email/dkim-dangling":   lacks("zendesk1._domainkey.harbor.test", mail.TXT, "Harbor signs with other selectors"),

	"email/dmarc-present":        lacks("_dmarc.harbor-post.test", mail.TXT, "v=DMARC1"),
	"email/dmarc-multiple":       shows("_dmarc.billing.harbor.test", mail.TXT, "p=quarantine"),
	"email/dmarc-syntax":         shows("_dmarc.news.harbor.test", mail.TXT, "adkim=strict"),
	"email/dmarc-location":       shows("harbor.test", mail.TXT, "v=DMARC1"),
	"email/dmarc-policy":         shows("_dmarc.notify.harbor.test", mail.TXT, "p=none"),
	"email/dmarc-testing":        shows("_dmarc.news.harbor.test", mail.TXT, "t=y"),
	"email/dmarc-subdomains":     shows("_dmarc.news.harbor.test", mail.TXT, "sp=none"),
	"email/dmarc-override":       shows("_dmarc.app.harbor.test", mail.TXT, "p=none"),
	"email/dmarc-removed-tags":   shows("_dmarc.news.harbor.test", mail.TXT, "pct=50"),
	"email/dmarc-reports":        shows("_dmarc.news.harbor.test", mail.TXT, "@lists.harbor.test"),
	"email/dmarc-report-consent": lacks("news.harbor.test._report._dmarc.reports.test", mail.TXT, "v=DMARC1"),
	"email/dmarc-alignment":      func(w *world) bool { return strings.Contains(string(w.s.Config()), "intercom") },
	"email/dmarc-readers":        lacks("_dmarc.news.harbor.test", mail.TXT, "v=DMARC1; p="),

	"email/mx-present":  lacks("harbor-post.test", mail.MX, "mx1"),
	"email/mx-null":     shows("news.harbor.test", mail.MX, "0 ."),
	"email/mx-resolves": shows("news.harbor.test", mail.MX, "mx-old"),
	"email/mx-cname":    shows("news.harbor.test", mail.MX, "mx-alias"),
	"email/mx-address":  shows("news.harbor.test", mail.MX, "192.0.2.25"),
	"email/mx-reverse":  lacks("1.0.0.127.in-addr.arpa", mail.PTR, "mx1.harbor.test"),

	"email/starttls": func(w *world) bool {
		return w.handshake("mx1", tls.VersionTLS12) != nil
	},
	"email/starttls-certificate": func(w *world) bool {
		return w.handshake("mx2", tls.VersionTLS12) != nil
	},
	"email/starttls-version": func(w *world) bool {
		return w.handshake("mx3", tls.VersionTLS12) != nil && w.handshake("mx3", tls.VersionTLS10) == nil
	},

	"email/mta-sts-record": shows("_mta-sts.harbor.test", mail.TXT, "id=2026-"),
	"email/mta-sts-policy": func(w *world) bool { return strings.Contains(w.s.domain.mail.Policy(), "STSv2") },
	"email/mta-sts-mode":   func(w *world) bool { return strings.Contains(w.s.domain.mail.Policy(), "mode: testing") },
	"email/mta-sts-age":    func(w *world) bool { return strings.Contains(w.s.domain.mail.Policy(), "max_age: 3600") },
	"email/mta-sts-mx":     func(w *world) bool { return !strings.Contains(w.s.domain.mail.Policy(), "mx3") },
	"email/tls-reports":    lacks("_smtp._tls.harbor.test", mail.TXT, "v=TLSRPTv1"),
	"email/parked-domain":  lacks("harbor-app.test", mail.TXT, "-all"),

	"email/sample-dkim": func(w *world) bool { return strings.Contains(w.sent("invoice"), "was scanned") },
	"email/sample-signature": func(w *world) bool {
		s := strings.ToLower(signatureOf(w.sent("digest")))
		return s != "" && !strings.Contains(s, "subject")
	},
	"email/sample-spf":            func(w *world) bool { return strings.Contains(w.sent("invitation"), "[192.0.2.40]") },
	"email/sample-alignment":      func(w *world) bool { return signatureOf(w.sent("reset")) == "" },
	"email/bulk-sender":           func(w *world) bool { return !strings.Contains(w.sent("notice"), "Message-ID: <") },
	"email/one-click-unsubscribe": func(w *world) bool { return !strings.Contains(w.sent("news"), "List-Unsubscribe-Post: ") },
}

// shows reports a record that has a text.
func shows(name string, t mail.Type, text string) symptom {
	return func(w *world) bool { return strings.Contains(w.records(name, t), text) }
}

// lacks reports that none has it.
func lacks(name string, t mail.Type, text string) symptom {
	return func(w *world) bool { return !strings.Contains(w.records(name, t), text) }
}

// records are what the demo's resolver has at a name, a line each.
func (w *world) records(name string, t mail.Type) string {
	w.t.Helper()
	if w.s.Resolver() == "" {
		w.t.Skip("the machine has one loopback address: the demo has no domain")
	}
	c := &mail.Client{Server: w.s.Resolver(), Timeout: 10 * time.Second}
	a, err := c.Lookup(w.t.Context(), name, t)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, r := range a.Records {
		switch t {
		case mail.MX:
			out = append(out, fmt.Sprintf("%d %s.", r.Preference, r.Host))
		default:
			out = append(out, r.Joined()+r.Host)
		}
	}
	return strings.Join(out, "\n")
}

// handshake does STARTTLS with a mail server, as one that verifies.
func (w *world) handshake(label string, least uint16) error {
	w.t.Helper()
	if w.s.domain.mail == nil {
		w.t.Skip("the machine has one loopback address: the demo has no domain")
	}
	host := label + "." + domainName
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(w.s.domain.authority.PEM())
	c, err := smtp.DialStartTLS(w.s.domain.mail.At[host+":25"], &tls.Config{ServerName: host, RootCAs: roots, MinVersion: least})
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Noop() // the handshake is made with the first word
}

// sent is a message that Harbor sent, with this world's flaws.
func (w *world) sent(name string) string {
	w.t.Helper()
	dir := w.t.TempDir()
	m := mailhost.Messages{Domain: domainName, Key: signingKey(w.t).private, Flaws: w.s.flaws.Has, Now: w.now()}
	if err := m.Write(dir); err != nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, name+".eml"))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// signatureOf is the list of fields that a message's signature covers.
func signatureOf(text string) string {
	_, field, ok := strings.Cut(text, "DKIM-Signature:")
	if !ok {
		return ""
	}
	_, list, _ := strings.Cut(field, " h=")
	list, _, _ = strings.Cut(list, ";")
	return list
}

// mailTraps are right, and look wrong to tools that count or guess.
var mailTraps = map[string]func(w *world){
	"unknown-selector": func(w *world) {
		if got := w.records("k3._domainkey.harbor.test", mail.TXT); got != "Harbor signs with other selectors" {
			w.t.Errorf("a selector that nobody made says %q", got)
		}
		if got := w.records("harbor1._domainkey.harbor.test", mail.TXT); !strings.HasPrefix(got, "v=DKIM1; k=rsa; p=MII") {
			w.t.Errorf("the selector in use says %q", got)
		}
	},
	"two-spf-like-texts": func(w *world) {
		got := w.records("harbor.test", mail.TXT)
		if strings.Count(got, "v=spf1") != 2 || strings.Count(got+"\n", "v=spf1 ") != 1 {
			w.t.Errorf("got %q", got)
		}
	},
	"quarantine": func(w *world) {
		if got := w.records("_dmarc.harbor.test", mail.TXT); !strings.Contains(got, "p=quarantine") {
			w.t.Errorf("got %q", got)
		}
	},
	"revoked-selector": func(w *world) {
		if got := w.records("default._domainkey.harbor.test", mail.TXT); got != "v=DKIM1; p=" {
			w.t.Errorf("got %q", got)
		}
	},
	"inherited-policy": func(w *world) {
		if got := w.records("_dmarc.billing.harbor.test", mail.TXT); got != "" {
			w.t.Errorf("got %q", got)
		}
	},
	"silent-domain": func(w *world) {
		if got := w.records("harbor-app.test", mail.MX); got != "0 ." {
			w.t.Errorf("got %q", got)
		}
	},
}
