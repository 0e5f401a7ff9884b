package har

import (
	"bytes"
	"errors"
	"io"
	"sort"
)

// cutMark ends a text that was cut short. Private use characters stand in no
// protocol; who writes them into a recording gets a body that is dropped.
const cutMark = "\ue0ff\ue0fecut"

var errScalar = errors.New("this is no JSON: a number or a word without end")

// clipper passes JSON on and cuts texts that are longer than its limit. A JSON
// decoder holds a whole text in memory, so that what is too long must not reach it.
type clipper struct {
	r     io.Reader
	limit int
	in    []byte // of buf, not yet passed on
	buf   []byte
	err   error

	quoted  bool
	escape  int // bytes of an escape that are still to come
	length  int // of the text so far
	cutting bool
	scalar  int // length of a word or number so far

	out, dropped int64
	cuts         []cut
}

// cut says that from a place in the output on, so many bytes are missing.
type cut struct{ at, dropped int64 }

func newClipper(r io.Reader, limit int) *clipper {
	return &clipper{r: r, limit: limit, buf: make([]byte, 64<<10)}
}

func (c *clipper) Read(p []byte) (int, error) {
	if len(p) < 2*len(cutMark) {
		return 0, io.ErrShortBuffer
	}
	n := 0
	for n == 0 {
		if len(c.in) == 0 {
			if c.err != nil {
				return 0, c.err
			}
			k, err := c.r.Read(c.buf)
			c.in, c.err = c.buf[:k], err
			continue
		}
		var used int
		var err error
		n, used, err = c.pass(p, c.in)
		c.in = c.in[used:]
		c.out += int64(n)
		if err != nil {
			c.in, c.err = nil, err
			return n, err
		}
	}
	return n, nil
}

// pass copies from src to dst as far as there is room for a mark.
func (c *clipper) pass(dst, src []byte) (wrote, read int, err error) {
	for read < len(src) && wrote+1+len(cutMark) <= len(dst) {
		if n := c.run(src[read:]); n > 0 && c.cutting {
			read += n
			c.length += n
			c.dropped += int64(n)
			continue
		} else if n = min(n, len(dst)-wrote-len(cutMark), c.limit-c.length-4); n > 0 {
			wrote += copy(dst[wrote:], src[read:read+n])
			read += n
			c.length += n
			continue
		}
		b := src[read]
		read++
		if !c.quoted {
			switch {
			case b == '"':
				c.quoted, c.length, c.scalar = true, 0, 0
			case bytes.IndexByte([]byte(" \t\r\n{}[],:"), b) >= 0:
				c.scalar = 0
			default:
				if c.scalar++; c.scalar > 4096 {
					return wrote, read, errScalar
				}
			}
			dst[wrote] = b
			wrote++
			continue
		}
		switch {
		case c.escape > 0:
			if c.escape--; c.escape == 0 && b == 'u' {
				c.escape = -4
			}
		case c.escape < 0:
			c.escape++
		case b == '\\':
			c.escape = 1
		case b == '"':
			c.quoted = false
			if c.cutting {
				wrote += copy(dst[wrote:], cutMark)
				c.cuts = append(c.cuts, cut{c.out + int64(wrote), c.dropped - int64(len(cutMark))})
				c.dropped -= int64(len(cutMark))
				c.cutting = false
			}
			dst[wrote] = b
			wrote++
			continue
		}
		c.length++
		if c.cutting {
			c.dropped++
			continue
		}
		dst[wrote] = b
		wrote++
		// An escape is never cut in two, and neither is a rune: the next byte begins one.
		c.cutting = c.length >= c.limit && c.escape == 0 && (read >= len(src) || src[read]&0xC0 != 0x80)
	}
	return wrote, read, nil
}

// run is how many bytes of a text follow that are neither its end nor an escape.
func (c *clipper) run(src []byte) int {
	if !c.quoted || c.escape != 0 {
		return 0
	}
	for i, b := range src {
		if b == '"' || b == '\\' {
			return i
		}
	}
	return len(src)
}

// offset is the place in the input that a place in the output came from.
func (c *clipper) offset(out int64) int64 {
	i := sort.Search(len(c.cuts), func(i int) bool { return c.cuts[i].at > out })
	if i == 0 {
		return out
	}
	return out + c.cuts[i-1].dropped
}

// place gives line and column of an offset, reading the input again.
func place(r io.ReadSeeker, offset int64) (line, column int, err error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return 0, 0, err
	}
	line, column = 1, 1
	buf := make([]byte, 64<<10)
	for offset > 0 {
		n, err := r.Read(buf[:min(int64(len(buf)), offset)])
		offset -= int64(n)
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			line += bytes.Count(buf[:n], []byte("\n"))
			column = n - i
		} else {
			column += n
		}
		if err != nil {
			break
		}
	}
	return line, column, nil
}
