package auth

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var graphqlCredential = &lr.Check{
	ID:    "auth/graphql-credential",
	Title: "GraphQL shows nothing without a credential",
	Why:   "GraphQL is one address for all data. Where access is left to each resolver, the one that forgets it shows every customer's objects, and the address in the logs looks like any other.",
	Fix: "Refuse a request without a credential before the document is parsed, and put the caller into the context that every resolver must take its tenant from. " +
		"A resolver without a caller returns an error, not an unfiltered query.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "306"}, {Source: "ASVS", ID: "v5.0.0-8.2.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runGraphQLCredential,
}

func runGraphQLCredential(ctx context.Context, t *lr.Trial) error {
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
		var y tally
		for _, d := range docs {
			x, err := ask(ctx, t, rt, nil, d.query, "without a credential")
			if err != nil {
				return unasked(ctx, t, rt.String(), "asking as nobody", err)
			}
			j := oracle.Judge(oracle.Case{Witness: d.witness, Probe: x, Owner: d.owner})
			j.Evidence.Exchanges = []*lr.Exchange{d.owner, x}
			y.add(rt.String(), d.query, j)
		}
		y.report(t, 2, "GraphQL shows customer data without a credential")
	}
	return nil
}
