package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
)

var modelRetrievalParaphrase = &lr.Check{
	ID:    "isolation/model-retrieval-paraphrase",
	Title: "The assistant keeps to the caller's tenant when a question names nothing",
	Why: "Search by meaning runs beside search by words, often in another store and added later. A filter that one has and the other lacks lets a customer reach another's documents " +
		"without knowing what they are called.",
	Fix:      "Filter by tenant in every lookup that feeds the prompt, the vector search, its fallbacks and the expansion of a question included. Let one function build all of them.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{llmDisclosure25, llmVector25, llmDisclosure26, llmVector26, bola, asvsCross},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run: func(ctx context.Context, t *lr.Trial) error {
		return retrieved(ctx, t, (*fact).byMeaning, (*fact).meant, inText,
			"the answer gave %[2]s's code, out of %[3]s, to %[1]s, whose question named neither project nor code", "%[1]s asked for %[2]s's code by its meaning and was not told it")
	},
}
