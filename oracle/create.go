package oracle

import (
	"context"
	"fmt"

	lr "github.com/launchready/launchready"
)

// CreateInto decides whether the attacker can create an object inside what
// belongs to the victim: under the victim's parent, by a reference to it that
// Aim puts in, or with the victim's tenant named by Vary. The victim's own view
// of the collection, or of the parent, is the judge.
func CreateInto(ctx context.Context, t *lr.Trial, a Attempt, parent *lr.Object) (Judgement, error) {
	c := creation{t: t, a: a, parent: parent, views: views(t.Target, a.Route, parent)}
	if len(c.views) == 0 {
		return Judgement{}.unknown("no route lists the collection, so nothing can be read back"), nil
	}
	var x *lr.Exchange
	var view *lr.Route
	for _, owner := range Tenantmates(t, a.Victim) {
		planted, _, err := c.send(ctx, owner, false, "owner control", &x)
		if err != nil {
			return lost(ctx, "the owner's request", err)
		}
		for _, v := range c.views {
			seen, _, err := c.see(ctx, v, planted)
			if err != nil {
				return lost(ctx, "the owner's read-back", err)
			}
			if len(seen) > 0 {
				view = v
				break
			}
		}
		if view != nil || x.OK() {
			break
		}
	}
	if view == nil {
		return Judgement{Evidence: lr.Seen(present(x)...)}.unknown("the owner's own creation was answered %s and did not show in %s", status(x), c.views[0]), nil
	}
	_, before, err := c.see(ctx, view, nil)
	if err != nil {
		return lost(ctx, "the owner's read-back", err)
	}
	planted, r, err := c.send(ctx, a.As, true, a.Note, &x)
	if err != nil {
		return lost(ctx, "the attacker's request", err)
	}
	seen, after, err := c.see(ctx, view, Without(minus(planted, Find(planted, before)), r.Path))
	if err != nil {
		return lost(ctx, "the owner's read-back", err)
	}
	j := Judgement{Verdict: lr.Passed, Confidence: lr.Confirmed, Evidence: lr.Seen(present(x, after)...)}
	j.Reason = fmt.Sprintf("answered %d and created nothing that the owner sees", x.Status)
	if len(seen) > 0 {
		open, err := c.showsAll(ctx, view)
		if open {
			t.Stage.Adopt(ctx, a.Route, a.As, x)
		} else {
			// Only its new owner can remove it.
			t.Stage.Adopt(ctx, a.Route, a.Victim, x)
		}
		if err != nil {
			return j, err
		}
		if open {
			j.Reason = fmt.Sprintf("%s shows the owner what other tenants create for themselves, so nothing was created inside", view)
			return j, nil
		}
		j.Verdict, j.Hits, j.Evidence.Witness = lr.Failed, seen, seen
		j.Reason = fmt.Sprintf("answered %d; the owner sees what the attacker created in %s", x.Status, view)
		return j, nil
	}
	if x.Status == 429 || x.Status >= 500 && x.Status != 501 {
		return j.unknown("answered %s: the target was busy or broken, not refusing", status(x)), nil
	}
	if x.OK() && a.As != nil {
		t.Stage.Adopt(ctx, a.Route, a.As, x)
	}
	return j, nil
}

type creation struct {
	t      *lr.Trial
	a      Attempt
	parent *lr.Object
	views  []*lr.Route
}

// send creates as the account and returns what the new object is known by.
func (c creation) send(ctx context.Context, as *lr.Account, attack bool, note string, x **lr.Exchange) ([]string, *lr.Request, error) {
	r, err := c.t.Stage.Request(ctx, c.a.Route, c.parent, as)
	if err != nil {
		return nil, nil, err
	}
	r.Note = note
	if c.a.Aim != nil {
		c.a.Aim(r)
	}
	if attack {
		r.Credential = c.a.Credential
		if c.a.Vary != nil {
			c.a.Vary(r)
		}
	}
	if *x, err = c.t.HTTP.Do(ctx, as, r); err != nil {
		return nil, nil, err
	}
	if !attack && (*x).OK() {
		c.t.Stage.Adopt(ctx, c.a.Route, as, *x)
	}
	planted := Canaries(string(r.Body))
	if len(planted) == 0 && (*x).OK() {
		// A creation that takes no text is recognised by what it answers.
		planted = Without(Harvest(*x), RequestText(r))
	}
	return planted, r, nil
}

// showsAll reports whether the victim's view shows what the attacker creates at
// home: a list that leaks is no creation inside.
func (c creation) showsAll(ctx context.Context, view *lr.Route) (bool, error) {
	if c.a.As == nil || c.a.As.Tenant == c.a.Victim.Tenant {
		return false, nil
	}
	home := creation{t: c.t, a: Attempt{Route: c.a.Route, Victim: c.a.Victim}}
	var x *lr.Exchange
	planted, _, err := home.send(ctx, c.a.As, false, "the attacker's creation at home", &x)
	if err != nil || !x.OK() {
		_, err = lost(ctx, "", err)
		return false, err
	}
	seen, _, err := c.see(ctx, view, planted)
	if err != nil {
		_, err = lost(ctx, "", err)
	}
	return len(seen) > 0, err
}

// see looks for the values in the victim's view.
func (c creation) see(ctx context.Context, view *lr.Route, values []string) ([]string, *lr.Exchange, error) {
	for _, m := range Tenantmates(c.t, c.a.Victim) {
		x, err := c.t.Send(ctx, m, view, c.parent, "owner's read-back")
		if err != nil {
			return nil, nil, err
		}
		if x.OK() {
			return Find(values, x), x, nil
		}
	}
	return nil, nil, nil
}

// views lists the routes that may show what a creation made: the list of its
// collection, and what shows the parent or its children.
func views(t *lr.Target, create *lr.Route, parent *lr.Object) []*lr.Route {
	var out []*lr.Route
	if list := Lister(t, create); list != nil {
		out = append(out, list)
	}
	if parent == nil {
		return out
	}
	for _, rt := range t.Routes {
		if len(out) >= 4 {
			break
		}
		if rt.Method != "GET" || rt.Kind != lr.List && rt.Kind != lr.Read || len(out) > 0 && out[0] == rt {
			continue
		}
		if ps := rt.PathParams(); len(ps) > 0 && rt.Keys[ps[len(ps)-1]].Resource == parent.Resource {
			out = append(out, rt)
		}
	}
	return out
}

// Lister returns the route that shows what a creation made: the list of its
// resource, or a GET of its own path; nil when there is none.
func Lister(t *lr.Target, create *lr.Route) *lr.Route {
	var same *lr.Route
	for _, rt := range t.Routes {
		if rt.Method != "GET" {
			continue
		}
		if rt.Kind == lr.List && rt.Resource == create.Resource {
			return rt
		}
		if rt.Path == create.Path && rt.Kind != lr.Stream && rt.Kind != lr.WebSocket {
			same = rt
		}
	}
	return same
}
