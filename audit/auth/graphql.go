package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// ask sends a GraphQL document to the route.
func ask(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, query, note string) (*lr.Exchange, error) {
	b, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		return nil, fmt.Errorf("write a query: %w", err)
	}
	return post(ctx, t, rt, as, b, note)
}

func post(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, body []byte, note string) (*lr.Exchange, error) {
	r := &lr.Request{Method: "POST", Path: rt.Path, Body: body, Route: rt, Note: note}
	r.SetHeader("Content-Type", "application/json")
	r.SetHeader("Accept", "application/json")
	return t.HTTP.Do(ctx, as, r)
}

// graphRoutes lists the GraphQL routes that take POST, found ones included.
func graphRoutes(t *lr.Target) []*lr.Route {
	var out []*lr.Route
	seen := map[string]bool{}
	for _, rt := range t.Routes {
		if rt.Kind != lr.GraphQL || seen[rt.Path] || len(rt.PathParams()) > 0 || lr.Match(t.Access.Public, rt) {
			continue
		}
		if rt.Method == "POST" {
			seen[rt.Path] = true
			out = append(out, rt)
		}
	}
	return out
}

const introspection = `{__schema{queryType{name} types{kind name fields{name args{name type{kind}} type{kind name ofType{kind name ofType{kind name ofType{kind name}}}}}}}}`

// graph is a GraphQL schema, as far as it takes to ask for data.
type graph struct {
	query string
	types map[string]graphType
}

type graphType struct {
	Kind   string       `json:"kind"`
	Name   string       `json:"name"`
	Fields []graphField `json:"fields"`
}

type graphField struct {
	Name string    `json:"name"`
	Type graphRef  `json:"type"`
	Args []graphIn `json:"args"`
}

type graphIn struct {
	Name string   `json:"name"`
	Type graphRef `json:"type"`
}

type graphRef struct {
	Kind   string    `json:"kind"`
	Name   string    `json:"name"`
	OfType *graphRef `json:"ofType"`
}

func (r graphRef) base() graphRef {
	for r.OfType != nil {
		r = *r.OfType
	}
	return r
}

// parseGraph reads the reply to an introspection (GraphQL, 4.2).
func parseGraph(b []byte) (*graph, bool) {
	var doc struct {
		Data struct {
			Schema struct {
				QueryType struct{ Name string } `json:"queryType"`
				Types     []graphType           `json:"types"`
			} `json:"__schema"`
		} `json:"data"`
	}
	if json.Unmarshal(b, &doc) != nil || len(doc.Data.Schema.Types) == 0 {
		return nil, false
	}
	g := &graph{query: doc.Data.Schema.QueryType.Name, types: map[string]graphType{}}
	for _, t := range doc.Data.Schema.Types {
		g.types[t.Name] = t
	}
	return g, true
}

// queries lists a document for each field of the query type that takes no
// required argument and gives objects, with their scalars selected.
func (g *graph) queries(most int) []string {
	var out []string
next:
	for _, f := range g.types[g.query].Fields {
		for _, a := range f.Args {
			if a.Type.Kind == "NON_NULL" {
				continue next
			}
		}
		sel := g.selection(f.Type.base(), 2)
		if sel == "" || len(out) == most {
			continue
		}
		out = append(out, "{ "+f.Name+" "+sel+" }")
	}
	return out
}

// selection selects the scalars of an object, and of the objects in it.
func (g *graph) selection(r graphRef, depth int) string {
	t, ok := g.types[r.Name]
	if !ok || t.Kind != "OBJECT" || depth == 0 {
		return ""
	}
	var parts []string
next:
	for _, f := range t.Fields {
		for _, a := range f.Args {
			if a.Type.Kind == "NON_NULL" {
				continue next
			}
		}
		switch b := f.Type.base(); b.Kind {
		case "SCALAR", "ENUM":
			parts = append(parts, f.Name)
		case "OBJECT":
			if sub := g.selection(b, depth-1); sub != "" {
				parts = append(parts, f.Name+" "+sub)
			}
		}
		if len(parts) == 12 {
			break
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

// guesses are documents for a target that hides its schema: the nouns of its
// other routes, with the fields that nearly everything has.
func guesses(t *lr.Target) []string {
	out := []string{"{ me { id email } }", "{ viewer { id } }", "{ users { id email } }"}
	seen := map[string]bool{}
	for _, rt := range t.Routes {
		segs := segments(rt.Resource)
		if rt.Kind != lr.List || len(segs) == 0 || len(out) == 8 {
			continue
		}
		if n := segs[len(segs)-1]; !seen[n] {
			seen[n] = true
			out = append(out, "{ "+n+" { id title } }", "{ "+n+" { id name } }")
		}
	}
	return out
}

// documents lists queries that show the victim something, with the owner's
// replies, as far as the target lets one find out.
func documents(ctx context.Context, t *lr.Trial, rt *lr.Route, victim *lr.Account) ([]document, error) {
	x, err := ask(ctx, t, rt, victim, introspection, "the owner's introspection")
	if err != nil {
		return nil, err
	}
	queries := guesses(t.Target)
	if g, ok := parseGraph(x.Body); ok {
		queries = g.queries(8)
	}
	var out []document
	for _, q := range queries {
		owner, err := ask(ctx, t, rt, victim, q, "owner control")
		if err != nil {
			return nil, err
		}
		s := oracle.Sources{Known: oracle.Known(t, victim.Tenant), Harvest: true, Request: q}
		for _, f := range t.Target.Foreign(victim) {
			y, err := ask(ctx, t, rt, f, q, "another tenant's own")
			if err != nil {
				return nil, err
			}
			s.Not = append(s.Not, y)
			break
		}
		if w := oracle.Witness(t, victim, owner, s); len(w) > 0 {
			out = append(out, document{q, owner, w})
		}
	}
	return out, nil
}

type document struct {
	query   string
	owner   *lr.Exchange
	witness []string
}
