package dkim_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/launchready/launchready/mail"
	"github.com/launchready/launchready/mail/dkim"
	"github.com/launchready/launchready/mail/dnstest"
)

// publicKey writes an RSA key of a length, made up: nobody has the other half.
func publicKey(t testing.TB, bits int) string {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	b, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n.Add(n, big.NewInt(12345)), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func TestParseKey(t *testing.T) {
	good := publicKey(t, 2048)
	der, err := base64.StdEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	bare := base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(pub.(*rsa.PublicKey)))
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := x509.MarshalPKIXPublicKey(&ec.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	ed := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, c := range []struct {
		name, txt string
		usable    bool
		bits      int
		want      []string // code@position
	}{
		{name: "clean", txt: "v=DKIM1; k=rsa; p=" + good, usable: true, bits: 2048},
		{name: "p alone", txt: "p=" + good, usable: true, bits: 2048},
		{name: "RFC 8463 Ed25519", txt: "v=DKIM1; k=ed25519; p=" + ed, usable: true, bits: 256},
		{name: "RFC 8463 a wrong length", txt: "v=DKIM1; k=ed25519; p=AAAA", want: []string{"bad-key@22"}},
		{name: "RFC 8301 3.2 under 1024", txt: "p=" + publicKey(t, 1023), bits: 1023, want: []string{"too-short@2"}},
		{name: "RFC 8301 3.2 1024", txt: "p=" + publicKey(t, 1024), usable: true, bits: 1024, want: []string{"weak@2"}},
		{name: "RFC 8301 3.2 2047", txt: "p=" + publicKey(t, 2047), usable: true, bits: 2047, want: []string{"weak@2"}},
		{name: "RFC 8301 3.2 4096", txt: "p=" + publicKey(t, 4096), usable: true, bits: 4096},
		{name: "RFC 8301 3.2 over 4096", txt: "p=" + publicKey(t, 4104), usable: true, bits: 4104, want: []string{"too-long@2"}},
		{name: "a key made to waste time", txt: "p=" + publicKey(t, 60_000), bits: 60_000, want: []string{"too-long@2"}},
		{name: "RFC 8301 3.1 sha1 alone", txt: "h=sha1; p=" + good, bits: 2048, want: []string{"no-sha256@0"}},
		{name: "RFC 8301 3.1 sha1 too", txt: "h=sha1:sha256; p=" + good, usable: true, bits: 2048, want: []string{"sha1@0"}},
		{name: "3.6.1 sha256 alone", txt: "h = sha256 ; p=" + good, usable: true, bits: 2048},
		{name: "3.6.1 revoked", txt: "v=DKIM1; p=", want: []string{"revoked@9"}},
		{name: "3.6.1 no p", txt: "v=DKIM1; k=rsa", want: []string{"missing-p@0"}},
		{name: "3.6.1 t=y", txt: "t=y; p=" + good, usable: true, bits: 2048, want: []string{"testing@0"}},
		{name: "3.6.1 t=s", txt: "t=s; p=" + good, usable: true, bits: 2048},
		{name: "3.6.1 t=y:s:x", txt: "t=y:s:x; p=" + good, usable: true, bits: 2048, want: []string{"testing@0", "unknown-flag@0"}},
		{name: "3.6.1 s for mail", txt: "s=tlsrpt:email; p=" + good, usable: true, bits: 2048},
		{name: "3.6.1 s for all", txt: "s=*; p=" + good, usable: true, bits: 2048},
		{name: "3.6.1 s for another", txt: "s=tlsrpt; p=" + good, bits: 2048, want: []string{"other-service@0"}},
		{name: "3.6.1 v later", txt: "k=rsa; v=DKIM1; p=" + good, bits: 2048, want: []string{"version@7"}},
		{name: "3.6.1 another v", txt: "v=DKIM2; p=" + good, bits: 2048, want: []string{"version@0"}},
		{name: "3.2 twice", txt: "p=" + good + "; p=" + good, bits: 2048, want: []string{fmt.Sprintf("duplicate-tag@%d", 4+len(good))}},
		{name: "3.2 an unknown tag", txt: "x=1; p=" + good, usable: true, bits: 2048, want: []string{"unknown-tag@0"}},
		{name: "3.2 rubbish", txt: "rubbish; p=" + good, bits: 2048, want: []string{"syntax@0"}},
		{name: "another kind", txt: "k=dsa; p=" + good, want: []string{"unknown-k@0"}},
		{name: "RFC 4871 g", txt: "g=*; p=" + good, usable: true, bits: 2048, want: []string{"obsolete-tag@0"}},
		{name: "erratum 3017", txt: "p=" + bare, usable: true, bits: 2048, want: []string{"bare-rsa-key@2"}},
		{name: "cut off, as a form with 255 characters does", txt: "p=" + good[:240], want: []string{"bad-key@2"}},
		{name: "no base64", txt: "p=!" + good, want: []string{"bad-key@2"}},
		{name: "white space", txt: "p=" + good[:60] + " \t" + good[60:], usable: true, bits: 2048, want: []string{"spaces-in-key@2"}},
		{name: "another key in it", txt: "p=" + base64.StdEncoding.EncodeToString(curve), want: []string{"bad-key@2"}},
		{name: "empty", txt: "", want: []string{"missing-p@0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := dkim.ParseKey(c.txt)
			var got []string
			for _, p := range k.Problems {
				got = append(got, fmt.Sprintf("%s@%d", p.Code, p.At))
				if p.Text == "" || p.Clause == "" {
					t.Errorf("says too little: %+v", p)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) || k.Usable() != c.usable || k.Bits != c.bits {
				t.Errorf("got %v, usable %v, %d bits; want %v, %v, %d", got, k.Usable(), k.Bits, c.want, c.usable, c.bits)
			}
		})
	}
}

func TestAsk(t *testing.T) {
	key := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	z, err := mail.ParseZone(strings.NewReader(fmt.Sprintf(`
s1._domainkey.d.test. 60 TXT %q
two._domainkey.d.test. 60 TXT %q
two._domainkey.d.test. 60 TXT "p="
noise._domainkey.d.test. 60 TXT "hello"
there._domainkey.d.test. 60 CNAME s1._domainkey.d.test.
dangling._domainkey.d.test. 60 CNAME gone.sender.test.
*._domainkey.wild.test. 60 TXT "p="
e.test. 60 A 192.0.2.1
`, key, key)), ".")
	if err != nil {
		t.Fatal(err)
	}
	s := dnstest.Start(t, z)
	s.Fail("broken._domainkey.d.test", dnstest.ServFail)
	s.Fail("odd._domainkey.d.test", dnstest.Garbage)
	for _, c := range []struct {
		selector, domain string
		state            dkim.State
		usable, gone     bool
	}{
		{"s1", "d.test", dkim.Found, true, false},
		{"S1", "D.test.", dkim.Found, true, false},
		{"two", "d.test", dkim.Multiple, false, false},
		{"noise", "d.test", dkim.NoKey, false, false},
		{"none", "d.test", dkim.Absent, false, false},
		{"there", "d.test", dkim.Found, true, false},
		{"dangling", "d.test", dkim.Absent, false, true},
		{"anything", "wild.test", dkim.Found, false, false},
		{"broken", "d.test", dkim.Unknown, false, false},
		{"odd", "d.test", dkim.Unknown, false, false},
		{strings.Repeat("x", 64), "d.test", dkim.Absent, false, false},
	} {
		got := dkim.Ask(context.Background(), s.Client(), c.domain, c.selector)
		if got.State != c.state || got.Gone != c.gone || (got.Key != nil && got.Key.Usable()) != c.usable || (got.Err != nil) != (c.state == dkim.Unknown) {
			t.Errorf("%s of %s: %+v", c.selector, c.domain, got)
		}
	}
	for domain, want := range map[string]bool{"d.test": false, "wild.test": false, "e.test": true} {
		if got, err := dkim.NoneAtAll(context.Background(), s.Client(), domain); got != want || err != nil {
			t.Errorf("%s: %v %v", domain, got, err)
		}
	}
	s.Fail("_domainkey.e.test", dnstest.ServFail)
	if got, err := dkim.NoneAtAll(context.Background(), s.Client(), "e.test"); got || err == nil {
		t.Errorf("a failure proves: %v %v", got, err)
	}
}

func TestRecordFor(t *testing.T) {
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	txt, err := dkim.RecordFor(pub)
	if k := dkim.ParseKey(txt); err != nil || !k.Usable() || len(k.Problems) > 0 || !pub.Equal(k.Public) {
		t.Errorf("%q %v", txt, err)
	}
	if _, err := dkim.RecordFor("a string"); err == nil {
		t.Error("a key out of a string")
	}
}

func FuzzKey(f *testing.F) {
	f.Add("v=DKIM1; k=rsa; h=sha1:sha256; t=y:s; s=email; n=x; p=MIIB")
	f.Add("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
	f.Fuzz(func(t *testing.T, txt string) {
		k := dkim.ParseKey(txt)
		if k.Usable() && (k.Public == nil || k.Bits == 0) {
			t.Errorf("usable without a key: %+v", k)
		}
		for _, p := range k.Problems {
			if p.At < 0 || p.At > len(txt) {
				t.Errorf("outside: %+v", p)
			}
		}
	})
}
