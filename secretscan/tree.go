package secretscan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Tree scans every file below root, whatever .gitignore says: what was built and what is
// kept beside the repository leaks as well. Symbolic links are not followed, so a loop is
// none. Of a .git folder only the configuration is read; History reads the rest. An error
// means that root itself could not be read, or that ctx ended; then Result has what
// was found so far, and its coverage says that it is partial.
func (s *Scanner) Tree(ctx context.Context, root string) (Result, error) {
	info, err := os.Stat(root)
	if err != nil {
		return Result{}, fmt.Errorf("scan %s: %w", root, err)
	}
	all := s.collect()
	if !info.IsDir() {
		err := s.file(ctx, all, root, filepath.Base(root), &buffers{})
		return all.result(), err
	}
	type job struct{ path, name string }
	jobs := make(chan job, 64)
	workers := make([]*collector, s.options.Workers)
	var wait sync.WaitGroup
	for i := range workers {
		workers[i] = s.collect()
		workers[i].mu = all.mu
		wait.Go(func() {
			b := &buffers{}
			for j := range jobs {
				if ctx.Err() != nil {
					continue
				}
				_ = s.file(ctx, workers[i], j.path, j.name, b) // its coverage says what failed
			}
		})
	}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name, relErr := filepath.Rel(root, path)
		if relErr != nil {
			name = path
		}
		name = filepath.ToSlash(name)
		if err != nil {
			all.coverage.skip(name, Unreadable, cause(err))
			if e != nil && e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if name != "." && s.options.Omit != nil && s.options.Omit(name, e.IsDir()) {
			all.coverage.skip(name, Omitted, "")
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case e.IsDir() && inGit(name):
			return fs.SkipDir
		case e.IsDir():
		case strings.HasPrefix(name, ".git/") || strings.Contains(name, "/.git/"):
			if e.Name() == "config" && e.Type().IsRegular() {
				jobs <- job{path, name}
			}
		case e.Type()&fs.ModeSymlink != 0:
			all.coverage.skip(name, Link, "")
		case !e.Type().IsRegular():
			all.coverage.skip(name, Special, e.Type().String())
		default:
			jobs <- job{path, name}
		}
		return nil
	})
	close(jobs)
	wait.Wait()
	for _, w := range workers {
		all.join(w)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		all.coverage.skip(root, Interrupted, cause(err))
		return all.result(), fmt.Errorf("scan %s: %w", root, err)
	}
	return all.result(), nil
}

// inGit reports folders below a .git folder.
func inGit(name string) bool {
	i := strings.LastIndex("/"+name, "/.git/")
	return i >= 0 && len(name) > i+len(".git")
}

// file scans one file of the disk.
func (s *Scanner) file(ctx context.Context, c *collector, path, name string, b *buffers) error {
	f, err := os.Open(path)
	if err != nil {
		c.coverage.skip(name, Unreadable, cause(err))
		return fmt.Errorf("read %s: %w", name, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > s.options.MaxFile {
		c.coverage.skip(name, TooLarge, fmt.Sprintf("%d bytes", info.Size()))
		return nil
	}
	return s.read(ctx, c, name, f, b, 0)
}

// cause is what the system said, without the path that the caller names already.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return reasonOf(err)
}
