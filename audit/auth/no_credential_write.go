package auth

import (
	"context"
	"strings"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var noCredentialWrite = &lr.Check{
	ID:    "auth/no-credential-write",
	Title: "A request without a credential changes nothing",
	Why:   "Anyone who learns the address rewrites or deletes customer data. There is nobody to ask afterwards: the audit log names no user.",
	Fix: "Authenticate in one middleware in front of every route and every method, writes included. " +
		"Answer 401 before the body is read, so that nothing of it takes effect.",
	Guard:    "authenticate",
	Severity: lr.Critical,
	Refs:     []lr.Ref{{Source: "OWASP API", ID: "API2:2023"}, {Source: "CWE", ID: "306"}, {Source: "ASVS", ID: "v5.0.0-8.2.1"}},
	Needs:    lr.Routes | lr.Credentials,
	Effect:   lr.Destroys,
	Run:      runNoCredentialWrite,
}

func runNoCredentialWrite(ctx context.Context, t *lr.Trial) error {
	victims := oracle.Victims(t.Target)
	if len(victims) == 0 {
		t.Unknown(application, "no account whose data could be changed")
		return nil
	}
	routes := writes(t, victims[0])
	if len(routes) == 0 {
		t.NotApplicable("no route changes an object that the audit can make")
		return nil
	}
	y := tally{routes: true}
	err := oracle.Each(ctx, byResource(routes), func(ctx context.Context, rts []*lr.Route) error {
		for _, rt := range rts {
			j, err := change(ctx, t, oracle.Attempt{Route: rt, Victim: victims[0], Note: "without a credential"})
			if err != nil {
				return err
			}
			y.add(rt.String(), "", j)
		}
		return nil
	})
	if err != nil {
		return err
	}
	y.report(t, 3, "Customer data is changed without a credential")
	return nil
}

// byResource gathers routes that work on one collection. Those are tried one
// after another: where a target numbers its objects, the number of one that was
// just deleted may be given to the next at once.
func byResource(routes []*lr.Route) [][]*lr.Route {
	var out [][]*lr.Route
	at := map[string]int{}
	for _, rt := range routes {
		i, ok := at[rt.Resource]
		if !ok {
			i = len(out)
			at[rt.Resource] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], rt)
	}
	return out
}

// writes lists the routes that change an object of which the stage has one of
// its own, and whose effect its owner can read back.
func writes(t *lr.Trial, victim *lr.Account) []*lr.Route {
	var out []*lr.Route
	for _, rt := range t.Target.Routes {
		if rt.Safe() || oracle.Public(t, rt, nil) {
			continue
		}
		switch rt.Kind {
		case lr.Update, lr.Delete:
			if o := t.Stage.Object(rt.Resource, victim); o != nil && o.Made {
				out = append(out, rt)
			}
		case lr.Create:
			if oracle.Lister(t.Target, rt) != nil && t.Stage.Object(rt.Resource, victim) != nil {
				out = append(out, rt)
			}
		case lr.Action:
			if o := t.Stage.Object(rt.Resource, victim); o != nil && o.Made && len(rt.PathParams()) > 0 && !sends(rt) {
				out = append(out, rt)
			}
		case lr.Invite:
			if o := t.Stage.Object(rt.Resource, victim); rt.Method == "DELETE" && o != nil && o.Made {
				out = append(out, rt)
			}
		}
	}
	return out
}

// sends reports whether an action reaches people or money.
func sends(rt *lr.Route) bool {
	return hasSegment(rt.Path, "send", "resend", "invite", "pay", "charge", "refund", "notify", "publish", "sms", "email", "transfer", "purchase", "checkout")
}

// change tries one write by the oracle that fits it.
func change(ctx context.Context, t *lr.Trial, a oracle.Attempt) (oracle.Judgement, error) {
	switch {
	case a.Route.Method == "DELETE":
		return oracle.Delete(ctx, t, a)
	case a.Route.Kind == lr.Create:
		return oracle.CreateInto(ctx, t, a, parentOf(t, a.Route, a.Victim))
	}
	return oracle.Update(ctx, t, a)
}

// parentOf is the object under whose path a creation goes, nil at the top.
func parentOf(t *lr.Trial, rt *lr.Route, victim *lr.Account) *lr.Object {
	if !strings.Contains(rt.Path, "{") {
		return nil
	}
	if o := t.Stage.Object(rt.Resource, victim); o != nil {
		return o.Parent
	}
	return nil
}
