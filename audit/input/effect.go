package input

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// errBusy says that the target was busy or broken, which is no refusal.
var errBusy = errors.New("the target was busy or broken, so its answers say nothing")

// hit is an effect that hostile text had.
type hit struct {
	xs      []*lr.Exchange
	witness []string
	records []string
	say     string
	shape   bool // by its shape only
	gravity lr.Severity
}

func (h *hit) report(t *lr.Trial, subject string) {
	o := lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: subject, Message: h.say, Severity: h.gravity,
		Evidence: lr.Evidence{Exchanges: h.xs, Witness: h.witness, Records: h.records}}
	if h.shape {
		o.Confidence = lr.Suspected
	}
	t.Report(o)
}

// tries counts what was asked of one door.
type tries struct {
	n    int
	busy int // answers that are no refusal: 429, 5xx
	last *lr.Exchange
}

// eachDoor asks every door, eight at once, and reports one outcome of each that
// was asked: the first effect, or that there was none.
func eachDoor(ctx context.Context, t *lr.Trial, ask func(context.Context, *door, *tries) (*hit, error)) error {
	doors, err := doorsOf(ctx, t)
	if err != nil {
		return err
	}
	return askAll(ctx, t, doors, ask)
}

func askAll(ctx context.Context, t *lr.Trial, doors []*door, ask func(context.Context, *door, *tries) (*hit, error)) error {
	var mu sync.Mutex
	asked := 0
	err := oracle.Each(ctx, doors, func(ctx context.Context, d *door) error {
		n := &tries{}
		h, err := ask(ctx, d, n)
		if over := ended(ctx, err); over != nil {
			return over
		}
		mu.Lock()
		if n.n > 0 || err != nil {
			asked++
		}
		mu.Unlock()
		switch {
		case h != nil:
			h.report(t, d.String())
		case err != nil:
			t.Unknown(d.String(), "%s", err)
		case n.busy > 0 && n.busy*2 >= n.n:
			t.Unknown(d.String(), "%s", errBusy)
		case n.n > 0:
			t.Pass(lr.Seen(n.last), d.String(), "%d hostile requests had no effect", n.n)
		}
		return nil
	})
	if err == nil && asked == 0 {
		t.Unknown(application, "no route takes text that could be asked with hostile text")
	}
	return err
}

// send sends to the door, and ledgers what it made.
func (n *tries) send(ctx context.Context, t *lr.Trial, d *door, r *lr.Request, note string) (*lr.Exchange, error) {
	r.Note = note
	x, err := t.HTTP.Do(ctx, d.as, r)
	if err != nil {
		return nil, err
	}
	n.n++
	n.last = x
	if x.Status >= 500 || busy(x) {
		n.busy++
	}
	if x.OK() && !d.route.Safe() && d.route.Kind != lr.Search {
		t.Stage.Adopt(ctx, d.route, d.as, x)
	}
	return x, nil
}

// busy reports a status that says nothing of the request.
func busy(x *lr.Exchange) bool {
	return x.Status == 429 || x.Status == 502 || x.Status == 503 || x.Status == 504
}

// shown lists the replies in which an effect may show: the answer, and what the
// owner reads back of an object that it made.
func shown(ctx context.Context, t *lr.Trial, d *door, x *lr.Exchange) ([]*lr.Exchange, error) {
	out := []*lr.Exchange{x}
	if o := madeBy(d, x); o != nil {
		st, err := t.Stage.ReadBack(ctx, o)
		if over := ended(ctx, err); over != nil {
			return out, over
		}
		if err == nil && st.Exchange != nil {
			out = append(out, st.Exchange)
		}
	}
	return out, nil
}

