package secretscan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSeenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seen")
	open := func() *SeenFile {
		t.Helper()
		s, err := OpenSeen(path)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	for _, k := range []string{RulesVersion + ":a", RulesVersion + ":b", RulesVersion + ":a", "refs:" + RulesVersion + ":c"} {
		if err := s.Add(k); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	b, _ := os.ReadFile(path)
	if strings.Count(string(b), "\n") != 3 {
		t.Errorf("the file holds %q", b)
	}
	// Other rules' keys, garbage, and a line that a crash cut.
	if err := os.WriteFile(path, append(b, "0:old\n\xff\x00\n"+strings.Repeat("x", 100000)+"\n"+RulesVersion+":cu"...), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open()
	if !s.Has(RulesVersion+":a") || !s.Has("refs:"+RulesVersion+":c") || s.Has("0:old") || s.Has(RulesVersion+":cu") || len(s.known) != 3 {
		t.Errorf("%d keys", len(s.known))
	}
	if err := s.Add(RulesVersion + ":d"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s = open(); !s.Has(RulesVersion + ":d") {
		t.Error("what follows a cut line is lost")
	}
	_ = s.Close()
	if err := s.Close(); err == nil {
		t.Error("closed twice without an error")
	}
	if _, err := OpenSeen(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
}
