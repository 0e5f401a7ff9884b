package surface

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxDocuments = 500
	maxWarnings  = 200
)

// loader reads documents inside the source's bounds, each once.
type loader struct {
	ctx     context.Context
	src     Source
	left    int64
	docs    map[string]*document
	failed  map[string]error
	warned  map[string]bool
	more    int
	warning []string
}

func newLoader(ctx context.Context, src Source) *loader {
	l := &loader{ctx: ctx, src: src, left: src.MaxBytes, docs: map[string]*document{}, failed: map[string]error{}, warned: map[string]bool{}}
	if l.left <= 0 {
		l.left = DefaultMaxBytes
	}
	return l
}

// warn records a repair once, and counts on when there are too many to read.
func (l *loader) warn(format string, args ...any) {
	w := fmt.Sprintf(format, args...)
	if l.warned[w] {
		return
	}
	if len(l.warning) >= maxWarnings {
		l.more++
		return
	}
	l.warned[w] = true
	l.warning = append(l.warning, w)
}

func (l *loader) warnings() []string {
	if l.more > 0 {
		return append(slices.Clip(l.warning), fmt.Sprintf("and %d more", l.more))
	}
	return l.warning
}

// document gives the decoded document at loc, reading it when it is new.
func (l *loader) document(loc string) (*document, error) {
	if d, ok := l.docs[loc]; ok {
		return d, nil
	}
	if err, ok := l.failed[loc]; ok {
		return nil, err
	}
	d, err := l.open(loc)
	if err != nil {
		l.failed[loc] = err
		return nil, err
	}
	l.docs[loc] = d
	return d, nil
}

func (l *loader) open(loc string) (*document, error) {
	if len(l.docs)+len(l.failed) >= maxDocuments {
		return nil, fmt.Errorf("more than %d documents", maxDocuments)
	}
	data, err := l.read(loc)
	if err != nil {
		return nil, err
	}
	return decode(loc, data, l.warn)
}

// read gives the bytes at loc. A description that came over the network never
// opens a file of this machine.
func (l *loader) read(loc string) ([]byte, error) {
	if err := l.ctx.Err(); err != nil {
		return nil, err
	}
	var data []byte
	var err error
	switch {
	case isURL(loc):
		data, err = l.fetch(loc)
	case isURL(l.src.Location):
		return nil, errors.New("a description from the network may not refer to a local file")
	default:
		data, err = l.readFile(loc)
	}
	if err != nil {
		return nil, err
	}
	if l.left -= int64(len(data)); l.left < 0 {
		return nil, fmt.Errorf("the documents are larger than %d bytes together", l.limit())
	}
	return data, nil
}

func (l *loader) limit() int64 {
	if l.src.MaxBytes > 0 {
		return l.src.MaxBytes
	}
	return DefaultMaxBytes
}

func (l *loader) fetch(loc string) ([]byte, error) {
	u, err := url.Parse(loc)
	if err != nil {
		return nil, err
	}
	if l.src.Fetch == nil {
		return nil, errors.New("no way to fetch a URL here: save it to a file")
	}
	if !l.inScope(u) {
		return nil, fmt.Errorf("host %s is outside the target's scope", u.Host)
	}
	return l.src.Fetch(l.ctx, loc)
}

func (l *loader) inScope(u *url.URL) bool {
	if self, err := url.Parse(l.src.Location); err == nil && isURL(l.src.Location) && strings.EqualFold(self.Host, u.Host) {
		return true
	}
	if l.src.Base != nil && strings.EqualFold(l.src.Base.Host, u.Host) {
		return true
	}
	return slices.ContainsFunc(l.src.Hosts, func(h string) bool {
		return strings.EqualFold(h, u.Host) || strings.EqualFold(h, u.Hostname())
	})
}

func (l *loader) readFile(loc string) ([]byte, error) {
	st, err := os.Stat(filepath.FromSlash(loc))
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() { // opening a pipe would wait for a writer
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(filepath.FromSlash(loc))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, l.left+1))
}

func isURL(loc string) bool {
	return strings.HasPrefix(loc, "http://") || strings.HasPrefix(loc, "https://")
}

// join resolves a reference's document part against the document it stands in.
func join(from, ref string) (string, error) {
	if isURL(ref) {
		return ref, nil
	}
	if isURL(from) {
		base, err := url.Parse(from)
		if err != nil {
			return "", err
		}
		u, err := base.Parse(ref)
		if err != nil {
			return "", err
		}
		return u.String(), nil
	}
	if p, err := url.PathUnescape(strings.TrimPrefix(ref, "file://")); err == nil {
		ref = p
	}
	if filepath.IsAbs(ref) {
		return filepath.Clean(ref), nil
	}
	return filepath.Join(filepath.Dir(from), filepath.FromSlash(ref)), nil
}
