package dkim_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dkim"
	"github.com/launchready/launchready/mail/dnstest"
)

// The examples of RFC 6376 appendix A.2 and of RFC 8463 appendix A.3, with their
// keys.
const (
	rfc6376 = `DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
`
	rfc8463 = `DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
`
	rfcKeys = `
brisbane._domainkey.example.com. 60 TXT "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ" "KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt" "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v" "/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi" "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
brisbane._domainkey.football.example.com. 60 TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
test._domainkey.football.example.com. 60 TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3id" "Y6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
`
)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func keys(t testing.TB, text string) *mail.Zone {
	t.Helper()
	z, err := mail.ParseZone(strings.NewReader(text), ".")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func verify(t testing.TB, r mail.Resolver, message string) *dkim.Report {
	t.Helper()
	out, err := dkim.Verify(context.Background(), r, strings.NewReader(message), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExamplesOfTheRFCs(t *testing.T) {
	s := dnstest.Start(t, keys(t, rfcKeys))
	for name, c := range map[string]struct {
		message string
		passed  string
		weak    int
	}{
		"RFC 6376 A.2": {rfc6376, "[example.com]", 1},
		"RFC 8463 A.3": {rfc8463, "[football.example.com football.example.com]", 1},
	} {
		for ending, message := range map[string]string{"CR LF": crlf(c.message), "LF": c.message} {
			t.Run(name+" with "+ending, func(t *testing.T) {
				r := verify(t, s.Client(), message)
				if got := fmt.Sprint(r.Passed()); got != c.passed || r.Froms != 1 || fmt.Sprint(r.From) != "[football.example.com]" || r.Converted != (ending == "LF") {
					t.Errorf("passed %s, %+v", got, r)
					for _, v := range r.Signatures {
						t.Logf("%s %s %+v", v.Result, v.Why, v.Problems)
					}
				}
				weak := 0
				for _, v := range r.Signatures {
					if v.Key.Key.Has(dkim.Weak) {
						weak++
					}
				}
				if weak != c.weak {
					t.Errorf("%d weak keys", weak)
				}
			})
		}
		t.Run(name+" changed", func(t *testing.T) {
			for what, message := range map[string]string{
				"the body":  strings.Replace(c.message, "hungry", "thirsty", 1),
				"a field":   strings.Replace(c.message, "dinner", "supper", 1),
				"the end":   c.message + "P.S.\n",
				"the key's": strings.Replace(c.message, "i=", "t=1; i=", 1),
			} {
				r := verify(t, s.Client(), crlf(message))
				if r.Signatures[0].Result == dkim.Pass || r.Signatures[0].Why == "" {
					t.Errorf("%s: %s", what, r.Signatures[0].Result)
				}
			}
		})
	}
}

// post is a message signed with options that a careful signer would not take.
func post(t testing.TB, key crypto.Signer, change func(*msgauth.SignOptions), extra string) string {
	t.Helper()
	o := &msgauth.SignOptions{Domain: "d.test", Selector: "s", Signer: key, HeaderKeys: []string{"From", "From", "To", "Subject", "Date"},
		HeaderCanonicalization: msgauth.CanonicalizationRelaxed, BodyCanonicalization: msgauth.CanonicalizationRelaxed}
	if change != nil {
		change(o)
	}
	var b strings.Builder
	if err := msgauth.Sign(&b, strings.NewReader(crlf("From: a@d.test\nTo: b@e.test\nSubject: x\nDate: Fri, 11 Jul 2003 21:00:37 -0700\n"+extra+"\nHi.\n")), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestVerdicts has a case for each clause that decides.
func TestVerdicts(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	record, err := dkim.RecordFor(pub)
	if err != nil {
		t.Fatal(err)
	}
	value := strings.TrimPrefix(record, "v=DKIM1; k=ed25519; ")
	replace := func(from, to string) func(string) string {
		return func(m string) string {
			out := strings.Replace(m, from, to, 1)
			if out == m {
				t.Errorf("%q is not in the message", from)
			}
			return out
		}
	}
	for _, c := range []struct {
		name   string
		record string // of s._domainkey.d.test; that of the key where empty
		sign   func(*msgauth.SignOptions)
		extra  string
		change func(string) string
		want   dkim.Result
		code   dkim.Code // that must be among the problems of the signature
	}{
		{name: "clean", want: dkim.Pass},
		{name: "3.6.1 testing still passes", record: "k=ed25519; t=y; " + value, want: dkim.Pass},
		{name: "3.6.1 i below d", sign: func(o *msgauth.SignOptions) { o.Identifier = "a@sub.d.test" }, want: dkim.Pass},
		{name: "3.6.1 t=s forbids i below d", record: "k=ed25519; t=s; " + value, sign: func(o *msgauth.SignOptions) { o.Identifier = "a@sub.d.test" }, want: dkim.PermError, code: dkim.NotExact},
		{name: "3.6.1 t=s allows i at d", record: "k=ed25519; t=s; " + value, sign: func(o *msgauth.SignOptions) { o.Identifier = "a@d.test" }, want: dkim.Pass},
		{name: "3.5 i outside d", sign: func(o *msgauth.SignOptions) { o.Identifier = "a@e.test" }, want: dkim.PermError, code: dkim.OtherDomain},
		{name: "3.5 i that merely ends like d", sign: func(o *msgauth.SignOptions) { o.Identifier = "a@evild.test" }, want: dkim.PermError, code: dkim.OtherDomain},
		{name: "3.6.1 revoked", record: "v=DKIM1; p=", want: dkim.PermError},
		{name: "3.6.1 a key for another service", record: "k=ed25519; s=other; " + value, want: dkim.PermError},
		{name: "3.6.1 h without sha256", record: "k=ed25519; h=sha1; " + value, want: dkim.PermError},
		{name: "3.6.1 v not first", record: "k=ed25519; v=DKIM1; " + value, want: dkim.PermError},
		{name: "6.1.2 another kind of key", record: "p=" + publicKey(t, 2048), want: dkim.PermError, code: dkim.WrongKind},
		{name: "6.1.2 another key", record: "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", want: dkim.Fail},
		{name: "6.1.2 no key", record: "NONE", want: dkim.PermError, code: dkim.NoSuchKey},
		{name: "a key with tabs in it", record: "k=ed25519;\tp=" + strings.TrimPrefix(value, "p=")[:20] + "\t" + strings.TrimPrefix(value, "p=")[20:], want: dkim.Pass},
		{name: "5.4 From is not signed", change: replace("h=From:From:", "h="), want: dkim.PermError, code: dkim.FromUnsigned},
		{name: "8.15 From is not oversigned", sign: func(o *msgauth.SignOptions) { o.HeaderKeys = []string{"From", "To", "Subject", "Date"} }, want: dkim.Pass, code: dkim.NotOversign},
		{name: "8.15 a From added to an oversigned message", change: func(m string) string { return "From: c@e.test\r\n" + m }, want: dkim.Fail},
		{name: "5.4.1 Subject is not signed", sign: func(o *msgauth.SignOptions) { o.HeaderKeys = []string{"From", "From", "To", "Date"} }, want: dkim.Pass, code: dkim.Unprotected},
		{name: "5.4.1 Reply-To is there and not signed", extra: "Reply-To: x@e.test\n", want: dkim.Pass, code: dkim.Unprotected},
		{name: "3.4.1 simple", sign: func(o *msgauth.SignOptions) { o.HeaderCanonicalization = msgauth.CanonicalizationSimple }, want: dkim.Pass, code: dkim.Fragile},
		{name: "3.5 expired", sign: func(o *msgauth.SignOptions) { o.Expiration = time.Unix(1_000_000, 0) }, want: dkim.PermError, code: dkim.Expired},
		{name: "3.5 not yet expired", sign: func(o *msgauth.SignOptions) { o.Expiration = time.Unix(4_000_000_000, 0) }, want: dkim.Pass},
		{name: "3.5 expires before it was made", change: replace("t=", "x=5000000000; t=5000000001; n="), want: dkim.PermError, code: dkim.TimesCrossed},
		{name: "3.5 dated ahead", change: replace("t=", "t=5000000001; n="), want: dkim.Fail, code: dkim.Future},
		{name: "3.5 a time that is none", change: replace("t=", "t=x"), want: dkim.PermError, code: dkim.BadTag},
		{name: "8.2 l", change: replace("c=relaxed", "l=5; c=relaxed"), want: dkim.Policy, code: dkim.BodyLength},
		{name: "RFC 8301 3.1 rsa-sha1", change: replace("a=ed25519-sha256", "a=rsa-sha1"), want: dkim.PermError, code: dkim.OldAlgorithm},
		{name: "3.5 an algorithm nobody knows", change: replace("a=ed25519-sha256", "a=rot13"), want: dkim.PermError, code: dkim.BadTag},
		{name: "3.5 another version", change: replace("v=1", "v=2"), want: dkim.PermError, code: dkim.BadTag},
		{name: "3.5 no version", change: replace("v=1;", ""), want: dkim.PermError, code: dkim.MissingTag},
		{name: "3.5 no selector", change: replace("s=s;", ""), want: dkim.PermError, code: dkim.MissingTag},
		{name: "3.5 a domain that is none", change: replace("d=d.test", "d=d..test"), want: dkim.PermError, code: dkim.BadTag},
		{name: "3.5 another form", change: replace("c=relaxed", "c=loose"), want: dkim.PermError, code: dkim.BadTag},
		{name: "3.5 another way to the key", change: replace("c=relaxed", "q=http; c=relaxed"), want: dkim.PermError, code: dkim.Query},
		{name: "3.2 twice", change: replace("d=d.test;", "d=d.test; d=e.test;"), want: dkim.PermError, code: dkim.Duplicate},
		{name: "3.2 rubbish", change: replace("d=d.test;", "d=d.test; rubbish;"), want: dkim.PermError, code: dkim.Syntax},
	} {
		t.Run(c.name, func(t *testing.T) {
			z := &mail.Zone{}
			z.Add(mail.Record{Name: "e.test", Type: mail.TXT, Text: []string{"x"}})
			if c.record == "" {
				c.record = record
			}
			if c.record != "NONE" {
				z.Add(mail.Record{Name: "s._domainkey.d.test", Type: mail.TXT, Text: []string{c.record}})
			}
			m := post(t, key, c.sign, c.extra)
			if c.change != nil {
				m = c.change(m)
			}
			r := verify(t, dnstest.Start(t, z).Client(), m)
			if len(r.Signatures) != 1 {
				t.Fatalf("%+v", r)
			}
			v := r.Signatures[0]
			if v.Result != c.want || v.Why == "" || c.code != "" && !v.Has(c.code) {
				t.Errorf("%s: %s %+v", v.Result, v.Why, v.Problems)
			}
			if c.code == "" && c.want == dkim.Pass && len(v.Problems) > 0 {
				t.Errorf("a clean signature has %+v", v.Problems)
			}
			if (len(r.Passed()) == 1) != (c.want == dkim.Pass) {
				t.Errorf("passed %v", r.Passed())
			}
		})
	}
	t.Run("2.6.6 a server that fails is temporary", func(t *testing.T) {
		s := dnstest.Start(t, &mail.Zone{})
		for _, f := range []dnstest.Fault{dnstest.ServFail, dnstest.Silent, dnstest.Garbage, dnstest.Loop} {
			s.Fail("s._domainkey.d.test", f)
			if v := verify(t, s.Client(), post(t, key, nil, "")).Signatures[0]; v.Result != dkim.TempError || v.Key.State != dkim.Unknown {
				t.Errorf("fault %d: %s %s", f, v.Result, v.Why)
			}
		}
	})
}

func TestSigner(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const message = "From: A <a@d.test>\nTo: b@e.test\nSubject: x\nDate: Fri, 11 Jul 2003 21:00:37 -0700\nList-Unsubscribe: <https://d.test/u>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nHi.\n"
	for name, key := range map[string]crypto.Signer{"1024": weak, "2048": strong, "ed25519": ed} {
		record, err := dkim.RecordFor(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		z := &mail.Zone{}
		z.Add(mail.Record{Name: "s._domainkey.d.test", Type: mail.TXT, Text: []string{record}})
		signer := dkim.Signer{Domain: "d.test", Selector: "s", Key: key, Identity: "a@d.test", Expires: time.Unix(4_000_000_000, 0)}
		field, err := signer.Sign([]byte(message))
		if err != nil {
			t.Fatal(err)
		}
		r := verify(t, z, field+crlf(message))
		if v := r.Signatures[0]; v.Result != dkim.Pass || len(v.Problems) > 0 || v.Key.Key.Has(dkim.Weak) != (name == "1024") {
			t.Errorf("%s: %s %s %+v", name, v.Result, v.Why, v.Problems)
		}
		for _, added := range []string{"From: x@e.test\r\n", "Subject: y\r\n", "Reply-To: x@e.test\r\n", "Cc: x@e.test\r\n"} {
			if v := verify(t, z, field+added+crlf(message)).Signatures[0]; v.Result != dkim.Fail {
				t.Errorf("%s with %q added: %s", name, added, v.Result)
			}
		}
	}
	for name, s := range map[string]dkim.Signer{
		"no key":    {Domain: "d.test", Selector: "s"},
		"nil RSA":   {Domain: "d.test", Selector: "s", Key: (*rsa.PrivateKey)(nil)},
		"half a ed": {Domain: "d.test", Selector: "s", Key: ed[:10]},
		"no domain": {Selector: "s", Key: ed},
	} {
		if _, err := s.Sign([]byte(message)); err == nil {
			t.Errorf("%s signs", name)
		}
	}
	if _, err := (dkim.Signer{Domain: "d.test", Selector: "s", Key: ed}).Sign([]byte("no header")); !errors.Is(err, dkim.ErrMessage) {
		t.Errorf("got %v", err)
	}
}

func TestHostileMessages(t *testing.T) {
	z := keys(t, rfcKeys)
	header := "DKIM-Signature: v=1; a=ed25519-sha256; d=football.example.com; s=brisbane; bh=AAAA; b=AAAA; h=" + strings.Repeat("From:", 40_000) + "From\r\n"
	sound := strings.SplitAfter(crlf(rfc8463), "Dw==\r\n")
	for name, c := range map[string]struct {
		message string
		none    bool // no message at all
	}{
		"empty":               {"", true},
		"no header ends":      {"From: a@d.test\r\n", true},
		"a header of 300 KB":  {"From: " + strings.Repeat("x", 300<<10) + "\r\n\r\nHi", true},
		"many folded lines":   {"From: a@d.test\r\n" + strings.Repeat(" x\r\n", 50_000) + "\r\nHi", true},
		"no fields":           {"\r\nHi", false},
		"binary":              {"\x00\xff\r\n\r\n\x00", false},
		"a hundred":           {strings.Repeat(sound[0], 100) + sound[1], false},
		"names without end":   {header + "From: a@d.test\r\n\r\nHi", false},
		"names beside sound":  {sound[0] + header + sound[1], false},
		"an empty signature":  {"DKIM-Signature:\r\nFrom: a@d.test\r\n\r\nHi", false},
		"semicolons":          {"DKIM-Signature:" + strings.Repeat(";", 200_000) + "\r\nFrom: a@d.test\r\n\r\nHi", false},
		"a body of one line":  {sound[0] + "From: a@d.test\r\n\r\n" + strings.Repeat(" ", 5<<20), false},
		"a body of CR":        {sound[0] + "From: a@d.test\r\n\r\n" + strings.Repeat("\r", 1<<20), false},
		"many From addresses": {"From: " + strings.Repeat("a@d.test,", 20_000) + "a@d.test\r\n\r\nHi", false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := dkim.Verify(context.Background(), z, strings.NewReader(c.message), time.Time{})
			if (err != nil) != c.none || err != nil && !errors.Is(err, dkim.ErrMessage) {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				return
			}
			if len(r.Signatures) > 10 || name == "a hundred" && r.More != 91 {
				t.Errorf("%d signatures, %d more", len(r.Signatures), r.More)
			}
			for _, v := range r.Signatures {
				if v.Result == "" || v.Why == "" || name != "a hundred" && v.Result == dkim.Pass && name != "names beside sound" {
					t.Errorf("%s %s", v.Result, v.Why)
				}
			}
		})
	}
}

func ExampleVerify() {
	zone, err := mail.ParseZone(strings.NewReader(rfcKeys), ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := dkim.Verify(context.Background(), zone, strings.NewReader(rfc6376), time.Time{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range report.Signatures {
		fmt.Println(s.Domain, s.Result)
		for _, p := range append(s.Problems, s.Key.Key.Problems...) {
			fmt.Println("-", p.Text)
		}
	}
	// Output:
	// example.com pass
	// - The header is signed in its simple form, which a relay breaks by folding a line anew.
	// - h names From only as often as it is there: another From field can be added without breaking the signature.
	// - The key has 1024 bits; it should have 2048.
}

func FuzzVerify(f *testing.F) {
	f.Add(crlf(rfc6376))
	f.Add(crlf(rfc8463))
	f.Add("DKIM-Signature: v=1\r\n\r\n")
	z := keys(f, rfcKeys)
	f.Fuzz(func(t *testing.T, message string) {
		r, err := dkim.Verify(context.Background(), z, strings.NewReader(message), time.Unix(1_700_000_000, 0))
		if err != nil {
			return
		}
		for _, v := range r.Signatures {
			if v.Result == "" || v.Why == "" || v.Result == dkim.Pass && v.Fatal() != nil {
				t.Errorf("%+v", v)
			}
		}
	})
}
