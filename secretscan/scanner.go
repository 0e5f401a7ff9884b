// Package secretscan finds secrets in anything that can be read: files, archives, git
// history, bundles, logs, recordings of a browser.
//
// One pass of an automaton finds keywords; where one stands, a small matcher looks at
// the token around it, and a judge says what it is and why: a secret, public by design,
// a test key, a placeholder. The value itself never leaves the package: a Finding has
// its keyed fingerprint and what may be shown of it. A Coverage says what was not read; a
// scan that is partial proves nothing about the rest.
package secretscan

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sort"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// Options are what a caller decides. The zero value is right for most.
type Options struct {
	// Key makes the fingerprints. Where it is empty they are good for one scanner's
	// life and can be compared with no other's.
	Key lr.Secret
	// Explain also reports what was judged a hash, a placeholder, a reference and so on
	// by a generic rule. Values in the form of a provider's key are always reported.
	Explain bool
	// Now decides which tokens have run out; the zero value takes the clock's.
	Now time.Time
	// Workers read files at the same time; 0: as many as there are processors, at most 4.
	Workers int
	// MaxFile is the size from which a file is not read, in bytes; 0: 4 GiB. Memory does
	// not grow with it.
	MaxFile int64
	// Omit says which files and folders Tree leaves out, by their path below the root.
	Omit func(path string, folder bool) bool
	// Reveal gets each secret with its finding, to redact or to verify it. It is called
	// from one goroutine at a time and must not keep the value in the clear.
	Reveal func(Finding, lr.Secret)
}

// Scanner finds secrets. It is safe for concurrent use.
type Scanner struct {
	e       *engine
	options Options
	key     []byte
	idle    sync.Pool // *buffers of scans that are over: most texts are small, and none is the last
}

// Result is what a scan found, and what it read. Findings are in the order of their places.
type Result struct {
	Findings []Finding
	Coverage Coverage
}

// Secrets returns the findings that ask for something to be done.
func (r Result) Secrets() []Finding {
	var out []Finding
	for _, f := range r.Findings {
		if f.Verdict == Secret {
			out = append(out, f)
		}
	}
	return out
}

