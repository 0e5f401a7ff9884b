package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// privateFolder holds credentials and ledgers beside the configuration. It
// keeps itself out of the repository.
const privateFolder = ".launchready"

// private makes the folder, readable by its owner alone.
func private(dir string) error {
	folder := filepath.Join(dir, privateFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", folder, err)
	}
	return writeOnce(filepath.Join(folder, ".gitignore"), []byte("*\n"), 0o644)
}

// writeOnce writes a file unless it is there.
func writeOnce(file string, text []byte, mode fs.FileMode) error {
	if err := writeNew(file, text, mode, false); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writeNew writes a file that is not there yet, or any with force.
func writeNew(file string, text []byte, mode fs.FileMode, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(file, flags, mode) //nolint:gosec // the user names the folder
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	return nil
}

// writeSecret replaces a file that only its owner may read. The new one is made
// beside it and renamed, so that nobody else can read it, not for a moment.
func writeSecret(file string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(file), err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(file), errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
