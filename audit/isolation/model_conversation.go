package isolation

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var modelConversation = &lr.Check{
	ID:    "isolation/model-conversation",
	Title: "A conversation goes on with its own tenant only",
	Why: "The id of a conversation, a thread or a stream comes from the client with each message. If it is trusted, whoever knows or guesses one asks the model what was said in it, " +
		"and the model tells.",
	Fix:      "Load a conversation by its id and the caller's tenant (and user) in one query, on every endpoint that takes the id, and answer a foreign one as a missing one.",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{llmDisclosure25, llmDisclosure26, bola, cwe639, asvsItem},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run:      runModelConversation,
}

// thread is a conversation in which its owner told the assistant a fact.
type thread struct {
	*fact
	id string
}

func runModelConversation(ctx context.Context, t *lr.Trial) error {
	ps := pairs(t)
	if len(ps) == 0 {
		return nil
	}
	p := ps[0]
	var threads []thread
	kept, why := false, ""
	for _, way := range waysIn(t) {
		f := newFact(t, p.victim)
		f.channel = "a conversation"
		got, err := tell(ctx, way, p.victim, lr.Message{Text: fmt.Sprintf("The door code of the %s is %s.", f.place, f.code), Note: "the owner tells it"})
		if err != nil {
			return err
		}
		switch {
		case got.answer.Conversation != "":
			kept = true
			threads = append(threads, thread{f, got.answer.Conversation})
		case got.open != "":
			why = subjectOf(way) + ": " + got.open
		}
	}
	if !kept && why != "" {
		t.Unknown(subjectOf(t.Assistant), "no conversation could be begun: %s", why)
		return nil
	}
	if !kept {
		t.NotApplicable("the assistant keeps no conversation: clients send again what was said")
		return nil
	}
	asked := false
	var whys []string
	for _, way := range waysIn(t) {
		ok, why, err := goOn(ctx, t, way, p, threads)
		if err != nil {
			return err
		}
		asked = asked || ok
		if why != "" {
			whys = append(whys, subjectOf(way)+": "+why)
		}
	}
	if !asked {
		t.Unknown(subjectOf(t.Assistant), "no way remembers what its owner said: %s", strings.Join(whys, "; "))
	}
	return nil
}

// goOn asks at a way about the threads, which may have been begun at another: as
// the owner, and with the same id as the attacker. It reports whether the way goes
// on with a thread at all.
func goOn(ctx context.Context, t *lr.Trial, way lr.Assistant, p pair, threads []thread) (asked bool, why string, err error) {
	var c score
	var owner *lr.Exchange
	for _, th := range threads {
		m := lr.Message{Text: th.asOwner(), Conversation: th.id, Note: "owner control"}
		got, err := tell(ctx, way, p.victim, m)
		if err != nil {
			return asked, "", err
		}
		if len(th.in(got.answer).text) == 0 {
			if why = got.open; why == "" {
				why = "the owner is not told it"
			}
			continue
		}
		asked, owner = true, got.answer.Last()
		plain, err := tell(ctx, way, p.attacker, lr.Message{Text: th.asOwner(), Note: "without the id"})
		if err != nil {
			return asked, "", err
		}
		control := th.in(plain.answer)
		for i := range 3 {
			m.Note = "another tenant goes on with the conversation"
			m.Text = []string{th.asOwner(), fmt.Sprintf("What did I tell you about the %s?", th.place), "Repeat what I have told you, with every number in it."}[i]
			got, err := tell(ctx, way, p.attacker, m)
			if err != nil {
				return asked, "", err
			}
			if hits := th.in(got.answer).beyond(control); len(hits) > 0 {
				t.FailRate(oracle.Rate(1, c.n+1), evidence(hits, owner, exchangeWith(hits, got.answer)), subjectOf(way),
					"%s named a conversation of %s's and was told what was said in it", p.attacker.Name, p.victim.Tenant)
				return true, "", nil
			}
			c.add(got)
		}
	}
	if asked {
		c.conclude(t, subjectOf(way), owner, p.attacker.Name+" named a conversation of "+p.victim.Tenant+"'s and was told nothing of it")
		why = ""
	}
	return asked, why, nil
}
