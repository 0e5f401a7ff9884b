package model

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/launchready/launchready/guard/model/span"
)

// event is one event of a stream (WHATWG HTML, 9.2), or a whole answer.
type event struct {
	raw  []byte // as it came, with the blank line behind it
	data []byte // what its data lines hold
	from int    // of the data line in raw; -1: several lines
	to   int
	doc  span.Document
	json bool

	held   int    // what must be decided before it goes on
	drop   bool   // it does not go on
	before []byte // what goes in front of it
}

const (
	longestEvent = 4 << 20
	longestQueue = 8 << 20 // of events that wait
)

var errEvent = errors.New("the stream is not one of events")

// next reads an event; io.EOF ends the stream between two. Lines end as providers end
// them: a lone carriage return, which readers take in different ways, is refused.
func (e *event) next(r *bufio.Reader) error {
	*e = event{raw: e.raw[:0], doc: e.doc, from: -1}
	lines := 0
	for {
		start := len(e.raw)
		for {
			part, err := r.ReadSlice('\n')
			e.raw = append(e.raw, part...)
			if len(e.raw) > longestEvent {
				return errEvent
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if errors.Is(err, io.EOF) && len(bytes.TrimSpace(e.raw)) > 0 {
				return io.ErrUnexpectedEOF // an event without its end is none
			}
			if err != nil {
				return err
			}
			break
		}
		line := bytes.TrimSuffix(e.raw[start:len(e.raw)-1], []byte("\r"))
		if bytes.IndexByte(line, '\r') >= 0 {
			return errEvent
		}
		if len(line) == 0 {
			break
		}
		if v, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			if lines++; lines == 1 {
				e.to = start + len(line)
				e.from = e.to - len(bytes.TrimPrefix(v, []byte(" ")))
			}
		}
	}
	if lines == 1 {
		e.data = e.raw[e.from:e.to]
	} else if lines > 1 {
		e.from = -1
		for line := range bytes.Lines(e.raw) {
			if v, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r\n"), []byte("data:")); ok {
				if e.data != nil {
					e.data = append(e.data, '\n')
				}
				e.data = append(e.data, bytes.TrimPrefix(v, []byte(" "))...)
			}
		}
	}
	return nil
}

// write appends what becomes of the event.
func (e *event) write(dst []byte) []byte {
	dst = append(dst, e.before...)
	switch {
	case e.drop:
		return dst
	case !e.json || !e.doc.Edited():
		return append(dst, e.raw...)
	case e.from >= 0:
		dst = append(dst, e.raw[:e.from]...)
		dst = append(dst, e.doc.Output()...)
		return append(dst, e.raw[e.to:]...)
	}
	for line := range bytes.Lines(e.raw) {
		if !bytes.HasPrefix(line, []byte("data:")) && len(bytes.TrimSpace(line)) > 0 {
			dst = append(dst, line...)
		}
	}
	// The data was several lines: blanks between values may hold line breaks.
	dst = append(append(dst, "data: "...), bytes.ReplaceAll(e.doc.Output(), []byte("\n"), []byte(" "))...)
	return append(dst, "\n\n"...)
}
