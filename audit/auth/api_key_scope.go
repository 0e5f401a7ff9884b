package auth

import (
	"context"
	"encoding/json"
	"sort"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var apiKeyScope = &lr.Check{
	ID:    "auth/api-key-scope",
	Title: "An API key does only what its scopes say",
	Why: "Customers put read-only keys into dashboards and scripts because they are told that such a key can do no harm. " +
		"A key whose scopes are not looked at is a full password that never expires.",
	Fix: "Look at the key's scopes in the same place that authenticates it, with the scope that a route needs stated beside the route. " +
		"Refuse a key on routes that state none. Keys that `launchready guard key new` makes have roles, which guard holds them to.",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API5:2023"}, {Source: "CWE", ID: "863"}, {Source: "ASVS", ID: "v5.0.0-8.2.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Run:      runAPIKeyScope,
}

// keyRoute is a route that makes API keys, with the scopes it knows.
type keyRoute struct {
	route  *lr.Route
	field  string
	scopes []string
}

func findKeyRoute(t *lr.Target) *keyRoute {
	for _, rt := range t.Routes {
		if rt.Method != "POST" || !rt.Declared || len(rt.PathParams()) > 0 || rt.Kind == lr.SignIn || rt.Kind == lr.SignUp {
			continue
		}
		if !hasSegment(rt.Path, "keys", "key", "apikeys", "apikey", "tokens", "credentials") {
			continue
		}
		f := field(rt, "scopes", "scope", "permissions", "abilities", "grants")
		if f == "" {
			continue
		}
		if scopes := vocabulary(rt.Body.Schema.Properties[f]); len(scopes) > 0 {
			return &keyRoute{rt, f, scopes}
		}
	}
	return nil
}

func vocabulary(sc *lr.Schema) []string {
	var out []string
	add := func(vs []any) {
		for _, v := range vs {
			if s, ok := v.(string); ok {
				out = append(out, s)
			}
		}
	}
	if sc.Items != nil {
		add(sc.Items.Enum)
	}
	add(sc.Enum)
	if len(out) == 0 {
		if list, ok := sc.Example.([]any); ok {
			add(list)
		}
	}
	return out
}

// scopeParts reads "chats:read" as the noun chats and the verb read.
func scopeParts(s string) (noun, verb string) {
	for _, p := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(":./_-", r) }) {
		switch p {
		case "read", "view", "list", "get", "readonly", "r", "ro":
			verb = "read"
		case "write", "create", "update", "edit", "manage", "delete", "admin", "w", "rw", "all":
			verb = "write"
		default:
			noun = p
		}
	}
	return noun, verb
}

func runAPIKeyScope(ctx context.Context, t *lr.Trial) error {
	k := findKeyRoute(t.Target)
	victims := oracle.Victims(t.Target)
	if k == nil || len(victims) == 0 {
		t.NotApplicable("no route makes API keys with scopes")
		return nil
	}
	v := victims[0]
	noun, scope, target := k.choose(t, v)
	if scope == "" {
		t.Unknown(k.route.String(), "none of its scopes is for reading something that the audit can also try to change")
		return nil
	}
	secret, made, err := k.issue(ctx, t, v, scope)
	if err != nil {
		return unasked(ctx, t, k.route.String(), "making an API key", err)
	}
	if secret == "" {
		t.Unknown(k.route.String(), "making an API key was answered %d and showed no key", status(made))
		return nil
	}
	inside, outside := k.split(t, v, noun)
	key, err := carrier(ctx, t, inside, secret)
	if err != nil {
		return err
	}
	if key == nil {
		t.Unknown(k.route.String(), "the key was not accepted in any of the usual headers where its scope %s allows it", scope)
		return nil
	}
	var y tally
	j, err := change(ctx, t, oracle.Attempt{Route: target, Victim: v, Credential: key, Note: "API key with the scope " + scope})
	if err != nil {
		return err
	}
	y.add(target.String(), "API key with the scope "+scope, j)
	for _, p := range outside {
		j, err := offer(ctx, t, p, forgery{how: "API key with the scope " + scope, credential: *key})
		if err != nil {
			return err
		}
		y.add(p.Route.String(), "API key with the scope "+scope, j)
	}
	y.report(t, 2, "An API key does more than its scope says")
	return nil
}

func status(x *lr.Exchange) int {
	if x == nil {
		return 0
	}
	return x.Status
}

