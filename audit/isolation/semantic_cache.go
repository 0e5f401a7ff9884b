package isolation

import (
	"context"

	lr "github.com/launchready/launchready"
)

var semanticCache = &lr.Check{
	ID:    "isolation/semantic-cache",
	Title: "No cache gives one tenant's answer to a like question of another",
	Why: "A semantic cache answers what is near enough to a question that it has seen. Nearness knows no tenants: at the usual thresholds two customers' questions about their own contract are one, " +
		"and the second customer reads the first one's terms.",
	Fix:      "Keep a namespace for each tenant in the semantic cache and filter by it in the vector query. Do not cache answers that were made from a tenant's documents for anyone else.",
	Severity: lr.Critical,
	Refs:     []lr.Ref{llmVector25, llmVector26, {Source: "OWASP API", ID: "API8:2023"}, {Source: "CWE", ID: "524"}, asvsCross},
	Needs:    lr.Chat | lr.TwoTenants,
	Effect:   lr.Spends,
	Alone:    true, // what others plant crowds the retrieval and the caches it looks at
	Run: func(ctx context.Context, t *lr.Trial) error {
		return askAfter(ctx, t, (*fact).reworded, 3, "a question of the same meaning", "a cache that compares meanings")
	},
}
