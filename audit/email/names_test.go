package email_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFurtherNames has mail sent from other names as well: each is judged by its
// own records, and what it inherits is right.
func TestFurtherNames(t *testing.T) {
	w := good(t)
	w.domain.From = []string{"news.acme.test", "acme-mail.test"}
	w.add(`news.acme.test. TXT "v=spf1 include:acme.test -all"`)
	w.add("news.acme.test. MX 10 mx1.acme.test.")
	w.add(`acme-mail.test. MX 10 mx1.acme.test.`)
	got, all := findings(t, w)
	want := []string{"dmarc-present high", "spf-present high"} // of acme-mail.test
	if !slices.Equal(got, want) || !strings.Contains(all, "high SPF of acme-mail.test") || !strings.Contains(all, "high _dmarc.acme-mail.test") {
		t.Errorf("found %v, want %v\n%s", got, want, all)
	}
	w.add(`news.acme.test. TXT "v=spf1 mx ?all"`)
	if got, all := findings(t, w); !slices.Contains(got, "spf-multiple high") {
		t.Errorf("found %v\n%s", got, all)
	}
}

// TestFolder has several messages in a folder, each judged by itself.
func TestFolder(t *testing.T) {
	w := good(t)
	dir := t.TempDir()
	for name, with := range map[string]func(*note){"good.eml": nil, "forged.eml": func(n *note) { n.domain = "" }} {
		b, err := os.ReadFile(sent(t, with))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w.domain.Sample = dir
	got, all := findings(t, w)
	if !slices.Equal(got, []string{"sample-dkim high"}) || !strings.Contains(all, "sample-dkim high message forged.eml: the message is not signed") || !strings.Contains(all, "passed message good.eml") {
		t.Errorf("found %v\n%s", got, all)
	}
}
