package input

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	lr "github.com/launchready/launchready"
)

// faulty reports an answer that says that the server broke on what it was sent.
// Busy, not implemented and a gateway without an application say nothing of it.
func faulty(x *lr.Exchange) bool {
	return x != nil && x.Status >= 500 && (x.Status < 501 || x.Status > 504) && x.Status < 520
}

// breaks sends what may break the server. It says what broke, twice, while a
// well-formed request works in between: the connection, or the answer. A nil
// exchange with "" says that the connection broke and could not be told.
func (m *maker) breaks(ctx context.Context, t *lr.Trial, c *tally, note string, make func(*lr.Request) error) (x *lr.Exchange, say string, err error) {
	once := func() (*lr.Exchange, error) {
		r, err := m.request(ctx, t)
		if err != nil {
			return nil, err
		}
		if err := make(r); err != nil {
			return nil, err
		}
		x, err := c.send(ctx, t, m.door, r, note)
		if errors.Is(err, errBusy) || errors.Is(err, errUntold) {
			return nil, err
		}
		if over := ended(ctx, err); over != nil {
			return nil, over
		}
		return x, nil // nil: the connection broke
	}
	if x, err = once(); err != nil || x != nil && !faulty(x) {
		return x, "", err
	}
	r, err := m.request(ctx, t)
	if err != nil {
		return x, "", err
	}
	plain, err := (&tries{}).send(ctx, t, m.door, r, "a well-formed request in between")
	if over := ended(ctx, err); over != nil {
		return x, "", over
	}
	if err != nil || !plain.OK() || m.changes == nil && madeBy(m.door, plain) == nil {
		return x, "", nil
	}
	y, err := once()
	switch {
	case err != nil:
		return x, "", err
	case x == nil && y == nil:
		return plain, "breaks the connection, twice, and well-formed ones are answered in between", nil
	case faulty(x) && faulty(y):
		return y, fmt.Sprintf("is answered %d, twice, and well-formed ones are not", y.Status), nil
	}
	return y, "", nil
}

// broke adds what breaks says to what was wrong.
func (c *tally) broke(x *lr.Exchange, what, say string) {
	g := lr.Low
	if !faulty(x) {
		g = lr.Medium // a connection that breaks is a process that died
	}
	c.busy = max(c.busy-2, 0)
	c.wrongs = append(c.wrongs, wrong{say: what + " " + say, xs: []*lr.Exchange{x}, gravity: g})
}

// readersOf lists the routes that show an object and its collection, those that
// work now.
func (m *maker) readersOf(ctx context.Context, t *lr.Trial, own *lr.Object) ([]*lr.Route, error) {
	var out []*lr.Route
	for _, rt := range t.Target.Routes {
		if rt.Method != "GET" || rt.Resource != m.route.Resource || rt.Kind != lr.Read && rt.Kind != lr.List || len(out) == 4 {
			continue
		}
		x, err := m.look(ctx, t, rt, own)
		if over := ended(ctx, err); over != nil {
			return nil, over
		}
		if err == nil && x != nil && x.OK() && unreadable(x) == "" {
			out = append(out, rt)
		}
	}
	return out, nil
}

// look asks a reader for the object, or for its collection; nil where the address
// cannot be made.
func (m *maker) look(ctx context.Context, t *lr.Trial, rt *lr.Route, o *lr.Object) (*lr.Exchange, error) {
	at := o
	if rt.Kind == lr.List {
		at = o.Parent
	}
	r, err := t.Stage.Request(ctx, rt, at, m.as)
	if err != nil {
		return nil, nil //nolint:nilerr // it wants a key that is not there
	}
	r.Note = "the owner reads"
	return t.HTTP.Do(ctx, m.as, r)
}

// unreadable says why no client can read a reply, "" where it can.
func unreadable(x *lr.Exchange) string {
	switch {
	case faulty(x):
		return fmt.Sprintf("is answered %d", x.Status)
	case !x.OK() || x.Truncated || !strings.Contains(x.Header.Get("Content-Type"), "json"):
		return ""
	case !utf8.Valid(x.Body):
		return "is no UTF-8 any more"
	case len(x.Body) > 0 && !json.Valid(x.Body):
		return "is no JSON any more"
	}
	return ""
}

// poisoned asks the readers again, and reports the first that no client can read
// any more, in two readings.
func (m *maker) poisoned(ctx context.Context, t *lr.Trial, readers []*lr.Route, o *lr.Object) (*lr.Exchange, string, error) {
	for _, rt := range readers {
		why := ""
		var x *lr.Exchange
		for range 2 {
			var err error
			if x, err = m.look(ctx, t, rt, o); err != nil || x == nil {
				if over := ended(ctx, err); over != nil {
					return nil, "", over
				}
				why = ""
				break
			}
			if why = unreadable(x); why == "" {
				break
			}
		}
		if why != "" {
			return x, fmt.Sprintf("%s %s", rt, why), nil
		}
	}
	return nil, "", nil
}

// undo deletes what spoils the owner's view for all that comes after. The ledger
// has it too, and finds it gone.
func (m *maker) undo(ctx context.Context, t *lr.Trial, o *lr.Object) {
	for _, rt := range t.Target.Routes {
		if rt.Kind != lr.Delete || rt.Resource != o.Resource {
			continue
		}
		r, err := t.Stage.Request(ctx, rt, o, m.as)
		if err != nil {
			continue
		}
		r.Note = "taking away what spoils the list"
		if x, err := t.HTTP.Do(ctx, m.as, r); err == nil && x.OK() {
			return
		}
	}
}
