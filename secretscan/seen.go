package secretscan

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// SeenFile is a Seen in a file of its own: a line a key. What cannot be a key is passed
// over, so a file that a crash cut costs one object read again.
type SeenFile struct {
	known map[string]struct{}
	f     *os.File
	w     *bufio.Writer
}

// longestKeyLine bounds a line of the file.
const longestKeyLine = 200

// OpenSeen opens or makes the file at path, readable by its owner only. Close writes what is
// still in memory.
func OpenSeen(path string) (*SeenFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("open what earlier scans have read: %w", err)
	}
	s := &SeenFile{known: map[string]struct{}{}, f: f, w: bufio.NewWriterSize(f, 64<<10)}
	whole := true
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadString('\n')
		if key, ok := strings.CutSuffix(line, "\n"); ok && len(key) <= longestKeyLine && strings.HasPrefix(strings.TrimPrefix(key, "refs:"), RulesVersion+":") {
			s.known[key] = struct{}{}
		}
		whole = line == "" || strings.HasSuffix(line, "\n")
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read what earlier scans have read: %w", err), f.Close())
		}
	}
	if !whole {
		if err := s.w.WriteByte('\n'); err != nil {
			return nil, errors.Join(fmt.Errorf("write what was read: %w", err), f.Close())
		}
	}
	return s, nil
}

// Has reports whether the key is known.
func (s *SeenFile) Has(key string) bool { _, ok := s.known[key]; return ok }

// Add remembers a key.
func (s *SeenFile) Add(key string) error {
	if s.Has(key) {
		return nil
	}
	s.known[key] = struct{}{}
	if _, err := s.w.WriteString(key + "\n"); err != nil {
		return fmt.Errorf("write what was read: %w", err)
	}
	return nil
}

// Close writes what is left.
func (s *SeenFile) Close() error {
	if err := errors.Join(s.w.Flush(), s.f.Close()); err != nil {
		return fmt.Errorf("write what was read: %w", err)
	}
	return nil
}
