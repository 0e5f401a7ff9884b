package chat

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"

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
	// Spoke tells that text was read at the shape's own places, whatever it said.
	Spoke bool
	// Remembers tells that a second message knew what the first one said.
	Remembers bool
	Notes     []string // what was tried and why it was left, for a person
	Exchanges []*lr.Exchange
}

// Detector finds the shape of an endpoint. Endpoint's Shape is not used.
type Detector struct {
	Endpoint
	Random *rand.Rand
	// Fixed says that the first candidate is the assistant, whatever others
	// remember: the configuration names it.
	Fixed bool
	// Patience is how long a calibration question is read; 0 is 20 seconds.
	Patience time.Duration
}

// Bounds of a detection: a candidate costs at most 3 questions (one of them asked
// twice), one to remember and mostWays to recall it.
const (
	mostWays  = 4
	mostPlace = 4 // places of the answer
)

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
		return out, d.converse(ctx, as, out)
	}
	return out, ErrNoShape
}

// try asks a candidate its questions. It is found when one answer could be read.
func (d *Detector) try(ctx context.Context, as *lr.Account, c Shape, out *Detection) (bool, error) {
	out.Ops, out.Spoke, out.Shape = nil, false, c
	own := len(c.Text) > 0
	for i, op := range Ops() {
		q := op.Ask(d.Random)
		a, err := d.ask(ctx, as, c, q, lr.Message{Text: q.Text, Note: "calibration: " + op.String()}, out)
		if err == nil && busy(a) && i == 0 { // one fault must not cost the endpoint
			a, err = d.ask(ctx, as, c, q, lr.Message{Text: q.Text, Note: "calibration: " + op.String()}, out)
		}
		if err != nil {
			if err := fatal(ctx, err); err != nil {
				return false, err
			}
			out.note("%s: %v", c.Subject(), err)
			return len(out.Ops) > 0, nil
		}
		if why := broken(a); why != "" {
			out.note("%s: %s", c.Subject(), why)
			if i == 0 {
				return false, nil
			}
			continue
		}
		out.Spoke = out.Spoke || own && a.Text != ""
		frames := Frames(a.Last(), c.Mode)
		switch l := replyLeaf(frames, q); {
		case len(c.Text) > 0 && q.Answered(a.Text):
		case l != nil && len(out.Ops) == 0:
			c.Text = []Selector{l.sel}
		case l != nil && len(c.Text) < mostPlace: // it answers now here, now there
			c.Text = append(slices.Clone(c.Text), l.sel)
		case c.Mode == Socket && len(out.Ops) == 0: // each costs the silence by which it ends
			out.note("%s: what came is not the result of the question%s", c.Subject(), quoted(a))
			return false, nil
		case a.Last().Truncated && len(out.Ops) == 0:
			out.note("%s: the reply had not ended after %s, and no answer to the calibration question was in it", c.Subject(), d.patience())
			return false, nil
		default:
			if len(out.Ops) == 0 && op == Join {
				out.note("%s: answered, and nothing in the answer is the result of the question%s", c.Subject(), quoted(a))
			}
			continue
		}
		out.Ops = append(out.Ops, op)
		c = settled(c, frames, a.Last())
		out.Shape = c
	}
	return len(out.Ops) > 0, nil
}

// ask asks in one shape and keeps what was exchanged.
func (d *Detector) ask(ctx context.Context, as *lr.Account, s Shape, q Question, m lr.Message, out *Detection) (*lr.Answer, error) {
	e := d.Endpoint
	e.Shape = s
	m.Vary = func(r *lr.Request) {
		r.StreamFor = d.patience()
		if s.Mode == Socket && q.Text != "" { // until its end is known, silence tells it
			r.Likely = func(body []byte) bool {
				return replyLeaf(Frames(&lr.Exchange{Status: 101, Body: body}, Socket), q) != nil
			}
		}
	}
	a, err := e.Ask(ctx, as, m)
	out.Exchanges = append(out.Exchanges, a.Exchanges...)
	if errors.Is(err, ErrNoAnswer) {
		err = nil
	}
	return a, err
}

func (d *Detector) patience() time.Duration {
	if d.Patience > 0 {
		return d.Patience
	}
	return 20 * time.Second
}

