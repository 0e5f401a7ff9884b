package secretscan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/redact"
)

// leastProof is the length from which the occurrence of a value proves something.
const leastProof = 8

// Known is a value of the user's own that must stay on the server, such as the value of an
// environment variable. The caller looks it up; it is held in memory and never written.
type Known struct {
	Name  string
	Value lr.Secret
}

// Leak is a known value that was found where it must not be. Nothing is guessed: the
// value itself stood there, in the form that is named.
type Leak struct {
	Name        string
	Fingerprint string
	Form        string // plain, url, json, html, base64
	Place       Place
	Times       int
}

// Proof looks for known values in anything that is shipped, logged or answered. It is
// safe for concurrent use.
type Proof struct {
	parts   []proofPart
	unfit   []string
	longest int
	idle    sync.Pool // *[]byte of searches that are over
}

// proofPart is one automaton over the beginnings of some forms; what follows is compared.
type proofPart struct {
	words *automaton
	forms []proofForm
}

type proofForm struct {
	name, fingerprint, form string
	text                    string
}

// stem is how much of a form the automaton holds: enough to be rare.
const stem = 12

// Proof makes a search for values. Those that are too short, or that are words which stand
// everywhere, prove nothing: Unfit names them.
func (s *Scanner) Proof(values []Known) (*Proof, error) {
	p := &Proof{}
	var words []string
	var forms []proofForm
	states := 0
	flush := func() error {
		if len(words) == 0 {
			return nil
		}
		a, err := newAutomaton(words, false)
		if err != nil {
			return fmt.Errorf("compile the values to look for: %w", err)
		}
		p.parts = append(p.parts, proofPart{a, forms})
		words, forms, states = nil, nil, 0
		return nil
	}
	for _, k := range values {
		v := k.Value.Reveal()
		if !fit(v) {
			p.unfit = append(p.unfit, k.Name)
			continue
		}
		mark := fingerprint(s.key, v)
		for _, f := range redact.Forms(v) {
			t := f.Text
			if len(t) < leastProof || f.Name == "base64" && len(t) < leastProof+2 {
				continue
			}
			begin := t[:min(len(t), stem)]
			if states += len(begin); states > mostStates-2*stem {
				if err := flush(); err != nil {
					return nil, err
				}
				states = len(begin)
			}
			words = append(words, begin)
			forms = append(forms, proofForm{name: k.Name, fingerprint: mark, form: f.Name, text: t})
			p.longest = max(p.longest, len(t))
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	return p, nil
}

// fit reports values whose occurrence proves something.
func fit(v string) bool {
	t := traitsOf(v)
	low := strings.ToLower(v)
	if len(v) < leastProof || t.distinct < 4 || isNumber(v) || knownDefaults[low] || len(v) > 64<<10 {
		return false
	}
	if isRandom(v) {
		return true
	}
	// A name, a path, a host or an address stands in many files for good reasons.
	if isOrdinary(v, low) && !strings.Contains(v, "@") || isWordy(v) {
		return false
	}
	return t.digits >= 2 || strings.ContainsAny(v, "!#$%&*+=?@^~|")
}

// Unfit names the values that are not looked for.
func (p *Proof) Unfit() []string { return p.unfit }

// String never gives a value.
func (p *Proof) String() string { return "[known values]" }

// GoString never gives a value.
func (p *Proof) GoString() string { return p.String() }

// Search looks for the values in a stream, in pieces that overlap.
func (p *Proof) Search(ctx context.Context, name string, r io.Reader) ([]Leak, Coverage, error) {
	var c Coverage
	found := map[string]*Leak{}
	keep := p.longest + 64
	lent, ok := p.idle.Get().(*[]byte)
	if !ok {
		b := make([]byte, chunkSize+2*keep)
		lent = &b
	}
	defer p.idle.Put(lent)
	buf := *lent
	n, from, line, column := 0, 0, 1, 0
	c.Files = 1
	for {
		m, err := readFull(ctx, r, buf[n:])
		n += m
		c.Bytes += int64(m)
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			c.skip(name, Unreadable, reasonOf(err))
			return leaks(found), c, fmt.Errorf("read %s: %w", name, err)
		}
		end := n
		if !last {
			end = n - keep
		}
		p.search(buf[:n], from, end, func(f *proofForm, at int) {
			if l, ok := found[f.fingerprint+f.name]; ok {
				l.Times++
				return
			}
			l := &Leak{Name: f.name, Fingerprint: f.fingerprint, Form: f.form, Times: 1, Place: Place{Path: name, Line: line + bytes.Count(buf[:at], []byte("\n")), Column: at + 1}}
			if i := bytes.LastIndexByte(buf[:at], '\n'); i >= 0 {
				l.Place.Column = at - i
			} else {
				l.Place.Column += column
			}
			found[f.fingerprint+f.name] = l
		})
		if last {
			return leaks(found), c, nil
		}
		line += bytes.Count(buf[:end], []byte("\n"))
		if i := bytes.LastIndexByte(buf[:end], '\n'); i >= 0 {
			column = end - i - 1
		} else {
			column += end
		}
		n = copy(buf, buf[end:n])
		from = 0
	}
}

// search calls visit for each value that begins in data[from:to].
func (p *Proof) search(data []byte, from, to int, visit func(f *proofForm, at int)) {
	type span struct {
		mark string
		at   int
	}
	last := span{at: -1}
	for i := range p.parts {
		part := &p.parts[i]
		part.words.scan(data, func(word uint16, end int) {
			f := &part.forms[word]
			at := end - min(len(f.text), stem)
			if at < from || at >= to || len(data)-at < len(f.text) || string(data[at:at+len(f.text)]) != f.text {
				return
			}
			if last == (span{f.fingerprint, at}) {
				return // two forms of one value may be the same text
			}
			last = span{f.fingerprint, at}
			visit(f, at)
		})
	}
}

func leaks(found map[string]*Leak) []Leak {
	out := make([]Leak, 0, len(found))
	for _, l := range found {
		out = append(out, *l)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i].Place, out[j].Place
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column || a.Column == b.Column && out[i].Name < out[j].Name
	})
	return out
}

// Tree looks for the values in every file below root: a built bundle, a folder of logs.
func (p *Proof) Tree(ctx context.Context, root string) ([]Leak, Coverage, error) {
	var all []Leak
	var c Coverage
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name, relErr := filepath.Rel(root, path)
		if relErr != nil || name == "." {
			name = filepath.Base(path)
		}
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			if path == root {
				return err
			}
			c.skip(name, Unreadable, cause(err))
			return nil
		case e.Type()&fs.ModeSymlink != 0:
			c.skip(name, Link, "")
			return nil
		case e.IsDir():
			return nil
		case !e.Type().IsRegular():
			c.skip(name, Special, e.Type().String())
			return nil
		}
		f, err := os.Open(path) //nolint:gosec // the user names the folder
		if err != nil {
			c.skip(name, Unreadable, cause(err))
			return nil
		}
		defer f.Close()
		found, read, err := p.Search(ctx, name, f)
		all = append(all, found...)
		c.Add(read)
		if err != nil && ctx.Err() != nil {
			return err
		}
		return nil
	})
	if err != nil {
		c.skip(root, Interrupted, cause(err))
		return all, c, fmt.Errorf("look for known values in %s: %w", root, err)
	}
	return all, c, nil
}
