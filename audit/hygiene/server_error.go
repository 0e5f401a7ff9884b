package hygiene

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

func serverError(c *collection) *lr.Check {
	return &lr.Check{
		ID:    "hygiene/server-error",
		Title: "A malformed request is refused as the caller's mistake",
		Why: "A 500 for a wrong input means that nothing judged it before the code ran into it. Each one pages somebody at night, hides the real ones among them, " +
			"and shows an attacker where to go on.",
		Fix: "Judge body, path and query against the schema before the handler runs, and answer 400, 404, 415 or 422. " +
			"Where parsing fails deeper, let the error say whose mistake it was.",
		Guard:    "validate",
		Severity: lr.Medium,
		Refs:     []lr.Ref{misconfiguration, {Source: "CWE", ID: "20"}, {Source: "CWE", ID: "755"}, {Source: "ASVS", ID: "v5.0.0-16.5.3"}},
		Needs:    lr.Routes,
		Run: func(ctx context.Context, t *lr.Trial) error {
			got, err := c.of(ctx, t)
			if err != nil {
				return err
			}
			return runServerError(ctx, t, got)
		},
	}
}

// runServerError asks each malformed request that was answered 5xx once more. It
// counts where the route works when it is asked right, and where it does not
// answer the same to an object that merely does not exist: some applications
// know no "not found".
func runServerError(ctx context.Context, t *lr.Trial, got *provoked) error {
	bySubject := map[string][]*reply{}
	var subjects []string
	for _, r := range got.replies {
		if !r.malformed {
			continue
		}
		if bySubject[r.subject] == nil {
			subjects = append(subjects, r.subject)
		}
		bySubject[r.subject] = append(bySubject[r.subject], r)
	}
	if len(subjects) == 0 {
		t.Unknown(application, "no malformed request was answered")
		return nil
	}
	f := &faults{}
	err := oracle.Each(ctx, subjects, func(ctx context.Context, subject string) error {
		return broken(ctx, t, got, f, subject, bySubject[subject])
	})
	f.tell(t)
	return err
}

// fault is a route that breaks, and on what.
type fault struct {
	subject string
	inputs  []string
	again   *lr.Exchange
	bad     []*reply // one of each input
}

// faults gathers them until all routes were asked.
type faults struct {
	mu     sync.Mutex
	broken []fault
	judged map[string]int // by input: how many routes were sent it and are judged
}

func (f *faults) judge(replies []*reply) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.judged == nil {
		f.judged = map[string]int{}
	}
	seen := map[string]bool{}
	for _, r := range replies {
		if !seen[r.input] && !busyStatus(r.x.Status) {
			seen[r.input] = true
			f.judged[r.input]++
		}
	}
}

func (f *faults) add(b fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = append(f.broken, b)
}

// many is from how many routes on one mistake that breaks nearly all of them is
// the fault of what they stand behind: a decoder of addresses, a framework.
const many = 5

// tell reports one finding for each route, and one for all routes that break on
// one and the same mistake and on nothing else.
func (f *faults) tell(t *lr.Trial) {
	slices.SortFunc(f.broken, func(a, b fault) int { return strings.Compare(a.subject, b.subject) })
	alone := map[string][]fault{}
	for _, b := range f.broken {
		if len(b.inputs) == 1 {
			alone[b.inputs[0]] = append(alone[b.inputs[0]], b)
		}
	}
	for _, b := range f.broken {
		e := lr.Evidence{}
		for _, r := range b.bad { // each: what stops one may not stop another
			e.Exchanges = append(e.Exchanges, r.x)
		}
		e.Exchanges = append(e.Exchanges, b.again)
		e.Records = []string{fmt.Sprintf("%d, and %d again", b.bad[0].x.Status, b.again.Status)}
		input := b.inputs[0]
		like := alone[input]
		if len(b.inputs) > 1 || len(like) < many || 5*len(like) < 4*f.judged[input] {
			t.Fail(e, b.subject, "answers %d to %s, twice", b.again.Status, strings.Join(b.inputs, "; "))
			continue
		}
		if like[0].subject != b.subject {
			continue // told with the first
		}
		var names []string
		for _, l := range like {
			names = append(names, l.subject)
		}
		t.Fail(e, application, "%d of %d routes answer %d to %s, twice, and to nothing else, so the fault is in what they stand behind: %s",
			len(like), f.judged[input], b.again.Status, input, strings.Join(names, ", "))
	}
}

// judges asks a route that takes JSON, and of which nothing else is known, for
// nothing at all: one that refuses an empty object as the caller's mistake works,
// one that breaks on it may break on everything. A PUT could be taken for "empty
// it", and is not asked.
func judges(ctx context.Context, t *lr.Trial, bad *reply) bool {
	if bad.route == nil || bad.route.Method != "POST" && bad.route.Method != "PATCH" || bad.route.Body == nil {
		return false
	}
	r := bad.request.Clone()
	r.Body, r.Note = []byte("{}"), "an empty object, to see whether the route works"
	r.SetHeader("Content-Type", "application/json")
	x, err := t.HTTP.Do(ctx, bad.as, r)
	if err != nil {
		return false
	}
	if x.OK() {
		t.Stage.Adopt(ctx, bad.route, bad.as, x)
	}
	return x.Status < 500 && x.Status != 404 && x.Status != 429
}

func broken(ctx context.Context, t *lr.Trial, got *provoked, f *faults, subject string, replies []*reply) error {
	var inputs []string
	var bad []*reply
	busy, refused := 0, false
	for _, r := range replies {
		switch {
		case busyStatus(r.x.Status):
			busy++
		case r.x.Status >= 500:
			if !slices.Contains(inputs, r.input) {
				inputs, bad = append(inputs, r.input), append(bad, r)
			}
		default:
			refused = refused || r.input != brokenJSON && r.input != otherMedia
		}
	}
	switch {
	case bad == nil && busy == len(replies):
		t.Unknown(subject, "answered %d each time: busy, or not there", replies[0].x.Status)
		return nil
	case bad == nil:
		f.judge(replies)
		t.Pass(lr.Seen(replies[0].x), subject, "%d malformed requests were refused or taken", len(replies)-busy)
		return nil
	case got.missing[subject]:
		t.Pass(lr.Seen(bad[0].x), subject, "answers 5xx to an object that does not exist as well: that is how it says not found")
		return nil
	case !got.works[subject] && !refused && !judges(ctx, t, bad[0]):
		t.Unknown(subject, "answered %d to %s, and no well-formed request is known to work", bad[0].x.Status, bad[0].input)
		return nil
	}
	f.judge(replies)
	x, err := t.HTTP.Do(ctx, bad[0].as, bad[0].request)
	if err != nil {
		if err := ended(ctx, err); err != nil {
			return err
		}
		t.Unknown(subject, "%s was not answered a second time: %v", bad[0].input, err)
		return nil
	}
	if x.Status < 500 || busyStatus(x.Status) {
		t.Unknown(subject, "answered %d to %s, and %d the second time", bad[0].x.Status, bad[0].input, x.Status)
		return nil
	}
	slices.Sort(inputs)
	f.add(fault{subject, inputs, x, bad})
	return nil
}

// busyStatus reports a 5xx or 429 that says nothing about the input: not
// implemented, busy, or a gateway without an application behind it.
func busyStatus(status int) bool {
	return status == 429 || status >= 501 && status <= 504 || status >= 520
}
