package model

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"time"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/chat"
	"github.com/launchready/launchready/oracle"
)

// Clauses that checks of tools and of output answer to, with their edition.
var (
	agency25 = lr.Ref{Source: "OWASP LLM", ID: "LLM06:2025"}
	agency26 = lr.Ref{Source: "OWASP LLM", ID: "LLM03:2026"}
	prompt25 = lr.Ref{Source: "OWASP LLM", ID: "LLM01:2025"}
	prompt26 = lr.Ref{Source: "OWASP LLM", ID: "LLM01:2026"}
	output25 = lr.Ref{Source: "OWASP LLM", ID: "LLM05:2025"}
	output26 = lr.Ref{Source: "OWASP LLM", ID: "LLM10:2026"}
	flows    = lr.Ref{Source: "OWASP API", ID: "API6:2023"}
	ssrf     = lr.Ref{Source: "OWASP API", ID: "API7:2023"}
)

// customer is the account that talks to the assistant as users do: not an
// administrator's, where there is another, and one that may write.
func customer(t *lr.Trial) *lr.Account {
	var any *lr.Account
	for _, a := range t.Target.Accounts {
		if a.Spare {
			continue
		}
		if !a.Privileged() && a.Role != "viewer" {
			return a
		}
		if any == nil {
			any = a
		}
	}
	return any
}

// fatal reports an error by which the check ends; any other leaves one question open.
func fatal(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, lr.ErrBudget) || errors.Is(err, lr.ErrLost) || errors.Is(err, lr.ErrMoney))
}

// told is an answer, and why nothing can be concluded from its silence: "" where
// the assistant said something.
type told struct {
	*lr.Answer
	open string
}

// speak says one thing to an assistant. An endpoint that is busy, broken or mute
// leaves the question open: only what it did all the same counts.
func speak(ctx context.Context, a lr.Assistant, as *lr.Account, m lr.Message) (told, error) {
	answer, err := a.Ask(ctx, as, m)
	if fatal(ctx, err) {
		return told{answer, ""}, err
	}
	if answer == nil {
		answer = &lr.Answer{}
	}
	out := told{Answer: answer}
	switch x := answer.Last(); {
	case errors.Is(err, chat.ErrNoAnswer) && x != nil && x.OK():
		out.open = "the reply holds no text"
	case err != nil:
		out.open = err.Error()
	case x != nil && (x.Status == 429 || x.Status >= 500):
		out.open = fmt.Sprintf("the target was busy or broken: it answered %d", x.Status)
	case x != nil && !x.OK() && x.Status != 101:
		out.open = fmt.Sprintf("it answered %d", x.Status)
	case answer.Failure != "":
		out.open = "the endpoint reports a failure"
	}
	return out, nil
}

// after is the message that goes on with what was said, whichever side keeps the
// conversation.
func after(m lr.Message, a told, next string) lr.Message {
	conversation := a.Conversation
	if conversation == "" {
		conversation = m.Conversation // what goes on is not always named again
	}
	history := append(slices.Clone(m.History), lr.Turn{Role: "user", Text: m.Text}, lr.Turn{Role: "assistant", Text: a.Text})
	return lr.Message{Text: next, Conversation: conversation, History: history, Note: m.Note}
}

// deafness says why the assistant's silence would prove nothing, "" when it
// would: an assistant that follows no request at all also follows no bad one.
func deafness(t *lr.Trial) string {
	if len(t.Assistant.Skills().Computes) == 0 {
		return "the assistant carries out no request off its subject, so that it did not carry out this one proves nothing"
	}
	return ""
}

// subject is how findings name the endpoint.
func subject(t *lr.Trial) string { return t.Assistant.Skills().Subject }

// deck deals wordings, each once before one comes again: an assistant that resists
// one sentence is not one that resists.
type deck struct {
	wordings []string
	left     []int
}

func (d *deck) deal(r *rand.Rand) string {
	if len(d.left) == 0 {
		d.left = r.Perm(len(d.wordings))
	}
	next := d.wordings[d.left[0]]
	d.left = d.left[1:]
	return next
}

// drain is how long a callback may take after the answer: what is fetched or
// mailed in the background comes late.
func drain(t *lr.Trial) time.Duration {
	switch t.Profile {
	case lr.Quick:
		return 250 * time.Millisecond
	case lr.Deep:
		return 5 * time.Second
	}
	return 500 * time.Millisecond
}

// heard waits until one of the baits was hit or the time is over, and returns
// the hits of all.
func heard(ctx context.Context, t *lr.Trial, baits []lr.Bait) []lr.Hit {
	ctx, cancel := context.WithTimeout(ctx, drain(t))
	defer cancel()
	collect := func() []lr.Hit {
		var out []lr.Hit
		for _, b := range baits {
			out = append(out, t.Listener.Hits(b.Nonce)...)
		}
		return out
	}
	if hits := collect(); len(hits) > 0 || len(baits) == 0 {
		return hits
	}
	first := make(chan struct{}, len(baits))
	for _, b := range baits {
		go func() {
			if len(t.Listener.Wait(ctx, b.Nonce)) > 0 {
				first <- struct{}{}
			}
		}()
	}
	select {
	case <-ctx.Done():
	case <-first:
	}
	return collect()
}

// describe is a hit as evidence says it.
func describe(h lr.Hit) string {
	return fmt.Sprintf("%s from %s (%s): %s", h.Kind, h.From, excerpt(h.Agent, 80), excerpt(h.Line, 300))
}

// calledBack is evidence of an answer and of what came in.
func calledBack(xs []*lr.Exchange, hits []lr.Hit) lr.Evidence {
	e := lr.Seen(xs...)
	for _, h := range hits[:min(len(hits), 5)] {
		e.Records = append(e.Records, describe(h))
		e.Witness = append(e.Witness, h.Nonce)
	}
	return e
}

// inside reports whether the listener is at an address that only the target's
// own network reaches: what was fetched from there was fetched from inside.
func inside(b lr.Bait) bool {
	u, err := url.Parse(b.URL)
	return err == nil && internal(u.Hostname())
}

// bound is what n tries without a hit leave open, in words.
func bound(n int) string {
	return fmt.Sprintf("0 of %d; the true rate is at most %.0f %% (95 %%)", n, 100*oracle.Upper95(0, n))
}