// broken tells why an exchange is no answer.
func broken(a *lr.Answer) string {
	x := a.Last()
	switch {
	case x == nil:
		return "gave no reply"
	case x.OK() || x.Status == 101:
		return ""
	case busy(a):
		return fmt.Sprintf("answered %d to the calibration question, twice", x.Status)
	}
	return fmt.Sprintf("answered %d to the calibration question%s", x.Status, quoted(a))
}

// busy reports an answer that another moment may not give.
func busy(a *lr.Answer) bool {
	x := a.Last()
	return x != nil && (x.Status == 429 || x.Status >= 500)
}

// quoted is the beginning of what an answer said, for a person.
func quoted(a *lr.Answer) string {
	x := a.Last()
	if x == nil || len(x.Body) == 0 {
		return ""
	}
	return fmt.Sprintf(": %.80q", strings.TrimSpace(text(x.Body[:min(len(x.Body), 400)])))
}

// settled adds what an answer that was read tells of the shape: where tokens are
// counted, and by what a reply that stays open says that it is complete.
func settled(c Shape, frames []Frame, x *lr.Exchange) Shape {
	if len(c.InTokens) == 0 && len(c.OutTokens) == 0 {
		c.InTokens, c.OutTokens = counters(frames)
	}
	if len(c.Done) == 0 && c.Follow == nil && (c.Mode == Socket || x.Truncated) {
		c.Done = ending(c, frames)
	}
	return c
}

// ending selects the kind of frame that comes after the last text and never
// before it: the way in which a stream says that it is complete.
func ending(c Shape, frames []Frame) []Selector {
	last := -1
	for i, f := range frames {
		if len(selectAll(c.Text, []Frame{f})) > 0 {
			last = i
		}
	}
	before := map[string]bool{}
	for i, f := range frames {
		k := conditionOf(f)
		if k == nil {
			continue
		}
		s := Selector{Path: k.Path, Where: k}
		if i <= last {
			before[s.String()] = true
			continue
		}
		if !before[s.String()] && !beats[strings.ToLower(k.Any[0])] {
			return []Selector{s}
		}
	}
	return nil
}

// beats are the kinds of frame that only keep a connection open.
var beats = map[string]bool{"ping": true, "pong": true, "heartbeat": true, "keepalive": true, "keep-alive": true, "beat": true}

// counters are the places where the frames count tokens.
func counters(frames []Frame) (in, out []Selector) {
	var visit func(v any, path []string, depth int)
	visit = func(v any, path []string, depth int) {
		m, ok := v.(map[string]any)
		if !ok || depth > 6 {
			return
		}
		for _, k := range sortedKeys(m) {
			at := append(slices.Clone(path), k)
			if _, ok := m[k].(float64); ok {
				switch low := lower(k); {
				case promptCounts[low] && len(in) == 0:
					in = []Selector{{Path: at}}
				case replyCounts[low] && len(out) == 0:
					out = []Selector{{Path: at}}
				}
				continue
			}
			visit(m[k], at, depth+1)
		}
	}
	for _, f := range frames {
		visit(f.Value, nil, 0)
	}
	return in, out
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
	told := "My order code is " + code + ". Please remember it."
	first, err := d.ask(ctx, as, out.Shape, Question{}, lr.Message{Text: told, Note: "memory: told"}, out)
	if err != nil {
		return fatal(ctx, err)
	}
	for _, way := range d.ways(out.Shape, first, told) {
		a, err := d.ask(ctx, as, way.shape, Question{}, lr.Message{Text: "What is my order code?", Conversation: way.conversation, History: way.history, Note: "memory: asked"}, out)
		if err != nil {
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
	out.note("%s: no way was found to go on with a conversation: questions of several turns stay open", out.Shape.Subject())
	return nil
}

// fatal keeps the errors that end a run, or its questions.
func fatal(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost) || errors.Is(err, lr.ErrMoney) {
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

func (d *Detector) ways(s Shape, first *lr.Answer, told string) []way {
	var out []way
	if s.History {
		return []way{{shape: s, history: []lr.Turn{{Role: "user", Text: told}, {Role: "assistant", Text: first.Text}}}}
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
			if len(out) == mostWays-1 {
				return append(out, way{shape: s})
			}
		}
	}
	// A cookie may carry the conversation: then nothing needs to be named.
	return append(out, way{shape: s})
}
