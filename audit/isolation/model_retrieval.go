package isolation

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// Clauses that the checks of the assistant answer to, beside those of the row.
var (
	llmDisclosure25 = lr.Ref{Source: "OWASP LLM", ID: "LLM02:2025"}
	llmVector25     = lr.Ref{Source: "OWASP LLM", ID: "LLM08:2025"}
	llmDisclosure26 = lr.Ref{Source: "OWASP LLM", ID: "LLM02:2026"}
	llmVector26     = lr.Ref{Source: "OWASP LLM", ID: "LLM09:2026"}
	bac             = lr.Ref{Source: "OWASP API", ID: "API3:2023"}
)

var modelRetrieval = &lr.Check{
	ID:    "isolation/model-retrieval",
	Title: "The assistant answers from the caller's tenant only",
	Why: "A model repeats whatever retrieval puts in front of it, and has no idea whose it is. Where the search behind it does not filter by tenant, " +
		"a customer reads another's documents by asking for them in plain words.",
	Fix: "Filter by tenant inside the query of the index, with the tenant of the verified session, in every lookup that feeds the prompt: by words, by vectors, by title, by id. " +
		"An index or a namespace for each tenant makes it hard to forget.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{llmDisclosure25, llmVector25, llmDisclosure26, llmVector26, bola, asvsCross},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run: func(ctx context.Context, t *lr.Trial) error {
		return retrieved(ctx, t, (*fact).asOwner, (*fact).direct, inText,
			"the answer gave %[2]s's code, out of %[3]s, to %[1]s", "%[1]s asked for %[2]s's code by the project's name and was not told it")
	},
}

// inquiry is one question of an attacker, and what of the fact came back.
type inquiry struct {
	control
	got  said
	seen shown
}

func inText(q inquiry) []string { return q.seen.text }

// retrieved asks as the attacker about the victim's facts, at every way where the
// victim gets them back. The messages take who asked, whose it is and how it was
// planted.
func retrieved(ctx context.Context, t *lr.Trial, asOwner func(*fact) string, wording func(*fact, int) string, want func(inquiry) []string, failed, passed string) error {
	s, err := set(ctx, t)
	if err != nil || s == nil {
		return err
	}
	return s.atEachWay(ctx, t, asOwner, func(ctx context.Context, n int, way lr.Assistant, cs []control) error {
		asked, err := askAbout(ctx, t, n, way, s.attacker, cs, wording)
		if err != nil {
			return err
		}
		judge(t, way, s.pair, asked, want, failed, passed)
		return nil
	})
}

// askAbout puts the wordings of a question about the victim's facts, in one
// conversation as a person would, and stops where the text gives a fact away: the
// value is proof.
func askAbout(ctx context.Context, t *lr.Trial, n int, way lr.Assistant, attacker *lr.Account, cs []control, wording func(*fact, int) string) ([]inquiry, error) {
	var out []inquiry
	conversation := ""
	for i := range max(triesAt(t, n), len(cs)) {
		c := cs[i%len(cs)]
		got, err := tell(ctx, way, attacker, lr.Message{Text: wording(c.fact, i/len(cs)), Conversation: conversation, Note: "another tenant asks"})
		if err != nil {
			return out, err
		}
		conversation = got.answer.Conversation
		q := inquiry{c, got, c.in(got.answer)}
		out = append(out, q)
		if len(q.seen.text) > 0 {
			break
		}
	}
	return out, nil
}

// judge reports a way: failed by the first question to which want finds something
// in the answer, else passed with its bound.
func judge(t *lr.Trial, way lr.Assistant, p pair, asked []inquiry, want func(inquiry) []string, failed, passed string) {
	var c score
	for i, q := range asked {
		if hits := want(q); len(hits) > 0 {
			t.FailRate(oracle.Rate(1, i+1), evidence(hits, q.control.got.answer.Last(), exchangeWith(hits, q.got.answer)), subjectOf(way), failed, p.attacker.Name, p.victim.Tenant, q.channel)
			return
		}
		c.add(q.got)
	}
	c.conclude(t, subjectOf(way), asked[0].control.got.answer.Last(), fmt.Sprintf(passed, p.attacker.Name, p.victim.Tenant))
}
