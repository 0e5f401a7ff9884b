package isolation

import (
	"context"
	"net/http"
	"testing"

	gql "github.com/graph-gophers/graphql-go"
	"github.com/graph-gophers/graphql-go/relay"
)

type tenantKey struct{}

// query resolves notes; whose says whose notes a tenant's callers may load.
type query struct {
	app         *app
	one, listed func(tenant string) string
}

type note struct{ v row }

func (n note) ID() gql.ID    { return gql.ID(text(n.v["id"])) }
func (n note) Title() string { return text(n.v["title"]) }

func (q *query) load(ctx context.Context, id string) *note {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	if v := q.app.find("notes", id, q.one(tenant)); v != nil {
		return &note{v}
	}
	return nil
}

func (q *query) Note(ctx context.Context, args struct {
	ID     gql.ID
	Locale *string
}) *note {
	return q.load(ctx, string(args.ID))
}

func (q *query) Notes(ctx context.Context, _ struct{ First *int32 }) []*note {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	keep := of(q.listed(tenant))
	if q.listed(tenant) == "*" {
		keep = nil
	}
	out := []*note{}
	for _, v := range q.app.list("notes", keep) {
		out = append(out, &note{v})
	}
	return out
}

func (q *query) Version() string { return "graph-of-notes-2026" }

const noteSchema = `type Query { note(id: ID!, locale: String): Note  notes(first: Int): [Note!]!  version: String! } type Note { id: ID!  title: String! }`

func graph(one, listed func(string) string, blind bool) func(*app) {
	return func(a *app) {
		a.crud("notes")
		opts := []gql.SchemaOpt{}
		if blind {
			opts = append(opts, gql.RestrictIntrospection(func(context.Context) bool { return false }))
		}
		h := relay.Handler{Schema: gql.MustParseSchema(noteSchema, &query{a, one, listed}, opts...)}
		a.on(`POST /graphql {"query":"{version}"}`, private(func(w http.ResponseWriter, r *http.Request, tenant string) {
			h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tenantKey{}, tenant)))
		}))
	}
}

func TestGraphqlObject(t *testing.T) {
	const object, list = "POST /graphql note", "POST /graphql notes"
	own := func(tenant string) string { return tenant }
	anyone := func(string) string { return "*" }
	cases(t, graphqlObject, []testCase{
		{"safe", graph(own, own, false), want{passes: []string{object, list}}},
		{"any object by its id", graph(anyone, own, false), want{fails: []string{object}, passes: []string{list}}},
		{"a list of all tenants", graph(own, anyone, false), want{fails: []string{list}, passes: []string{object}}},
		{"any object, without introspection", graph(anyone, own, true), want{fails: []string{object}}},
		{"safe, without introspection", graph(own, own, true), want{passes: []string{object}}},
		{"a graph that knows no seeded object", func(a *app) {
			a.on(`POST /graphql {"query":"{version}"}`, private(func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, row{"errors": []row{{"message": "unknown field"}}})
			}))
		}, want{open: []string{"POST /graphql"}}},
		{"no graph", func(a *app) { a.crud("notes") }, want{skipped: true}},
	})
}
