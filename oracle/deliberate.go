package oracle

import (
	"context"
	"fmt"
	"strings"

	lr "github.com/launchready/launchready"
)

// deliberate weighs a hit that may be meant. What a list shows to anyone without
// a credential is no secret between tenants. What the attacker's own list shows
// of an object that this run did not make is a catalogue; an object that says of
// itself that it is public, and the bare name or id of a user in a directory of
// users, are reported as suspected: only the owner of the target can tell. So is
// what an administrator of the whole installation wrote: see Operator.
func deliberate(ctx context.Context, t *lr.Trial, p Probe, victim *lr.Account, j Judgement) (Judgement, error) {
	o := p.Object
	if o == nil {
		o = t.Stage.Object(p.Route.Resource, victim)
	}
	if p.Keyed() && o != nil && !o.Made {
		if list := lister(t.Target, o.Resource); list != nil && list != p.Route {
			x, err := t.Stage.Control(ctx, list, nil, p.As)
			if err != nil && Fatal(ctx, err) {
				return j, err
			}
			if x != nil && x.OK() && len(Without(j.Hits, Find(j.Hits, x)...)) == 0 {
				j.Verdict, j.Confidence = lr.Passed, lr.Confirmed
				j.Reason = fmt.Sprintf("shows nothing that %s does not list to the caller", list)
				return j, nil
			}
		}
	}
	if open, err := listedToAnyone(ctx, t, p, o, j.Hits); err != nil {
		return j, err
	} else if open {
		j.Verdict, j.Confidence, j.Open = lr.Passed, lr.Confirmed, true
		j.Reason = "shows nothing that its list does not show to anyone, so no matter of tenants"
		return j, nil
	}
	who, err := Operator(ctx, t, p.Object, victim, p.As, j.Hits)
	if err != nil {
		return j, err
	}
	switch {
	case who != nil:
		return byOperator(j, who), nil
	case o != nil && saysPublic(o.Body, 0):
		j.Confidence = lr.Suspected
		j.Reason += "; the object says of itself that it is public: if that is meant, name the route under access.shared"
	case !p.Keyed() && directory(t, victim, j.Hits):
		j.Confidence = lr.Suspected
		j.Reason += "; they are names or ids of users: if all users may know of each other, name the route under access.shared"
	}
	return j, nil
}

// listedToAnyone reports whether the list of the object's collection shows all of
// the hits to a caller without a credential.
func listedToAnyone(ctx context.Context, t *lr.Trial, p Probe, o *lr.Object, hits []string) (bool, error) {
	if !p.Keyed() || o == nil {
		return false, nil
	}
	list := lister(t.Target, o.Resource)
	if list == nil || list == p.Route {
		return false, nil
	}
	r, err := t.Stage.Request(ctx, list, nil, nil)
	if err != nil {
		return false, nil //nolint:nilerr // a list that cannot be asked shows nothing
	}
	r.Note = "what its list shows to anyone"
	PastCaches(t, r)
	x, err := t.HTTP.Do(ctx, nil, r)
	if err != nil {
		if Fatal(ctx, err) {
			return false, err
		}
		return false, nil
	}
	return x.OK() && len(Find(hits, x)) == len(hits), nil
}

// commons weighs a hit of nobody's that every signed-in tenant may have as well:
// a blog, a directory, the providers on a sign-in page. Only the owner of the
// target can tell whether that is meant, so it is suspected. Where it is not
// meant, the checks of writes find the resource as open as its reads.
func commons(ctx context.Context, t *lr.Trial, p Probe, owner *lr.Account, j Judgement) (Judgement, error) {
	for _, f := range t.Target.Foreign(owner) {
		x, err := t.Stage.Control(ctx, p.Route, p.Object, f)
		if err != nil {
			if Fatal(ctx, err) {
				return j, err
			}
			continue
		}
		if len(Find(j.Hits, x)) == len(j.Hits) {
			j.Confidence = lr.Suspected
			j.Reason += "; every tenant sees it too: if it is public on purpose, name the route under access.public"
		}
		return j, nil
	}
	return j, nil
}

// OpenToAnyone reports whether a caller without a credential reads the object by
// one of its routes: what others do beside it is then no matter of tenants.
func OpenToAnyone(ctx context.Context, t *lr.Trial, o *lr.Object) (bool, error) {
	for _, rt := range t.Target.Routes {
		if o == nil || rt.Kind != lr.Read || rt.Method != "GET" || rt.Resource != o.Resource || len(rt.PathParams()) == 0 {
			continue
		}
		x, err := t.Stage.Control(ctx, rt, o, nil)
		if err != nil {
			if Fatal(ctx, err) {
				return false, err
			}
			continue
		}
		if len(Find(o.Canaries, x)) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// lister is the list of a collection that needs no key.
func lister(t *lr.Target, resource string) *lr.Route {
	for _, rt := range t.Routes {
		if rt.Kind == lr.List && rt.Method == "GET" && rt.Resource == resource && len(rt.PathParams()) == 0 {
			return rt
		}
	}
	return nil
}

// saysPublic reports whether an object's own fields say that others may see it.
func saysPublic(m map[string]any, depth int) bool {
	for k, v := range m {
		switch plain(k) {
		case "public", "ispublic", "published", "ispublished":
			if v == true {
				return true
			}
		case "visibility", "privacy":
			if s, ok := v.(string); ok {
				switch strings.ToLower(s) {
				case "public", "protected", "everyone", "anyone":
					return true
				}
			}
		}
		if in, ok := v.(map[string]any); ok && depth < 1 && saysPublic(in, depth+1) {
			return true
		}
	}
	return false
}

// directory reports whether hits are no more than ids and names of the victim's
// configured accounts. An address is more: nobody hands those to strangers.
func directory(t *lr.Trial, victim *lr.Account, hits []string) bool {
	known := Known(t, victim.Tenant)
	for _, h := range hits {
		if strings.Contains(h, "@") || !overlap([]string{h}, known) {
			return false
		}
	}
	return len(hits) > 0
}
