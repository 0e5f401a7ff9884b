package hygiene

import (
	"context"
	"encoding/json"
	"regexp"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/internal/expr"
	"github.com/launchready/launchready/oracle"
)

func graphqlSuggestion() *lr.Check {
	return &lr.Check{
		ID:    "hygiene/graphql-suggestion",
		Title: "GraphQL errors suggest no field names and carry no trace",
		Why: "\"Did you mean …?\" gives the schema away a few letters at a time to whoever may not read it, and tools put it together in minutes. " +
			"A trace in the extensions is a stack trace like any other.",
		Fix: "Switch suggestions off where introspection is off (`hideSchemaDetailsFromClientErrors` in Apollo, `blockFieldSuggestions` of graphql-armor; elsewhere format the errors), " +
			"and mask errors that are not the caller's: no `stacktrace` and no `exception` in `extensions`.",
		Guard:    "scrub_errors",
		Severity: lr.Low,
		Refs:     []lr.Ref{misconfiguration, errorText, {Source: "ASVS", ID: "v5.0.0-4.3.2"}, asvsErrors},
		Needs:    lr.Routes,
		Run:      runGraphQLSuggestion,
	}
}

var (
	suggestion = expr.Lazy("Did you mean (?:to use an inline fragment on )?[\"'`\\\\]{1,3}[A-Za-z_]\\w*")
	graphTrace = expr.Lazy(`"(?:stacktrace|stack|exception|debugMessage|trace)":\s?[\[{"]`)
	// Misspelt on purpose: each is near to a field that most schemas have.
	misspelt = []string{"{ mee { id } }", "{ __typenam userss { idd } }", "{ chatss { titel } viewr { idd } }", "{ nodee { id } memberss { id } }"}
)

// runGraphQLSuggestion asks for misspelt fields: as nobody, and as the lowest
// role, where that may not read the schema anyway.
func runGraphQLSuggestion(ctx context.Context, t *lr.Trial) error {
	found := false
	for _, rt := range t.Target.Routes {
		if rt.Kind != lr.GraphQL || rt.Method != "POST" || len(rt.PathParams()) > 0 || lr.Match(t.Target.Access.Public, rt) {
			continue
		}
		found = true
		callers := []*lr.Account{nil}
		if v := oracle.Victims(t.Target); len(v) > 0 {
			callers = append(callers, v[0])
		}
		if err := suggests(ctx, t, rt, callers); err != nil {
			return err
		}
	}
	if !found {
		t.NotApplicable("the target has no GraphQL")
	}
	return nil
}

func suggests(ctx context.Context, t *lr.Trial, rt *lr.Route, callers []*lr.Account) error {
	var last *lr.Exchange
	for _, as := range callers {
		schema, err := graph(ctx, t, rt, as, "{__schema{queryType{name}}}", "may the caller read the schema")
		if err != nil {
			return openGraph(ctx, t, rt, err)
		}
		reads := regexp.MustCompile(`"queryType":\s?\{`).Match(schema.Body) && schema.OK()
		for _, q := range misspelt {
			x, err := graph(ctx, t, rt, as, q, "a field that is misspelt")
			if err != nil {
				return openGraph(ctx, t, rt, err)
			}
			last = x
			who := "anyone"
			if as != nil {
				who = "a signed-in user who may not read the schema"
			}
			if hit := graphTrace().Find(x.Body); hit != nil {
				e := lr.Seen(x)
				e.Witness = []string{string(hit)}
				t.Report(lr.Outcome{Verdict: lr.Failed, Confidence: lr.Confirmed, Subject: rt.String(), Severity: lr.Medium, Evidence: e, Message: "an error carries a trace or an exception in its extensions"})
				return nil
			}
			if hit := suggestion().Find(x.Body); hit != nil && (as == nil || !reads) {
				e := lr.Seen(schema, x)
				e.Witness = []string{string(hit)}
				t.Fail(e, rt.String(), "errors suggest names of the schema to %s", who)
				return nil
			}
			if x.Status == 429 || x.Status >= 502 {
				t.Unknown(rt.String(), "answered %d: the target was busy", x.Status)
				return nil
			}
		}
	}
	t.Pass(lr.Seen(last), rt.String(), "suggests nothing to a caller who may not read the schema")
	return nil
}

func openGraph(ctx context.Context, t *lr.Trial, rt *lr.Route, err error) error {
	if err := ended(ctx, err); err != nil {
		return err
	}
	t.Unknown(rt.String(), "asking with a misspelt field: %v", err)
	return nil
}

func graph(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, query, note string) (*lr.Exchange, error) {
	b, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return nil, err
	}
	r := &lr.Request{Method: "POST", Path: rt.Path, Body: b, Route: rt, Note: note}
	r.SetHeader("Content-Type", "application/json")
	r.SetHeader("Accept", "application/json")
	return t.HTTP.Do(ctx, as, r)
}
