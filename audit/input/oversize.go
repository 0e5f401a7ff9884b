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
	read *lr.Exchange
}

// eachLarge asks the creations one after the other: two large bodies at once say
// no more, and take the memory of both sides.
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
	var one sync.Mutex
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

// sendLarge is sent once: a server that refuses by cutting the connection has
// answered.
func sendLarge(ctx context.Context, t *lr.Trial, m *maker, c *tally, streamed bool) (weight, error) {
	r, _, err := m.body(ctx, t)
	if err != nil || len(r.Body) < 2 {
		return weight{}, err
	}
	r.Body = append(append([]byte{r.Body[0]}, bytes.Repeat([]byte{' '}, oversize)...), r.Body[1:]...)
	r.Once, r.Streamed = true, streamed
	note := fmt.Sprintf("a body of %d MB", oversize/mega)
	if streamed {
		note += " that does not say its length"
	}
	x, err := c.send(ctx, t, m.door, r, note)
	if over := ended(ctx, err); over != nil {
		return weight{}, over
	}
	if err != nil {
		c.n++
		return weight{}, nil //nolint:nilerr // the server closed before it had read all
	}
	y := *x
	y.Sent = nil
	out := weight{x: &y}
	st, err := m.kept(ctx, t, x)
	if err != nil || st == nil {
		return out, err
	}
	out.made, out.read = st.Exists, st.Exchange
	return out, nil
}
