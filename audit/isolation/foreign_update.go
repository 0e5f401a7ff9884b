package isolation

import (
	"context"
	"sync"

	lr "github.com/launchready/launchready"
	"github.com/launchready/launchready/oracle"
)

var foreignUpdate = &lr.Check{
	ID:    "isolation/foreign-update",
	Title: "An object is changed by its own tenant only",
	Why: "Reading is often checked and writing forgotten. Whoever can change another customer's prompt, document or setting decides what that customer's chatbot says. " +
		"The owner's read-back decides here, not the status: an answer of 200 may have done nothing.",
	Fix:      "Load the object with the caller's tenant before it is changed, and put the tenant into the `UPDATE` itself.",
	Guard:    "ownership",
	Severity: lr.Critical,
	Refs:     []lr.Ref{bola, cwe639, asvsItem, asvsCross},
	Needs:    lr.Routes | lr.TwoTenants,
	Effect:   lr.Writes,
	Run: func(ctx context.Context, t *lr.Trial) error {
		return writes(ctx, t, func(rt *lr.Route) bool {
			return rt.Kind == lr.Update || rt.Kind == lr.Password && accountKeyed(t, rt) || rt.Kind == lr.Action && !rt.Safe() || rt.Kind == lr.OtherKind && (rt.Method == "PUT" || rt.Method == "PATCH")
		}, oracle.Update)
	},
}

// writes puts one attempt to each route that want takes, by another tenant's
// most privileged account, on fresh objects.
func writes(ctx context.Context, t *lr.Trial, want func(*lr.Route) bool, try func(context.Context, *lr.Trial, oracle.Attempt) (oracle.Judgement, error)) error {
	ps := pairs(t)
	var list []oracle.Attempt
	var accounts []*lr.Route
	for _, rt := range t.Target.Routes {
		if !want(rt) || len(rt.PathParams()) == 0 || !rt.Declared || tenantKeyed(rt) || dangerous(rt) || lr.Match(t.Target.Access.Shared, rt) {
			continue
		}
		p, o := pairFor(t, ps, rt.Resource)
		if (o == nil || !o.Made) && rt.Method != "DELETE" && accountKeyed(t, rt) {
			accounts = append(accounts, rt)
			continue
		}
		if o == nil || !o.Made {
			if o == nil && rt.Resource == "" {
				continue
			}
			t.Unknown(rt.String(), "no fresh object to try on: describe how one is made under objects")
			continue
		}
		list = append(list, attempt(rt, p))
		if below := attempt(rt, p); len(rt.PathParams()) > 1 && t.Stage.Object(rt.Resource, p.attacker) != nil {
			mine := t.Stage.Object(rt.Resource, p.attacker)
			below.Note += ", below an own parent"
			below.Place = func(o *lr.Object) *lr.Object { return under(mine, o) }
			list = append(list, below)
		}
	}
	if len(list)+len(accounts) == 0 {
		t.NotApplicable("no such route")
		return nil
	}
	for _, rt := range accounts {
		if err := changeAccount(ctx, t, rt); err != nil {
			return err
		}
	}
	var mu sync.Mutex
	var again []oracle.Attempt
	one := func(ctx context.Context, a oracle.Attempt, last bool) error {
		if a.Route.Kind == lr.Action {
			// Anyone may like or follow what anyone may read.
			open, err := oracle.OpenToAnyone(ctx, t, t.Stage.Object(a.Route.Resource, a.Victim))
			if err != nil {
				return err
			}
			if open {
				t.Pass(lr.Evidence{Records: []string{"anyone reads the object"}}, a.Route.String(), "the object is open to anyone, so others may act beside it on purpose")
				return nil
			}
		}
		j, err := try(ctx, t, a)
		if err != nil {
			return err
		}
		if !last && broken(j) {
			mu.Lock()
			again = append(again, a)
			mu.Unlock()
			return nil
		}
		oracle.Report(t, a.Route.String(), j.Message("%s acts on %s's object", a.As.Name, a.Victim.Tenant))
		return nil
	}
	if err := oracle.Each(ctx, list, func(ctx context.Context, a oracle.Attempt) error { return one(ctx, a, false) }); err != nil {
		return err
	}
	// An embedded database refuses several writers at once: what broke is asked
	// once more, one at a time.
	for _, a := range again {
		if err := one(ctx, a, true); err != nil {
			return err
		}
	}
	return nil
}

// broken reports whether a question stayed open because the target broke.
func broken(j oracle.Judgement) bool {
	if j.Verdict != lr.Unknown {
		return false
	}
	for _, x := range j.Evidence.Exchanges {
		if x.Status >= 500 && x.Status != 501 {
			return true
		}
	}
	return false
}

// dangerous reports whether an action could cost money or reach people.
func dangerous(rt *lr.Route) bool {
	return names(rt, "pay", "payment", "charge", "refund", "purchase", "checkout", "transfer", "withdraw", "send", "sms", "purge", "broadcast")
}
