package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// wire speaks HTTP/1.1 over one connection that is kept. It reads as little of an
// answer as is needed to know where that ends: a client library would cost more than
// the proxies that are measured, on the same cores.
type wire struct {
	conn   net.Conn
	in     *bufio.Reader
	broken int // answers that broke off, and were asked for again
}

// patience is how long an answer is waited for before the measurement is given up.
const patience = 30 * time.Second

func dial(ctx context.Context, address string) (*wire, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &wire{conn: c, in: bufio.NewReaderSize(c, 8<<10)}, nil
}

// sure asks again where the connection breaks, three times: some proxies close one that
// is used again, and that is counted. Anything but 200 is an error: what was refused
// costs less.
func (w *wire) sure(ctx context.Context, request []byte) (reply, error) {
	for try := 0; ; try++ {
		r, err := w.ask(request, nil)
		switch {
		case err == nil && r.status != http.StatusOK:
			return r, fmt.Errorf("status %d", r.status)
		case err == nil || try == 3 || ctx.Err() != nil:
			return r, err
		}
		w.broken++
		next, err := dial(ctx, w.conn.RemoteAddr().String())
		if err != nil {
			return r, err
		}
		_ = w.conn.Close() // it is broken
		w.conn, w.in = next.conn, next.in
	}
}

// reply is what an answer was.
type reply struct {
	status int
	length int       // of the body
	first  time.Time // when the first byte of the body was there
}

// ask sends the request and reads the answer to its end. The body goes to sink, where
// there is one.
func (w *wire) ask(request []byte, sink *bytes.Buffer) (reply, error) {
	if err := w.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return reply{}, err
	}
	if _, err := w.conn.Write(request); err != nil {
		return reply{}, err
	}
	r, length, chunked, err := w.head()
	if err != nil {
		return r, err
	}
	to := io.Discard
	if sink != nil {
		to = sink
	}
	if chunked || length > 0 {
		if _, err := w.in.Peek(1); err == nil {
			r.first = time.Now()
		}
	}
	switch {
	case chunked:
		r.length, err = w.chunks(to)
		return r, err
	case length < 0:
		return r, errors.New("the answer does not tell its length")
	}
	_, err = io.CopyN(to, w.in, int64(length))
	r.length = length
	return r, err
}

// head reads the header. length is -1 where none is told.
func (w *wire) head() (r reply, length int, chunked bool, err error) {
	length = -1
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return r, length, false, err
	}
	f := bytes.Fields(line)
	if len(f) < 2 || !bytes.HasPrefix(f[0], []byte("HTTP/1.")) {
		return r, length, false, fmt.Errorf("no answer of HTTP/1: %.60q", line)
	}
	if r.status, err = strconv.Atoi(string(f[1])); err != nil {
		return r, length, false, fmt.Errorf("no status: %.60q", line)
	}
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return r, length, false, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return r, length, chunked, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return r, length, false, fmt.Errorf("no length: %.60q", line)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		}
	}
}

// chunks reads pieces until the last, and gives how much they were.
func (w *wire) chunks(to io.Writer) (int, error) {
	all := 0
	for {
		size, err := w.chunk()
		if err != nil {
			return all, err
		}
		if _, err := io.CopyN(to, w.in, int64(size)); err != nil {
			return all, err
		}
		all += size
		if _, err := w.in.ReadSlice('\n'); err != nil { // after the piece, or after the last one, which has no trailer
			return all, err
		}
		if size == 0 {
			return all, nil
		}
	}
}

// chunk reads the size of the next piece.
func (w *wire) chunk() (int, error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	line, _, _ = bytes.Cut(bytes.TrimSpace(line), []byte(";"))
	n, err := strconv.ParseUint(string(line), 16, 31)
	if err != nil {
		return 0, fmt.Errorf("no size of a chunk: %.60q", line)
	}
	return int(n), nil //nolint:gosec // 31 bits
}

// callers are connections to one address.
type callers []*wire

func connect(ctx context.Context, address string, n int) (callers, error) {
	var out callers
	for range n {
		w, err := dial(ctx, address)
		if err != nil {
			out.close()
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// over puts so many connections to the subject to some use, and closes them.
func (s *subject) over(ctx context.Context, n int, use func(callers) error) error {
	lines, err := connect(ctx, s.address, n)
	if err == nil {
		defer lines.close()
		err = use(lines)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// broken is how many answers broke off.
func (c callers) broken() int {
	n := 0
	for _, w := range c {
		n += w.broken
	}
	return n
}

func (c callers) close() {
	for _, w := range c {
		_ = w.conn.Close() // nothing is under way on it
	}
}

// closed asks for so long, each connection its next question as soon as it has the last
// answer, and gives how many were answered.
func (c callers) closed(ctx context.Context, request []byte, span time.Duration) (int, error) {
	var (
		n     atomic.Int64
		wait  sync.WaitGroup
		once  sync.Once
		wrong error
		over  = time.Now().Add(span)
	)
	for _, w := range c {
		wait.Go(func() {
			for ctx.Err() == nil && time.Now().Before(over) {
				if _, err := w.sure(ctx, request); err != nil {
					once.Do(func() { wrong = err })
					return
				}
				n.Add(1)
			}
		})
	}
	wait.Wait()
	return int(n.Load()), errors.Join(wrong, ctx.Err())
}

// paced sends so many requests a second, whether those before were answered or not, and
// takes each one's time from when it should have left: who waits for a connection, or
// for this machine, waits for the proxy (coordinated omission). Times are in the order
// of what was due, exact, in milliseconds.
func (c callers) paced(ctx context.Context, request []byte, rate int, span time.Duration) ([]float64, error) {
	var (
		gap   = time.Second / time.Duration(rate)
		count = int(span / gap)
		took  = make([]float64, count)
		next  atomic.Int64
		wait  sync.WaitGroup
		once  sync.Once
		wrong error
		start = time.Now().Add(10 * time.Millisecond)
	)
	for _, w := range c {
		wait.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= count {
					return
				}
				due := start.Add(time.Duration(i) * gap)
				time.Sleep(time.Until(due))
				if _, err := w.sure(ctx, request); err != nil {
					once.Do(func() { wrong = err })
					return
				}
				took[i] = float64(time.Since(due)) / float64(time.Millisecond)
			}
		})
	}
	wait.Wait()
	return took, errors.Join(wrong, ctx.Err())
}
