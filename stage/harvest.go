package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// harvest takes an object that the tenant already has, from a list it may read,
// where none can be created.
func (s *Stage) harvest(ctx context.Context, name string, v *lr.Account, why error) (*lr.Object, error) {
	if why == nil {
		why = lr.ErrNotCreatable
	}
	for _, rt := range s.byRes[name].lists {
		for _, a := range mates(s.opt.Target, v) {
			x, err := s.Control(ctx, rt, s.parents(rt, a), a)
			if err != nil {
				if stop(ctx, err) {
					return nil, err
				}
				break
			}
			if !x.OK() {
				continue
			}
			if o := s.madeElsewhere(name, a, x, s.parents(rt, a)); o != nil {
				return o, nil
			}
			for _, e := range elements(x) {
				if o := s.fromElement(name, a, e, s.parents(rt, a)); o != nil {
					return o, nil
				}
			}
			why = fmt.Errorf("%s lists nothing with a key: %w", rt, why)
			break
		}
	}
	return nil, why
}

// madeElsewhere finds in a list what the run made through another collection:
// /admin/users shows the members that POST /members made. New ones are then made
// that way too.
func (s *Stage) madeElsewhere(name string, a *lr.Account, x *lr.Exchange, parent *lr.Object) *lr.Object {
	for _, made := range s.Objects() {
		if !made.Made || made.Resource == name || made.Owner.Tenant != a.Tenant {
			continue
		}
		e := elementWith(x, made.Canaries)
		if e == nil {
			continue
		}
		s.mu.Lock()
		r := s.recipes[at(made.Resource, a.Tenant)]
		s.mu.Unlock()
		o := s.fromElement(name, a, e, parent)
		if r == nil || o == nil {
			continue
		}
		alias := *r
		alias.alias = name
		s.mu.Lock()
		s.recipes[at(name, a.Tenant)] = &alias
		s.mu.Unlock()
		o.Canaries, o.Made, o.Created = made.Canaries, true, made.Created
		return o
	}
	return nil
}

// underAlias finds a new object in the list of the other collection that shows it.
func (s *Stage) underAlias(ctx context.Context, o *lr.Object, r *recipe) (*lr.Object, error) {
	for _, rt := range s.byRes[r.alias].lists {
		for _, a := range mates(s.opt.Target, o.Owner) {
			req, err := s.Request(ctx, rt, nil, a)
			if err != nil {
				continue
			}
			req.Note = "look for the new object"
			x, err := s.opt.HTTP.Do(ctx, a, req)
			if err != nil {
				return nil, err
			}
			if e := elementWith(x, o.Canaries); e != nil {
				if other := s.fromElement(r.alias, a, e, nil); other != nil {
					other.Canaries, other.Made, other.Created = o.Canaries, true, o.Created
					return other, nil
				}
			}
		}
	}
	return nil, fmt.Errorf("%s was made by %s and does not show in %s", o.Resource, r.route, r.alias)
}

func (s *Stage) fromElement(name string, a *lr.Account, e map[string]any, parent *lr.Object) *lr.Object {
	o := &lr.Object{Resource: name, Owner: a, Keys: map[string]string{}, Parent: parent, Body: e}
	if parent != nil {
		for k, v := range parent.Keys {
			o.Keys[k] = v
		}
	}
	for _, n := range s.keyFields(name) {
		if v := scalar(e[n]); v != "" {
			s.setKey(o, v)
			break
		}
	}
	if o.ID == "" {
		return nil
	}
	b, err := json.Marshal(e)
	if err != nil {
		return nil
	}
	o.Secrets = oracle.Harvest(&lr.Exchange{Status: 200, Body: b})
	return o
}

// elements lists the objects of the first array of objects in a reply.
func elements(x *lr.Exchange) []map[string]any {
	var v any
	if json.Unmarshal(x.Body, &v) != nil {
		return nil
	}
	return arrayIn(v, 0)
}

func arrayIn(v any, depth int) []map[string]any {
	if depth > 4 {
		return nil
	}
	switch v := v.(type) {
	case []any:
		var out []map[string]any
		for _, e := range v {
			if m, ok := e.(map[string]any); ok {
				out = append(out, m)
			}
		}
		return out
	case map[string]any:
		for _, k := range []string{"data", "items", "results", "list", "records", "edges"} {
			if out := arrayIn(v[k], depth+1); len(out) > 0 {
				return out
			}
		}
		for _, e := range v {
			if out := arrayIn(e, depth+1); len(out) > 0 {
				return out
			}
		}
	}
	return nil
}

// fromList looks for the object's canary in the lists of its collection, and
// returns its key and the field that held it.
func (s *Stage) fromList(ctx context.Context, o *lr.Object, a *lr.Account, names []string) (value, field string) {
	if len(o.Canaries) == 0 {
		return "", ""
	}
	for _, rt := range s.byRes[o.Resource].lists {
		r, err := s.Request(ctx, rt, o.Parent, a)
		if err != nil {
			continue
		}
		r.Note = "look for the new object"
		x, err := s.opt.HTTP.Do(ctx, a, r)
		if err != nil || !x.OK() {
			continue
		}
		if e := elementWith(x, o.Canaries); e != nil {
			for _, n := range names {
				if v := scalar(e[n]); v != "" {
					return v, n
				}
			}
		}
	}
	return "", ""
}

