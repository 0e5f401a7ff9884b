package isolation

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/oracle"
)

var streamCrossTalk = &lr.Check{
	ID:    "isolation/stream-cross-talk",
	Title: "Answers that are written at one time do not mix",
	Why: "Buffers, channels and connections are shared to save time. A slip between them shows only while several customers are answered at once: " +
		"a piece of one customer's answer stands in another's, now and then, and nobody can reproduce it.",
	Fix: "Give each request buffers and channels of its own, named by an id that nothing else has, and end them with the request. Drop a connection to the model provider whose answer was not read to its end, " +
		"instead of using it again. Run the race detector over a test with many streams.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, {Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "488"}, {Source: "CWE", ID: "362"}, asvsCross},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run:      runStreamCrossTalk,
}

// line is one question among many that are asked at one time, and its answer. The
// answer is a string that only this question leads to.
type line struct {
	as  *lr.Account
	q   chat.Question
	got said
}

func runStreamCrossTalk(ctx context.Context, t *lr.Trial) error {
	ps := pairs(t)
	if len(ps) == 0 {
		return nil
	}
	p := ps[0]
	random := t.Random()
	asked := false
	for n, way := range waysIn(t) {
		op, ok := telling(way)
		if !ok {
			continue
		}
		asked = true
		var lines []*line
		for range pairsAtOnce(t, n, way) {
			for _, as := range []*lr.Account{p.victim, p.attacker} {
				lines = append(lines, &line{as: as, q: op.Ask(random)})
			}
		}
		err := oracle.Each(ctx, lines, func(ctx context.Context, l *line) (err error) {
			l.got, err = tell(ctx, way, l.as, lr.Message{Text: l.q.Text, Note: "one of many at a time"})
			return err
		})
		if err != nil {
			return err
		}
		untangle(t, subjectOf(way), lines)
	}
	if !asked {
		t.Unknown(subjectOf(t.Assistant), "the assistant answers no question whose answer is a string of its own, so answers cannot be told apart")
	}
	return nil
}

// pairsAtOnce is how often both tenants are answered at a way. Pieces mix where a
// reply is written in pieces; eight are under way at a time, which is no burst.
func pairsAtOnce(t *lr.Trial, n int, way lr.Assistant) int {
	if way.Skills().Streams {
		return max(t.Tries(), 6)
	}
	return triesAt(t, n)
}

// telling is the easiest kind of question at the way whose answer is long enough to
// be nobody else's.
func telling(way lr.Assistant) (chat.Op, bool) {
	for _, op := range chat.Computes(way) {
		if op == chat.Join || op == chat.Initials {
			return op, true
		}
	}
	return 0, false
}

// untangle looks in each reply for the answers to all other questions.
func untangle(t *lr.Trial, subject string, lines []*line) {
	own, mixed := 0, 0
	var first lr.Evidence
	message, open := "", "no reply has the answer to its question"
	for _, l := range lines {
		var x *lr.Exchange
		var of *line
		var witness string
		for _, o := range lines {
			if o == l {
				continue
			}
			if w := carried(l, o); w != "" && (of == nil || of.as == l.as && o.as != l.as) {
				x, of, witness = l.got.answer.Last(), o, w
			}
		}
		switch {
		case of != nil:
			if mixed++; message == "" || of.as != l.as {
				first = evidence([]string{witness}, of.got.answer.Last(), x)
				message = fmt.Sprintf("a reply to %s holds the answer to a question of %s's, asked at the same time", l.as.Name, of.as.Name)
			}
		case l.got.open != "":
			open = l.got.open
		case l.q.Answered(l.got.answer.Text):
			own++
		}
	}
	r := oracle.Rate(mixed, own+mixed)
	switch {
	case mixed > 0:
		t.FailRate(r, first, subject, "%s; %d of %d replies were mixed", message, mixed, len(lines))
	case own*2 < len(lines):
		t.Unknown(subject, "%d of %d replies can be judged: %s", own, len(lines), open)
	default:
		t.PassRate(r, evidence(nil, lines[0].got.answer.Last(), lines[1].got.answer.Last()), subject,
			"%d replies to two tenants at a time held their own answer alone, which leaves a true rate of up to %.0f %% open", own, 100*r.Upper95)
	}
}

// carried is what a reply holds of the answer to another question: all of it, or,
// where pieces of several stand between each other, two thirds in the text. What
// the question itself says in that place is no answer.
func carried(l, o *line) string {
	for _, x := range l.got.answer.Exchanges {
		if len(oracle.Find([]string{o.q.Want}, x)) > 0 {
			return o.q.Want
		}
	}
	text, third := strings.ToLower(l.got.answer.Text), len(o.q.Want)/3
	if o.q.Op != chat.Join || third < 5 {
		return ""
	}
	n := 0
	for i := range 3 {
		if strings.Contains(text, strings.ToLower(o.q.Want[i*third:(i+1)*third])) {
			n++
		}
	}
	if n < 2 {
		return ""
	}
	return o.q.Want
}
