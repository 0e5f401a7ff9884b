package input

import (
	"context"
	"fmt"
	"time"

	lr "github.com/launchready/launchready"
)

func commandInjection() *lr.Check {
	return &lr.Check{
		ID:    "input/command-injection",
		Title: "No input reaches a shell",
		Why: "Text that a shell reads runs as the application, with its keys, its files and its network. " +
			"There is no boundary behind it: one request owns every customer.",
		Fix:      "Start programs by a list of arguments, never through a shell, and judge each value before (a number is parsed as one). Better, use a library instead of a program.",
		Severity: lr.Critical,
		Refs:     []lr.Ref{{Source: "CWE", ID: "78"}, {Source: "ASVS", ID: "v5.0.0-1.2.5"}, {Source: "OWASP API", ID: "API8:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			w, q := &delays{}, newSum(t.Random())
			return eachDoor(ctx, t, func(ctx context.Context, d *door, n *tries) (*hit, error) {
				return runs(ctx, t, d, n, w, q)
			})
		},
	}
}

// shell runs the command between unquoted words, in single and in double quotes.
// ${IFS} stands for the space that many judges of input refuse.
func shell(v, command string) string {
	return fmt.Sprintf("%[1]s;%[2]s;#'\n;%[2]s;#\"\n;%[2]s;#${IFS}", v, command)
}

func runs(ctx context.Context, t *lr.Trial, d *door, n *tries, w *delays, q sum) (*hit, error) {
	echo := fmt.Sprintf("echo${IFS}$((%d*%d))", q.a, q.b)
	for _, ps := range groups(d) {
		make := func(command string) *lr.Request { return d.with(wrapped(ps, command), ps...) }
		x, err := n.send(ctx, t, d, make(echo), "a command that computes")
		if err != nil {
			return nil, err
		}
		xs, err := shown(ctx, t, d, x)
		if err != nil {
			return nil, err
		}
		if at := showsAny(xs, q.answer()); at != nil {
			// What computes without a shell around it is no shell.
			y, err := n.send(ctx, t, d, d.with(same(ps, fmt.Sprintf("%d*%d", q.a, q.b)), ps...), "the same sum without a shell's signs")
			if err != nil {
				return nil, err
			}
			ys, err := shown(ctx, t, d, y)
			if err != nil {
				return nil, err
			}
			if showsAny(ys, q.answer()) == nil {
				return &hit{xs: []*lr.Exchange{y, x, at}, witness: []string{q.answer()}, say: fmt.Sprintf("%s runs in a shell: it answered what a command computed", names(ps))}, nil
			}
		}
		slow, err := w.follows(ctx, func(ctx context.Context, s int) (*lr.Exchange, error) {
			return n.send(ctx, t, d, make(fmt.Sprintf("sleep${IFS}%d", s)), fmt.Sprintf("a delay of %d s", s))
		})
		if err != nil {
			return nil, err
		}
		if slow != nil {
			return &hit{xs: slow[len(slow)-2:], records: measured(slow), say: fmt.Sprintf("%s runs in a shell: it waits as long as it is told to", names(ps))}, nil
		}
		if h, err := calls(ctx, t, d, n, ps); h != nil || err != nil {
			return h, err
		}
	}
	return nil, nil
}

// calls has the shell fetch an address of the listener's, for a command that runs
// when the answer has long been given. Bodies only: there are few of them.
func calls(ctx context.Context, t *lr.Trial, d *door, n *tries, ps []place) (*hit, error) {
	if t.Listener == nil || !ps[0].body {
		return nil, nil
	}
	b := t.Listener.Bait(lr.Page{})
	x, err := n.send(ctx, t, d, d.with(wrapped(ps, "curl${IFS}-s${IFS}-m2${IFS}"+b.URL), ps...), "a command that calls out")
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if hits := t.Listener.Wait(wait, b.Nonce); len(hits) > 0 {
		return &hit{xs: []*lr.Exchange{x}, records: []string{"callback: " + hits[0].Line + " from " + hits[0].From}, say: fmt.Sprintf("%s runs in a shell: it fetched an address that only the text named", names(ps))}, nil
	}
	return nil, nil
}

// groups lists what is asked at once: the free texts of the body together, each
// other place alone.
func groups(d *door) [][]place {
	var out [][]place
	if f := d.fields(); len(f) > 0 {
		out = append(out, f)
	}
	for _, p := range d.single() {
		out = append(out, []place{p})
	}
	return out
}

func wrapped(ps []place, command string) map[string]string {
	out := map[string]string{}
	for _, p := range ps {
		v := p.value
		if v == "" || p.body {
			v = "1"
		}
		if out[p.name] = shell(v, command); !p.takes(out[p.name]) {
			out[p.name] = p.value
		}
	}
	return out
}

// same is one value for all places.
func same(ps []place, value string) map[string]string {
	out := map[string]string{}
	for _, p := range ps {
		if out[p.name] = value; !p.takes(value) {
			out[p.name] = p.value
		}
	}
	return out
}

// names says which places were asked.
func names(ps []place) string {
	if len(ps) == 1 {
		return ps[0].String()
	}
	out := "one of the fields "
	for i, p := range ps {
		if i > 0 {
			out += ", "
		}
		out += p.name
	}
	return out
}
