// Package folder walks a source tree for those who read it: bounded in files,
// bytes and depth, past symbolic links, installed packages and built bundles. What
// is left out is said, with the reason: a folder that was not read is no proof.
package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Limits bound a walk; a zero field takes the default.
type Limits struct {
	FileBytes int64 // of one file, 2 MB; a longer one is skipped
	Bytes     int64 // of all files, 512 MB
	Files     int   // 100,000
	Depth     int   // folders below each other, 40
}

func (l Limits) filled() Limits {
	or := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	or(&l.FileBytes, 2<<20)
	or(&l.Bytes, 512<<20)
	if l.Files <= 0 {
		l.Files = 100_000
	}
	if l.Depth <= 0 {
		l.Depth = 40
	}
	return l
}

// Skipped is a file or folder that was not read.
type Skipped struct {
	Path   string
	Reason string
	// Foreign says that it is no part of the user's own source (installed packages,
	// tests, built bundles): that it was left out leaves no gap.
	Foreign bool
}

// vendored folders hold what others wrote or what a tool made.
var vendored = [...]string{
	"node_modules", "vendor", "third_party", "bower_components", ".git", ".hg", ".svn", ".venv", "venv", "site-packages", "__pycache__",
	".next", ".nuxt", ".svelte-kit", ".turbo", ".cache", ".tox", ".mypy_cache", ".pytest_cache", "dist", "coverage", ".yarn", ".pnpm-store",
	".terraform", ".gradle", ".idea", ".vscode",
}

// Walk calls visit for each regular file that want accepts by its path, in the
// order of paths, with its content, which visit may keep. It returns what was
// skipped, and an error only when the root cannot be read or ctx ended.
func Walk(ctx context.Context, fsys fs.FS, limits Limits, want func(name string) bool, visit func(name string, content []byte)) ([]Skipped, error) {
	w := &walk{fsys: fsys, limits: limits.filled(), want: want, visit: visit}
	if _, err := fs.ReadDir(fsys, "."); err != nil {
		return nil, fmt.Errorf("read the source folder: %w", err)
	}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return fmt.Errorf("read the source folder: %w", context.Cause(ctx))
		}
		return w.entry(name, d, err)
	})
	return w.skipped, err
}

type walk struct {
	fsys    fs.FS
	limits  Limits
	want    func(string) bool
	visit   func(string, []byte)
	skipped []Skipped
	files   int
	bytes   int64
}

func (w *walk) skip(name, reason string, foreign bool) {
	w.skipped = append(w.skipped, Skipped{name, reason, foreign})
}

func (w *walk) entry(name string, d fs.DirEntry, err error) error {
	if err != nil {
		w.skip(name, "cannot be read: "+cause(err), false)
		if d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		switch {
		case name == ".":
		case slices.Contains(vendored[:], d.Name()):
			w.skip(name, "installed or made by a tool", true)
			return fs.SkipDir
		case strings.Count(name, "/") >= w.limits.Depth:
			w.skip(name, fmt.Sprintf("more than %d folders deep", w.limits.Depth), false)
			return fs.SkipDir
		}
		return nil
	}
	if !w.want(name) {
		return nil
	}
	if d.Type()&fs.ModeSymlink != 0 {
		w.skip(name, "a symbolic link, which is not followed", true)
		return nil
	}
	if !d.Type().IsRegular() {
		w.skip(name, "not a regular file", true)
		return nil
	}
	w.file(name)
	return nil
}

func (w *walk) file(name string) {
	if w.files >= w.limits.Files || w.bytes >= w.limits.Bytes {
		w.skip(name, "the limit of files or bytes was reached", false)
		return
	}
	f, err := w.fsys.Open(name)
	if err != nil {
		w.skip(name, "cannot be read: "+cause(err), false)
		return
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, w.limits.FileBytes+1))
	switch {
	case err != nil:
		w.skip(name, "cannot be read: "+cause(err), false)
	case int64(len(content)) > w.limits.FileBytes:
		w.skip(name, fmt.Sprintf("longer than %d bytes", w.limits.FileBytes), minified(name, content))
	case minified(name, content):
		w.skip(name, "a minified bundle", true)
	case bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0:
		w.skip(name, "binary", true)
	default:
		w.files++
		w.bytes += int64(len(content))
		w.visit(name, content)
	}
}

func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// minified recognises a built script by its name or by lines that nobody types.
func minified(name string, content []byte) bool {
	switch path.Ext(name) {
	case ".js", ".mjs", ".cjs", ".css":
	default:
		return false
	}
	if strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), ".min") {
		return true
	}
	return len(content) > 20_000 && len(content)/(bytes.Count(content, []byte("\n"))+1) > 400
}

// Test reports whether a file is a test, a mock or a story by its name or folder.
func Test(name string) bool {
	base := path.Base(name)
	for _, mark := range [...]string{".test.", ".spec.", "_test.", ".stories.", ".e2e-spec.", ".cy."} {
		if strings.Contains(base, mark) {
			return true
		}
	}
	if strings.HasPrefix(base, "test_") || base == "conftest.py" {
		return true
	}
	for _, dir := range strings.Split(path.Dir(name), "/") {
		switch dir {
		case "test", "tests", "__tests__", "__mocks__", "testdata", "e2e", "fixtures", "spec", "cypress", "mocks", "testutil":
			return true
		}
	}
	return false
}
