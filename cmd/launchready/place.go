package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// place is the file that a report will replace, its links followed. It is an
// error when that cannot be, which is said before a run and not after.
func place(file string) (string, error) {
	at, fi, err := follow(file)
	if err != nil {
		return "", err
	}
	switch {
	case fi != nil && fi.IsDir():
		return "", fmt.Errorf("%s is a folder: name a file in it", file)
	case fi != nil && !fi.Mode().IsRegular():
		return at, nil // a pipe or a device, which is written to and not replaced
	}
	if dir, err := os.Stat(filepath.Dir(at)); err != nil || !dir.IsDir() {
		return "", fmt.Errorf("the folder %s does not exist", filepath.Dir(at))
	}
	return at, writable(filepath.Dir(at))
}

// follow finds what a name stands for; the info is nil where there is nothing.
func follow(file string) (string, fs.FileInfo, error) {
	fi, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if dir, err := filepath.EvalSymlinks(filepath.Dir(file)); err == nil {
			return filepath.Join(dir, filepath.Base(file)), nil, nil
		}
		return filepath.Clean(file), nil, nil
	case err != nil:
		return "", nil, fmt.Errorf("look at %s: %w", file, err)
	case !fi.Mode().IsRegular():
		return file, fi, nil // a link to a pipe leads to no name
	}
	at, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", nil, fmt.Errorf("look at %s: %w", file, err)
	}
	return at, fi, nil
}

// writable reports a folder that takes no file: said before a run, not after.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".launchready-*")
	if err != nil {
		return fmt.Errorf("write into %s: %w", dir, errors.Unwrap(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// replace writes a whole file or leaves the old one as it was. A pipe and a
// device are written to: to rename over them would destroy them.
func replace(file string, text []byte) error {
	at, fi, err := follow(file)
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if fi != nil && !fi.Mode().IsRegular() {
		return pour(file, at, text)
	}
	mode, kept := fs.FileMode(0o644), ""
	if fi != nil {
		mode, kept = fi.Mode().Perm(), "; the file is as it was before"
	}
	f, err := os.CreateTemp(filepath.Dir(at), ".launchready-*")
	if err != nil {
		return fmt.Errorf("write %s: %w%s", file, reason(err), kept)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync() // a full disk may be told only now
	}
	err = errors.Join(err, f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), at)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w%s", file, errors.Join(reason(err), os.Remove(f.Name())), kept)
	}
	return nil
}

// reason is an error without the name of a file that nobody asked for.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// pour writes to what is no file.
func pour(name, at string, text []byte) error {
	f, err := os.OpenFile(at, os.O_WRONLY, 0) //nolint:gosec // the user names it
	if err != nil {
		return fmt.Errorf("write to %s: %w", name, reason(err))
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write to %s: %w", name, reason(err))
	}
	return nil
}
