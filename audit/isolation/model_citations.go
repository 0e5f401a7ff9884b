package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
)

var modelCitations = &lr.Check{
	ID:    "isolation/model-citations",
	Title: "Citations and traces name the caller's documents only",
	Why: "What comes with an answer is seldom shown and so seldom looked at: titles, ids and excerpts of the sources, traces of the search, metadata of a stream. " +
		"Where it is filled before the filter by tenant, the text is clean and the reply is not.",
	Fix:      "Build citations and traces from the passages that went into the prompt, after the filter by tenant, and send only the fields that the page shows.",
	Severity: lr.High,
	Refs:     []lr.Ref{llmDisclosure25, llmVector25, llmDisclosure26, llmVector26, bac, asvsCross},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run:      runModelCitations,
}

func runModelCitations(ctx context.Context, t *lr.Trial) error {
	s, err := set(ctx, t)
	if err != nil || s == nil {
		return err
	}
	cites, answered := false, false
	err = s.atEachWay(ctx, t, (*fact).asOwner, func(ctx context.Context, n int, way lr.Assistant, cs []control) error {
		answered = true
		asked, err := askAbout(ctx, t, n, way, s.attacker, cs, func(f *fact, n int) string {
			if n == 0 {
				return f.plain()
			}
			return f.reworded(n)
		})
		if err != nil || !citing(cs, asked) {
			return err
		}
		cites = true
		// What the text gives away too is retrieval's matter.
		judge(t, way, s.pair, asked, func(q inquiry) []string {
			if len(q.seen.text) > 0 {
				return nil
			}
			return q.seen.beside
		}, "the text does not tell it, but what comes with it named %[3]s of %[2]s's to %[1]s", "what came with the answers to %[1]s named nothing of %[2]s's")
		return nil
	})
	if err == nil && answered && !cites {
		t.NotApplicable("the owner's own answers come without citations and traces")
	}
	return err
}

// citing reports replies that tell their sources: an owner's own names the document
// beside the text.
func citing(cs []control, asked []inquiry) bool {
	for _, c := range cs {
		if len(c.in(c.got.answer).beside) > 0 {
			return true
		}
	}
	for _, q := range asked {
		if len(q.seen.beside) > 0 {
			return true
		}
	}
	return false
}
