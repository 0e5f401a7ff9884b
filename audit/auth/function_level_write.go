package auth

import (
	"context"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var functionLevelWrite = &lr.Check{
	ID:    "auth/function-level-write",
	Title: "Ordinary users cannot do what is for administrators",
	Why: "Reading a route is one thing, using it another: an ordinary user who removes colleagues, withdraws invitations or changes settings has taken the account over, " +
		"and the customer's own rules about who may do what are void.",
	Fix: "State the role beside each route and method, in the router's own table, and let a route without one be refused. " +
		"Look at the methods of one path together: the guard on POST does not guard DELETE.",
	Guard:    "roles",
	Severity: lr.High,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API5:2023"}, {Source: "CWE", ID: "285"}, {Source: "CWE", ID: "862"}, {Source: "ASVS", ID: "v5.0.0-8.2.1"}},
	Needs:    lr.Routes | lr.Credentials | lr.TwoRoles,
	Effect:   lr.Destroys,
	Run:      runFunctionLevelWrite,
}

func runFunctionLevelWrite(ctx context.Context, t *lr.Trial) error {
	ls := ladders(t.Target)
	if len(ls) == 0 {
		t.Unknown(application, "no tenant has both an administrator and an ordinary user")
		return nil
	}
	l := ls[0]
	y := tally{routes: true}
	asked := 0
	reserved := map[string]bool{}
	for _, rt := range writes(t, l.high) {
		if rt.Kind == lr.Create {
			continue
		}
		why := ""
		switch {
		case stated(t, rt):
			why = "access.admin lists it"
		case hinted(rt):
			why = "its name says that it is for administrators"
		default:
			only, known := reserved[rt.Resource]
			if !known {
				var err error
				if only, err = onlyAdminsMake(ctx, t, l, rt.Resource); err != nil {
					return err
				}
				reserved[rt.Resource] = only
			}
			if only {
				why = "only administrators may make such an object"
			}
		}
		if why == "" {
			continue
		}
		asked++
		j, err := change(ctx, t, oracle.Attempt{Route: rt, Victim: l.high, As: l.low, Note: "as an ordinary user"})
		if err != nil {
			return err
		}
		if j.Verdict == lr.Failed {
			j.Reason += "; " + why
		}
		y.add(rt.String(), "", j)
	}
	if asked == 0 {
		t.NotApplicable("no route that changes an object is for administrators, by access.admin, by its name, or because only they make such objects")
		return nil
	}
	y.report(t, 3, "An ordinary user changes what is for administrators")
	return nil
}

// onlyAdminsMake reports whether the administrator can create an object of the
// resource and the ordinary user is refused. It only sorts routes; whether one
// of them is open is decided by the read-back.
func onlyAdminsMake(ctx context.Context, t *lr.Trial, l ladder, resource string) (bool, error) {
	o := t.Stage.Object(resource, l.high)
	if o == nil || !o.Made || o.Created == nil || o.Created.Route == nil {
		return false, nil
	}
	// The stage makes an object as the least powerful account that may.
	if o.Owner == nil || !o.Owner.Privileged() {
		return false, nil
	}
	rt := o.Created.Route
	x, err := t.Send(ctx, l.low, rt, o.Parent, "may an ordinary user make such an object?")
	if err != nil {
		return false, ended(ctx, err)
	}
	if x.OK() {
		t.Stage.Adopt(ctx, rt, l.low, x)
	}
	return x.Status == 401 || x.Status == 403, nil
}
