package secretscan

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// lay writes files below a new folder.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func paths(r Result) string {
	var out []string
	for _, f := range r.Secrets() {
		out = append(out, f.Place.Path)
	}
	return strings.Join(out, " ")
}

const secretLine = "API_KEY=" + random32 + "\n"

func TestTree(t *testing.T) {
	s := newScanner(t, Options{Omit: func(path string, folder bool) bool { return folder && path == "vendor" }})
	root := lay(t, map[string]string{
		".gitignore": ".env\n", ".env": secretLine, "src/a.js": "const a = 1", "src/b.js": "const apiKey = '" + random32 + "'", "vendor/.env": secretLine, "a.png": "\x89PNG\r\n",
		".git/config": "url = https://me:" + random32 + "@git.internal/a\n", ".git/objects/ab/cd": secretLine, "sub/.git/hooks/x": secretLine, "empty": "",
	})
	for from, to := range map[string]string{"loop": root, "self": filepath.Join(root, "self"), "dangling": filepath.Join(root, "nowhere"), "src/again": filepath.Join(root, ".env")} {
		if err := os.Symlink(to, filepath.Join(root, from)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	if runtime.GOOS != "windows" {
		if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.Tree(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if got := paths(r); got != ".env .git/config src/b.js" {
		t.Errorf("secrets in %q", got)
	}
	c := r.Coverage
	if c.Counts[Link] != 4 || c.Counts[Media] != 1 || c.Counts[Omitted] != 1 || runtime.GOOS != "windows" && c.Counts[Special] != 1 {
		t.Errorf("left out: %v", c.Counts)
	}
	if got := c.Partial(); len(got) > 0 {
		t.Errorf("partial: %q", got)
	}
	if c.Files != 6 {
		t.Errorf("%d files were read", c.Files)
	}
}

func TestTreeSaysWhatItCouldNotRead(t *testing.T) {
	s := newScanner(t, Options{MaxFile: 1000})
	root := lay(t, map[string]string{"a.env": secretLine, "closed/b.env": secretLine, "closed.env": secretLine, "large.log": strings.Repeat("x", 2000)})
	for _, name := range []string{"closed", "closed.env"} {
		if err := os.Chmod(filepath.Join(root, name), 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, name), 0o700) })
	}
	r, err := s.Tree(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	want := 2
	if os.Getuid() == 0 {
		want = 0 // nothing is closed to root
	}
	if r.Coverage.Counts[Unreadable] != want || r.Coverage.Counts[TooLarge] != 1 {
		t.Errorf("left out: %v", r.Coverage.Counts)
	}
	if got := strings.Join(r.Coverage.Partial(), "; "); !strings.Contains(got, "too large: 1, first large.log (2000 bytes)") {
		t.Errorf("partial: %q", got)
	}
}

func TestTreeOfNothing(t *testing.T) {
	s := newScanner(t, Options{})
	if _, err := s.Tree(t.Context(), filepath.Join(t.TempDir(), "no")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := s.Tree(ctx, lay(t, map[string]string{"a.env": secretLine}))
	if !errors.Is(err, context.Canceled) || len(r.Coverage.Partial()) == 0 {
		t.Errorf("got %v %v", err, r.Coverage.Partial())
	}
	one := filepath.Join(lay(t, map[string]string{"a.env": secretLine}), "a.env")
	if r, err := s.Tree(t.Context(), one); err != nil || paths(r) != "a.env" {
		t.Errorf("one file: %v %q", err, paths(r))
	}
}

// tarOf makes an archive of pairs of name and content.
func tarOf(t *testing.T, pairs ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: pairs[i], Mode: 0o600, Size: int64(len(pairs[i+1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zipOf(t *testing.T, pairs ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipOf(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestArchives(t *testing.T) {
	s := newScanner(t, Options{})
	// As docker save writes it: layers are archives in an archive.
	image := tarOf(t, "manifest.json", "[]", "blobs/sha256/ab", gzipOf(t, tarOf(t, "app/.env", secretLine, "app/a.png", "\x89PNG\r\n")), "blobs/sha256/cd", tarOf(t, "etc/passwd", "root:x:0:0"))
	encrypted := []byte(zipOf(t, "a.env", secretLine))
	for _, mark := range []string{"PK\x03\x04", "PK\x01\x02"} {
		i := bytes.Index(encrypted, []byte(mark))
		encrypted[i+map[string]int{"PK\x03\x04": 6, "PK\x01\x02": 8}[mark]] |= 1
	}
	deep := tarOf(t, "a.env", secretLine)
	for range mostNested {
		deep = tarOf(t, "in.tar", deep)
	}
	for _, c := range []struct {
		name, data, want string
		why              Why
	}{
		{"a.zip", zipOf(t, "x/.env", secretLine, "x/b.txt", "b"), "a.zip!x/.env", ""},
		{"a.tar", tarOf(t, "x/.env", secretLine), "a.tar!x/.env", ""},
		{"a.tgz", gzipOf(t, tarOf(t, "../../x/.env", secretLine)), "a.tgz!a!x/.env", ""},
		{"server.log.gz", gzipOf(t, secretLine), "server.log.gz!server.log", ""},
		{"image.tar", image, "image.tar!blobs/sha256/ab!ab!app/.env", ""},
		{"cut.zip", zipOf(t, "x/.env", secretLine)[:60], "", Malformed},
		{"cut.tar", tarOf(t, "x/.env", secretLine)[:530], "", Malformed},
		{"cut.gz", gzipOf(t, strings.Repeat(secretLine, 50))[:40], "", Malformed},
		{"closed.zip", string(encrypted), "", Encrypted},
		{"deep.tar", deep, "", Bomb},
		{"bomb.gz", gzipOf(t, strings.Repeat("\n", 40<<20)), "", Bomb},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := scanText(t, s, c.name, c.data)
			if got := paths(r); got != c.want {
				t.Errorf("secrets in %q, want %q", got, c.want)
			}
			if c.why == "" && len(r.Coverage.Partial()) > 0 || c.why != "" && r.Coverage.Counts[c.why] < 1 {
				t.Errorf("coverage %v, want %q", r.Coverage.Counts, c.why)
			}
		})
	}
}
