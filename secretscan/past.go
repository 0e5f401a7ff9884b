package secretscan

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// Past is what earlier scans of a history have read, and what they found there: a Seen in a
// file of its own. It holds ids of objects and findings, which are masked and have keyed
// fingerprints, and no value. What a repository no longer has is forgotten with it.
type Past struct {
	path     string
	head     string
	known    map[string]bool // key to whether the repository has it still
	findings []Finding
	changed  bool
}

// longestPastLine bounds a line of the file. A finding takes less than 1 KiB, a path 4 KiB.
const longestPastLine = 16 << 10

// Past opens what earlier scans with this scanner's key have written to path. A file that is not there is an
// empty past, and so is one of another key or of other rules. What cannot be read of it costs objects read again.
func (s *Scanner) Past(path string) (*Past, error) {
	p := &Past{path: path, known: map[string]bool{}, head: "launchready.history " + RulesVersion + " " + fingerprint(s.key, "past")}
	f, err := os.Open(path) //nolint:gosec // the caller names it
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open what earlier scans have read: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	r := bufio.NewReaderSize(f, longestPastLine)
	for n := 0; ; n++ {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			// What does not end is not whole. What was found in an object that is read again is found again.
			p.findings = slices.DeleteFunc(p.findings, func(f Finding) bool { return !has(p.known, RulesVersion+":"+f.Place.Blob) })
			return p, nil
		case errors.Is(err, bufio.ErrBufferFull):
			// The head of a file of ours is short, and so is each line of it.
			*p = Past{path: path, known: map[string]bool{}, head: p.head, changed: true}
			return p, nil
		case err != nil:
			return nil, fmt.Errorf("read what earlier scans have read: %w", err)
		}
		if line = bytes.TrimSuffix(line, []byte("\n")); n == 0 && string(line) != p.head {
			return p, nil
		}
		switch {
		case n == 0:
		case len(line) > 0 && line[0] == '{':
			var found Finding
			if json.Unmarshal(line, &found) != nil || found.Fingerprint == "" {
				*p = Past{path: path, known: map[string]bool{}, head: p.head, changed: true}
				return p, nil // a finding that is lost must be found again
			}
			p.findings = append(p.findings, found)
		default:
			p.known[string(line)] = false
		}
	}
}

func has(m map[string]bool, key string) bool { _, ok := m[key]; return ok }

// Has reports whether an earlier scan read the object. Whoever asks has it.
func (p *Past) Has(key string) bool {
	if !has(p.known, key) {
		return false
	}
	p.known[key] = true
	return true
}

// Add remembers an object.
func (p *Past) Add(key string) error {
	if !p.Has(key) {
		p.changed = true
		p.known[key] = true
	}
	return nil
}

// Join adds to the result of a scan what earlier ones found in the objects that the
// repository still has, and keeps the whole for later ones. A token that has run out since
// then is told as such.
func (p *Past) Join(s *Scanner, res Result) Result {
	c := s.collect()
	c.coverage = res.Coverage
	for _, f := range res.Findings {
		c.keep(f)
	}
	p.changed = p.changed || len(res.Findings) > 0
	for _, f := range p.findings {
		if !p.known[RulesVersion+":"+f.Place.Blob] {
			p.changed = true
			continue
		}
		if f.Verdict == Secret && !f.Until.IsZero() && f.Until.Before(s.options.Now) {
			f.Verdict, f.Reason = ranOut(f.Until)
		}
		c.keep(f)
	}
	out := c.result()
	p.findings = out.Findings
	return out
}

// Save writes the past, for its owner only; whoever reads the file meets the old one or the
// new one, and never a part.
func (p *Past) Save() error {
	for _, still := range p.known {
		p.changed = p.changed || !still
	}
	if !p.changed {
		return nil
	}
	err := writeWhole(p.path, func(w *bufio.Writer) error {
		_, _ = w.WriteString(p.head + "\n") // Flush tells
		// Findings come first: an object must never be known without what was found in it.
		for _, f := range p.findings {
			line, err := json.Marshal(f)
			if err != nil {
				return err
			}
			if len(line) >= longestPastLine {
				delete(p.known, RulesVersion+":"+f.Place.Blob) // it is read again
				continue
			}
			_, _ = w.Write(append(line, '\n'))
		}
		for key, still := range p.known {
			if still {
				_, _ = w.WriteString(key + "\n")
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write what was read: %w", err)
	}
	p.changed = false
	return nil
}

// writeWhole makes a file beside the one at path, and puts it in its place when it is whole.
func writeWhole(path string, fill func(*bufio.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".past-*") // mode 0600
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	err = errors.Join(fill(w), w.Flush(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// KeyFile reads the key of fingerprints that stands in a file, and makes one where there is
// none: with it, the fingerprints of one scan can be compared with those of another.
func KeyFile(path string) (lr.Secret, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the caller names it
	if err == nil {
		if key, err := hex.DecodeString(strings.TrimSpace(string(b))); err == nil && len(key) == 32 {
			return lr.NewSecret(string(key)), nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return lr.Secret{}, fmt.Errorf("read the key of fingerprints: %w", err)
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return lr.Secret{}, fmt.Errorf("make a key of fingerprints: %w", err)
	}
	err = writeWhole(path, func(w *bufio.Writer) error {
		_, err := w.WriteString(hex.EncodeToString(key) + "\n")
		return err
	})
	if err != nil {
		return lr.Secret{}, fmt.Errorf("write the key of fingerprints: %w", err)
	}
	return lr.NewSecret(string(key)), nil
}
