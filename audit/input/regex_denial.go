package input

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

func regexDenial() *lr.Check {
	return &lr.Check{
		ID:       "input/regex-denial",
		Title:    "The time to judge a text grows no faster than its length",
		Why:      "A pattern that backtracks, or a loop that rewrites a text again and again, turns a few kilobytes into seconds of a processor. One caller then stops the service for all.",
		Fix:      "Bound the length of every text before it is judged. Use an engine that runs in linear time (RE2, Go's `regexp`, Rust's `regex`), or rewrite nested repetitions; replace in one pass.",
		Guard:    "limits",
		Severity: lr.High,
		Refs:     []lr.Ref{{Source: "CWE", ID: "1333"}, {Source: "CWE", ID: "407"}, {Source: "ASVS", ID: "v5.0.0-1.3.12"}, {Source: "OWASP API", ID: "API4:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Run:      regexDenials,
	}
}

// regexDenials screens every door at once, and measures afterwards, one at a time
// and with nothing else under way, where it was not quick.
func regexDenials(ctx context.Context, t *lr.Trial) error {
	doors, err := doorsOf(ctx, t)
	if err != nil {
		return err
	}
	type screened struct {
		n    tries
		slow []suspect
		err  error // why it was not screened to its end
	}
	var mu sync.Mutex
	seen := map[*door]*screened{}
	err = oracle.Each(ctx, doors, func(ctx context.Context, d *door) error {
		s := &screened{}
		s.slow, s.err = screen(ctx, t, d, &s.n)
		mu.Lock()
		defer mu.Unlock()
		seen[d] = s
		return ended(ctx, s.err)
	})
	if err != nil {
		return err
	}
	var one sync.Mutex
	return askAll(ctx, t, doors, func(ctx context.Context, d *door, n *tries) (*hit, error) {
		*n = seen[d].n
		one.Lock()
		defer one.Unlock()
		for _, s := range seen[d].slow {
			if h, err := measure(ctx, t, d, n, s); h != nil || err != nil {
				return h, err
			}
		}
		return nil, seen[d].err
	})
}

// bomb is a text of a length that is hard to judge, and one of the same length
// that is not.
type bomb struct {
	name       string
	hard, mild func(int) string
	screen     int   // what is quick at this size is not hard
	sizes      []int // rising; the check stops at the first that is slow enough
	body       bool  // too long for an address
}

// bombs are what the usual patterns choke on: nested repetitions on a short text
// that ends wrongly, and whitespace or separators by the thousand. Sizes begin
// small and rise only while the answer is still quick.
var bombs = []bomb{
	{"one letter repeated, then another sign", func(n int) string { return strings.Repeat("a", n) + "!" }, func(n int) string { return "!" + strings.Repeat("ab", n)[:n] }, 22, []int{16, 18, 20, 22, 24, 26, 28}, false},
	{"a text with a long gap", func(n int) string { return "lr" + strings.Repeat(" ", n) + "lr" }, func(n int) string { return "lr" + strings.Repeat("ab", n)[:n] + "lr" }, 4 << 10, []int{512, 1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10}, true},
}

// slow is what counts as slow, over a text of the same length that is not hard.
const slow = 200 * time.Millisecond

// suspect is what was not quick at the size that screens.
type suspect struct {
	places []place
	bomb   bomb
	size   int
	least  time.Duration // that it took more than a plain text
}

func screen(ctx context.Context, t *lr.Trial, d *door, n *tries) ([]suspect, error) {
	var out []suspect
	for _, ps := range groups(d) {
		if ps[0].number || ps[0].in == lr.InPath && !ps[0].body {
			continue
		}
		for _, b := range bombs {
			if b.body && !ps[0].body {
				continue
			}
			s := suspect{ps, b, b.screen, slow / 50}
			got, err := s.over(ctx, t, d, n, s.size)
			if err == nil && got.more < s.least && got.noise >= s.least { // so little is not to be told here: a longer text is
				s.size, s.least = b.sizes[len(b.sizes)-3], slow/10
				got, err = s.over(ctx, t, d, n, s.size)
			}
			if err != nil {
				return out, err
			}
			if got.more >= s.least {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// excess is what the hard text took beyond the mild one of the same length.
type excess struct {
	more  time.Duration
	noise time.Duration // by how much the mild ones differed
	last  *lr.Exchange  // of the hard one
}

// over asks for both, each the best of two, or of three where the mild ones differ by
// more than that: a busy machine may have held them up.
func (s suspect) over(ctx context.Context, t *lr.Trial, d *door, n *tries, size int) (excess, error) {
	var e excess
	quickest, mildest, latest := time.Duration(1<<62), time.Duration(1<<62), time.Duration(0)
	for i := range 3 {
		hard, err := n.send(ctx, t, d, d.with(every(s.places, s.bomb.hard(size)), s.places...), fmt.Sprintf("%s: %d characters", s.bomb.name, size))
		if err != nil {
			return excess{}, err
		}
		mild, err := n.send(ctx, t, d, d.with(every(s.places, s.bomb.mild(size)), s.places...), fmt.Sprintf("a plain text of %d characters", size))
		if err != nil {
			return excess{}, err
		}
		if busy(hard) || busy(mild) {
			return excess{}, errBusy
		}
		quickest, mildest, latest = min(quickest, hard.Took), min(mildest, mild.Took), max(latest, mild.Took)
		e = excess{max(quickest-mildest, time.Microsecond), latest - mildest, hard}
		if quickest < slow/50 || i > 0 && e.more >= max(s.least, e.noise) {
			break // quick, whatever the other took; or seen twice
		}
	}
	return e, nil
}

// measure raises the size until the hard text takes much longer than the mild
// one, and believes in what grew geometrically on the way there.
func measure(ctx context.Context, t *lr.Trial, d *door, n *tries, s suspect) (*hit, error) {
	if again, err := s.over(ctx, t, d, n, s.size); err != nil || again.more < s.least {
		return nil, err
	}
	var was []time.Duration
	var told []string
	for _, size := range s.bomb.sizes {
		got, err := s.over(ctx, t, d, n, size)
		if err != nil {
			return nil, err
		}
		was = append(was, got.more)
		told = append(told, fmt.Sprintf("%d characters: %d ms more than a plain text", size, got.more.Milliseconds()))
		if got.more < slow {
			continue
		}
		if !geometric(was) {
			if got.more > 5*slow {
				return nil, nil // slow, but not by its length: no more of it
			}
			continue
		}
		if again, err := s.over(ctx, t, d, n, size); err != nil || again.more < slow {
			return nil, err
		}
		return &hit{xs: []*lr.Exchange{got.last}, records: told,
			say: fmt.Sprintf("the time to judge %s grows faster than its length (%s): %s", names(s.places), s.bomb.name, strings.Join(told, ", "))}, nil
	}
	return nil, nil
}

// geometric reports whether the last two steps together took eight times as long,
// where twice the length explains four times, and the step before was already
// felt. What waited for something else does not fit into such a row.
func geometric(was []time.Duration) bool {
	k := len(was)
	return k >= 3 && was[k-2] >= slow/20 && was[k-1]*2 >= was[k-2]*5 && was[k-1] >= was[k-3]*8
}

// every is one value for all places, whatever their limits: a limit must be judged
// before anything else.
func every(ps []place, value string) map[string]string {
	out := map[string]string{}
	for _, p := range ps {
		out[p.name] = value
	}
	return out
}
