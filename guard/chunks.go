package guard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"time"
)

func (r *relay) run() {
	var e ending
	defer func() {
		e.panicked = recover()
		r.finish(e)
	}()
	e.err = r.copy()
}

// copy passes on what comes. It waits with a small buffer: a larger one is lent while
// there is more than that at a time.
func (r *relay) copy() error {
	for full := false; ; {
		p := r.room[:]
		if full {
			p = r.f.lend()
		}
		n, err := r.src.Read(p[margin : len(p)-2])
		if n > 0 && r.pass(p, n) != nil {
			return context.Canceled // the caller has left
		}
		if full {
			r.f.Put(p)
		}
		if err != nil {
			return err
		}
		full = n == len(p)-margin-2
	}
}

// pass writes a piece, which has room before and after it.
func (r *relay) pass(p []byte, n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := &r.f.rec
	if rec.conn == nil {
		if _, err := rec.Write(p[margin : margin+n]); err != nil {
			return err
		}
		_ = rec.flush() // as httputil does: the next write tells
		return nil
	}
	var size [margin]byte
	head := append(strconv.AppendUint(size[:0], uint64(n), 16), "\r\n"...) //nolint:gosec // above 0
	from := margin - len(head)
	copy(p[from:], head)
	copy(p[margin+n:], "\r\n")
	rec.taking()
	_, err := rec.conn.Write(p[from : margin+n+2])
	rec.bytes += int64(n)
	return err
}

// finish tells the handler, or does what it would have done.
func (r *relay) finish(e ending) {
	r.mu.Lock()
	r.over = true
	conn := r.f.rec.conn
	r.mu.Unlock()
	if conn == nil {
		r.done <- e
		return
	}
	f := r.f
	log := f.p.o.Log
	whole := e.panicked == nil && errors.Is(e.err, io.EOF)
	switch {
	case e.panicked != nil:
		log.Error("panic", "id", f.x.ID, "route", f.x.Route.Pattern, "error", fmt.Sprint(e.panicked), "stack", string(debug.Stack()))
	case !whole && !errors.Is(e.err, context.Canceled):
		log.Warn("the answer broke off", "id", f.x.ID, "route", f.x.Route.Pattern, "error", e.err.Error())
	}
	keep := false
	defer func() { // nobody else takes a panic from here
		if p := recover(); p != nil {
			log.Error("panic", "id", f.x.ID, "route", f.x.Route.Pattern, "error", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
		_ = conn.SetReadDeadline(time.Unix(1, 0))
		<-r.watched
		r.host.Back(keep, r.next)
	}()
	r.end(whole)
	keep = whole && r.last(conn) == nil && r.keep
}

// end closes the answer, and is the end of the exchange though a tap breaks at that.
func (r *relay) end(whole bool) {
	defer r.f.end(whole)
	_ = r.src.Close() // and its trailer is there
}

// last writes the end of the chunks, and what follows them.
func (r *relay) last(conn io.Writer) error {
	var b bytes.Buffer
	b.WriteString("0\r\n")
	_ = r.res.Trailer.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	_, err := conn.Write(b.Bytes())
	return err
}
