package oracle

import (
	"context"
	"slices"
	"strings"

	lr "github.com/launchready/launchready"
)

// mostSights bounds what is asked to learn whom an account administers.
const mostSights = 40

// Operator finds out whether what leaked belongs to the whole installation: all of
// the hits were written by an account of the victim's tenant that administers other
// tenants as well, or are that account's own name and address. A banner, the
// suggestions on the first page and the address of support are shown to every
// tenant; who may write them is nobody's tenant. It returns the account, nil where
// the hits are a tenant's.
//
// An account is one of those when it is privileged, no account of the attacker's
// tenant made the like, and it is shown what is the attacker's where the ordinary
// users of its own tenant are not.
func Operator(ctx context.Context, t *lr.Trial, o *lr.Object, victim, attacker *lr.Account, hits []string) (*lr.Account, error) {
	if victim == nil || attacker == nil || victim.Tenant == attacker.Tenant || len(hits) == 0 {
		return nil, nil
	}
	var who *lr.Account
	for _, hit := range hits {
		a := authorOf(t, o, victim, attacker, hit)
		if a == nil || who != nil && who != a {
			return nil, nil
		}
		who = a
	}
	over, err := lr.Recall(ctx, t.Memo, "oracle/operator/"+who.Name+"/"+attacker.Tenant, func(ctx context.Context) (bool, error) {
		return administers(ctx, t, who, attacker)
	})
	if err != nil || !over {
		return nil, err
	}
	return who, nil
}

// authorOf is the privileged account of the victim's tenant that wrote the value
// into an object of which the attacker's tenant can make none, or whose own it is.
func authorOf(t *lr.Trial, o *lr.Object, victim, attacker *lr.Account, hit string) *lr.Account {
	made := func(o *lr.Object) bool {
		return o != nil && o.Made && o.Owner != nil && o.Owner.Privileged() && o.Owner.Tenant == victim.Tenant &&
			(slices.Contains(o.Canaries, hit) || slices.Contains(o.Secrets, hit)) && !makesOwn(t, o.Resource, attacker)
	}
	if made(o) {
		return o.Owner
	}
	for _, rt := range t.Target.Routes {
		if o := t.Stage.Object(rt.Resource, victim); made(o) {
			return o.Owner
		}
	}
	for _, a := range t.Target.Accounts {
		if a.Tenant == attacker.Tenant && a.Privileged() {
			return nil // each tenant has its own
		}
	}
	for _, a := range t.Target.Accounts {
		if a.Tenant == victim.Tenant && !a.Spare && a.Privileged() && (hit == a.User || hit == a.UserID) {
			return a
		}
	}
	return nil
}

func makesOwn(t *lr.Trial, resource string, a *lr.Account) bool {
	o := t.Stage.Object(resource, a)
	return o != nil && o.Made
}

// administers reports whether the account is shown what is the other tenant's: an
// object of it by its key, or its users in a list.
func administers(ctx context.Context, t *lr.Trial, a, other *lr.Account) (bool, error) {
	known := Known(t, other.Tenant)
	left := mostSights
	shown := func(rt *lr.Route, o *lr.Object, as *lr.Account) (bool, error) {
		left--
		x, err := t.Stage.Control(ctx, rt, o, as)
		if err != nil {
			if Fatal(ctx, err) {
				return false, err
			}
			return false, nil
		}
		return x.OK() && (len(Foreign(t, other.Tenant, x, x.URL)) > 0 || len(Find(Without(known, x.URL), x)) > 0), nil
	}
	var ordinary *lr.Account
	for _, b := range Tenantmates(t, a) {
		if !b.Privileged() && ordinary == nil {
			ordinary = b
		}
	}
	for _, people := range []bool{true, false} { // a list of users tells soonest
		for _, rt := range t.Target.Routes {
			if left <= 0 {
				return false, nil
			}
			if rt.Method != "GET" || !Shows(rt) || !rt.Declared || listsPeople(rt) != people {
				continue
			}
			var o *lr.Object
			if len(rt.PathParams()) > 0 {
				if rt.Kind != lr.Read || !makesOwn(t, rt.Resource, other) {
					continue
				}
				o = t.Stage.Object(rt.Resource, other)
			} else if rt.Kind != lr.List && !people {
				continue
			}
			yes, err := shown(rt, o, a)
			if err != nil {
				return false, err
			}
			if yes && ordinary != nil { // what all users are shown is no power of this one
				also, err := shown(rt, o, ordinary)
				if err != nil {
					return false, err
				}
				yes = !also
			}
			if yes {
				return true, nil
			}
		}
	}
	return false, nil
}

func listsPeople(rt *lr.Route) bool {
	if len(rt.PathParams()) > 0 {
		return false
	}
	p := strings.ToLower(rt.Path)
	return strings.Contains(p, "user") || strings.Contains(p, "member") || strings.Contains(p, "account")
}

// byOperator says of a judgement that it is about the installation.
func byOperator(j Judgement, who *lr.Account) Judgement {
	j.Confidence = lr.Suspected
	j.Reason += OperatorSays(who)
	return j
}

// OperatorSays is what is to be said of a finding about what the account wrote.
func OperatorSays(who *lr.Account) string {
	return "; " + who.Name + " wrote it or is it, who administers other tenants too: if it belongs to the whole installation, name the route under access.shared"
}
