package har

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

var (
	errEnough = errors.New("enough entries")
	errDeep   = fmt.Errorf("nested deeper than %d levels", maxDepth)
)

// parser reads one recording token by token: nothing but the entry at hand is
// ever in memory.
type parser struct {
	clip  *clipper
	dec   *json.Decoder
	o     Options
	visit func(*Entry) error
	info  Info

	number  int
	entries bool  // the recording has a list of entries
	more    int   // warnings that were not kept
	stopped error // what visit returned
}

func newParser(r io.Reader, o Options, visit func(*Entry) error) *parser {
	c := newClipper(&bomSkipper{r: r}, max(2*o.MaxBody, minString))
	d := json.NewDecoder(c)
	d.UseNumber()
	return &parser{clip: c, dec: d, o: o, visit: visit}
}

// bomSkipper turns a byte order mark into spaces, so that places stay true.
type bomSkipper struct {
	r    io.Reader
	past bool
}

func (b *bomSkipper) Read(p []byte) (int, error) {
	if b.past || len(p) < 3 {
		return b.r.Read(p)
	}
	b.past = true
	n, err := io.ReadFull(b.r, p[:3])
	if n == 3 && string(p[:3]) == "\ufeff" {
		copy(p, "   ")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

func (p *parser) visited(err error) bool { return p.stopped != nil && errors.Is(err, p.stopped) }

// placed tells where and what to do about a fault.
func (p *parser) placed(r io.Reader, err error) error {
	out := &SyntaxError{Entry: p.number, Message: err.Error()}
	at := p.dec.InputOffset()
	var syn *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), strings.Contains(err.Error(), "unexpected end"):
		out.Message = "the recording ends in the middle: it was cut off while it was saved; export it again"
		at = p.clip.out
	case errors.As(err, &syn):
		out.Message = "this is no JSON: " + strings.TrimPrefix(syn.Error(), "json: ")
	case errors.Is(err, errNoLog), errors.Is(err, errDeep), errors.Is(err, errScalar):
	default:
		return err // the reader's own: no fault of the text
	}
	if s, ok := r.(io.ReadSeeker); ok {
		if line, column, err := place(s, p.clip.offset(at)); err == nil {
			out.Line, out.Column = line, column
		}
	}
	return out
}

var errNoLog = errors.New("this is no HAR recording: it has no log with entries")

func (p *parser) recording() error {
	ok, err := p.object(func(key string) error {
		if key != "log" {
			return p.skip()
		}
		_, err := p.object(p.log)
		return err
	})
	if err != nil {
		return err
	}
	if !ok || !p.entries {
		return errNoLog
	}
	return nil
}

func (p *parser) log(key string) error {
	switch key {
	case "version":
		v, _, err := p.text()
		p.info.Version = v
		if err == nil && v != "1.2" && v != "1.1" && v != "" {
			p.warn("the recording says version %.20q; read as 1.2", v)
		}
		return err
	case "creator":
		_, err := p.object(func(key string) error {
			s, _, err := p.text()
			if key == "name" || key == "version" {
				p.info.Creator = strings.TrimSpace(p.info.Creator + " " + clipped(s, 80))
			}
			return err
		})
		return err
	case "entries":
		ok, err := p.array(func(int) error { return p.next() })
		p.entries = p.entries || ok
		return err
	}
	return p.skip()
}

// next reads one entry and hands it on.
func (p *parser) next() error {
	if p.info.Entries >= p.o.MaxEntries {
		p.warn("only the first %d entries were read", p.o.MaxEntries)
		return errEnough
	}
	p.number++
	e, why, err := p.entry()
	if err != nil {
		return err
	}
	if why == notNetwork {
		return nil
	}
	if why != "" {
		p.info.Skipped++
		p.warn("entry %d: %s; skipped", p.number, why)
		return nil
	}
	p.info.Entries++
	p.info.Cookies = p.info.Cookies || len(e.Cookies) > 0 || e.Header.Get("Authorization") != ""
	if err := p.visit(e); err != nil {
		p.stopped = err
		return err
	}
	return nil
}

func (p *parser) warn(format string, args ...any) {
	if len(p.info.Warnings) >= maxWarnings {
		p.more++
		return
	}
	p.info.Warnings = append(p.info.Warnings, fmt.Sprintf(format, args...))
}

// object calls f with each key of an object; f reads the value. ok is false
// where something else stood, which is skipped.
func (p *parser) object(f func(key string) error) (ok bool, err error) {
	tok, err := p.dec.Token()
	if err != nil {
		return false, err
	}
	if tok != json.Delim('{') {
		return false, p.rest(tok)
	}
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return true, err
		}
		name, _ := key.(string)
		if err := f(name); err != nil {
			return true, err
		}
	}
	_, err = p.dec.Token()
	return true, err
}

// array calls f for each element of an array; f reads it.
func (p *parser) array(f func(i int) error) (ok bool, err error) {
	tok, err := p.dec.Token()
	if err != nil {
		return false, err
	}
	if tok != json.Delim('[') {
		return false, p.rest(tok)
	}
	for i := 0; p.dec.More(); i++ {
		if err := f(i); err != nil {
			return true, err
		}
	}
	_, err = p.dec.Token()
	return true, err
}

// text reads a scalar as text. cut says that it was longer than is kept.
func (p *parser) text() (s string, cut bool, err error) {
	tok, err := p.dec.Token()
	if err != nil {
		return "", false, err
	}
	switch v := tok.(type) {
	case string:
		s, cut = strings.CutSuffix(v, cutMark)
		return s, cut, nil
	case json.Number:
		return v.String(), false, nil
	case json.Delim:
		return "", false, p.rest(tok)
	}
	return "", false, nil
}

func (p *parser) skip() error {
	tok, err := p.dec.Token()
	if err != nil {
		return err
	}
	return p.rest(tok)
}

// rest skips what a token has begun.
func (p *parser) rest(tok json.Token) error {
	depth := 0
	for {
		switch tok {
		case json.Delim('{'), json.Delim('['):
			if depth++; depth > maxDepth {
				return errDeep
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth <= 0 {
			return nil
		}
		var err error
		if tok, err = p.dec.Token(); err != nil {
			return err
		}
	}
}

func clipped(s string, n int) string {
	if len(s) > n {
		return strings.ToValidUTF8(s[:n], "")
	}
	return s
}
