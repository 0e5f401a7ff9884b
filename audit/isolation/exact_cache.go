package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var exactCache = &lr.Check{
	ID:    "isolation/exact-cache",
	Title: "No cache gives one tenant's answer to the same question of another",
	Why: "Answers of a model are cached because they are slow and cost money, and the key is the question. Two customers ask the same things, and the second one gets what was said to the first. " +
		"It shows only in that order, so ordinary tests pass.",
	Fix:      "Put the tenant, and the user where answers depend on the user, into the key of the answer cache, beside the model, the prompt and the version of the documents.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{llmVector25, llmVector26, {Source: "OWASP API", ID: "API8:2023"}, {Source: "CWE", ID: "524"}, asvsCross},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run: func(ctx context.Context, t *lr.Trial) error {
		return askAfter(ctx, t, func(f *fact, _ int) string { return f.plain() }, 2, "the same question", "a cache of answers")
	},
}

// askAfter has the victim ask until a cache would hold the answer, and then the
// attacker. What the attacker is told to a question in other words, which no cache
// takes for the same, is no matter of a cache.
func askAfter(ctx context.Context, t *lr.Trial, wording func(*fact, int) string, times int, what, by string) error {
	s, err := set(ctx, t)
	if err != nil || s == nil {
		return err
	}
	return s.atEachWay(ctx, t, (*fact).plain, func(ctx context.Context, _ int, way lr.Assistant, cs []control) error {
		var c score
		for _, f := range cs {
			again, err := tell(ctx, way, s.victim, lr.Message{Text: f.plain(), Note: "owner, to fill a cache"})
			if err != nil {
				return err
			}
			for i := range times {
				got, err := tell(ctx, way, s.attacker, lr.Message{Text: wording(f.fact, i), Note: what + " right after the owner"})
				if err != nil {
					return err
				}
				seen := f.in(got.answer)
				if seen.none() {
					c.add(got)
					continue
				}
				past, err := tell(ctx, way, s.attacker, lr.Message{Text: f.apart(), Note: "in words that no cache holds"})
				if err != nil {
					return err
				}
				hits := seen.beyond(f.in(past.answer))
				if len(hits) == 0 {
					c.add(got) // retrieval itself shows it: other checks of the row decide
					continue
				}
				t.FailRate(oracle.Rate(1, c.n+1), evidence(hits, again.answer.Last(), past.answer.Last(), exchangeWith(hits, got.answer)), subjectOf(way),
					"%s gave %s's answer to %s, who asked %s; in other words it is not told", by, s.victim.Tenant, s.attacker.Name, what)
				return nil
			}
		}
		c.conclude(t, subjectOf(way), cs[0].got.answer.Last(), s.attacker.Name+" asked "+what+" after "+s.victim.Tenant+" and got no answer of theirs")
		return nil
	})
}
