package secretscan

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a git repository of a test.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T) repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := repository{t, t.TempDir()}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	c := exec.Command("git", append([]string{"-C", r.dir, "-c", "user.name=a", "-c", "user.email=a@b.test", "-c", "commit.gpgsign=false"}, args...)...)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r repository) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r repository) commit(message string) string {
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", message)
	return r.git("rev-parse", "HEAD")
}

// memory is a Seen in memory.
type memory map[string]bool

func (m memory) Has(k string) bool  { return m[k] }
func (m memory) Add(k string) error { m[k] = true; return nil }

// variant is a secret of its own for each place.
func variant(n int) string { return random32[n:] + random32[:n] }

func TestHistory(t *testing.T) {
	r := newRepository(t)
	r.write("README.md", "hello")
	r.commit("begin")
	r.write("config/app.env", "API_KEY="+variant(1)+"\n")
	added := r.commit("add it")
	r.write("config/app.env", "API_KEY="+variant(1)+"\nOTHER=2\n")
	r.commit("change it")
	r.write("config/app.env", "")
	r.commit("remove it, it was API_KEY=" + variant(2))
	r.git("checkout", "-q", "-b", "side")
	r.write("side.env", "API_KEY="+variant(3))
	r.commit("side")
	r.git("checkout", "-q", "main")
	r.git("tag", "-a", "v1", "-m", "release with API_KEY="+variant(4))
	r.write("README.md", "API_KEY="+variant(5))
	r.git("stash", "-q")
	r.write("loose.txt", "API_KEY="+variant(6))
	dangling := r.git("hash-object", "-w", "loose.txt")
	if err := os.Remove(filepath.Join(r.dir, "loose.txt")); err != nil {
		t.Fatal(err)
	}
	r.git("gc", "-q", "--prune=never")

	s := newScanner(t, Options{})
	seen := memory{}
	res, err := s.History(t.Context(), r.dir, seen)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Finding{}
	for _, f := range res.Secrets() {
		got[f.Fingerprint] = f
	}
	for n := 1; n <= 6; n++ {
		if _, ok := got[s.Fingerprint(secretOf(variant(n)))]; !ok {
			t.Errorf("secret %d was not found", n)
		}
	}
	first := got[s.Fingerprint(secretOf(variant(1)))]
	if first.Place.Path != "config/app.env" || first.Place.Commit == "" || first.Place.Blob == "" {
		t.Errorf("the first is at %+v", first.Place)
	}
	for _, f := range res.Secrets() {
		if f.Place.Path == "config/app.env" && f.Place.Blob == r.git("rev-parse", added+":config/app.env") && f.Place.Commit != added {
			t.Errorf("the commit of the first blob is %s, want %s", f.Place.Commit, added)
		}
	}
	if f := got[s.Fingerprint(secretOf(variant(6)))]; f.Place.Path != "blob "+dangling[:12] || f.Place.Commit != "" {
		t.Errorf("what nothing refers to is at %+v", f.Place)
	}
	if p := res.Coverage.Partial(); len(p) > 0 || res.Coverage.Commits < 7 {
		t.Errorf("coverage %+v", res.Coverage)
	}

	// A second run reads nothing, one after a commit reads what is new.
	again, err := s.History(t.Context(), r.dir, seen)
	if err != nil || again.Coverage.Files+again.Coverage.Commits != 0 || again.Coverage.Known < 15 || len(again.Findings) > 0 {
		t.Errorf("second run: %v %+v", err, again.Coverage)
	}
	r.write("new.env", "API_KEY="+variant(7))
	r.commit("new")
	third, err := s.History(t.Context(), r.dir, seen)
	if err != nil || len(third.Secrets()) != 1 || third.Coverage.Files != 1 || third.Coverage.Commits != 1 {
		t.Errorf("third run: %v %+v", err, third)
	}
}

func TestHistoryThatIsNotAllThere(t *testing.T) {
	s := newScanner(t, Options{})
	r := newRepository(t)
	r.write("a.env", "API_KEY="+variant(1))
	r.write("b.txt", "to be lost")
	r.commit("begin")
	lost := r.git("rev-parse", "HEAD:b.txt")
	if err := os.Remove(filepath.Join(r.dir, ".git/objects", lost[:2], lost[2:])); err != nil {
		t.Fatal(err)
	}
	seen := memory{}
	res, err := s.History(t.Context(), r.dir, seen)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Secrets()) != 1 || res.Coverage.Counts[Missing] != 1 || !strings.Contains(strings.Join(res.Coverage.Partial(), " "), lost) {
		t.Errorf("got %s %+v", showAll(res), res.Coverage)
	}
	// It stays partial the second time.
	if again, err := s.History(t.Context(), r.dir, seen); err != nil || again.Coverage.Counts[Missing] != 1 {
		t.Errorf("second run: %v %+v", err, again.Coverage)
	}

	// An object that git cannot read is told, and the rest is read.
	r = newRepository(t)
	r.write("a.env", "API_KEY="+variant(1))
	r.write("b.txt", "to be damaged")
	r.commit("begin")
	bad := r.git("rev-parse", "HEAD:b.txt")
	path := filepath.Join(r.dir, ".git/objects", bad[:2], bad[2:])
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	res, err = s.History(t.Context(), r.dir, nil)
	if err != nil || len(res.Coverage.Partial()) == 0 {
		t.Errorf("damaged: %v %+v", err, res.Coverage)
	}

	// A shallow clone says so.
	r = newRepository(t)
	r.commit("one")
	r.commit("two")
	shallow := filepath.Join(t.TempDir(), "shallow")
	r.git("clone", "-q", "--depth", "1", "file://"+r.dir, shallow)
	if res, err = s.History(t.Context(), shallow, nil); err != nil || res.Coverage.Counts[Missing] != 1 {
		t.Errorf("shallow: %v %+v", err, res.Coverage)
	}
}

func TestHistoryOfNothing(t *testing.T) {
	s := newScanner(t, Options{})
	r := newRepository(t)
	if res, err := s.History(t.Context(), r.dir, nil); err != nil || len(res.Coverage.Partial()) > 0 {
		t.Errorf("a repository without commits: %v %v", err, res.Coverage.Partial())
	}
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "no")} {
		if res, err := s.History(t.Context(), dir, nil); err != nil || res.Coverage.Counts[NoGit] != 1 {
			t.Errorf("no repository: %v %+v", err, res.Coverage)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.History(ctx, r.dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	t.Setenv("PATH", t.TempDir())
	res, err := s.History(t.Context(), r.dir, nil)
	if err != nil || res.Coverage.Counts[NoGit] != 1 || !strings.Contains(strings.Join(res.Coverage.Partial(), " "), "not installed") {
		t.Errorf("without git: %v %v", err, res.Coverage.Partial())
	}
}

// refusing is a Seen that cannot be written.
type refusing struct{ memory }

func (refusing) Add(string) error { return errors.New("the disk is full") }

func TestHistoryTellsWhatSeenSays(t *testing.T) {
	r := newRepository(t)
	r.write("a", "a")
	r.commit("a")
	res, err := newScanner(t, Options{}).History(t.Context(), r.dir, refusing{memory{}})
	if err == nil || !strings.Contains(err.Error(), "the disk is full") || len(res.Coverage.Partial()) == 0 {
		t.Errorf("got %v %+v", err, res.Coverage)
	}
}
