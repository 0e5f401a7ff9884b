package limits

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
)

// Bounds of answers that are written at one time.
const (
	together  = 16                     // that one user opens
	longWords = 400                    // of an answer that takes a while
	tooShort  = 250 * time.Millisecond // an answer that ends sooner is never beside another one
)

// repeated asks for an answer of so many words, of one that the run draws.
func repeated(t *lr.Trial, words int) (word, question string) {
	list := [...]string{"lantern", "orchard", "pebble", "harvest", "cinder", "meadow"}
	word = list[t.Random().IntN(len(list))]
	return word, repetition(word, words)
}

func repetition(word string, n int) string {
	return fmt.Sprintf("Repeat the word %s %d times, with a space between, and write nothing else.", word, n)
}

// crowd is what became of long answers that were opened at once.
type crowd struct {
	*tally
	single time.Duration // what one takes alone
	most   int           // that were written at one moment
	first  *lr.Exchange  // the one that was alone
}

func (c *crowd) String() string {
	return fmt.Sprintf("%s; at most %d were written at one moment, one alone takes %s", c.tally, c.most, c.single.Round(10*time.Millisecond))
}

// streaming is the way to the model whose answers show when they begin, or else
// the usual one.
func streaming(t *lr.Trial) lr.Assistant {
	for _, at := range endpoints(t) {
		if at.Skills().Streams {
			return at
		}
	}
	return t.Assistant
}

// alone is what is known of a long answer that is alone.
func (c *crowd) alone() *crowd {
	if c == nil {
		return nil
	}
	return &crowd{single: c.single, first: c.first}
}

// briefError says that an answer ends before another one has begun.
type briefError struct{ took time.Duration }

func (e *briefError) Error() string {
	return fmt.Sprintf("an answer of %d words takes %s, which is too short to be under way beside others", longWords, e.took.Round(time.Millisecond))
}

// gather asks each of the accounts n long questions, all at once, after one that
// is alone, where none was asked before.
func gather(ctx context.Context, t *lr.Trial, at lr.Assistant, accounts []*lr.Account, n int, before *crowd) (*crowd, error) {
	word, question := repeated(t, longWords)
	ask := func(ctx context.Context, as *lr.Account, note string, once bool) (*lr.Exchange, bool, error) {
		a, err := at.Ask(ctx, as, lr.Message{Text: question, Note: note, Vary: func(r *lr.Request) { r.Once = once }})
		if err != nil && ends(ctx, err) {
			return nil, false, err
		}
		x := a.Last()
		return x, x.OK() && strings.Count(strings.ToLower(a.Text), word) >= longWords/10, nil
	}
	c := before.alone()
	if c == nil {
		x, good, err := ask(ctx, accounts[0], "a long answer, alone", false)
		switch {
		case err != nil:
			return nil, err
		case !good:
			return nil, fmt.Errorf("a long answer did not come: the model does not repeat a word %d times", longWords)
		case x.Took < tooShort:
			return nil, &briefError{x.Took}
		}
		c = &crowd{single: x.Took, first: x}
	}
	if err := c.rush(ctx, accounts, n, ask); err != nil {
		return c, err
	}
	if c.open() { // a machine that is busy writes some of them late
		return c, c.rush(ctx, accounts, n, ask)
	}
	return c, nil
}

// opening asks a long question.
type opening func(ctx context.Context, as *lr.Account, note string, once bool) (x *lr.Exchange, good bool, err error)

// rush asks each of the accounts n long questions at once.
func (c *crowd) rush(ctx context.Context, accounts []*lr.Account, n int, ask opening) (err error) {
	var mu sync.Mutex
	var taken []*lr.Exchange
	c.tally, err = volley(ctx, n*len(accounts), n*len(accounts), func(ctx context.Context, i int) (*lr.Exchange, bool, error) {
		x, good, err := ask(ctx, accounts[i%len(accounts)], "one of many long answers", true)
		if good {
			mu.Lock()
			defer mu.Unlock()
			taken = append(taken, x)
		}
		return x, good, err
	})
	c.most = atOneTime(taken, c.single)
	return err
}

// atOneTime is the most answers that were written at one moment. An answer is
// written from its first byte on, and not longer before its end than two of its
// kind take: what comes before is waiting, whatever a server sends meanwhile.
func atOneTime(xs []*lr.Exchange, single time.Duration) int {
	type edge struct {
		at   time.Time
		step int
	}
	var edges []edge
	for _, x := range xs {
		begin, end := x.Started.Add(x.FirstByte), x.Started.Add(x.Took)
		if begin.Add(x.Took / 10).After(end) { // it came whole
			begin = end.Add(-single)
		}
		if b := end.Add(-2 * single); b.After(begin) {
			begin = b
		}
		edges = append(edges, edge{begin, 1}, edge{end, -1})
	}
	sort.Slice(edges, func(i, j int) bool {
		if edges[i].at.Equal(edges[j].at) {
			return edges[i].step < edges[j].step
		}
		return edges[i].at.Before(edges[j].at)
	})
	now, most := 0, 0
	for _, e := range edges {
		now += e.step
		most = max(most, now)
	}
	return most
}

// judged reports what a crowd shows.
func (c *crowd) judged(t *lr.Trial, subject, whose string) {
	e := c.evidence()
	e.Records = []string{c.String()}
	e.Exchanges = append([]*lr.Exchange{c.first}, e.Exchanges...)
	switch {
	case c.held():
		t.Pass(e, subject, "of %d long answers %s, %d were written at one moment and %d were refused", c.sent, whose, c.most, c.refused)
	case c.unbounded():
		t.Fail(e, subject, "%d long answers %s were all written at one moment: %s", c.sent, whose, c)
	case c.queued():
		t.Pass(e, subject, "of %d long answers %s, at most %d were written at one moment; the others waited", c.sent, whose, c.most)
	default:
		t.Unknown(subject, "it does not show whether anything bounds the answers under way: %s", c)
	}
}

func (c *crowd) held() bool      { return c.refused > 0 && c.most < c.sent-1 }
func (c *crowd) unbounded() bool { return c.taken == c.sent && c.most >= c.sent-1 }
func (c *crowd) queued() bool    { return c.taken*10 >= c.sent*9 && c.most <= c.sent/2 }

// open reports that none of it shows.
func (c *crowd) open() bool { return !c.held() && !c.unbounded() && !c.queued() }