// New makes a scanner.
func New(o Options) (*Scanner, error) {
	e, err := newEngine()
	if err != nil {
		return nil, fmt.Errorf("make the secrets engine: %w", err)
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Workers <= 0 {
		o.Workers = min(runtime.GOMAXPROCS(0), 4)
	}
	if o.MaxFile <= 0 {
		o.MaxFile = 4 << 30
	}
	s := &Scanner{e: e, options: o, key: []byte(o.Key.Reveal())}
	if len(s.key) == 0 {
		s.key = make([]byte, 32)
		if _, err := rand.Read(s.key); err != nil {
			return nil, fmt.Errorf("make a key for fingerprints: %w", err)
		}
	}
	return s, nil
}

// Rules lists the kinds of secrets that the scanner knows.
func (s *Scanner) Rules() []Rule {
	var out []Rule
	seen := map[string]bool{}
	for _, list := range [][]*rule{s.e.rules, s.e.named} {
		for _, r := range list {
			if seen[r.ID] {
				continue
			}
			seen[r.ID] = true
			v := r.Verdict
			if v == "" {
				v = Secret
			}
			out = append(out, Rule{r.ID, r.Provider, v})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

// Fingerprint is that of a value, as findings of this scanner have it.
func (s *Scanner) Fingerprint(v lr.Secret) string { return fingerprint(s.key, v.Reveal()) }

// Sizes of what is read at once. A document up to wholeLimit is seen as a whole, with
// what is escaped and encoded in it; a larger one in pieces that overlap, so that no
// secret is cut: a private key of 8,192 bits takes 6 KB.
const (
	wholeLimit = 8 << 20
	chunkSize  = 256 << 10
	overlap    = longestKey
	before     = 1 << 10 // what a name and its value may take
	// mostFindings bounds what a scan keeps of one document and of all.
	mostFindings = 20000
)

// Scan reads r to its end; name says what it is, as a path: its ending and folders are
// part of the judgement. An archive is read entry by entry.
func (s *Scanner) Scan(ctx context.Context, name string, r io.Reader) (Result, error) {
	c := s.collect()
	buf, ok := s.idle.Get().(*buffers)
	if !ok {
		buf = &buffers{}
	}
	defer s.idle.Put(buf)
	err := s.read(ctx, c, name, r, buf, 0)
	return c.result(), err
}

// buffers are reused from file to file by one worker.
type buffers struct {
	data []byte
}

// read scans one stream. nested counts the archives around it.
func (s *Scanner) read(ctx context.Context, c *collector, name string, r io.Reader, b *buffers, nested int) error {
	if cap(b.data) == 0 {
		b.data = make([]byte, chunkSize)
	}
	b.data = b.data[:cap(b.data)]
	n, err := readFull(ctx, r, b.data[:chunkSize])
	if err != nil && !errors.Is(err, io.EOF) {
		c.coverage.skip(name, Unreadable, reasonOf(err))
		return fmt.Errorf("read %s: %w", name, err)
	}
	head := b.data[:n]
	if kind := archiveOf(head, name); kind != noArchive {
		whole := io.MultiReader(bytes.NewReader(bytes.Clone(head)), r)
		return s.archive(ctx, c, name, kind, whole, b, nested)
	}
	if isMedia(head) {
		c.coverage.skip(name, Media, "")
		return nil
	}
	c.coverage.Files++
	d := newDocument(name)
	if isUTF16(head) {
		r = io.MultiReader(bytes.NewReader(bytes.Clone(head)), r)
		r = newUTF16(r)
		if n, err = readFull(ctx, r, b.data[:chunkSize]); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s as UTF-16: %w", name, err)
		}
	} else if bytes.IndexByte(head[:min(len(head), 8000)], 0) >= 0 {
		d.format = binary
	}
	// Grow to the whole document while it is not too large.
	for err == nil && n < wholeLimit && d.format != binary {
		if n == len(b.data) {
			b.data = append(b.data, make([]byte, min(len(b.data), wholeLimit-len(b.data)))...)
		}
		var m int
		m, err = readFull(ctx, r, b.data[n:min(len(b.data), wholeLimit)])
		n += m
	}
	if err != nil && !errors.Is(err, io.EOF) {
		c.coverage.skip(name, Unreadable, reasonOf(err))
		return fmt.Errorf("read %s: %w", name, err)
	}
	c.coverage.Bytes += int64(n)
	if errors.Is(err, io.EOF) {
		s.document(c, d, b.data[:n], place{line: 1})
		return nil
	}
	if isStructured(d, b.data[:n]) {
		c.coverage.skip(name, NotDecoded, fmt.Sprintf("over %d MiB", wholeLimit>>20))
	}
	return s.stream(ctx, c, d, b, n, r)
}

// stream goes on in pieces after the first n bytes of a document that is too large to be
// seen as a whole.
func (s *Scanner) stream(ctx context.Context, c *collector, d *document, b *buffers, n int, r io.Reader) error {
	at := place{line: 1}
	skip := 0 // what of the buffer was accepted before
	for last := false; ; {
		data := b.data[:n]
		end := n
		if !last {
			end = max(0, n-overlap)
		}
		s.piece(c, d, data, at, skip, end, nil)
		if last {
			return nil
		}
		keep := max(0, end-before)
		at.line += bytes.Count(data[:keep], []byte("\n"))
		if i := bytes.LastIndexByte(data[:keep], '\n'); i >= 0 {
			at.column = keep - i - 1
		} else {
			at.column += keep
		}
		skip = end - keep
		n = copy(b.data, data[keep:])
		m, err := readFull(ctx, r, b.data[n:min(len(b.data), n+chunkSize)])
		n += m
		c.coverage.Bytes += int64(m)
		switch {
		case errors.Is(err, io.EOF):
			last = true
		case err != nil:
			c.coverage.skip(d.path, Unreadable, reasonOf(err))
			return fmt.Errorf("read %s: %w", d.path, err)
		}
	}
}

// readFull fills p as far as it can; io.EOF says that there is no more.
func readFull(ctx context.Context, r io.Reader, p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		m, err := r.Read(p[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func reasonOf(err error) string {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return string(Interrupted)
	}
	return err.Error()
}
