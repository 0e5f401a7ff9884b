package repository

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// gitPatience bounds one command of git.
const gitPatience = 20 * time.Second

// history makes the repository's earlier commits. Where there is no git the
// repository has no history.
func (w *writer) history() error {
	if err := os.MkdirAll(w.dir, 0o755); err != nil {
		return err
	}
	if _, err := exec.LookPath("git"); err != nil || w.o.Plain {
		return nil
	}
	w.git = true
	if err := w.run("init", "-q", "-b", "main", "--template="); err != nil {
		return err
	}
	if err := w.below("files/_was"); err != nil {
		return err
	}
	if err := w.commit("Start"); err != nil {
		return err
	}
	return w.clear()
}

// clear empties the work tree.
func (w *writer) clear() error {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == ".git" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(w.dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// commit takes in all that the work tree holds.
func (w *writer) commit(message string) error {
	if !w.git {
		return nil
	}
	if err := w.run("add", "-A"); err != nil {
		return err
	}
	return w.run("commit", "-q", "--allow-empty", "-m", message)
}

// run runs git as nobody in particular at a fixed time, by no settings but its own.
func (w *writer) run(args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), gitPatience)
	defer cancel()
	c := exec.CommandContext(ctx, "git", append([]string{"-c", "core.autocrlf=false", "-c", "commit.gpgsign=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false"}, args...)...)
	c.Dir = w.dir
	const when = "2026-10-01T09:00:00Z"
	c.Env = append(plain(os.Environ()), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Robin", "GIT_AUTHOR_EMAIL=robin@harbor.test", "GIT_AUTHOR_DATE="+when,
		"GIT_COMMITTER_NAME=Robin", "GIT_COMMITTER_EMAIL=robin@harbor.test", "GIT_COMMITTER_DATE="+when)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	err := c.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("run git: %w", err)
	}
	return fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(said.Bytes()))
}

// plain is the environment without what tells git of another repository.
func plain(environ []string) []string {
	var out []string
	for _, v := range environ {
		if !bytes.HasPrefix([]byte(v), []byte("GIT_")) {
			out = append(out, v)
		}
	}
	return out
}
