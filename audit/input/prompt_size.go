package input

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/oracle"
)

func promptSize() *lr.Check {
	return &lr.Check{
		ID:       "input/prompt-size",
		Title:    "A question has a limit of length",
		Why:      "Every character of a question is paid for, and those of a conversation are paid for again with each further one. Without a limit a user fills the model's window with each question, and ten users are the bill of a thousand.",
		Fix:      "Judge the length of each message before it is kept or sent on, by the limit that the description names, and the sum of what goes to the model by a budget of tokens. Answer 413 or 422.",
		Guard:    "limits",
		Severity: lr.Medium,
		Refs:     []lr.Ref{{Source: "CWE", ID: "770"}, {Source: "OWASP LLM", ID: "LLM10:2025"}, {Source: "OWASP API", ID: "API4:2023"}},
		Needs:    lr.Chat | lr.Credentials,
		Effect:   lr.Spends,
		Run:      promptSizes,
	}
}

// promptSizes asks the assistant, and each other way to it, a question behind
// more text than it should take. An answer that only the end of the text leads to
// shows that all of it went to the model.
func promptSizes(ctx context.Context, t *lr.Trial) error {
	victims := oracle.Victims(t.Target)
	if len(victims) == 0 {
		return errors.New("nobody is signed in")
	}
	ways := append([]lr.Assistant{t.Assistant}, t.Assistant.Twins()...)
	for _, a := range ways[:min(len(ways), 4)] {
		if err := promptSizeOf(ctx, t, a, victims[0]); err != nil {
			return err
		}
	}
	return nil
}

func promptSizeOf(ctx context.Context, t *lr.Trial, a lr.Assistant, as *lr.Account) error {
	subject := a.Skills().Subject
	ops := chat.Computes(a)
	if len(ops) == 0 {
		t.Unknown(subject, "the assistant answers no question whose answer can be told, so nothing shows how much of a question it read")
		return nil
	}
	limit, told := promptLimit(a.Skills().Route)
	size := mega
	if told {
		size = limit + 500
	}
	random := t.Random()
	ask := func(filler, note string) (*lr.Answer, bool, error) {
		q := ops[0].Ask(random)
		m := lr.Message{Text: filler + q.Text, Note: note}
		if filler != "" { // what is refused for its length is refused again
			m.Vary = func(r *lr.Request) { r.Once = true }
		}
		ans, err := a.Ask(ctx, as, m)
		if errors.Is(err, lr.ErrMoney) {
			return nil, false, err
		}
		if over := ended(ctx, err); over != nil {
			return nil, false, over
		}
		return ans, ans != nil && err == nil && q.Answered(ans.Text), nil
	}
	small, right, err := ask("", "control: a question of ordinary length")
	if err != nil {
		return err
	}
	if !right {
		t.Unknown(subject, "an ordinary question was not answered, so a refusal of a long one says nothing")
		return nil
	}
	const words = "The weather was fine that day. "
	long := strings.Repeat(words, size/len(words)+1)[:size] + "\n\n"
	var big, after *lr.Answer
	for range 3 {
		if big, right, err = ask(long, fmt.Sprintf("a question of %d characters", size)); err != nil {
			return err
		}
		if right || big.Last() == nil || big.Last().Status != http.StatusTooManyRequests {
			after = nil
			break
		}
		// Some count what a question holds, and say 429 to one that holds too much. Others
		// count questions: these refuse an ordinary one, too, until they take both.
		taken := false
		if after, taken, err = ask("", "control: a question of ordinary length, right after"); err != nil {
			return err
		}
		if taken && after.Last().Attempts <= 1 {
			break
		}
		after = nil
	}
	e := lr.Seen(small.Last())
	if big.Last() != nil {
		y := *big.Last()
		y.Sent = nil
		e = lr.Seen(small.Last(), &y)
	}
	switch {
	case right && told:
		t.Fail(e, subject, "a question of %d characters went to the model whole and was answered, and the description allows %d", size, limit)
	case right:
		t.Fail(e, subject, "a question of %d characters went to the model whole and was answered: no limit was met, and the description names none", size)
	case after != nil:
		e.Exchanges = append(e.Exchanges, after.Last())
		t.Pass(e, subject, "a question of %d characters is answered 429, and an ordinary one right after is taken", size)
	case big.Last() == nil || busy(big.Last()):
		t.Unknown(subject, "%s", errBusy)
	default:
		t.Pass(e, subject, "a question of %d characters is answered %d, and not from its end", size, big.Last().Status)
	}
	return nil
}

// promptLimit is the longest text that the description lets through; not told
// where it names no limit, or one that is none.
func promptLimit(rt *lr.Route) (limit int, told bool) {
	if rt == nil || rt.Body == nil || rt.Body.Schema == nil {
		return 0, false
	}
	longest := 0
	var walk func(s *lr.Schema, depth int)
	walk = func(s *lr.Schema, depth int) {
		if s == nil || depth > 4 {
			return
		}
		if s.Type == "string" && len(s.Enum) == 0 && s.Format == "" && s.Const == nil {
			longest = max(longest, s.MaxLength)
		}
		walk(s.Items, depth+1)
		for _, p := range s.Properties {
			walk(p, depth+1)
		}
		for _, p := range s.OneOf {
			walk(p, depth+1)
		}
	}
	walk(rt.Body.Schema, 0)
	return longest, longest > 0 && longest <= mega/2
}
