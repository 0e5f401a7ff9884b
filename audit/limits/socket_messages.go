package limits

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
)

// Bounds of the silence that ends the reading of a WebSocket: twice what an answer
// took.
const (
	leastSilence = 1600 * time.Millisecond
	mostSilence  = 8 * time.Second
)

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
	r.Body, r.Note, r.Once, r.StreamFor = nil, "many messages", true, 30*time.Second
	r.Quiet = min(max(2*a.Last().Took, leastSilence), mostSilence)
	count := func(x *lr.Exchange) (answered, refused int) {
		said := way.Shape.Said(x)
		for _, q := range questions {
			if strings.Contains(said, q.Want) {
				answered++
			}
		}
		return answered, strangers(way, a.Last(), x)
	}
	r.Enough = nil
	r.Likely = func(body []byte) bool {
		answered, refused := count(&lr.Exchange{Status: http.StatusSwitchingProtocols, Body: body})
		return answered+refused >= n
	}
	x, err := t.HTTP.Dial(ctx, as, r, messages...)
	if err != nil {
		return undecided(ctx, t, subject, err)
	}
	answered, refused := count(x)
	e := lr.Evidence{Exchanges: []*lr.Exchange{x}, Records: []string{fmt.Sprintf("%d messages over one connection, %d answered, %d frames of another kind", n, answered, refused)}}
	switch {
	case answered*10 >= n*9:
		t.Fail(e, subject, "%d messages over one WebSocket were all answered: no limit counts them", n)
	case answered*4 <= n*3 && refused*2 >= n-answered:
		t.Pass(e, subject, "of %d messages over one WebSocket %d were answered, and %d got another reply", n, answered, refused)
	case answered*4 <= n*3 && x.Status != http.StatusSwitchingProtocols:
		t.Unknown(subject, "the connection for many messages was refused with %d", x.Status)
	default:
		t.Unknown(subject, "of %d messages over one WebSocket %d were answered, and it does not show what became of the others", n, answered)
	}
	return nil
}

// strangers counts the frames of a kind that does not come with an answer: a
// refusal of one message.
func strangers(way *chat.Assistant, one, many *lr.Exchange) int {
	usual := map[string]bool{}
	for _, f := range chat.Frames(one, way.Shape.Mode) {
		usual[kindOf(f)] = true
	}
	n := 0
	for _, f := range chat.Frames(many, way.Shape.Mode) {
		if k := kindOf(f); k != "" && !usual[k] {
			n++
		}
	}
	return n
}

// kindOf is what a frame calls itself, or the names of its members.
func kindOf(f chat.Frame) string {
	m, _ := f.Value.(map[string]any)
	for _, name := range [...]string{"type", "event", "kind", "status", "action", "op"} {
		if s, ok := m[name].(string); ok {
			return name + "=" + s
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(m)), ",")
}

// quoted is a text as it stands inside a JSON text.
func quoted(s string) string { return strings.Trim(fmt.Sprintf("%q", s), `"`) }
