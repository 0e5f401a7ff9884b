package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	old := write("private", "old", 0o600)
	link := filepath.Join(dir, "link")
	if err := os.Symlink("private", link); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{filepath.Join(dir, "fresh"), old, link} {
		if err := replace(file, []byte("new "+filepath.Base(file))); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"fresh": "new fresh", "private": "new link"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is no link any more: %v", err)
	}
	if fi, err := os.Stat(old); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("a private file is %v now, %v", fi.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".launchready-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestReplaceNoDevice: a device is written to. A rename over it would destroy it.
func TestReplaceNoDevice(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no devices in the tree of files")
	}
	if err := replace("/dev/null", []byte("x")); err != nil {
		t.Error(err)
	}
	if fi, err := os.Stat("/dev/null"); err != nil || fi.Mode().IsRegular() {
		t.Fatalf("/dev/null is a file now: %v", err)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		if err := replace("/dev/full", []byte("x")); err == nil || err.Error() != "write to /dev/full: no space left on device" {
			t.Errorf("got %v", err)
		}
	}
}

// TestDiskFull fills a real file system, of 64 KiB.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("a file system can be mounted by root on Linux only; the script convert has another way")
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=64k", "none", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here: %s", out)
	}
	defer func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmount: %s", out)
		}
	}()
	file := filepath.Join(dir, "report.json")
	whole := bytes.Repeat([]byte("x"), 30<<10)
	if err := replace(file, whole); err != nil {
		t.Fatal(err)
	}
	err := replace(file, bytes.Repeat([]byte("y"), 60<<10))
	if err == nil || !strings.HasSuffix(err.Error(), "report.json: no space left on device; the file is as it was before") {
		t.Errorf("got %v", err)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("the old report is gone: %d bytes, %v", len(got), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".launchready-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := replace(filepath.Join(dir, "small"), []byte("z")); err != nil {
		t.Errorf("after that nothing fits: %v", err)
	}
}

func TestLocated(t *testing.T) {
	root := t.TempDir()
	sub := filepath.Join(root, "ci", "audit")
	if err := os.MkdirAll(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	p := &program{dir: sub}
	if got := p.located("launchready.yaml"); got != "launchready.yaml" {
		t.Errorf("without a repository: got %q", got)
	}
	if err := os.Mkdir(filepath.Join(root, ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"launchready.yaml": "ci/audit/launchready.yaml", filepath.Join(root, "x.yaml"): "x.yaml", "../y.yaml": "ci/y.yaml", filepath.Join(t.TempDir(), "far.yaml"): "launchready.yaml",
	} {
		if got := p.located(file); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}
