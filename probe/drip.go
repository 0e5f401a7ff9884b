package probe

import (
	"bytes"
	"context"
	"io"
	"time"
)

// reader is the body as it is sent: at once, or drop by drop where the request
// says so.
func (t *attempt) reader(ctx context.Context, body []byte) io.ReadCloser {
	if t.r.Slowly <= 0 || len(body) == 0 {
		return io.NopCloser(bytes.NewReader(body))
	}
	return io.NopCloser(&drip{ctx: ctx, left: body, pause: t.r.Slowly / time.Duration(len(body)), sleep: t.c.o.Sleep})
}

// drip gives a byte after each pause, until its context ends.
type drip struct {
	ctx   context.Context
	left  []byte
	pause time.Duration
	begun bool
	sleep func(context.Context, time.Duration) error
}

func (d *drip) Read(b []byte) (int, error) {
	if len(d.left) == 0 {
		return 0, io.EOF
	}
	if len(b) == 0 {
		return 0, nil
	}
	if d.begun {
		if err := d.sleep(d.ctx, d.pause); err != nil {
			return 0, err
		}
	}
	d.begun = true
	b[0], d.left = d.left[0], d.left[1:]
	return 1, nil
}
