package secretscan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lr "github.com/launchready/launchready"
)

// keyed is a scanner whose key stands in a file of the folder.
func keyed(t *testing.T, dir string, now time.Time) *Scanner {
	t.Helper()
	key, err := KeyFile(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	return newScanner(t, Options{Key: key, Now: now})
}

// again is one run: it opens the past, reads what is new, joins and saves.
func again(t *testing.T, s *Scanner, repo, path string) Result {
	t.Helper()
	p, err := s.Past(path)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.History(t.Context(), repo, p)
	if err != nil {
		t.Fatal(err)
	}
	res = p.Join(s, res)
	if err := p.Save(); err != nil {
		t.Fatal(err)
	}
	return res
}

func TestPast(t *testing.T) {
	r := newRepository(t)
	r.write("a.env", "API_KEY="+variant(1)+"\n")
	r.write("b.txt", "nothing\n")
	r.commit("one")
	dir := t.TempDir()
	path := filepath.Join(dir, "history")
	s := keyed(t, dir, time.Time{})

	first := again(t, s, r.dir, path)
	if len(first.Secrets()) != 1 || first.Coverage.Files != 2 || first.Coverage.Known != 0 {
		t.Fatalf("first run: %+v", first)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), variant(1)) || strings.Contains(string(b), variant(1)[4:20]) {
		t.Error("the past holds the secret")
	}
	for _, name := range []string{path, filepath.Join(dir, "key")} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}

	// Another scanner with the same key reads nothing and tells the same.
	second := again(t, keyed(t, dir, time.Time{}), r.dir, path)
	if second.Coverage.Files+second.Coverage.Commits != 0 || second.Coverage.Known == 0 || len(second.Findings) != 1 || second.Findings[0] != first.Findings[0] {
		t.Errorf("second run: %+v\nfirst: %+v", second, first)
	}
	// What is new is read, what was found stays.
	r.write("c.env", "API_KEY="+variant(2)+"\n")
	r.commit("two")
	third := again(t, s, r.dir, path)
	if third.Coverage.Files != 1 || len(third.Secrets()) != 2 || third.Secrets()[0].Times != 1 {
		t.Errorf("third run: %+v", third)
	}
	// A key of its own makes fingerprints that mean nothing to the past.
	if other := again(t, newScanner(t, Options{}), r.dir, filepath.Join(dir, "history")); other.Coverage.Files != 3 || len(other.Secrets()) != 2 {
		t.Errorf("with another key: %+v", other.Coverage)
	}
}

func TestPastForgetsWhatIsGone(t *testing.T) {
	r := newRepository(t)
	r.write("a.txt", "nothing\n")
	r.commit("one")
	r.write("b.env", "API_KEY="+variant(1)+"\n")
	r.commit("two")
	dir := t.TempDir()
	path := filepath.Join(dir, "history")
	s := keyed(t, dir, time.Time{})
	if res := again(t, s, r.dir, path); len(res.Secrets()) != 1 {
		t.Fatalf("first run: %+v", res)
	}
	r.git("reset", "-q", "--hard", "HEAD~1")
	r.git("reflog", "expire", "--expire=now", "--all")
	r.git("gc", "-q", "--prune=now")
	if res := again(t, s, r.dir, path); len(res.Findings) != 0 || res.Coverage.Files != 0 {
		t.Errorf("after it is gone: %+v", res)
	}
	if b, _ := os.ReadFile(path); strings.Contains(string(b), "b.env") {
		t.Error("the past remembers what is gone")
	}
}

// TestPastRemembersNoGap reads an archive that breaks off: it must be told again.
func TestPastRemembersNoGap(t *testing.T) {
	r := newRepository(t)
	r.write("a.zip", "PK\x03\x04 and no more")
	r.write("a.txt", "nothing")
	r.commit("one")
	dir := t.TempDir()
	s := keyed(t, dir, time.Time{})
	for n := range 2 {
		if res := again(t, s, r.dir, filepath.Join(dir, "history")); len(res.Coverage.Partial()) != 1 {
			t.Errorf("run %d: %v", n, res.Coverage.Partial())
		}
	}
}

func TestPastTellsThatATokenRanOut(t *testing.T) {
	r := newRepository(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	token := jwtOf(`{"sub":"42","exp":1767312000}`) // 2026-01-02
	r.write("a.txt", "Authorization: Bearer "+token+"\n")
	r.commit("one")
	dir := t.TempDir()
	path := filepath.Join(dir, "history")
	if res := again(t, keyed(t, dir, now), r.dir, path); len(res.Secrets()) != 1 {
		t.Fatalf("first run: %+v", res)
	}
	res := again(t, keyed(t, dir, now.AddDate(0, 0, 3)), r.dir, path)
	if len(res.Findings) != 1 || res.Findings[0].Verdict != Expired || !strings.Contains(res.Findings[0].Reason, "2026-01-02") {
		t.Errorf("later: %+v", res)
	}
}

func TestPastThatIsDamaged(t *testing.T) {
	r := newRepository(t)
	r.write("a.env", "API_KEY="+variant(1)+"\n")
	r.commit("one")
	dir := t.TempDir()
	path := filepath.Join(dir, "history")
	s := keyed(t, dir, time.Time{})
	again(t, s, r.dir, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(whole), "\n")
	found, keys, _ := strings.Cut(rest, "\n")
	for name, text := range map[string]string{
		"empty":                  "",
		"cut in the head":        head[:10],
		"cut in the finding":     head + "\n" + found[:20],
		"cut in a key":           string(whole[:len(whole)-3]),
		"no finding":             head + "\n" + found, // and so no key
		"a finding of no form":   head + "\n{\"Rule\": 7}\n" + keys,
		"a finding without keys": head + "\n" + found + "\n",
		"garbage":                "\xff\x00\x01\n" + rest,
		"other rules":            strings.Replace(string(whole), "history "+RulesVersion, "history 0", 1),
		"one endless line":       strings.Repeat("x", 1<<20),
		"an endless line later":  head + "\n" + found + "\n" + strings.Repeat("x", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			res := again(t, s, r.dir, path)
			if len(res.Secrets()) != 1 || res.Secrets()[0].Times != 1 || len(res.Coverage.Partial()) > 0 {
				t.Errorf("got %+v", res)
			}
			if res = again(t, s, r.dir, path); len(res.Secrets()) != 1 || res.Coverage.Files != 0 {
				t.Errorf("and then %+v", res)
			}
		})
	}
	if _, err := s.Past(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
	p, err := s.Past(filepath.Join(dir, "no", "folder"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Add("x"); err != nil {
		t.Fatal(err)
	}
	if err := p.Save(); err == nil {
		t.Error("a file was written into no folder")
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	one, err := KeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	two, err := KeyFile(path)
	if err != nil || two.Reveal() != one.Reveal() || len(one.Reveal()) != 32 {
		t.Errorf("the key is another one: %v", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if three, err := KeyFile(path); err != nil || three.Reveal() == one.Reveal() || len(three.Reveal()) != 32 {
		t.Errorf("a damaged key was taken: %v", err)
	}
	if _, err := KeyFile(filepath.Join(path, "below")); err == nil {
		t.Error("a key was made below a file")
	}
	var none lr.Secret
	if s := newScanner(t, Options{Key: none}); s.Fingerprint(one) == newScanner(t, Options{}).Fingerprint(one) {
		t.Error("two scanners without a key have the same one")
	}
}
