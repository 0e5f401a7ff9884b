package auth

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

var graphqlIntrospection = &lr.Check{
	ID:    "auth/graphql-introspection",
	Title: "GraphQL does not show its schema to anyone",
	Why:   "The schema names every type, field and mutation, the internal ones included. It saves an attacker the guessing; your own clients do not need it in production.",
	Fix:   "Switch introspection off in production, or allow it to signed-in developers only. Where the API is meant for partners, publish the schema on purpose and list the route under `access.public`.",
	Guard: "authenticate", Severity: lr.Low,
	Refs:  []lr.Ref{{Source: "OWASP API", ID: "API8:2023"}, {Source: "CWE", ID: "200"}, {Source: "ASVS", ID: "v5.0.0-4.3.2"}},
	Needs: lr.Routes,
	Extra: true, // a schema is no customer data
	Run:   runGraphQLIntrospection,
}

func runGraphQLIntrospection(ctx context.Context, t *lr.Trial) error {
	routes := graphRoutes(t.Target)
	if len(routes) == 0 {
		t.NotApplicable("the target has no GraphQL")
		return nil
	}
	for _, rt := range routes {
		x, err := ask(ctx, t, rt, nil, introspection, "introspection without a credential")
		if err != nil {
			return unasked(ctx, t, rt.String(), "asking for the schema", err)
		}
		g, ok := parseGraph(x.Body)
		switch {
		case ok:
			e := lr.Seen(x)
			e.Records = []string{fmt.Sprintf("%d types, query type %s", len(g.types), g.query)}
			t.Fail(e, rt.String(), "anyone reads the schema: %d types", len(g.types))
		case x.Status == 429 || x.Status >= 500:
			t.Unknown(rt.String(), "answered %d: the target was busy or broken, not refusing", x.Status)
		default:
			t.Pass(lr.Seen(x), rt.String(), "the schema was refused (answered %d)", x.Status)
		}
	}
	return nil
}
