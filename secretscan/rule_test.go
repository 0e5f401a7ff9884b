package secretscan

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// now is the time of the tests: tokens run out by it.
var now = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func newScanner(t testing.TB, o Options) *Scanner {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = now
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func scanText(t testing.TB, s *Scanner, name, text string) Result {
	t.Helper()
	r, err := s.Scan(context.Background(), name, strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// sample makes a token of a shape: keys are made at run time, none stands in this source.
func (s shape) sample(r *rand.Rand) string {
	var b strings.Builder
	for _, e := range s {
		if e.set == nil {
			b.WriteString(e.literal)
			continue
		}
		var alphabet []byte
		for c := range 256 {
			if e.set[c] {
				alphabet = append(alphabet, byte(c))
			}
		}
		n := max(e.least, 1)
		if e.most > e.least && e.most < longest {
			n += r.IntN(min(e.most-e.least, 20) + 1)
		}
		if e.least == 0 && len(alphabet) <= 2 {
			n = 0 // padding
		}
		for i := range n {
			c := alphabet[r.IntN(len(alphabet))]
			if i == n-1 && !isWord(c) {
				c = alphabet[len(alphabet)-1] // a token that ends in a sign reads as a sentence's end
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// TestEachRule finds a key of each rule's form in a line of configuration, and does not when
// it is cut, begins inside of a word, or is written in the other case.
func TestEachRule(t *testing.T) {
	s := newScanner(t, Options{Explain: true})
	r := rand.New(rand.NewPCG(7, 7))
	for _, rule := range s.e.rules {
		if rule.shape == "" {
			continue
		}
		for _, sh := range rule.shapes {
			// Where a checksum is in it, only a token that has it is a key.
			want := rule.Verdict
			if want == "" {
				want = Secret
			}
			found, tries := 0, 0
			for ; tries < 8; tries++ {
				token := sh.sample(r)
				if rule.check != nil {
					head, body, _ := strings.Cut(token, "_")
					token = head + "_" + body[:30] + crc62(body[:30])
				}
				res := scanText(t, s, "app.log", "started with "+token+" on port 1\n")
				for _, f := range res.Findings {
					if f.Verdict == want && f.Fingerprint == fingerprint(s.key, token) {
						found++
					}
				}
				if strings.Contains(showAll(res), token) {
					t.Fatalf("%s: a finding shows its value", rule.ID)
				}
				if rule.infix != "" || sh[0].set != nil {
					continue
				}
				for name, bad := range map[string]string{"in a word": "x" + token, "in the other case": swapCase(token)} {
					for _, f := range scanText(t, s, "app.log", "started with "+bad+" on port 1\n").Findings {
						if f.Rule == rule.ID && f.Verdict == Secret && (name != "in the other case" || strings.ToLower(sh[0].literal) != strings.ToUpper(sh[0].literal)) && f.Fingerprint == fingerprint(s.key, bad) {
							t.Errorf("%s is found %s", rule.ID, name)
						}
					}
				}
			}
			if found < tries-1 { // a random body may hold a word of documentation
				t.Errorf("%s: %d of %d keys of its form were found as %s", rule.ID, found, tries, want)
			}
		}
	}
}

func swapCase(s string) string {
	b := []byte(s)
	for i, c := range b {
		if isLetter(c) {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

func TestEachNamedRule(t *testing.T) {
	s := newScanner(t, Options{Explain: true})
	r := rand.New(rand.NewPCG(8, 8))
	for _, rule := range s.e.named {
		name := strings.ToUpper(strings.Split(rule.names, ",")[0])
		if classify(name) == noName {
			name += "_TOKEN"
		}
		found := 0
		for range 10 {
			token := rule.shapes[0].sample(r)
			for _, f := range scanText(t, s, "config.env", "A=1\n"+name+"="+token+"\nB=2\n").Findings {
				if f.Verdict == Secret && f.Provider == rule.Provider {
					found++
					break
				}
			}
		}
		if found < 8 {
			t.Errorf("%s: %d of 10 keys of its form were found", rule.ID, found)
		}
		for _, bad := range []string{"changeme", "your-key", "${VALUE}", "true", "3600", "https://api.internal/v1"} {
			if got := scanText(t, s, "config.env", name+"="+bad+"\n").Secrets(); len(got) > 0 {
				t.Errorf("%s: %q is called a secret", rule.ID, bad)
			}
		}
	}
}

func TestChecksum(t *testing.T) {
	// The example of GitHub's own description of the format, in two parts.
	if !crcFits("ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17") {
		t.Error("the documented checksum does not fit")
	}
	for _, bad := range []string{"", "ghp_", "ghp_abc", "ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq18"} {
		if crcFits(bad) {
			t.Errorf("%q fits", bad)
		}
	}
}

func showAll(r Result) string {
	var b bytes.Buffer
	for _, f := range r.Findings {
		b.WriteString(f.Rule + " " + f.Provider + " " + string(f.Verdict) + " " + f.Reason + " " + f.Name + " " + f.Masked + " " + f.Fingerprint + " " + f.Place.String() + " " + f.Place.Blob + "\n")
	}
	for _, k := range r.Coverage.Skipped {
		b.WriteString(k.Place + " " + string(k.Why) + " " + k.Note + "\n")
	}
	return b.String()
}

func TestRulesAreListed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range newScanner(t, Options{}).Rules() {
		if r.ID == "" || seen[r.ID] || r.Verdict == "" {
			t.Errorf("rule %+v has no id, no verdict, or stands twice", r)
		}
		seen[r.ID] = true
	}
	if len(seen) < 200 {
		t.Errorf("%d rules", len(seen))
	}
}
