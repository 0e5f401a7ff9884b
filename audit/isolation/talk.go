package isolation

import (
	"context"
	"errors"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// mostWays bounds the endpoints to one model that are asked: each costs questions.
const mostWays = 4

// waysIn are the endpoints by which users reach the model, the assistant first. A
// filter that one of them lacks does not hold.
func waysIn(t *lr.Trial) []lr.Assistant {
	all := append([]lr.Assistant{t.Assistant}, t.Assistant.Twins()...)
	return all[:min(len(all), mostWays)]
}

// triesAt is how often a question is put at the n-th way: as usual at the first,
// and a few times at the others.
func triesAt(t *lr.Trial, n int) int {
	if n == 0 {
		return t.Tries()
	}
	return min(t.Tries(), 3)
}

func subjectOf(way lr.Assistant) string { return way.Skills().Subject }

// said is what came back to one question.
type said struct {
	answer *lr.Answer
	open   string // why it says nothing of the target; "" when it counts
}

// endless is why a reply that was cut off counts for nothing.
const endless = "the reply did not end"

// tell says one thing. An error ends the check; whatever else went wrong leaves
// the question open, for a target that is busy or broken refuses nobody.
func tell(ctx context.Context, way lr.Assistant, as *lr.Account, m lr.Message) (said, error) {
	a, err := way.Ask(ctx, as, m)
	if a == nil {
		a = &lr.Answer{}
	}
	s := said{answer: a}
	x := a.Last()
	switch {
	case err != nil && (oracle.Fatal(ctx, err) || errors.Is(err, lr.ErrMoney)):
		return s, err
	case x != nil && overloaded(x.Status):
		s.open = fmt.Sprintf("it was answered %d", x.Status)
	case x != nil && x.Status >= 400:
		// A refusal is an answer.
	case err != nil:
		s.open = err.Error()
	case x == nil:
		s.open = "no answer came"
	case !x.OK() && x.Status != 101:
		s.open = fmt.Sprintf("it was answered %d", x.Status)
	case a.Failure != "":
		s.open = "the reply says that it failed"
	case !a.Ended:
		s.open = endless
	}
	return s, nil
}

func overloaded(status int) bool {
	return status == 408 || status == 425 || status == 429 || status >= 500
}

// shown are the values that an answer holds: in the text that a user reads, and
// beside it, in citations, traces, headers and errors.
type shown struct{ text, beside []string }

func (s shown) none() bool { return len(s.text)+len(s.beside) == 0 }

func (s shown) all() []string { return append(append([]string(nil), s.text...), s.beside...) }

// beyond is what is shown that the control, the same question without what is
// tried, does not show: what it shows too is another check's matter.
func (s shown) beyond(control shown) []string {
	return append(without(s.text, control.text), without(s.beside, control.all())...)
}

func without(values, seen []string) []string {
	var out []string
next:
	for _, v := range values {
		for _, o := range seen {
			if v == o {
				continue next
			}
		}
		out = append(out, v)
	}
	return out
}

// lookFor finds the values in an answer: in the text as it was read, and in all
// that came over the wire, the raw stream included. What the question itself said
// is no witness.
func lookFor(values []string, a *lr.Answer) shown {
	for _, x := range a.Exchanges {
		values = oracle.Without(values, string(x.Sent), x.URL)
	}
	var s shown
	s.text = holds(values, &lr.Exchange{Body: []byte(a.Text)})
	rest := without(values, s.text)
	beside := map[string]bool{}
	for _, x := range append(a.Exchanges, &lr.Exchange{Body: []byte(strings.Join(append(append(a.Sources, a.Tools...), a.Failure), "\n"))}) {
		for _, v := range holds(rest, x) {
			beside[v] = true
		}
	}
	for _, v := range rest {
		if beside[v] {
			s.beside = append(s.beside, v)
		}
	}
	return s
}

// holds finds the values in a reply and its decodings, and codes also where
// spaces, case or separators are not theirs, or one of their parts is missing.
func holds(values []string, x *lr.Exchange) []string {
	found := oracle.Find(values, x)
	text := ""
	for _, v := range without(values, found) {
		if !codeForm.MatchString(v) {
			continue
		}
		if text == "" {
			text = bare(string(x.Body))
		}
		if inPieces(v, text) {
			found = append(found, v)
		}
	}
	return found
}

// score counts the questions of an attack.
type score struct {
	n, asked int
	open     string
	last     *lr.Exchange
}

// add counts a question that showed nothing.
func (c *score) add(s said) {
	c.asked++
	if s.open != "" {
		c.open = s.open
		return
	}
	c.n++
	c.last = s.answer.Last()
}

// conclude reports a subject at which nothing was shown: passed with the rate that
// so many tries leave open, or open where most of them came to nothing.
func (c *score) conclude(t *lr.Trial, subject string, control *lr.Exchange, what string) {
	if c.n == 0 || c.n*2 < c.asked {
		t.Unknown(subject, "%d of %d questions came to nothing: %s", c.asked-c.n, c.asked, c.open)
		return
	}
	r := oracle.Rate(0, c.n)
	t.PassRate(r, evidence(nil, control, c.last), subject, "%s; asked %d times, which leaves a true rate of up to %.0f %% open", what, c.n, 100*r.Upper95)
}

// evidence is the exchanges that there are, the telling one last.
func evidence(witness []string, xs ...*lr.Exchange) lr.Evidence {
	e := lr.Evidence{Witness: witness}
	for _, x := range xs {
		if x != nil {
			e.Exchanges = append(e.Exchanges, x)
		}
	}
	return e
}

// exchangeWith is the exchange of an answer in which the values stand, the last
// one where they stand in none alone.
func exchangeWith(values []string, a *lr.Answer) *lr.Exchange {
	for i := len(a.Exchanges) - 1; i >= 0; i-- {
		if len(holds(values, a.Exchanges[i])) > 0 {
			return a.Exchanges[i]
		}
	}
	return a.Last()
}
