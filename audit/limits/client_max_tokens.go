package limits

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// Bounds that a client asks for, in tokens, and the words that an answer of the
// larger one has at the least.
const (
	smallBound = 300
	largeBound = 4000
	manyWords  = 1500
)

// boundNames are the members by which clients of model providers bound an answer.
var boundNames = [...]string{"max_tokens", "max_completion_tokens", "max_output_tokens", "maxTokens"}

var clientMaxTokens = &lr.Check{
	ID:    "limits/client-max-tokens",
	Title: "A client cannot lift the cap of an answer",
	Why: "Endpoints that look like a model provider's take `max_tokens` from the client. Where it is passed on, the product's own cap is a suggestion: one member of the request makes each answer cost what the largest window costs, " +
		"and a limit of questions does not see it.",
	Fix:      "Send the provider the lesser of what the client asks for and what the plan allows. Drop the other members that decide what an answer costs (`n`, `best_of`, the model) or hold them to a list.",
	Guard:    "model",
	Severity: lr.Medium,
	Refs:     []lr.Ref{consumption, unbounded, unbounded26, {Source: "OWASP API", ID: "API3:2023"}, {Source: "CWE", ID: "770"}},
	Needs:    lr.Chat | lr.Credentials,
	Effect:   lr.Spends,
	Beside:   true, // it waits for long answers
	Run:      runClientMaxTokens,
}

func runClientMaxTokens(ctx context.Context, t *lr.Trial) error {
	as := ordinary(t)
	word, question := repeated(t, asked)
	say := func(at lr.Assistant, bound int, note string) (*lr.Answer, int, error) {
		a, err := at.Ask(ctx, as, lr.Message{Text: question, Note: note, Vary: func(r *lr.Request) { withBound(r, bound) }})
		if err != nil && ends(ctx, err) {
			return nil, 0, err
		}
		return a, strings.Count(strings.ToLower(a.Text), word), nil
	}
	for _, at := range bounded(t) {
		subject := at.Skills().Subject
		small, few, err := say(at, smallBound, "a client's bound, small")
		if err != nil {
			return err
		}
		if x := small.Last(); x == nil || refuses(x) || x.Status >= 500 {
			t.Unknown(subject, "the question with a client's bound got no answer")
			continue
		} else if !x.OK() {
			t.Pass(lr.Seen(x), subject, "a client's bound is refused with %d", x.Status)
			continue
		}
		if few < 20 {
			t.Unknown(subject, "asked to repeat a word, the model wrote it %d times, so the length of an answer says nothing", few)
			continue
		}
		large, many, err := say(at, largeBound, "a client's bound, large")
		if err != nil {
			return err
		}
		x := large.Last()
		if x == nil || refuses(x) || x.Status >= 500 {
			t.Unknown(subject, "the question with a large bound got no answer")
			continue
		}
		e := lr.Seen(small.Last(), x)
		e.Records = []string{fmt.Sprintf("with a bound of %d tokens %d words, with %d tokens %d words", smallBound, few, largeBound, many)}
		switch {
		case !x.OK():
			t.Pass(e, subject, "a client's bound of %d tokens is refused with %d", largeBound, x.Status)
		case many >= manyWords && many >= 6*few:
			t.Fail(e, subject, "the client decides how long an answer is: a bound of %d tokens gave %d words, one of %d gave %d", smallBound, few, largeBound, many)
		default:
			t.Pass(e, subject, "whatever the client asks for, an answer ends after %d words", max(few, many))
		}
	}
	return nil
}

// bounded are the ways to the model whose description takes a bound, or else the
// usual one: the second way of the same request adds nothing.
func bounded(t *lr.Trial) []lr.Assistant {
	var out []lr.Assistant
	seen := map[string]bool{}
	for _, at := range endpoints(t) {
		rt := at.Skills().Route
		if rt == nil || rt.Body == nil || rt.Body.Schema == nil || seen[at.Skills().Subject] {
			continue
		}
		for _, name := range boundNames {
			if rt.Body.Schema.Properties[name] != nil {
				seen[at.Skills().Subject] = true
				out = append(out, at)
				break
			}
		}
	}
	if len(out) == 0 {
		return []lr.Assistant{t.Assistant}
	}
	return out
}

// withBound adds the client's bound to a JSON body, under the names that the
// route describes or else under all.
func withBound(r *lr.Request, bound int) {
	var v map[string]any
	if json.Unmarshal(r.Body, &v) != nil {
		return
	}
	n := 0
	for _, name := range boundNames {
		if rt := r.Route; rt != nil && rt.Body != nil && rt.Body.Schema != nil && rt.Body.Schema.Properties[name] != nil {
			v[name] = bound
			n++
		}
	}
	for _, name := range boundNames {
		if n == 0 {
			v[name] = bound
		}
	}
	if b, err := json.Marshal(v); err == nil {
		r.Body = b
	}
}