// choose picks a scope for reading, and a route that writes to the same thing.
func (k *keyRoute) choose(t *lr.Trial, v *lr.Account) (noun, scope string, write *lr.Route) {
	routes := writes(t, v)
	// Updates before deletions before creations: the first can be read back best.
	sort.SliceStable(routes, func(i, j int) bool { return order(routes[i]) < order(routes[j]) })
	for _, s := range k.scopes {
		n, verb := scopeParts(s)
		if verb != "read" {
			continue
		}
		for _, rt := range routes {
			if n == "" || alike(group(rt.Path), n) {
				return n, s, rt
			}
		}
	}
	return "", "", nil
}

func order(rt *lr.Route) int {
	switch rt.Kind {
	case lr.Update:
		return 0
	case lr.Delete:
		return 1
	case lr.Create:
		return 2
	}
	return 3
}

// alike reports whether two nouns are one: chats and chat.
func alike(a, b string) bool {
	return strings.TrimSuffix(plainName(a), "s") == strings.TrimSuffix(plainName(b), "s")
}

// split sorts the reads into those that the scope allows, and those for which
// the vocabulary has another scope.
func (k *keyRoute) split(t *lr.Trial, v *lr.Account, noun string) (inside, outside []oracle.Probe) {
	others := map[string]bool{}
	for _, s := range k.scopes {
		if n, _ := scopeParts(s); n != "" && !alike(n, noun) {
			others[strings.TrimSuffix(plainName(n), "s")] = true
		}
	}
	probes, _ := reads(t, v)
	taken := map[string]bool{}
	for _, p := range probes {
		g := group(p.Route.Path)
		switch {
		case noun == "" || alike(g, noun):
			inside = append(inside, p)
		case others[strings.TrimSuffix(plainName(g), "s")] && g != "me" && !taken[g] && len(outside) < 5:
			taken[g] = true
			outside = append(outside, p)
		}
	}
	return inside, outside
}

// issue makes a key with one scope, as the first account of the tenant that may.
func (k *keyRoute) issue(ctx context.Context, t *lr.Trial, v *lr.Account, scope string) (string, *lr.Exchange, error) {
	var x *lr.Exchange
	for _, a := range oracle.Tenantmates(t, v) {
		r, err := t.Stage.Request(ctx, k.route, nil, a)
		if err != nil {
			return "", nil, err
		}
		var value any = []string{scope}
		if sc := k.route.Body.Schema.Properties[k.field]; sc.Type == "string" {
			value = scope
		}
		if err := with(r, map[string]any{k.field: value}); err != nil {
			return "", nil, err
		}
		r.Note = "make an API key with one scope"
		if x, err = t.HTTP.Do(ctx, a, r); err != nil {
			return "", nil, err
		}
		if !x.OK() {
			continue
		}
		t.Stage.Adopt(ctx, k.route, a, x)
		return secretIn(x), x, nil
	}
	return "", x, nil
}

// secretIn finds the key in the reply to its making.
func secretIn(x *lr.Exchange) string {
	var doc any
	if json.Unmarshal(x.Body, &doc) != nil {
		return ""
	}
	best := map[int]string{}
	objects(doc, func(m map[string]any) {
		for name, v := range m {
			s, ok := v.(string)
			if !ok || len(s) < 12 {
				continue
			}
			for i, want := range []string{"secret", "apikey", "plaintext", "token", "key", "value", "credential"} {
				if n := plainName(name); n == want || i < 2 && strings.Contains(n, want) {
					best[i] = s
				}
			}
		}
	})
	for i := range 7 {
		if best[i] != "" {
			return best[i]
		}
	}
	return ""
}

// carrier finds the header in which the target takes the key, on a read that
// its scope allows. nil when there is none.
func carrier(ctx context.Context, t *lr.Trial, inside []oracle.Probe, secret string) (*lr.Credential, error) {
	for n, p := range inside {
		if n == 4 {
			break
		}
		for _, form := range [][2]string{{"X-API-Key", ""}, {"Authorization", "Bearer "}, {"Api-Key", ""}, {"Authorization", "ApiKey "}, {"X-Auth-Token", ""}} {
			c := lr.Credential{Header: map[string]lr.Secret{form[0]: lr.NewSecret(form[1] + secret)}, Token: lr.NewSecret(secret)}
			j, err := offer(ctx, t, p, forgery{how: "API key in " + form[0], credential: c})
			if err != nil {
				return nil, err
			}
			if j.Verdict == lr.Failed {
				return &c, nil
			}
		}
	}
	return nil, nil
}
