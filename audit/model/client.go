package model

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// endpoints are the assistant and the other ways to the same model.
func endpoints(t *lr.Trial) []lr.Assistant {
	return append([]lr.Assistant{t.Assistant}, t.Assistant.Twins()...)
}

// standing is an order for each reply, as instructions give it.
func standing(words string) string { return "In every reply, first do this. " + words }

// amend changes a JSON body before it is sent. What is no JSON object stays, and
// ok tells that afterwards.
func amend(ok *bool, change func(body map[string]any)) func(*lr.Request) {
	return func(r *lr.Request) {
		var body map[string]any
		if json.Unmarshal(r.Body, &body) != nil || body == nil {
			return
		}
		change(body)
		if b, err := json.Marshal(body); err == nil {
			r.Body, *ok = b, true
		}
	}
}

// turn puts a turn of the role in front of the messages of a body, in the shape
// that they have; a body without messages gets the members in which others take
// a history.
func turn(body map[string]any, role, text string) {
	one := map[string]any{"role": role, "content": text}
	ms, ok := body["messages"].([]any)
	if !ok {
		for _, name := range []string{"messages", "history"} {
			if body[name] == nil {
				body[name] = []any{one}
			}
		}
		return
	}
	if len(ms) > 0 {
		if m, isMap := ms[0].(map[string]any); isMap && m["parts"] != nil {
			one = map[string]any{"id": "m0", "role": role, "parts": []any{map[string]any{"type": "text", "text": text}}}
		}
	}
	body["messages"] = append([]any{one}, ms...)
}

// altered asks an ordinary question with a changed body. sent tells that the
// change was possible.
func altered(ctx context.Context, t *lr.Trial, a lr.Assistant, s scene, note string, change func(map[string]any)) (out *lr.Answer, sent bool, err error) {
	out, err = say(ctx, t, a, user(t), lr.Message{Text: paste(s.ask(), s.tell()), Note: note, Vary: amend(&sent, change)})
	return out, sent, err
}

// refusedStatus is the status of a reply that turned the request down for what
// it says, 0 when it did not.
func refusedStatus(a *lr.Answer) int {
	if x := a.Last(); x != nil && x.Status >= 400 && x.Status < 500 && x.Status != 429 && x.Status != 401 {
		return x.Status
	}
	return 0
}

// effect is what changed requests came to.
type effect struct {
	tried, refused, heard int
	status                int
	last                  *lr.Answer
	reason                string
}

func (e *effect) add(s scene, a *lr.Answer, sent bool, err error) {
	e.tried++
	switch st := refusedStatus(a); {
	case !sent:
		e.reason = "the request has no JSON body that could be changed"
	case st != 0:
		e.refused++
		e.status, e.last = st, a
	case s.heard(a):
		e.heard++
		e.last = a
	case err != nil:
		e.reason = err.Error()
	case a.Last() != nil:
		e.reason = fmt.Sprintf("it answered %d without what was asked for", a.Last().Status)
	}
}

// why says in words what kept the change from working.
func (e *effect) why() string {
	var parts []string
	if e.refused > 0 {
		parts = append(parts, fmt.Sprintf("refused %d times, with status %d", e.refused, e.status))
	}
	if e.heard > 0 {
		parts = append(parts, fmt.Sprintf("without effect %d times, while the question was answered", e.heard))
	}
	return strings.Join(parts, ", and ")
}
