package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	lr "github.com/launchready/launchready"
)

// oversize is the body that no form and no text needs.
const oversize = 10 * mega

// mostLarge is how many routes are sent large bodies.
func mostLarge(p lr.Profile) int {
	switch p {
	case lr.Quick:
		return 16
	case lr.Deep:
		return 60
	}
	return 24
}

// weight is what came of a large body.
type weight struct {
	x    *lr.Exchange // without what was sent; nil where the connection was cut
	made bool         // an object was made of it
	read *lr.Exchange // nil where the owner could not look
}

// eachLarge asks the creations one after the other, whoever asks: two large bodies
// at once say no more, and take the memory of both sides.
func eachLarge(ctx context.Context, t *lr.Trial, ask func(context.Context, *lr.Trial, *maker, *tally) error) error {
	makers, err := makersOf(ctx, t)
	if err != nil {
		return err
	}
	var creations []*maker
	for _, m := range makers {
		if m.changes == nil && len(creations) < mostLarge(t.Profile) {
			creations = append(creations, m)
		}
	}
	one, err := lr.Recall(ctx, t.Memo, "input: one large body", func(context.Context) (*sync.Mutex, error) { return &sync.Mutex{}, nil })
	if err != nil {
		return err
	}
	err = askMakers(ctx, t, creations, func(ctx context.Context, t *lr.Trial, m *maker, c *tally) error {
		one.Lock()
		defer one.Unlock()
		return ask(ctx, t, m, c)
	})
	if errors.Is(err, errNothing) {
		t.Unknown(application, "no creation could be asked that the run could read back and take away again")
		return nil
	}
	return err
}

// withLength sends a well-formed body with ten megabytes of space in it, once a
// run and route.
func withLength(ctx context.Context, t *lr.Trial, m *maker, c *tally) (weight, error) {
	return lr.Recall(ctx, t.Memo, "input: large "+m.String(), func(ctx context.Context) (weight, error) {
		return sendLarge(ctx, t, m, c, false)
	})
}

// sendLarge is not sent again by the client: a server that refuses by cutting the
// connection has answered. It does so twice where it means it, and an object that is
// not there on a first look is looked for once more: a busy server cuts and lags too.
func sendLarge(ctx context.Context, t *lr.Trial, m *maker, c *tally, streamed bool) (weight, error) {
	note := fmt.Sprintf("a body of %d MB", oversize/mega)
	if streamed {
		note += " that does not say its length"
	}
	var x *lr.Exchange
	for range 2 {
		r, _, err := m.body(ctx, t)
		if err != nil || len(r.Body) < 2 {
			return weight{}, err
		}
		r.Body = padded(r.Body)
		r.Once, r.Streamed = true, streamed
		if x, err = c.send(ctx, t, m.door, r, note); err == nil {
			break
		}
		if over := ended(ctx, err); over != nil {
			return weight{}, over
		}
	}
	if x == nil {
		c.n++
		return weight{}, nil // the server closed before it had read all
	}
	y := *x
	y.Sent = nil
	out := weight{x: &y}
	for range 2 {
		st, err := m.kept(ctx, t, x)
		if err != nil {
			return out, err
		}
		if st == nil {
			continue
		}
		if out.made, out.read = st.Exists, st.Exchange; out.made {
			break
		}
	}
	return out, nil
}

// padded is a body with so much space after its first byte, made in one piece.
func padded(body []byte) []byte {
	out := bytes.Repeat([]byte{' '}, oversize+len(body))
	out[0] = body[0]
	copy(out[1+oversize:], body[1:])
	return out
}
