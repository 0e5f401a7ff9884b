package chat

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	lr "github.com/launchready/launchready"
)

// Errors of talking to an endpoint.
var (
	// ErrNoAnswer says that the reply was understood and held no text.
	ErrNoAnswer = errors.New("the reply holds no answer")
	// ErrNotDone says that a polled reply was not complete in time.
	ErrNotDone = errors.New("the answer was not complete in time")
)

// Bounds of one answer.
const (
	readFor   = 60 * time.Second
	pollEvery = 500 * time.Millisecond
	pollTimes = 120
	quiet     = 2 * time.Second // after which a WebSocket has said all, where it does not say so
)

// Endpoint is a shape at a target. Client is required.
type Endpoint struct {
	Shape  Shape
	Client lr.Client
	// ID makes a fresh UUID; required for shapes that send one.
	ID func() string
	// User is the name that shapes with a client-supplied user send.
	User func(*lr.Account) string
	// Sleep waits between polls; nil is a timer.
	Sleep func(context.Context, time.Duration) error
}

// Ask says one thing as the account and reads the answer. The exchanges are in
// the answer also when an error comes with it; the error is ErrNoAnswer where
// the endpoint answered and said nothing that the shape can read.
func (e *Endpoint) Ask(ctx context.Context, as *lr.Account, m lr.Message) (*lr.Answer, error) {
	a := &lr.Answer{}
	if err := e.begin(ctx, as, &m, a); err != nil {
		return a, err
	}
	r, v, err := e.request(as, m)
	if err != nil {
		return a, err
	}
	var x *lr.Exchange
	if e.Shape.Mode == Socket {
		text := string(r.Body)
		r.Body = nil
		x, err = e.Client.Dial(ctx, as, r, text)
	} else {
		x, err = e.Client.Do(ctx, as, r)
	}
	if err != nil {
		return a, fmt.Errorf("ask %s: %w", e.Shape.Send.Path, err)
	}
	a.Exchanges = append(a.Exchanges, x)
	frames := Frames(x, e.Shape.Mode)
	if run := selectAll(e.Shape.Run, frames); e.Shape.Follow != nil && len(run) > 0 {
		v["$run"] = run[0]
		keep(a, e.Shape, frames)
		if frames, err = e.follow(ctx, as, v, a); err != nil {
			return a, err
		}
	}
	read(a, e.Shape, frames)
	last := a.Last()
	a.Ended = !last.Truncated
	a.Took, a.FirstByte = last.Took, last.FirstByte
	if a.Text == "" {
		return a, ErrNoAnswer
	}
	return a, nil
}

// Opening is the note of a request that opens a conversation.
const Opening = "a conversation"

// Opened is the id of what a reply to such a request made, "" where it tells none
// in a usual place.
func Opened(x *lr.Exchange) string {
	if ids := selectAll(begun("id"), Frames(x, ByType)); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// begin opens the conversation that Send needs.
func (e *Endpoint) begin(ctx context.Context, as *lr.Account, m *lr.Message, a *lr.Answer) error {
	if m.Conversation != "" || e.Shape.Begin == nil {
		return nil
	}
	r, err := e.Shape.Begin.build(values{"$title": "Launch Ready"})
	if err != nil {
		return err
	}
	r.Note = Opening
	x, err := e.Client.Do(ctx, as, r)
	if err != nil {
		return fmt.Errorf("open a conversation at %s: %w", e.Shape.Begin.Path, err)
	}
	a.Exchanges = append(a.Exchanges, x)
	ids := selectAll(e.Shape.Begun, Frames(x, ByType))
	if !x.OK() || len(ids) == 0 {
		return fmt.Errorf("open a conversation at %s: answered %d without an id", e.Shape.Begin.Path, x.Status)
	}
	m.Conversation, a.Conversation = ids[0], ids[0]
	return nil
}

func (e *Endpoint) request(as *lr.Account, m lr.Message) (*lr.Request, values, error) {
	id, user := "", ""
	if e.ID != nil {
		id = e.ID()
	}
	if e.User != nil {
		user = e.User(as)
	} else if as != nil {
		user = as.User
	}
	var attach any = "$file"
	if e.Shape.Upload != nil && e.Shape.Upload.Attach != nil {
		attach = e.Shape.Upload.Attach
	}
	v := valuesOf(m, user, id, attach)
	r, err := e.Shape.Send.build(v)
	if err != nil {
		return nil, nil, err
	}
	r.Note, r.StreamFor = m.Note, readFor
	if e.Shape.Follow == nil && len(e.Shape.Done) > 0 {
		r.Enough = e.Shape.enough()
	}
	if e.Shape.Mode == Socket {
		r.Quiet = quiet
	}
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "text/event-stream, application/json;q=0.9, */*;q=0.5")
	}
	if m.Vary != nil {
		m.Vary(r)
	}
	return r, v, nil
}

// follow reads the reply that Send has started: one stream, or polls.
func (e *Endpoint) follow(ctx context.Context, as *lr.Account, v values, a *lr.Answer) ([]Frame, error) {
	for n := 0; ; n++ {
		r, err := e.Shape.Follow.build(v)
		if err != nil {
			return nil, err
		}
		r.StreamFor = readFor
		x, err := e.Client.Do(ctx, as, r)
		if err != nil {
			return nil, fmt.Errorf("follow %s: %w", e.Shape.Follow.Path, err)
		}
		frames := Frames(x, ByType)
		if len(e.Shape.Done) == 0 || picks(e.Shape.Done, frames) {
			a.Exchanges = append(a.Exchanges, x)
			return frames, nil
		}
		if n == pollTimes {
			a.Exchanges = append(a.Exchanges, x)
			return frames, ErrNotDone
		}
		if err := e.sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

func (e *Endpoint) sleep(ctx context.Context, d time.Duration) error {
	if e.Sleep != nil {
		return e.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// read takes the answer out of the frames.
func read(a *lr.Answer, s Shape, frames []Frame) {
	keep(a, s, frames)
	a.Text = joined(selectAll(s.Text, frames))
	a.Tools = selectAll(s.Tools, frames)
	a.Sources = selectAll(s.Sources, frames)
	if fails := selectAll(s.Error, frames); len(fails) > 0 {
		a.Failure = fails[0]
	}
	a.InTokens, a.OutTokens = tokens(s.InTokens, frames), tokens(s.OutTokens, frames)
}

// keep takes what a first reply may tell and a second one not.
func keep(a *lr.Answer, s Shape, frames []Frame) {
	if ids := selectAll(s.Conversation, frames); len(ids) > 0 && a.Conversation == "" {
		a.Conversation = ids[0]
	}
}

// tokens is the largest count that a reply tells: counts of a stream grow.
func tokens(sel []Selector, frames []Frame) int {
	most := 0
	for _, t := range selectAll(sel, frames) {
		if n, err := strconv.Atoi(t); err == nil {
			most = max(most, n)
		}
	}
	return most
}
