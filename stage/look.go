package stage

import (
	"context"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// sighting is where an object of unknown key was found.
type sighting struct {
	as    *lr.Account // who sees it
	path  string      // "DELETE /v1/chats/1"; "" where no route deletes it
	asked bool        // a list that would show it was read
}

// look searches lists for an object by its canary: the list of its collection,
// and for a new user every list, as users show where they were not made.
func (t *teardown) look(ctx context.Context, e Entry, by []*lr.Account) (sighting, error) {
	var out sighting
	values := strings.Fields(e.Canary)
	if len(values) == 0 {
		return out, nil
	}
	create := t.s.routeNamed(e.Create)
	for _, a := range by {
		for _, at := range t.places(e, create, a) {
			x, err := t.list(ctx, a, at.path)
			if err != nil {
				return out, err
			}
			if !x.OK() {
				continue
			}
			out.asked = true
			el := elementWith(x, values)
			if el == nil {
				continue
			}
			out.as = a
			if t.s.account(el) {
				continue
			}
			o := t.s.fromElement(at.resource, a, el, nil)
			if o == nil {
				continue
			}
			for _, rt := range t.s.deletes(at.resource) {
				if parent := t.s.along(rt, a, at.path+"/"+o.ID); parent != nil {
					for k, v := range parent.Keys {
						o.Keys[k] = v
					}
				}
				if p, err := t.s.path(rt, o, a); err == nil {
					out.path = rt.Method + " " + p
					return out, nil
				}
			}
		}
	}
	return out, nil
}

type place struct{ resource, path string }

// places are the lists that may show an entry's object to the account.
func (t *teardown) places(e Entry, create *lr.Route, a *lr.Account) []place {
	var out []place
	list := e.List
	if list == "" && create != nil {
		list = t.s.listPath(e.Resource, t.s.along(create, a, e.Path), a)
	}
	if list != "" {
		out = append(out, place{e.Resource, list})
	}
	if create == nil || create.Kind != lr.SignUp && create.Kind != lr.Invite {
		return out
	}
	for _, name := range t.s.order {
		if len(t.s.byRes[name].deletes) == 0 || name == e.Resource {
			continue
		}
		for _, rt := range t.s.byRes[name].lists {
			if len(rt.PathParams()) == 0 {
				out = append(out, place{name, rt.Path})
			}
		}
	}
	return out
}

// list reads a list as the account, as long as it can be had, once in a teardown.
func (t *teardown) list(ctx context.Context, a *lr.Account, path string) (*lr.Exchange, error) {
	k := a.Name + "\x00" + path
	t.mu.Lock()
	x := t.lists[k]
	t.mu.Unlock()
	if x != nil {
		return x, nil
	}
	x, err := t.s.opt.HTTP.Do(ctx, a, &lr.Request{Method: "GET", Path: path + t.s.longest(path), Note: "look for what the run left"})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lists[k] = x
	return x, nil
}

// longest is the query that asks a list for as many elements as it gives.
func (s *Stage) longest(path string) string {
	for _, rt := range s.opt.Target.Routes {
		if rt.Method != "GET" {
			continue
		}
		for _, p := range rt.Params {
			if p.In != lr.InQuery {
				continue
			}
			switch norm(p.Name) {
			case "limit", "perpage", "pagesize", "size":
				if _, ok := matchTemplate(rt, path); !ok {
					continue
				}
				most := "100"
				if p.Schema != nil && p.Schema.Maximum != nil {
					most = scalar(*p.Schema.Maximum)
				}
				return "?" + p.Name + "=" + most
			}
		}
	}
	return ""
}

// account reports whether an element of a list is one of the configured accounts
// or their tenant, which the run may have written into and must never delete. An
// element that merely names an account, as its author, is none.
func (s *Stage) account(el map[string]any) bool {
	key, login := "", scalar(el["email"])
	for _, n := range []string{"id", "uuid", "_id", "uid"} {
		if key == "" {
			key = scalar(el[n])
		}
	}
	if key == "" {
		key = scalar(el["user_id"])
		for _, n := range []string{"username", "login"} {
			if login == "" {
				login = scalar(el[n])
			}
		}
	}
	return slices.ContainsFunc(s.opt.Target.Accounts, func(a *lr.Account) bool {
		return key != "" && (key == a.UserID || key == a.TenantID) || login != "" && login == a.User
	})
}

func (s *Stage) routeNamed(name string) *lr.Route {
	for _, rt := range s.opt.Target.Routes {
		if rt.String() == name {
			return rt
		}
	}
	return nil
}

// canaries joins what finds a creation again; a ledger entry holds a few.
func canaries[T string | []byte](text T) string {
	c := oracle.Canaries(text)
	return strings.Join(c[:min(len(c), 3)], " ")
}
