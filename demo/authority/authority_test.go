package authority

import (
	"crypto/x509"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func TestIssue(t *testing.T) {
	a, err := New(func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		wish  Wish
		host  string
		right bool
	}{
		{"good", Wish{Names: []string{"mx1.harbor.test"}}, "mx1.harbor.test", true},
		{"wildcard", Wish{Names: []string{"*.harbor.test"}}, "mx2.harbor.test", true},
		{"address", Wish{Names: []string{"127.0.0.2"}}, "127.0.0.2", true},
		{"other name", Wish{Names: []string{"other.test"}}, "mx1.harbor.test", false},
		{"expired", Wish{Names: []string{"mx1.harbor.test"}, NotAfter: noon.Add(-time.Hour)}, "mx1.harbor.test", false},
		{"not yet", Wish{Names: []string{"mx1.harbor.test"}, NotBefore: noon.Add(time.Hour)}, "mx1.harbor.test", false},
		{"signed by itself", Wish{Names: []string{"mx1.harbor.test"}, SelfMade: true}, "mx1.harbor.test", false},
		{"not for servers", Wish{Names: []string{"mx1.harbor.test"}, Change: func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}}, "mx1.harbor.test", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := a.Issue(tc.wish)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: tc.host, CurrentTime: noon})
			if (err == nil) != tc.right {
				t.Errorf("verified as %v, want right=%v", err, tc.right)
			}
		})
	}
}

func TestPEM(t *testing.T) {
	a, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(a.PEM()) || !pool.Equal(a.Pool()) {
		t.Error("the PEM is not the root")
	}
}
