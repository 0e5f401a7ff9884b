package probe

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

// streams reports a reply that may have no end by design.
func streams(h http.Header) bool {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return false
	}
	switch t {
	case "text/event-stream", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
		"application/stream+json", "application/json-seq", "multipart/x-mixed-replace":
		return true
	}
	return false
}

// drained is what reading a body gave.
type drained struct {
	body  []byte
	whole bool  // the end was reached, and all of it kept
	err   error // what broke the reading; nil at a bound of ours
}

// drain reads a body: keep bytes are kept, as many as count are read, and the
// rest is left on the wire, so that nothing a target sends fills memory. The
// bounds hold for decoded bytes, which is what makes a gzip bomb harmless.
//
// enough, when it is not nil, ends the reading early: the body is whole then.
func drain(src io.Reader, encoding string, keep, count int64, enough func([]byte) bool) drained {
	r, err := decoder(src, encoding)
	if err != nil {
		return drained{err: err}
	}
	var d drained
	if enough != nil {
		r = &sated{Reader: r, keep: keep, enough: enough}
	}
	d.body, d.err = io.ReadAll(io.LimitReader(r, keep))
	if d.err != nil || int64(len(d.body)) < keep {
		d.whole = d.err == nil
		return d
	}
	more, err := io.Copy(io.Discard, io.LimitReader(r, count-keep+1))
	d.whole = err == nil && more == 0
	return d
}

// sated ends a body where somebody has enough of it.
type sated struct {
	io.Reader
	keep   int64
	got    []byte
	enough func([]byte) bool
	full   bool
}

func (s *sated) Read(b []byte) (int, error) {
	if s.full {
		return 0, io.EOF
	}
	n, err := s.Reader.Read(b)
	if n > 0 && int64(len(s.got)) < s.keep {
		s.got = append(s.got, b[:n]...)
		s.full = s.enough(s.got)
	}
	return n, err
}

// decoder unpacks what the client offered to take. A body that is not what its
// Content-Encoding says is passed on as it is.
func decoder(src io.Reader, encoding string) (io.Reader, error) {
	br := bufio.NewReader(src)
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "gzip", "x-gzip":
		if b, err := br.Peek(2); err == nil && b[0] == 0x1f && b[1] == 0x8b {
			return gzip.NewReader(br)
		}
	case "deflate": // RFC 9110, 8.4.1.2: zlib, though some send the bare stream
		if b, err := br.Peek(2); err == nil && b[0]&0x0f == 8 && (uint(b[0])<<8|uint(b[1]))%31 == 0 {
			return zlib.NewReader(br)
		} else if err == nil {
			return flate.NewReader(br), nil
		}
	}
	return br, nil
}

// pulse reads on, counts, and winds the stall timer at each sign of life.
type pulse struct {
	io.Reader
	timer *time.Timer
	stall time.Duration
	count func(n int)
}

func (p *pulse) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.timer.Reset(p.stall)
		p.count(n)
	}
	return n, err
}
