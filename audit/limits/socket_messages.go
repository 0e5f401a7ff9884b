package limits

import (
	"context"
	"fmt"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

// silence ends the reading of a WebSocket that says no more.
const silence = 1500 * time.Millisecond

var socketMessages = &lr.Check{
	ID:    "limits/socket-messages",
	Title: "Messages of one WebSocket have a limit",
	Why: "Limiters count requests, and a WebSocket is one request for as long as it stays open. Whoever sends the messages down one connection asks without limit, " +
		"and no log of requests shows it.",
	Fix:      "Count each message where it is handled, by user and by organisation, with the counter of the other endpoints. Answer what is too much with an error, and close the connection of a client that goes on.",
	Guard:    "websocket",
	Severity: lr.High,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, cwe770, {Source: "RFC", ID: "6455 section 10"}},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Loads,
	Run:      runSocketMessages,
}

func runSocketMessages(ctx context.Context, t *lr.Trial) error {
	var way *chat.Assistant
	for _, at := range append([]lr.Assistant{t.Assistant}, t.Assistant.Twins()...) {
		if a, ok := at.(*chat.Assistant); ok && a.Shape.Mode == chat.Socket {
			way = a
		}
	}
	if way == nil {
		t.NotApplicable("no WebSocket takes questions")
		return nil
	}
	subject := way.Skills().Subject
	ops := chat.Computes(way)
	if len(ops) == 0 || ops[0] == chat.Multiply {
		t.Unknown(subject, "it answers no question whose answer is a string of its own, so answers cannot be counted")
		return nil
	}
	as, _, err := newcomer(ctx, t)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	random := t.Random()
	// One question first: it opens the conversation, and shows how a message is put.
	var put *lr.Request
	q := ops[0].Ask(random)
	a, err := way.Ask(ctx, as, lr.Message{Text: q.Text, Note: "one message", Vary: func(r *lr.Request) { put = r.Clone() }})
	if err != nil && ends(ctx, err) {
		return err
	}
	if put == nil || !q.Answered(a.Text) {
		t.Unknown(subject, "a single question of a new user got no answer over the WebSocket")
		return nil
	}
	n := size(t) * 3 / 4
	questions, messages := make([]chat.Question, n), make([]string, n)
	for i := range n {
		questions[i] = ops[0].Ask(random)
		messages[i] = strings.Replace(string(put.Body), quoted(q.Text), quoted(questions[i].Text), 1)
	}
	r := put.Clone()
	r.Body, r.Note, r.Once, r.Quiet, r.StreamFor = nil, "many messages", true, silence, 30*time.Second
	r.Enough = nil
	x, err := t.HTTP.Dial(ctx, as, r, messages...)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	answered := 0
	for _, q := range questions {
		if strings.Contains(way.Shape.Said(x), q.Want) {
			answered++
		}
	}
	e := lr.Evidence{Exchanges: []*lr.Exchange{x}, Records: []string{fmt.Sprintf("%d messages over one connection, %d answered", n, answered)}}
	switch {
	case answered*10 >= n*9:
		t.Fail(e, subject, "%d messages over one WebSocket were all answered: no limit counts them", n)
	case answered*4 <= n*3 && !x.Truncated:
		t.Pass(e, subject, "of %d messages over one WebSocket %d were answered, and then it said no more than a refusal", n, answered)
	default:
		t.Unknown(subject, "of %d messages over one WebSocket %d were answered, and it does not show what became of the others", n, answered)
	}
	return nil
}

// quoted is a text as it stands inside a JSON text.
func quoted(s string) string { return strings.Trim(fmt.Sprintf("%q", s), `"`) }
