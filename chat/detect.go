package chat

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"

	lr "github.com/launchready/launchready"
)

// ErrNoShape says that no candidate gave an answer that could be read.
var ErrNoShape = errors.New("no way to talk to the assistant was found: describe it under chat in the configuration")

// Detection is what Detect learned.
type Detection struct {
	Shape Shape
	// Ops are the kinds of question that the model answers; none of them works on
	// an assistant that refuses everything off its subject.
	Ops []Op
	// Remembers tells that a second message knew what the first one said.
	Remembers bool
	Notes     []string // what was tried and why it was left, for a person
	Exchanges []*lr.Exchange
}

// Detector finds the shape of an endpoint. Endpoint's Shape is not used.
type Detector struct {
	Endpoint
	Random *rand.Rand
}

// Detect asks each candidate one computed question, finds the place that holds
// the answer, and asks a second one to see how a conversation goes on. A
// candidate with places of its own (a preset) is tried with them first.
func (d *Detector) Detect(ctx context.Context, as *lr.Account, candidates []Shape) (*Detection, error) {
	out := &Detection{}
	for _, c := range candidates {
		if !c.placed() {
			continue
		}
		found, err := d.try(ctx, as, c, out)
		if err != nil {
			return out, err
		}
		if !found {
			continue
		}
		if err := d.converse(ctx, as, out); err != nil {
			return out, err
		}
		return out, nil
	}
	return out, ErrNoShape
}

// try asks a candidate its questions. It is found when one answer could be read.
func (d *Detector) try(ctx context.Context, as *lr.Account, c Shape, out *Detection) (bool, error) {
	out.Ops = nil
	for _, op := range Ops() {
		q := op.Ask(d.Random)
		e := d.Endpoint
		e.Shape = c
		a, err := e.Ask(ctx, as, lr.Message{Text: q.Text, Note: "calibration: " + op.String()})
		out.Exchanges = append(out.Exchanges, a.Exchanges...)
		switch {
		case err != nil && !errors.Is(err, ErrNoAnswer):
			if ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost) {
				return false, err
			}
			out.note("%s: %v", c.Send.Path, err)
			return false, nil
		case a.Last() == nil || !a.Last().OK() && a.Last().Status != 101:
			out.note("%s: answered %d to the calibration question", c.Send.Path, status(a))
			return false, nil
		}
		if len(c.Text) > 0 && q.Answered(a.Text) {
			out.Ops = append(out.Ops, op)
			continue
		}
		frames := Frames(a.Last(), c.Mode)
		if l := replyLeaf(frames, q); l != nil {
			c.Text = []Selector{l.sel}
			out.Ops = append(out.Ops, op)
			continue
		}
		if len(out.Ops) == 0 && op == Join {
			out.note("%s: answered, and nothing in the answer is the result of the question", c.Send.Path)
		}
	}
	out.Shape = c
	return len(out.Ops) > 0, nil
}

func status(a *lr.Answer) int {
	if x := a.Last(); x != nil {
		return x.Status
	}
	return 0
}

func (o *Detection) note(format string, args ...any) {
	if len(o.Notes) < 50 {
		o.Notes = append(o.Notes, fmt.Sprintf(format, args...))
	}
}

// idName are members that may name a conversation; idForm is how ids look.
var (
	idName = regexp.MustCompile(`(?i)(conversation|chat|thread|session)[_-]?(id|key)?$|^id$`)
	idForm = regexp.MustCompile(`^[A-Za-z0-9_.:-]{6,128}$`)
)

// converse finds how a conversation goes on: by an id that the reply tells, by
// history that the client sends again, or not at all. A question of memory
// decides.
func (d *Detector) converse(ctx context.Context, as *lr.Account, out *Detection) error {
	code := "code-" + word(d.Random) + "-" + word(d.Random)
	e := d.Endpoint
	e.Shape = out.Shape
	first, err := e.Ask(ctx, as, lr.Message{Text: "My order code is " + code + ". Please remember it.", Note: "memory: told"})
	out.Exchanges = append(out.Exchanges, first.Exchanges...)
	if err != nil && !errors.Is(err, ErrNoAnswer) {
		return fatal(ctx, err)
	}
	for _, way := range d.ways(out.Shape, first, code) {
		e.Shape = way.shape
		a, err := e.Ask(ctx, as, lr.Message{Text: "What is my order code?", Conversation: way.conversation, History: way.history, Note: "memory: asked"})
		out.Exchanges = append(out.Exchanges, a.Exchanges...)
		if err != nil && !errors.Is(err, ErrNoAnswer) {
			if err := fatal(ctx, err); err != nil {
				return err
			}
			continue
		}
		if strings.Contains(bare(a.Text), bare(code)) {
			out.Shape, out.Remembers = way.shape, true
			return nil
		}
	}
	out.note("no way was found to go on with a conversation: questions of several turns stay open")
	return nil
}

// fatal keeps the errors that end a run.
func fatal(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost) {
		return err
	}
	return nil
}

// way is one way to go on.
type way struct {
	shape        Shape
	conversation string
	history      []lr.Turn
}

func (d *Detector) ways(s Shape, first *lr.Answer, code string) []way {
	var out []way
	if s.History {
		return []way{{shape: s, history: []lr.Turn{{Role: "user", Text: "My order code is " + code + ". Please remember it."}, {Role: "assistant", Text: first.Text}}}}
	}
	if first.Conversation != "" {
		out = append(out, way{shape: s, conversation: first.Conversation})
	}
	seen := map[string]bool{first.Conversation: true}
	for _, x := range first.Exchanges {
		for _, l := range leaves(Frames(x, s.Mode)) {
			v := l.parts[0]
			if len(l.sel.Path) == 0 || seen[v] || !idForm.MatchString(v) || !idName.MatchString(l.sel.Path[len(l.sel.Path)-1]) {
				continue
			}
			seen[v] = true
			c := s
			c.Conversation = []Selector{l.sel}
			out = append(out, way{shape: c, conversation: v})
			if len(out) == 6 {
				return out
			}
		}
	}
	// A cookie may carry the conversation: then nothing needs to be named.
	return append(out, way{shape: s})
}
