package auth

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var undeclaredRoute = &lr.Check{
	ID:    "auth/undeclared-route",
	Title: "Routes and methods outside the specification show nothing",
	Why: "Debug handlers, old versions and admin panels are left behind because nobody lists them. They have no owner, no test and often no guard, " +
		"and scanners ask for them by name all day.",
	Fix: "Remove the route from the build that ships, or put it behind the same authentication as the rest and into the specification. " +
		"Answer 405 to methods that a path does not have. Let the router's table and the specification come from one place.",
	Guard:    "validate",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API9:2023"}, {Source: "CWE", ID: "425"}, {Source: "ASVS", ID: "v5.0.0-13.4.5"}, {Source: "ASVS", ID: "v5.0.0-4.1.4"}},
	Needs:    lr.Routes | lr.Credentials,
	Run:      runUndeclaredRoute,
}

func runUndeclaredRoute(ctx context.Context, t *lr.Trial) error {
	victims := oracle.Victims(t.Target)
	if len(victims) == 0 {
		t.Unknown(application, "no account whose data could be looked for")
		return nil
	}
	var routes []*lr.Route
	for _, rt := range t.Target.Routes {
		if !rt.Declared && oracle.Shows(rt) && !describes(rt.Path) && !lr.Match(t.Target.Access.Public, rt) && len(routes) < 400 {
			routes = append(routes, rt)
		}
	}
	samples := examples(t.Target)
	err := oracle.Each(ctx, routes, func(ctx context.Context, rt *lr.Route) error { return hidden(ctx, t, rt, victims, samples) })
	if err != nil {
		return err
	}
	return hiddenMethods(ctx, t, victims[0], len(routes))
}

// describes reports whether a path is that of an API description or of a viewer
// for one: what stands there as an address or an id is an example.
func describes(path string) bool {
	for _, seg := range strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return r == '/' || r == '-' || r == '_' || r == '.' }) {
		switch seg {
		case "openapi", "openapi2", "openapi3", "swagger", "docs", "apidocs", "redoc", "rapidoc", "scalar", "graphiql":
			return true
		}
	}
	return strings.Trim(strings.ToLower(path), "/") == "ui"
}

// description reports whether a reply is an API description, wherever it stands.
func description(x *lr.Exchange) bool {
	var doc map[string]json.RawMessage
	if json.Unmarshal(x.Body, &doc) != nil {
		head := string(x.Body[:min(len(x.Body), 400)])
		return strings.HasPrefix(head, "openapi:") || strings.HasPrefix(head, "swagger:")
	}
	return (doc["openapi"] != nil || doc["swagger"] != nil) && doc["paths"] != nil
}

// hidden asks one undeclared route as nobody, and as the lowest role of each tenant.
func hidden(ctx context.Context, t *lr.Trial, rt *lr.Route, victims []*lr.Account, samples []string) error {
	callers := append([]*lr.Account{nil}, victims...)
	var seen []*lr.Exchange
	for _, as := range callers {
		var o *lr.Object
		if len(rt.PathParams()) > 0 {
			if o = t.Stage.Object(rt.Resource, victims[0]); o == nil {
				return nil
			}
		}
		x, err := t.Send(ctx, as, rt, o, "undeclared route")
		if err != nil {
			return ended(ctx, err)
		}
		seen = append(seen, x)
		if description(x) {
			continue
		}
		hits := withoutSamples(belongs(t, x, as), samples)
		if len(hits) == 0 {
			continue
		}
		who := "anyone"
		if as != nil {
			who = "an ordinary user of another tenant"
		}
		e := lr.Seen(x)
		e.Witness = hits
		t.Fail(e, rt.String(), "a route that the specification does not name (%s) shows %s what belongs to accounts", rt.Source, who)
		return nil
	}
	if x := seen[0]; x.OK() && !description(x) && looksInternal(rt.Path) && !oracle.Empty(x) && isJSON(x) {
		t.Suspect(lr.Seen(x), rt.String(), "a route that the specification does not name (%s) answers anyone with data; nothing in it tells whose", rt.Source)
		return nil
	}
	t.Pass(xs(seen...), rt.String(), "shows nothing of an account to nobody or an ordinary user")
	return nil
}

