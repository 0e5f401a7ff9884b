// Package tail reads what comes into log files while the target is asked.
package tail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Bounds of what is read of logs.
const (
	mostLogs  = 64      // files
	mostGrown = 4 << 20 // bytes of one file in one look
	mostLine  = 64 << 10
)

// File is a log from where it ended when it was followed.
type File struct {
	Name string // without its folder
	path string
	at   int64
}

// Follow notes where the logs end now. Of a folder it takes the files in it; what
// cannot be read is missing, with the reason.
func Follow(paths []string) (files []*File, missing []string) {
	add := func(path string) {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			missing = append(missing, reason(path, err))
		case !info.Mode().IsRegular():
			missing = append(missing, filepath.Base(path)+" is no file")
		case len(files) >= mostLogs:
			missing = append(missing, fmt.Sprintf("%s is past the first %d logs", filepath.Base(path), mostLogs))
		default:
			files = append(files, &File{Name: filepath.Base(path), path: path, at: info.Size()})
		}
	}
	for _, p := range paths {
		entries, err := os.ReadDir(p)
		if err != nil { // no folder
			add(p)
			continue
		}
		for _, e := range entries {
			if e.Type().IsRegular() {
				add(filepath.Join(p, e.Name()))
			}
		}
	}
	return files, missing
}

func reason(path string, err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return filepath.Base(path) + " does not exist"
	}
	return fmt.Sprintf("%s: %v", filepath.Base(path), err)
}

// Lines returns the lines that came since the last look. A file that shrank was
// turned over and is read from its start.
func (f *File) Lines() ([]string, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) { // between two of a rotation
		f.at = 0
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < f.at {
		f.at = 0
	}
	if info.Size() == f.at {
		return nil, nil
	}
	if _, err := file.Seek(f.at, io.SeekStart); err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(io.LimitReader(file, mostGrown), mostLine)
	var out []string
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) { // the rest of the line is still to come
			return out, nil
		}
		f.at += int64(len(line))
		out = append(out, string(line))
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return out, err
		}
	}
}

// Names lists the names of files.
func Names(files []*File) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = f.Name
	}
	return out
}
