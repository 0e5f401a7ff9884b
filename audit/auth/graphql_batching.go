package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var graphqlBatching = &lr.Check{
	ID:    "auth/graphql-batching",
	Title: "One GraphQL request does not do the work of fifty",
	Why: "Limits count requests. Fifty sign-ins or fifty objects in one request pass as one: passwords are guessed and data is scraped under every rate limit, " +
		"and one request costs the database fifty.",
	Fix: "Bound the operations of a batch and the aliases of a document (10 is plenty), or price documents by their cost and charge the caller's limit with it. " +
		"Switch batching off where no client uses it.",
	Guard:    "limits",
	Severity: lr.Medium,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API4:2023"}, {Source: "CWE", ID: "770"}, {Source: "ASVS", ID: "v5.0.0-4.3.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Extra:    true, // depends on GraphQL, and takes an attacker more to use
	Run:      runGraphQLBatching,
}

const batch = 50 // operations in one request: far above what clients need

func runGraphQLBatching(ctx context.Context, t *lr.Trial) error {
	routes := graphRoutes(t.Target)
	victims := oracle.Victims(t.Target)
	if len(routes) == 0 || len(victims) == 0 {
		t.NotApplicable("the target has no GraphQL")
		return nil
	}
	for _, rt := range routes {
		docs, err := documents(ctx, t, rt, victims[0])
		if err != nil {
			return unasked(ctx, t, rt.String(), "asking as the owner", err)
		}
		if len(docs) == 0 {
			t.Unknown(rt.String(), "no query was found that shows its owner something telling")
			continue
		}
		if err := many(ctx, t, rt, victims[0], docs[0]); err != nil {
			return unasked(ctx, t, rt.String(), "sending many operations", err)
		}
	}
	return nil
}

// many sends one query fifty times in one request: as an array of operations,
// and as aliases in one document. The answers are counted, each by its witness.
func many(ctx context.Context, t *lr.Trial, rt *lr.Route, victim *lr.Account, d document) error {
	ops := make([]map[string]any, batch)
	for i := range ops {
		ops[i] = map[string]any{"query": d.query}
	}
	b, err := json.Marshal(ops)
	if err != nil {
		return fmt.Errorf("write a batch: %w", err)
	}
	array, err := post(ctx, t, rt, victim, b, fmt.Sprintf("%d operations in an array", batch))
	if err != nil {
		return err
	}
	var alias strings.Builder
	inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(d.query), "{"), "}")
	alias.WriteString("{")
	for i := range batch {
		fmt.Fprintf(&alias, " lr%d: %s", i, strings.TrimSpace(inner))
	}
	alias.WriteString(" }")
	aliases, err := ask(ctx, t, rt, victim, alias.String(), fmt.Sprintf("%d aliases in a document", batch))
	if err != nil {
		return err
	}
	var how []string
	e := lr.Seen(array, aliases)
	for _, c := range []struct {
		name string
		x    *lr.Exchange
	}{{"an array of operations", array}, {"aliases", aliases}} {
		if n := strings.Count(string(c.x.Body), d.witness[0]); n >= batch {
			how = append(how, c.name)
			e.Witness = d.witness[:1]
		}
	}
	if len(how) > 0 {
		t.Fail(e, rt.String(), "one request ran the same query %d times, by %s", batch, strings.Join(how, " and by "))
		return nil
	}
	t.Pass(e, rt.String(), "%d operations in one request were refused or cut", batch)
	return nil
}