// belongs lists the values in a reply that the caller has no right to: of any
// account for nobody, of another tenant's for a signed-in one.
func belongs(t *lr.Trial, x *lr.Exchange, as *lr.Account) []string {
	var out []string
	for _, c := range oracle.CanariesIn(x) {
		if tenant := t.Stage.TenantOf(c); tenant != "" && (as == nil || tenant != as.Tenant) {
			out = append(out, c)
		}
	}
	if as == nil {
		out = append(out, exposed(t, x)...)
		out = append(out, accountsIn(t, x)...)
	} else {
		own := oracle.Known(t, as.Tenant)
		for _, tenant := range t.Target.Tenants() {
			if tenant != as.Tenant {
				out = append(out, oracle.Find(oracle.Without(oracle.Without(identifying(t, tenant), strings.Join(own, "\n")), x.URL), x)...)
			}
		}
	}
	return out
}

// identifying lists the user and tenant ids and addresses of a tenant's accounts.
func identifying(t *lr.Trial, tenant string) []string {
	var out []string
	for _, a := range t.Target.Accounts {
		if a.Tenant == tenant {
			for _, v := range []string{a.User, a.UserID, a.TenantID} {
				if oracle.Telling(v) {
					out = append(out, v)
				}
			}
		}
	}
	return out
}

// examples lists the texts that the specification gives as examples: who names a
// test account after one must not be told that it leaks.
func examples(t *lr.Target) []string {
	var out []string
	add := func(vs ...any) {
		for _, v := range vs {
			out = append(out, texts(v)...)
		}
	}
	for _, rt := range t.Routes {
		for _, p := range rt.Params {
			add(p.Example)
			if p.Schema != nil {
				add(p.Schema.Example, p.Schema.Default)
			}
		}
		if rt.Body != nil {
			add(rt.Body.Example)
			if rt.Body.Schema != nil {
				add(rt.Body.Schema.Example)
			}
			eachProperty(rt.Body.Schema, 0, func(_ string, p *lr.Schema) { add(p.Example, p.Default) })
		}
	}
	return out
}

func texts(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, e := range v {
			out = append(out, texts(e)...)
		}
	case map[string]any:
		for _, e := range v {
			out = append(out, texts(e)...)
		}
	}
	return out
}

// withoutSamples drops the values that are examples as a whole.
func withoutSamples(values, samples []string) []string {
	return slices.DeleteFunc(values, func(v string) bool { return slices.Contains(samples, v) })
}

func looksInternal(path string) bool {
	return hasSegment(path, "debug", "internal", "admin", "actuator", "metrics", "env", "config", "vars", "pprof", "status", "test", "backup", "dump", "console", "private", "old", "users")
}

func isJSON(x *lr.Exchange) bool {
	var v any
	return json.Unmarshal(x.Body, &v) == nil
}

// hiddenMethods asks guarded reads with methods that they do not declare: guards
// that list methods forget OPTIONS, HEAD and the ones nobody has heard of.
func hiddenMethods(ctx context.Context, t *lr.Trial, victim *lr.Account, found int) error {
	probes, err := guarded(ctx, t, victim, 12)
	if err != nil {
		return err
	}
	if len(probes) == 0 {
		if found == 0 {
			t.Unknown(application, noGuard)
		}
		return nil
	}
	type question struct {
		p      oracle.Probe
		method string
	}
	var questions []question
	for _, p := range probes {
		for _, m := range []string{"OPTIONS", "HEAD", "LAUNCHREADY"} {
			questions = append(questions, question{p, m})
		}
	}
	var y tally
	err = oracle.Each(ctx, questions, func(ctx context.Context, q question) error {
		p := q.p
		p.As, p.Note, p.Vary = nil, "method "+q.method, func(r *lr.Request) { r.Method = q.method }
		j, err := oracle.Read(ctx, t, p)
		if err == nil {
			y.add(p.Route.String(), "method "+q.method, nothingShown(broken(j)))
		}
		return err
	})
	if err != nil {
		return err
	}
	y.report(t, 3, "A method that the route does not declare opens it without a credential")
	return nil
}
