package input

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// maker is a door whose JSON body becomes an object that the owner can read
// back: a creation, or with consent the change of an object that the run made.
type maker struct {
	*door
	changes *lr.Object     // of an update, whose every malformed body goes to this object
	plain   map[string]any // what the owner sees after a well-formed request
	shown   *lr.Exchange   // that view
}

// mostChanges is how many updates are asked: each makes an object of its own.
const mostChanges = 16

// makersOf lists the makers, once a run. Each was sent a well-formed request
// first: what does not take that has no refusal to tell from a malfunction.
func makersOf(ctx context.Context, t *lr.Trial) ([]*maker, error) {
	return lr.Recall(ctx, t.Memo, "input: makers", func(ctx context.Context) ([]*maker, error) {
		doors, err := doorsOf(ctx, t)
		if err != nil {
			return nil, err
		}
		var out []*maker
		for _, d := range doors {
			if d.route.Kind == lr.Create {
				out = append(out, &maker{door: d})
			}
		}
		out = append(out, changersOf(t)...)
		out = slices.DeleteFunc(out, func(m *maker) bool { return !takesJSON(m.route) })
		var mu sync.Mutex
		var works []*maker
		err = oracle.Each(ctx, out, func(ctx context.Context, m *maker) error {
			ok, err := m.works(ctx, t)
			if ok {
				mu.Lock()
				works = append(works, m)
				mu.Unlock()
			}
			return ended(ctx, err)
		})
		slices.SortFunc(works, func(a, b *maker) int { return strings.Compare(a.String(), b.String()) })
		return works, err
	})
}

func takesJSON(rt *lr.Route) bool {
	return rt.Body != nil && (rt.Body.Type == "" || strings.Contains(rt.Body.Type, "json"))
}

// changersOf lists the updates of what the run can make; a first look leaves them
// out. The object to change is made when the update is first asked.
func changersOf(t *lr.Trial) []*maker {
	var out []*maker
	for _, rt := range t.Target.Routes {
		if !t.Target.Mutate || t.Profile == lr.Quick || rt.Kind != lr.Update || !rt.Declared || rt.Method == "DELETE" || risky(rt) || len(rt.PathParams()) == 0 || asksModel(t, rt) {
			continue
		}
		as := oracle.Caller(t, rt)
		if as == nil {
			continue
		}
		if o := t.Stage.Object(rt.Resource, as); o != nil && o.Made && len(out) < mostChanges {
			out = append(out, &maker{door: &door{route: rt, as: as, object: o}})
		}
	}
	return out
}

// works sends a well-formed request and keeps what the owner then sees.
func (m *maker) works(ctx context.Context, t *lr.Trial) (bool, error) {
	if m.route.Kind == lr.Update {
		o, err := t.Stage.Fresh(ctx, m.object.Resource, m.as)
		if err != nil {
			return false, err
		}
		m.object, m.changes = o, o
	}
	r, err := m.request(ctx, t)
	if err != nil {
		return false, err
	}
	x, err := (&tries{}).send(ctx, t, m.door, r, "a well-formed request")
	if err != nil || !x.OK() {
		return false, err
	}
	st, err := m.kept(ctx, t, x)
	if err != nil || st == nil || !st.Exists || st.Body == nil {
		return false, err
	}
	m.plain, m.shown = inner(st.Body), st.Exchange
	return true, nil
}

// request is a fresh well-formed request: two creations may not be alike in what
// must be unique.
func (m *maker) request(ctx context.Context, t *lr.Trial) (*lr.Request, error) {
	return t.Stage.Request(ctx, m.route, m.object, m.as)
}