// elementOf finds an object in a list by its key: a field that may hold it is
// equal to it. Where no element has such a field, a canary must do.
func (s *Stage) elementOf(x *lr.Exchange, o *lr.Object) map[string]any {
	names := s.keyFields(o.Resource)
	keyed := false
	for _, e := range elements(x) {
		probe := &lr.Object{Resource: o.Resource, Keys: map[string]string{}}
		for _, n := range names {
			v := scalar(e[n])
			if v == "" {
				continue
			}
			keyed = true
			if s.setKey(probe, v); probe.ID == o.ID {
				return e
			}
		}
	}
	if keyed {
		return nil
	}
	return elementWith(x, o.Canaries)
}

// elementWith finds the element of a list that holds one of the values, which
// are canaries: nothing shorter may be looked for by containment.
func elementWith(x *lr.Exchange, values []string) map[string]any {
	stands := func(v string) bool { return bytes.Contains(x.Body, []byte(v)) }
	if !slices.ContainsFunc(values, stands) && !bytes.Contains(x.Body, []byte(`\u`)) { // a login's + may be spelled so
		return nil // and nothing has to be parsed
	}
	for _, e := range elements(x) {
		b, err := json.Marshal(e)
		if err != nil {
			continue
		}
		for _, v := range values {
			if strings.Contains(string(b), v) {
				return e
			}
		}
	}
	return nil
}

var linkForm = regexp.MustCompile(`(?:https?://[^\s"'<>\\/]+)?/[A-Za-z0-9._~%/-]{3,}(?:\?[A-Za-z0-9._~%=&;:+-]{3,})?`)

// mintTokens asks for what gives access by itself (share links, signed links) on
// the tenant's own objects, and fills resources whose keys stand only in links.
func (s *Stage) mintTokens(ctx context.Context, v *lr.Account) error {
	for _, rt := range s.opt.Target.Routes {
		if rt.Method != "POST" || rt.Kind == lr.SignIn || rt.Kind == lr.SignUp || risky(rt) || !mints(rt) {
			continue
		}
		o := s.parents(rt, v)
		if o == nil {
			continue
		}
		r, err := s.Request(ctx, rt, o, o.Owner)
		if err != nil {
			continue
		}
		r.Note = "seed: link to an own object"
		x, err := s.opt.HTTP.Do(ctx, o.Owner, r)
		if err != nil {
			if stop(ctx, err) {
				return err
			}
			continue
		}
		if x.OK() {
			s.remember(v.Tenant, x)
			s.follow(x, o)
		}
	}
	return nil
}

func mints(rt *lr.Route) bool {
	segs := strings.Split(strings.ToLower(rt.Path), "/")
	last := segs[len(segs)-1]
	for _, w := range []string{"share", "link", "sign", "publish", "ticket"} {
		if strings.Contains(last, w) && !strings.Contains(last, "signin") && !strings.Contains(last, "signup") && !strings.Contains(last, "signout") {
			return len(rt.PathParams()) > 0
		}
	}
	return false
}

// follow reads the links in a reply: those that a route's template matches give
// the key of the route's resource, and the query that goes with the path.
func (s *Stage) follow(x *lr.Exchange, o *lr.Object) {
	text := strings.NewReplacer(`\/`, "/", `\u0026`, "&").Replace(string(x.Body))
	for _, link := range linkForm.FindAllString(text, 100) {
		u, err := url.Parse(link)
		if err != nil || u.Host != "" && u.Host != s.opt.Target.Base.Host {
			continue
		}
		p := strings.TrimPrefix(u.EscapedPath(), strings.TrimSuffix(s.opt.Target.Base.EscapedPath(), "/"))
		for _, rt := range s.opt.Target.Routes {
			keys, ok := matchTemplate(rt, p)
			if rt.Method != "GET" || !ok || len(keys) == 0 {
				continue
			}
			s.adoptLink(rt, keys, p, u.RawQuery, o)
		}
	}
	// A field named like a path parameter fills it too: share_token, token.
	var m map[string]any
	if json.Unmarshal(x.Body, &m) != nil {
		return
	}
	for _, rt := range s.opt.Target.Routes {
		for _, p := range rt.PathParams() {
			k := rt.Keys[p]
			if v := scalar(unwrap(m)[p]); v != "" && k.Resource != "" && k.Resource != o.Resource && rt.Method == "GET" {
				s.adoptLink(rt, map[string]string{p: v}, "", "", o)
			}
		}
	}
}

func (s *Stage) adoptLink(rt *lr.Route, keys map[string]string, path, query string, o *lr.Object) {
	if query != "" {
		s.mu.Lock()
		s.queries[path] = query
		s.mu.Unlock()
	}
	if rt.Resource == "" || rt.Resource == o.Resource || s.Object(rt.Resource, o.Owner) != nil {
		return
	}
	linked := &lr.Object{Resource: rt.Resource, Owner: o.Owner, Keys: map[string]string{}, Canaries: o.Canaries, Secrets: o.Canaries, Parent: o}
	for p, v := range keys {
		linked.Keys[rt.Keys[p].Resource] = v
		linked.ID = v
	}
	s.put(linked)
}

// matchTemplate matches a concrete path against the route's template.
func matchTemplate(rt *lr.Route, p string) (map[string]string, bool) {
	a, b := strings.Split(strings.Trim(rt.Path, "/"), "/"), strings.Split(strings.Trim(p, "/"), "/")
	if len(a) != len(b) {
		return nil, false
	}
	keys := map[string]string{}
	for i := range a {
		if strings.HasPrefix(a[i], "{") && strings.HasSuffix(a[i], "}") {
			v, err := url.PathUnescape(b[i])
			if err != nil || v == "" {
				return nil, false
			}
			keys[a[i][1:len(a[i])-1]] = v
		} else if a[i] != b[i] {
			return nil, false
		}
	}
	return keys, true
}
