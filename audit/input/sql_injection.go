package input

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	lr "github.com/launchready/launchready"
)

func sqlInjection() *lr.Check {
	return &lr.Check{
		ID:    "input/sql-injection",
		Title: "No input becomes part of an SQL statement",
		Why: "Text that reaches a statement unquoted reads and changes whatever the application can, across all tenants. " +
			"It is the first thing that a buyer's tester tries, and ends most reviews.",
		Fix:      "Pass values as parameters of the statement, never by joining texts. Where a name must be chosen (a column to sort by), look it up in a list of your own.",
		Severity: lr.Critical,
		Refs:     []lr.Ref{{Source: "CWE", ID: "89"}, {Source: "ASVS", ID: "v5.0.0-1.2.4"}, {Source: "OWASP API", ID: "API8:2023"}},
		Needs:    lr.Routes | lr.Credentials,
		Run: func(ctx context.Context, t *lr.Trial) error {
			w := &delays{}
			return eachDoor(ctx, t, func(ctx context.Context, d *door, n *tries) (*hit, error) {
				for _, ask := range []func(context.Context, *lr.Trial, *door, *tries) (*hit, error){joinedInBody, joinedElsewhere} {
					if h, err := ask(ctx, t, d, n); h != nil || err != nil {
						return h, err
					}
				}
				return slept(ctx, t, d, n, w)
			})
		},
	}
}

// joint is how a dialect joins two texts, and the same characters in another
// order, which are one text to every dialect: what strips or folds punctuation
// shows the same for both.
type joint struct{ dialect, op, control string }

var joints = []joint{
	{"standard SQL", "'||'", "|''|"},
	{"SQL Server", "'+'", "+''"},
	{"MySQL", "' '", "'' "},
}

// joinedInBody writes two halves of a word with the dialect's joint between them
// into each free text. A database that reads the joint as code stores the word.
func joinedInBody(ctx context.Context, t *lr.Trial, d *door, n *tries) (*hit, error) {
	fields := d.fields()
	if len(fields) == 0 {
		return nil, nil
	}
	for _, j := range joints {
		values, words, plain := map[string]string{}, map[string]string{}, map[string]string{}
		for _, p := range fields {
			a, b := halves(t)
			values[p.name], plain[p.name], words[p.name] = a+j.op+b, a+j.control+b, a+b
			if !p.takes(values[p.name]) {
				values[p.name], plain[p.name] = p.value, p.value
			}
		}
		x, err := n.send(ctx, t, d, d.with(values, fields...), "two texts joined in "+j.dialect)
		if err != nil {
			return nil, err
		}
		xs, err := shown(ctx, t, d, x)
		if err != nil {
			return nil, err
		}
		for _, p := range fields {
			at := showsAny(xs, words[p.name])
			if at == nil {
				continue
			}
			y, err := n.send(ctx, t, d, d.with(plain, fields...), "the same characters as one text")
			if err != nil {
				return nil, err
			}
			ys, err := shown(ctx, t, d, y)
			if err != nil {
				return nil, err
			}
			if showsAny(ys, words[p.name]) != nil || busy(y) {
				continue
			}
			return &hit{xs: []*lr.Exchange{y, x, at}, witness: []string{words[p.name]},
				say: fmt.Sprintf("%s is joined into an SQL statement (%s): the database put two texts together", p, j.dialect)}, nil
		}
	}
	return nil, nil
}

// joinedElsewhere asks for what shows the own object, its key or word computed by
// the database.
func joinedElsewhere(ctx context.Context, t *lr.Trial, d *door, n *tries) (*hit, error) {
	for _, p := range d.single() {
		if p.value == "" || len(p.value) < 4 && !p.number {
			continue
		}
		plain, err := n.send(ctx, t, d, d.one(p, p.value), "the plain value")
		if err != nil {
			return nil, err
		}
		seen := witnessIn(d.witness, plain, plain.URL)
		if seen == "" {
			continue
		}
		for _, pair := range computed(p) {
			x, err := n.send(ctx, t, d, d.one(p, pair[0]), "a value that a database computes")
			if err != nil {
				return nil, err
			}
			if witnessIn([]string{seen}, x, "") == "" {
				continue
			}
			y, err := n.send(ctx, t, d, d.one(p, pair[1]), "the same characters, which compute something else")
			if err != nil {
				return nil, err
			}
			again, err := n.send(ctx, t, d, d.one(p, pair[0]), "a value that a database computes, again")
			if err != nil {
				return nil, err
			}
			if busy(y) || witnessIn([]string{seen}, y, "") != "" || witnessIn([]string{seen}, again, "") == "" {
				continue
			}
			return &hit{xs: []*lr.Exchange{plain, y, again}, witness: []string{seen},
				say: fmt.Sprintf("%s becomes part of an SQL statement: %q shows the caller's own object, as the plain value does, and the same characters in another order do not", p, pair[0])}, nil
		}
	}
	return nil, nil
}

// computed lists values that a database computes to the plain one, each with a
// control that it computes to another.
func computed(p place) [][2]string {
	var out [][2]string
	if n, err := strconv.ParseInt(p.value, 10, 64); err == nil && p.number {
		return append(out, [2]string{fmt.Sprintf("%d-1", n+1), fmt.Sprintf("%d-1", n+100003)})
	}
	half := len(p.value) / 2
	for _, j := range joints {
		if v := p.value[:half] + j.op + p.value[half:]; p.takes(v) {
			out = append(out, [2]string{v, p.value[:half] + j.control + p.value[half:]})
		}
	}
	return out
}

// slept asks for a delay where no own object shows whether a value was computed.
// The derived table keeps MySQL from sleeping once for each row.
func slept(ctx context.Context, t *lr.Trial, d *door, n *tries, w *delays) (*hit, error) {
	for _, p := range d.single() {
		if p.in == lr.InPath || p.value != "" && !p.number && len(d.witness) > 0 {
			continue
		}
		for _, payload := range sleeps(p) {
			if !p.takes(payload(1)) {
				continue
			}
			xs, err := w.follows(ctx, func(ctx context.Context, s int) (*lr.Exchange, error) {
				return n.send(ctx, t, d, d.one(p, payload(s)), fmt.Sprintf("a delay of %d s", s))
			})
			if err != nil {
				return nil, err
			}
			if xs != nil {
				return &hit{xs: xs[len(xs)-2:], records: measured(xs), say: fmt.Sprintf("%s becomes part of an SQL statement: the database waits as long as it is told to", p)}, nil
			}
		}
	}
	return nil, nil
}

func sleeps(p place) []func(int) string {
	v := p.value
	if v == "" {
		v = "1"
	}
	return []func(int) string{
		func(s int) string { return fmt.Sprintf("%s'||(select '' from pg_sleep(%d))||'", v, s) },
		func(s int) string { return fmt.Sprintf("%s'||(select 1 from (select sleep(%d))lr)||'", v, s) },
		func(s int) string { return fmt.Sprintf("%s';waitfor delay '0:0:%d'--", strings.TrimSpace(v), s) },
		func(s int) string {
			return fmt.Sprintf("(case when (select 1 from pg_sleep(%d))=1 then 1 else 1 end)", s)
		},
		func(s int) string { return fmt.Sprintf("(select 1 from (select sleep(%d))lr)", s) },
	}
}
