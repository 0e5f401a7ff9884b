package auth

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

// reads lists a probe for each declared route that shows the victim's data, and
// the routes for which there is no object to ask for. Event streams, sockets and
// GraphQL have checks of their own, and so has what only observation found.
func reads(t *lr.Trial, victim *lr.Account) (probes []oracle.Probe, open []*lr.Route) {
	all, missing := oracle.Reads(t, victim)
	for _, p := range all {
		if !plain(p.Route) {
			continue
		}
		if p.Object == nil && len(p.Route.PathParams()) > 0 {
			p.Object = themselves(p.Route, victim)
		}
		probes = append(probes, p)
	}
	for _, rt := range missing {
		if plain(rt) {
			open = append(open, rt)
		}
	}
	return probes, open
}

func plain(rt *lr.Route) bool {
	switch rt.Kind {
	case lr.Health, lr.Stream, lr.WebSocket, lr.GraphQL:
		return false
	}
	return rt.Declared
}

// asked lists the reads of the first tenant, and of the others those without a
// key: a fallback to somebody's credential may show any tenant's data.
func asked(t *lr.Trial) (probes []oracle.Probe, open []*lr.Route) {
	for i, v := range oracle.Victims(t.Target) {
		p, o := reads(t, v)
		if i == 0 {
			probes, open = p, o
			continue
		}
		for _, q := range p {
			if q.Object == nil {
				probes = append(probes, q)
			}
		}
	}
	return probes, open
}

// counts reports whether a judgement says something about its route: where the
// second tenant has nobody who may read it, the first has been asked.
func counts(t *lr.Trial, p oracle.Probe, j oracle.Judgement) bool {
	first := oracle.Victims(t.Target)[0]
	return j.Verdict != lr.Unknown || p.Victim.Tenant == first.Tenant
}

// themselves stands for an account on a route that the account itself keys:
// /users/{user_id}, /tenants/{tenant_id}/usage.
func themselves(rt *lr.Route, a *lr.Account) *lr.Object {
	o := &lr.Object{Resource: rt.Resource, Owner: a, Keys: map[string]string{}}
	for _, name := range rt.PathParams() {
		v := oracle.SelfKey(name, rt, a)
		if k := rt.Keys[name]; k.Resource != "" {
			o.Keys[k.Resource] = v
		}
		o.ID = v
	}
	return o
}

// heads picks one read a group of routes, the account's whoami first: faults of
// the middleware are the group's or the application's, so the rest need not be
// asked again.
func heads(t *lr.Trial, victim *lr.Account, most int) []oracle.Probe {
	var out []oracle.Probe
	for _, g := range groups(t, victim) {
		if len(out) < most {
			out = append(out, g[0])
		}
	}
	return out
}

// groups gathers the reads by their first telling path segment.
func groups(t *lr.Trial, victim *lr.Account) [][]oracle.Probe {
	var out [][]oracle.Probe
	at := map[string]int{}
	if victim.WhoAmI != nil {
		out = append(out, []oracle.Probe{whoamiProbe(victim)})
		at[group(victim.WhoAmI.Path)] = 0
	}
	probes, _ := reads(t, victim)
	for _, p := range probes {
		if oracle.Public(t, p.Route, p.Object) {
			continue
		}
		g := group(p.Route.Path)
		i, ok := at[g]
		if !ok {
			i = len(out)
			at[g] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], p)
	}
	return out
}

func whoamiProbe(a *lr.Account) oracle.Probe {
	p := oracle.Probe{Route: a.WhoAmI, Victim: a}
	if len(a.WhoAmI.PathParams()) > 0 {
		p.Object = themselves(a.WhoAmI, a)
	}
	return p
}

// group is the first segment that says what a path is about: "billing" of
// /api/v1/billing/invoices.
func group(path string) string {
	for _, seg := range strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return r == '/' }) {
		switch {
		case seg == "api", seg == "rest", seg == "app", strings.HasPrefix(seg, "{"):
		case len(seg) <= 3 && seg[0] == 'v' && len(seg) > 1 && seg[1] >= '0' && seg[1] <= '9':
		default:
			return seg
		}
	}
	return "/"
}

// guarded picks reads on which a wrong credential can be told from a right one:
// the owner sees something telling there, and neither nobody nor a nonsense
// token does. Both are asked: where a credential is optional, nobody is let in
// and a wrong token is refused. A tampered token proves nothing where anybody is
// let in, nor where the account itself is not.
func guarded(ctx context.Context, t *lr.Trial, victim *lr.Account, most int) ([]oracle.Probe, error) {
	all := groups(t, victim)
	found := make([]*oracle.Probe, len(all))
	index := make([]int, len(all))
	for i := range all {
		index[i] = i
	}
	// A few groups more than needed, as some have nothing telling to show.
	if len(index) > 2*most {
		index = index[:2*most]
	}
	err := oracle.Each(ctx, index, func(ctx context.Context, i int) error {
		for n, p := range all[i] {
			if n == 3 {
				return nil
			}
			if ok, err := telling(ctx, t, p); err != nil {
				return err
			} else if !ok {
				continue
			}
			wrong := spoiled(credentialOf(victim), nonsense)
			nobody, nonsensical := p, p
			nobody.Note = "anonymous control"
			nonsensical.Credential, nonsensical.Note = &wrong, "nonsense control"
			denied := true
			for _, q := range []oracle.Probe{nobody, nonsensical} {
				j, err := oracle.Read(ctx, t, q)
				if err != nil {
					return err
				}
				j = settled(j)
				if denied = j.Verdict == lr.Passed && !j.Open; !denied {
					break
				}
			}
			if denied {
				found[i] = &p
				return nil
			}
		}
		return nil
	})
	var out []oracle.Probe
	for _, p := range found {
		if p != nil && len(out) < most {
			out = append(out, *p)
		}
	}
	return out, err
}

// telling reports whether the account's own reply holds something that nobody
// else's does.
func telling(ctx context.Context, t *lr.Trial, p oracle.Probe) (bool, error) {
	owner := p.Victim
	x, err := t.Stage.Control(ctx, p.Route, p.Object, owner)
	if err != nil || !x.OK() {
		return false, ended(ctx, err)
	}
	s := oracle.Sources{Object: p.Object, Known: oracle.Known(t, owner.Tenant), Harvest: true}
	if anon, err := t.Stage.Control(ctx, p.Route, p.Object, nil); err != nil {
		return false, ended(ctx, err)
	} else if anon != nil {
		s.Not = append(s.Not, anon)
	}
	if p.Object == nil {
		for _, f := range t.Target.Foreign(owner) {
			y, err := t.Stage.Control(ctx, p.Route, nil, f)
			if err := ended(ctx, err); err != nil {
				return false, err
			}
			if err == nil {
				s.Not = append(s.Not, y)
			}
		}
	}
	return len(oracle.Witness(t, owner, x, s)) > 0, nil
}
