package authority_test

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/launchready/launchready/demo/authority"
)

// TestIssue: what the authority issues by default verifies by its PEM alone, and
// each wrong kind fails by what it is.
func TestIssue(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	a, err := authority.New(func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"app.harbor.test", "127.0.0.1"}
	for name, tt := range map[string]struct {
		kind authority.Kind
		err  string
	}{
		"right":           {authority.Kind{Names: names}, ""},
		"six days":        {authority.Kind{Names: names, Life: 6 * 24 * time.Hour}, ""},
		"RSA":             {authority.Kind{Names: names, RSA: 2048}, ""},
		"expired":         {authority.Kind{Names: names, Age: 91 * 24 * time.Hour}, "expired"},
		"another name":    {authority.Kind{Names: []string{"other.test"}}, "not app.harbor.test"},
		"self":            {authority.Kind{Names: names, Self: true}, "unknown authority"},
		"stranger":        {authority.Kind{Names: names, Stranger: true}, "unknown authority"},
		"no intermediate": {authority.Kind{Names: names, Bare: true}, "unknown authority"},
		"SHA-1":           {authority.Kind{Names: names, RSA: 2048, Hash: x509.SHA1WithRSA}, "insecure algorithm"},
		"client":          {authority.Kind{Names: names, Client: true}, "incompatible key usage"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := a.Issue(tt.kind)
			if err != nil {
				t.Fatal(err)
			}
			leaf, err := x509.ParseCertificate(c.Certificate[0])
			if err != nil {
				t.Fatal(err)
			}
			pool, sent := x509.NewCertPool(), x509.NewCertPool()
			if !pool.AppendCertsFromPEM(a.PEM()) {
				t.Fatal("the PEM has no certificate")
			}
			for _, der := range c.Certificate[1:] {
				ca, err := x509.ParseCertificate(der)
				if err != nil {
					t.Fatal(err)
				}
				sent.AddCert(ca)
			}
			_, err = leaf.Verify(x509.VerifyOptions{Roots: pool, Intermediates: sent, DNSName: "app.harbor.test", CurrentTime: now})
			switch {
			case tt.err == "" && err != nil:
				t.Errorf("got %v, want a certificate that verifies", err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}