// madeBy is the object that a creation's reply tells of, nil when none.
func madeBy(d *door, x *lr.Exchange) *lr.Object {
	if d.route.Kind != lr.Create && d.route.Kind != lr.Upload || !x.OK() {
		return nil
	}
	id := ""
	if u, err := url.Parse(x.Header.Get("Location")); err == nil && u.Path != "" {
		id = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	}
	var m map[string]any
	if id == "" && json.Unmarshal(x.Body, &m) == nil {
		for _, wrap := range []string{"data", "result", "item"} {
			if in, ok := m[wrap].(map[string]any); ok {
				m = in
			}
		}
		for _, name := range []string{"id", "uuid", "_id", "slug", "key", "number", "name"} {
			if v := text(m[name]); id == "" && v != "" {
				id = v
			}
		}
	}
	if id == "" {
		return nil
	}
	o := &lr.Object{Resource: d.route.Resource, Owner: d.as, ID: id, Keys: map[string]string{}, Parent: d.object, Created: x, Made: true}
	if d.object != nil {
		for k, v := range d.object.Keys {
			o.Keys[k] = v
		}
	}
	o.Keys[o.Resource] = id
	return o
}

// showsAny returns the first exchange whose body or header holds the text, and
// that its own request does not hold.
func showsAny(xs []*lr.Exchange, what string) *lr.Exchange {
	for _, x := range xs {
		if holds(x, what) {
			return x
		}
	}
	return nil
}

func holds(x *lr.Exchange, what string) bool {
	if what == "" || x == nil {
		return false
	}
	if bytes.Contains(x.Body, []byte(what)) {
		return true
	}
	for _, vs := range x.Header {
		for _, v := range vs {
			if strings.Contains(v, what) {
				return true
			}
		}
	}
	return false
}

// witnessIn is the first of the values that the reply shows; values that the
// request itself says do not count.
func witnessIn(values []string, x *lr.Exchange, said string) string {
	if !x.OK() {
		return ""
	}
	for _, v := range values {
		if len(v) >= 8 && !strings.Contains(said, v) && bytes.Contains(x.Body, []byte(v)) {
			return v
		}
	}
	return ""
}

// sum is an arithmetic question whose answer is not in the question, and no
// number that stands anywhere.
type sum struct {
	a, b int
}

func newSum(r *rand.Rand) sum { return sum{10007 + 2*r.IntN(40000), 10009 + 2*r.IntN(40000)} }

func (s sum) answer() string { return fmt.Sprint(s.a * s.b) }

// halves is a fresh word in two parts: joined it stands nowhere unless something
// joined it.
func halves(t *lr.Trial) (a, b string) {
	w := strings.ReplaceAll(t.Stage.Canary("input"), "-", "")
	if len(w) > 24 {
		w = w[len(w)-24:]
	}
	return "lr" + w[:len(w)/2], w[len(w)/2:]
}

// word is a fresh word of letters and digits.
func word(t *lr.Trial) string {
	a, b := halves(t)
	return a + b
}

// patience is the delay that time oracles ask for; the least that counts is four
// fifths of it over the plain request.
const patience = time.Second

// delays asks for a delay, and believes in it when twice the delay takes twice as
// long, none takes none, and it comes again: a slow route is slow each time. One
// question at a time is under way, so that none waits for another's delay.
type delays struct{ mu sync.Mutex }

func (w *delays) follows(ctx context.Context, send func(context.Context, int) (*lr.Exchange, error)) ([]*lr.Exchange, error) {
	least := func(n int) time.Duration { return time.Duration(n) * patience * 4 / 5 }
	x, err := send(ctx, 1)
	if err != nil || x.Took < least(1) {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var xs []*lr.Exchange
	for _, n := range []int{0, 1, 2, 0, 1} {
		if x, err = send(ctx, n); err != nil {
			return nil, err
		}
		xs = append(xs, x)
		plain := xs[0].Took
		if n > 0 && (x.Took-plain < least(n) || x.Took-plain > time.Duration(n)*patience*2) || n == 0 && x.Took > patience/2 {
			return nil, nil
		}
	}
	return xs, nil
}

// measured says how long each request took.
func measured(xs []*lr.Exchange) []string {
	var out []string
	for _, x := range xs {
		out = append(out, fmt.Sprintf("%s: %d ms", x.Note, x.Took.Milliseconds()))
	}
	return out
}
