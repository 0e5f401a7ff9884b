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

// maxFields bounds the query fields asked of one schema.
const maxFields = 60

// field is a query field that takes an id, or a list that takes nothing, with
// what can be selected of it.
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
				if err := open(ctx, t, rt.String(), err); err != nil {
					return err
				}
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
	for _, f := range fields[:min(len(fields), maxFields)] {
		if f.arg == "" {
			did, err := graphqlList(ctx, t, rt, p, f)
			if err != nil {
				return err
			}
			decided = decided || did
			continue
		}
		objects := namedLike(t, p.victim, f.name)
		for _, o := range objects[:min(len(objects), 3)] {
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

// graphqlList asks for a list that takes no argument, as REST lists are asked.
func graphqlList(ctx context.Context, t *lr.Trial, rt *lr.Route, p pair, f field) (bool, error) {
	query := fmt.Sprintf("{a:%s{%s}}", f.name, strings.Join(f.selection, " "))
	owner, said, err := graphql(ctx, t, rt, p.victim, query, "", "owner control")
	if err != nil {
		return false, err
	}
	x, _, err := graphql(ctx, t, rt, p.attacker, query, "", "another tenant's list")
	if err != nil {
		return false, err
	}
	witness := append(oracle.Foreign(t, p.victim.Tenant, owner, said), oracle.Foreign(t, p.victim.Tenant, x, said)...)
	if len(witness) == 0 {
		return false, nil
	}
	anon, _, err := graphql(ctx, t, rt, nil, query, "", "anonymous control")
	if err != nil {
		return false, err
	}
	j := oracle.Judge(oracle.Case{Witness: witness, Probe: x, Owner: owner, Anonymous: anon, Attacker: p.attacker})
	oracle.Report(t, rt.String()+" "+f.name, j.Message("%s lists", p.attacker.Name))
	return true, nil
}

const introspect = `{__schema{queryType{fields{name args{name defaultValue type{kind name ofType{kind name}}} type{...T ofType{...T ofType{...T ofType{...T}}}}}}}} fragment T on __Type{kind name fields{name args{type{kind}} type{kind ofType{kind}}}}`

// schemaType is a type as introspection tells it.
type schemaType struct {
	Kind, Name string
	OfType     *schemaType
	Fields     []schemaField
}

type schemaField struct {
	Name string
	Args []struct {
		Name         string
		DefaultValue *string
		Type         schemaType
	}
	Type schemaType
}

// holder is the object type inside lists and non-null marks, and whether a list is around it.
func (s schemaType) holder() (object schemaType, list bool) {
	for s.OfType != nil && len(s.Fields) == 0 {
		list = list || s.Kind == "LIST"
		s = *s.OfType
	}
	return s, list
}

// scalars lists the fields that can be selected without more.
func (s schemaType) scalars() []string {
	var out []string
	for _, f := range s.Fields {
		k := f.Type.Kind
		if k == "NON_NULL" && f.Type.OfType != nil {
			k = f.Type.OfType.Kind
		}
		needs := false
		for _, a := range f.Args {
			needs = needs || a.Type.Kind == "NON_NULL"
		}
		if (k == "SCALAR" || k == "ENUM") && !needs {
			out = append(out, f.Name)
		}
	}
	return out
}

// ask makes the question of a schema's field: by its id, or as a list.
func (f schemaField) ask() (field, bool) {
	object, list := f.Type.holder()
	g := field{name: f.Name, selection: object.scalars()}
	if len(g.selection) == 0 {
		return g, false
	}
	for _, a := range f.Args {
		needed := a.Type.Kind == "NON_NULL" && a.DefaultValue == nil
		n := strings.ToLower(a.Name)
		id := strings.HasSuffix(n, "id") || n == "slug" || n == "key" || len(f.Args) == 1 && needed
		switch {
		case id && !list && g.arg == "":
			g.arg, g.kind = a.Name, a.Type.Name
			if a.Type.OfType != nil {
				g.kind = a.Type.OfType.Name + "!"
			}
		case needed:
			return g, false
		}
	}
	return g, list || g.arg != "" && g.kind != ""
}

// queryFields lists the fields that take one id and those that list, from
// introspection, or else guessed from the names of the seeded resources.
func queryFields(ctx context.Context, t *lr.Trial, rt *lr.Route, as *lr.Account) ([]field, error) {
	x, _, err := graphql(ctx, t, rt, as, introspect, "", "introspection")
	if err != nil {
		return nil, err
	}
	var reply struct {
		Data struct {
			Schema struct {
				QueryType struct{ Fields []schemaField }
			} `json:"__schema"`
		}
	}
	var out []field
	if json.Unmarshal(x.Body, &reply) == nil {
		for _, f := range reply.Data.Schema.QueryType.Fields {
			if g, ok := f.ask(); ok {
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
