package isolation

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var graphqlObject = &lr.Check{
	ID:       "isolation/graphql-object",
	Title:    "GraphQL resolves objects of the caller's tenant only",
	Why:      "Each GraphQL resolver is a route of its own. One that loads by id alone gives every customer's objects to every other, past all checks of the REST API.",
	Fix:      "Check the tenant in the loader that all resolvers share, not in the HTTP handler.",
	Guard:    "",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsItem},
	Needs:    lr.Routes | lr.TwoTenants,
	Run:      runGraphqlObject,
}

// field is a query field that takes an id, with what can be selected of it.
type field struct {
	name, arg, kind string
	selection       []string
}

func runGraphqlObject(ctx context.Context, t *lr.Trial) error {
	asked := false
	for _, rt := range t.Target.Routes {
		if rt.Kind != lr.GraphQL || rt.Method != "POST" {
			continue
		}
		for _, p := range pairs(t)[:min(1, len(pairs(t)))] {
			asked = true
			if err := graphqlAs(ctx, t, rt, p); err != nil {
				return err
			}
		}
	}
	if !asked {
		t.NotApplicable("no route takes GraphQL")
	}
	return nil
}

func graphqlAs(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair) error {
	fields, err := queryFields(ctx, t, rt, p.victim)
	if err != nil {
		return err
	}
	decided := false
	for _, f := range fields {
		for _, o := range namedLike(t, p.victim, f.name) {
			query := fmt.Sprintf("query($id:%s){a:%s(%s:$id){%s}}", f.kind, f.name, f.arg, strings.Join(f.selection, " "))
			owner, said, err := graphql(ctx, t, rt, p.victim, query, o.ID, "owner control")
			if err != nil {
				return err
			}
			witness := oracle.Without(oracle.Find(o.Secrets, owner), said)
			if len(witness) == 0 {
				continue
			}
			x, _, err := graphql(ctx, t, rt, p.attacker, query, o.ID, "another tenant asks by id")
			if err != nil {
				return err
			}
			anon, _, err := graphql(ctx, t, rt, nil, query, o.ID, "anonymous control")
			if err != nil {
				return err
			}
			decided = true
			j := oracle.Judge(oracle.Case{Witness: witness, Probe: x, Owner: owner, Anonymous: anon, Attacker: p.attacker})
			oracle.Report(t, rt.String()+" "+f.name, j.Message("%s asks for %s's object", p.attacker.Name, p.victim.Tenant))
			break
		}
	}
	if !decided {
		t.Unknown(rt.String(), "no query field gives an own object by its id")
	}
	return nil
}

// queryFields lists the fields that take one id, from introspection, or else
// guessed from the names of the seeded resources.
func queryFields(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account) ([]field, error) {
	const introspect = `{__schema{queryType{fields{name args{name type{kind name ofType{name}}} type{kind name ofType{kind name fields{name type{kind ofType{kind}}}} fields{name type{kind ofType{kind}}}}}}}}`
	x, _, err := graphql(ctx, t, rt, as, introspect, "", "introspection")
	if err != nil {
		return nil, err
	}
	type typ struct {
		Kind, Name string
		OfType     *typ
		Fields     []struct {
			Name string
			Type typ
		}
	}
	var reply struct {
		Data struct {
			Schema struct {
				QueryType struct {
					Fields []struct {
						Name string
						Args []struct {
							Name string
							Type typ
						}
						Type typ
					}
				}
			} `json:"__schema"`
		}
	}
	var out []field
	if json.Unmarshal(x.Body, &reply) == nil {
		for _, f := range reply.Data.Schema.QueryType.Fields {
			if len(f.Args) != 1 {
				continue
			}
			kind := f.Args[0].Type.Name
			if kind == "" && f.Args[0].Type.OfType != nil {
				kind = f.Args[0].Type.OfType.Name + "!"
			}
			holder := f.Type
			if len(holder.Fields) == 0 && holder.OfType != nil {
				holder = *holder.OfType
			}
			g := field{name: f.Name, arg: f.Args[0].Name, kind: kind}
			for _, sub := range holder.Fields {
				if k := sub.Type.Kind; k == "SCALAR" || k == "ENUM" || k == "NON_NULL" && sub.Type.OfType != nil && (sub.Type.OfType.Kind == "SCALAR" || sub.Type.OfType.Kind == "ENUM") {
					g.selection = append(g.selection, sub.Name)
				}
			}
			if kind != "" && len(g.selection) > 0 {
				out = append(out, g)
			}
		}
	}
	if len(out) == 0 {
		for _, o := range namedLike(t, as, "") {
			noun := lastWord(o.Resource)
			for _, selection := range [][]string{{"id", "title"}, {"id", "name"}, {"id", "content"}} {
				out = append(out, field{name: noun, arg: "id", kind: "ID!", selection: selection})
			}
		}
	}
	return out, nil
}

// namedLike lists the tenant's objects, those whose collection is named like the
// field first.
func namedLike(t *lr.Trial, a *lr.Account, name string) []*lr.Object {
	var first, rest []*lr.Object
	seen := map[string]bool{}
	for _, rt := range t.Target.Routes {
		o := t.Stage.Object(rt.Resource, a)
		if o == nil || seen[rt.Resource] || len(o.Canaries) == 0 || strings.Contains(rt.Resource, "{}") {
			continue
		}
		seen[rt.Resource] = true
		if name != "" && strings.HasPrefix(strings.ToLower(name), lastWord(rt.Resource)) {
			first = append(first, o)
		} else {
			rest = append(rest, o)
		}
	}
	return append(first, rest...)
}

// lastWord is the collection's name in the singular: "/v1/chats" gives "chat".
func lastWord(resource string) string {
	i := strings.LastIndexByte(resource, '/')
	w := strings.ToLower(resource[i+1:])
	if strings.HasSuffix(w, "ies") {
		return w[:len(w)-3] + "y"
	}
	return strings.TrimSuffix(w, "s")
}

func graphql(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account, query, id, note string) (*lr.Exchange, string, error) {
	body := map[string]any{"query": query}
	if id != "" {
		body["variables"] = map[string]any{"id": id}
	}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, "", fmt.Errorf("build a GraphQL query: %w", err)
	}
	r := &lr.Request{Method: rt.Method, Path: rt.Path, Body: b, Route: rt, Note: note}
	r.SetHeader("Content-Type", "application/json")
	r.SetHeader("Accept", "application/json")
	x, err := t.HTTP.Do(ctx, as, r)
	return x, oracle.RequestText(r), err
}