// body is a fresh well-formed request and its body as a value.
func (m *maker) body(ctx context.Context, t *lr.Trial) (*lr.Request, map[string]any, error) {
	r, err := m.request(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	v := map[string]any{}
	if len(r.Body) > 0 && json.Unmarshal(r.Body, &v) != nil {
		return nil, nil, fmt.Errorf("%s: the body is no JSON object", m)
	}
	return r, v, nil
}

// kept is what the owner sees of the object that a reply tells of, nil where the
// reply tells of none.
func (m *maker) kept(ctx context.Context, t *lr.Trial, x *lr.Exchange) (*lr.State, error) {
	o := m.changes
	if o == nil {
		o = madeBy(m.door, x)
	}
	if o == nil || !x.OK() {
		return nil, nil
	}
	st, err := t.Stage.ReadBack(ctx, o)
	if over := ended(ctx, err); over != nil {
		return nil, over
	}
	if err != nil {
		return nil, nil // no route shows it
	}
	return st, nil
}

// inner is the object itself where a reply wraps it.
func inner(m map[string]any) map[string]any {
	for _, wrap := range []string{"data", "result", "item"} {
		if in, ok := m[wrap].(map[string]any); ok && len(m) <= 3 {
			return in
		}
	}
	return m
}

// wrong is an effect that a malformed request had at one maker.
type wrong struct {
	say     string
	xs      []*lr.Exchange
	gravity lr.Severity
}

// tally counts what came of the malformed requests to one maker.
type tally struct {
	tries
	refused int // as the caller's mistake
	idle    int // taken, and the owner sees no effect
	wrongs  []wrong
}

func (c *tally) told() int { return c.refused + c.idle + len(c.wrongs) }

// After so many answers that say nothing a maker is left alone.
const (
	mostBusy   = 4
	mostUntold = 6
)

var errUntold = errors.New("no malformed request was told to be the mistake, and what came of them cannot be read back")

// send is tries.send, until the target has only been busy or broken, or has told
// nothing.
func (c *tally) send(ctx context.Context, t *lr.Trial, d *door, r *lr.Request, note string) (*lr.Exchange, error) {
	if c.busy >= mostBusy && c.told() == 0 {
		return nil, errBusy
	}
	if c.n >= mostUntold && c.told() == 0 {
		return nil, errUntold
	}
	return c.tries.send(ctx, t, d, r, note)
}

// refusal reports a status that says that the request was the mistake. One that
// speaks of who asks, of a quota or of what is already there says nothing of it.
func refusal(x *lr.Exchange) bool {
	switch x.Status {
	case 400, 404, 405, 406, 411, 413, 414, 415, 417, 422, 431:
		return true
	}
	return false
}

// judge files what came of one malformed request: refused, or looked at through
// the owner's eyes. look says what is wrong with what was kept, "" nothing.
func (c *tally) judge(ctx context.Context, t *lr.Trial, m *maker, x *lr.Exchange, gravity lr.Severity, look func(st *lr.State) string) error {
	switch {
	case refusal(x):
		c.refused++
	case x.OK():
		st, err := m.kept(ctx, t, x)
		if err != nil || st == nil {
			return err
		}
		if say := look(st); say != "" {
			c.wrongs = append(c.wrongs, wrong{say, []*lr.Exchange{x, st.Exchange}, gravity})
			return nil
		}
		c.idle++
	}
	return nil
}

// errNothing says that no maker could be asked.
var errNothing = errors.New("nothing to ask")

// eachMaker asks every maker, eight at once, and reports one outcome of each that
// was asked, with all that was wrong in it.
func eachMaker(ctx context.Context, t *lr.Trial, ask func(context.Context, *lr.Trial, *maker, *tally) error) error {
	makers, err := makersOf(ctx, t)
	if err != nil {
		return err
	}
	if err := askMakers(ctx, t, makers, ask); !errors.Is(err, errNothing) {
		return err
	}
	if !slices.ContainsFunc(t.Target.Routes, func(rt *lr.Route) bool { return rt.Declared && takesJSON(rt) }) {
		t.NotApplicable("no route takes a JSON body")
		return nil
	}
	t.Unknown(application, "no route makes an object of a JSON body that the run could read back and take away again")
	return nil
}

// askMakers returns errNothing where no request was sent.
func askMakers(ctx context.Context, t *lr.Trial, makers []*maker, ask func(context.Context, *lr.Trial, *maker, *tally) error) error {
	var mu sync.Mutex
	asked := 0
	err := oracle.Each(ctx, makers, func(ctx context.Context, m *maker) error {
		c := &tally{}
		err := ask(ctx, t, m, c)
		if over := ended(ctx, err); over != nil {
			return over
		}
		if c.n == 0 && err == nil {
			return nil
		}
		mu.Lock()
		asked++
		mu.Unlock()
		c.report(t, m, err)
		return nil
	})
	if err == nil && asked == 0 {
		return errNothing
	}
	return err
}

func (c *tally) report(t *lr.Trial, m *maker, err error) {
	switch {
	case len(c.wrongs) > 0:
		h := &hit{}
		var says []string
		for i, w := range c.wrongs {
			if i < 6 {
				says = append(says, w.say)
			}
			if i < 3 {
				h.xs = append(h.xs, w.xs...)
			}
			h.gravity = max(h.gravity, w.gravity)
		}
		if more := len(c.wrongs) - len(says); more > 0 {
			says = append(says, fmt.Sprintf("and %d more", more))
		}
		h.say = strings.Join(says, "; ")
		h.report(t, m.String())
	case err != nil:
		t.Unknown(m.String(), "%s", err)
	case c.busy*2 >= c.n:
		t.Unknown(m.String(), "%s", errBusy)
	case c.told() == 0:
		t.Unknown(m.String(), "%s", errUntold)
	default:
		say := fmt.Sprintf("%d malformed requests: %d refused, %d without effect", c.n, c.refused, c.idle)
		if open := c.n - c.told(); open > 0 {
			say += fmt.Sprintf(", %d not told", open)
		}
		t.Pass(lr.Seen(c.last), m.String(), "%s", say)
	}
}
